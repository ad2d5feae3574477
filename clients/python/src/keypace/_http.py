"""What every exchange has in common. Only this file and the other `_http_…` know the HTTP library.

They are imported at first use, because importing the library takes longer than all the rest.
"""

from __future__ import annotations

import json
import logging
import socket
import time
from typing import Any, Dict

import httpx

from ._calls import Call
from ._errors import TimedOutError, UnreachableError
from ._settings import Settings
from ._version import VERSION

CONNECT_TIMEOUT = 10.0
"""Seconds."""
log = logging.getLogger("keypace")

# Nothing of the request went out; whatever else fails may have reached the server.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


def no_answer(error: httpx.HTTPError, settings: Settings) -> UnreachableError:
    """What a lost or refused connection means to a person. The library's own words stay in the cause."""
    where = settings.base_url
    if isinstance(error, httpx.ConnectTimeout) or isinstance(error, httpx.ConnectError):
        return UnreachableError(f"Nothing answers at {where}. Is the server running, and is the base URL right?", sent=False)
    if isinstance(error, _NOT_SENT):
        return UnreachableError(f"No connection to {where} could be made.", sent=False)
    if isinstance(error, httpx.TimeoutException):
        return TimedOutError(f"{where} took too long to answer. It may still be at work on the request.")
    return UnreachableError(f"The connection to {where} was lost before the answer was complete.")


def send_at_once(response: httpx.Response) -> None:
    """Switches Nagle's algorithm off on the answer's connection, as asyncio does by itself.

    Older httpcore leaves it on, and writes head and body apart: the body then waits some 40 ms for the server's delayed acknowledgement.
    """
    stream = response.extensions.get("network_stream")
    connection = stream.get_extra_info("socket") if stream is not None else None
    if connection is not None and connection.family != getattr(socket, "AF_UNIX", None):
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError:
            pass  # the server has closed it behind its answer


def note(request: httpx.Request, response: httpx.Response, started: float) -> None:
    """One line a call, without headers or bodies."""
    if log.isEnabledFor(logging.DEBUG):
        log.debug("%s %s %d in %.0f ms", request.method, request.url.path, response.status_code, (time.monotonic() - started) * 1000)


def options(settings: Settings, timeout: float) -> Dict[str, Any]:
    """How a client of the library is set up. `timeout` is in seconds."""
    return {
        "headers": {
            "authorization": f"Bearer {settings.token}",
            "accept": "application/json",
            "user-agent": f"keypace-python/{VERSION}",
        },
        "timeout": httpx.Timeout(timeout, connect=CONNECT_TIMEOUT),
        "follow_redirects": False,  # a redirect would carry secrets to an address that nobody named
        "trust_env": settings.may_use_proxy,
    }


def parts(call: Call[Any], timeout: float) -> Dict[str, Any]:
    """A request's parameters, headers, body, and its own timeout where it has a longer one. `timeout` is in seconds."""
    parts: Dict[str, Any] = {"headers": dict(call.headers)}
    if call.params:
        parts["params"] = dict(call.params)
    if call.json is not None:
        parts["content"] = json.dumps(call.json, separators=(",", ":"), allow_nan=False).encode()
        parts["headers"]["content-type"] = "application/json"
    if call.timeout is not None and call.timeout > timeout:
        parts["timeout"] = httpx.Timeout(call.timeout, connect=CONNECT_TIMEOUT)
    return parts
