"""Exchanges over a pool of connections to one server."""

from __future__ import annotations

import time
from typing import Any, Iterator, Optional

import httpx

from ._calls import Call
from ._exchange import Received
from ._http import no_answer, note, options, parts
from ._http import send_at_once  # sync only
from ._settings import Settings


class Pool:
    """The connections. Each method raises UnreachableError when no answer comes."""

    def __init__(self, settings: Settings, timeout: float, transport: Optional[httpx.BaseTransport] = None) -> None:
        self._settings = settings
        self._timeout = timeout
        self._http = httpx.Client(**options(settings, timeout), transport=transport)

    def exchange(self, call: Call[Any]) -> Received:
        """The whole answer."""
        response = self._send(call)
        return Received(response.status_code, response.headers, response.content)

    def begin(self, call: Call[Any]) -> httpx.Response:
        """The answer with its body still to be read. The caller closes it."""
        return self._send(call, stream=True)

    def rest(self, response: httpx.Response) -> bytes:
        """The body that is still to be read; closes the answer."""
        try:
            return response.read()
        except httpx.HTTPError as error:
            raise no_answer(error, self._settings) from error
        finally:
            response.close()

    def close(self) -> None:
        """Closes them."""
        self._http.close()

    def _send(self, call: Call[Any], stream: bool = False) -> httpx.Response:
        request = self._http.build_request(call.method, self._settings.base_url + call.path, **parts(call, self._timeout))
        started = time.monotonic()
        try:
            response = self._http.send(request, stream=stream)
        except httpx.HTTPError as error:
            raise no_answer(error, self._settings) from error
        send_at_once(response)  # sync only
        note(request, response, started)
        return response


def chunks(response: httpx.Response) -> Iterator[bytes]:
    """The body as it comes. Raises ConnectionError when it breaks off."""
    try:
        for data in response.iter_bytes():
            yield data
    except httpx.HTTPError as error:
        raise ConnectionError("the body broke off") from error
