"""The only file that knows the HTTP library. It is imported at first use, because importing it takes longer than all the rest."""

from __future__ import annotations

import asyncio
import json
import logging
import random
import socket
import ssl
import time
import urllib.request
from typing import Any, AsyncIterator, Callable, Dict, Iterator, Mapping, Optional, Tuple

import httpx

from ._calls import Call, T_co
from ._errors import ConfigurationError, KeypaceError, NotFoundError, TimedOutError, UnreachableError
from ._exchange import raise_refusal, result, suggest, wait_before_retry
from ._settings import Settings
from ._version import VERSION

CONNECT_TIMEOUT = 10.0
"""Seconds."""
log = logging.getLogger("keypace")

# Nothing of the request went out; whatever else fails may have reached the server.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


class Wire:
    """Performs calls over one pool of connections. Thread-safe."""

    def __init__(
        self, settings: Settings, *, timeout: float, retries: int, transport: Optional[httpx.BaseTransport] = None,
        sleep: Callable[[float], None] = time.sleep, chance: Callable[[], float] = random.random,
    ) -> None:
        self.settings = settings
        self._retries = retries
        self._timeout = timeout
        self._sleep = sleep
        self._chance = chance
        self._http = httpx.Client(**_options(settings, timeout), transport=transport)

    def perform(self, call: Call[T_co]) -> T_co:
        request = self._request(call)
        attempt = 1
        while True:
            headers: Mapping[str, str] = {}
            try:
                response = self._exchange(request)
                headers = response.headers
                return result(call, response.status_code, headers, response.content, self.settings)
            except KeypaceError as error:
                wait = wait_before_retry(call, error, headers, attempt, self._chance()) if attempt <= self._retries else None
                if wait is None:
                    raise self.with_suggestion(error, call) from error.__cause__
            attempt += 1
            self._sleep(wait)

    def open_stream(self, call: Call[Any]) -> httpx.Response:
        """The answer with its body still to be read. The caller closes it."""
        request = self._request(call)
        attempt = 1
        while True:
            headers: Mapping[str, str] = {}
            try:
                response = self._exchange(request, stream=True)
                headers = response.headers
                if response.is_success:
                    return response
                try:
                    body = response.read()
                except httpx.HTTPError as error:
                    raise no_answer(error, self.settings) from error
                finally:
                    response.close()
                raise_refusal(call, response.status_code, headers, body, self.settings)
            except KeypaceError as error:
                wait = wait_before_retry(call, error, headers, attempt, self._chance()) if attempt <= self._retries else None
                if wait is None:
                    raise self.with_suggestion(error, call) from error.__cause__
            attempt += 1
            self._sleep(wait)

    def close(self) -> None:
        self._http.close()

    def _request(self, call: Call[Any]) -> httpx.Request:
        return self._http.build_request(call.method, self.settings.base_url + call.path, **_parts(call, self._timeout))

    def _exchange(self, request: httpx.Request, stream: bool = False) -> httpx.Response:
        started = time.monotonic()
        try:
            response = self._http.send(request, stream=stream)
        except httpx.HTTPError as error:
            raise no_answer(error, self.settings) from error
        send_at_once(response)
        note(request, response, started)
        return response

    def with_suggestion(self, error: KeypaceError, call: Call[Any]) -> KeypaceError:
        if isinstance(error, NotFoundError) and call.names is not None:
            listing = Call("GET", call.names.path, names_in(call.names.field))
            try:
                response = self._exchange(self._request(listing))
                suggest(error, call, result(listing, response.status_code, response.headers, response.content, self.settings))
            except KeypaceError:
                log.debug("no names to suggest: this token may not list them")
        return error


class AsyncWire:
    """The same, awaited. For one event loop."""

    def __init__(
        self, settings: Settings, *, timeout: float, retries: int, transport: Optional[httpx.AsyncBaseTransport] = None,
        sleep: Callable[[float], Any] = asyncio.sleep, chance: Callable[[], float] = random.random,
    ) -> None:
        self.settings = settings
        self._retries = retries
        self._timeout = timeout
        self._sleep = sleep
        self._chance = chance
        self._http = httpx.AsyncClient(**_options(settings, timeout), transport=transport)

    async def perform(self, call: Call[T_co]) -> T_co:
        request = self._request(call)
        attempt = 1
        while True:
            headers: Mapping[str, str] = {}
            try:
                response = await self._exchange(request)
                headers = response.headers
                return result(call, response.status_code, headers, response.content, self.settings)
            except KeypaceError as error:
                wait = wait_before_retry(call, error, headers, attempt, self._chance()) if attempt <= self._retries else None
                if wait is None:
                    raise await self.with_suggestion(error, call) from error.__cause__
            attempt += 1
            await self._sleep(wait)

    async def open_stream(self, call: Call[Any]) -> httpx.Response:
        """The answer with its body still to be read. The caller closes it."""
        request = self._request(call)
        attempt = 1
        while True:
            headers: Mapping[str, str] = {}
            try:
                response = await self._exchange(request, stream=True)
                headers = response.headers
                if response.is_success:
                    return response
                try:
                    body = await response.aread()
                except httpx.HTTPError as error:
                    raise no_answer(error, self.settings) from error
                finally:
                    await response.aclose()
                raise_refusal(call, response.status_code, headers, body, self.settings)
            except KeypaceError as error:
                wait = wait_before_retry(call, error, headers, attempt, self._chance()) if attempt <= self._retries else None
                if wait is None:
                    raise await self.with_suggestion(error, call) from error.__cause__
            attempt += 1
            await self._sleep(wait)

    async def close(self) -> None:
        await self._http.aclose()

    def _request(self, call: Call[Any]) -> httpx.Request:
        return self._http.build_request(call.method, self.settings.base_url + call.path, **_parts(call, self._timeout))

    async def _exchange(self, request: httpx.Request, stream: bool = False) -> httpx.Response:
        started = time.monotonic()
        try:
            response = await self._http.send(request, stream=stream)
        except httpx.HTTPError as error:
            raise no_answer(error, self.settings) from error
        note(request, response, started)
        return response

    async def with_suggestion(self, error: KeypaceError, call: Call[Any]) -> KeypaceError:
        if isinstance(error, NotFoundError) and call.names is not None:
            listing = Call("GET", call.names.path, names_in(call.names.field))
            try:
                response = await self._exchange(self._request(listing))
                suggest(error, call, result(listing, response.status_code, response.headers, response.content, self.settings))
            except KeypaceError:
                log.debug("no names to suggest: this token may not list them")
        return error


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


def chunks(response: httpx.Response) -> Iterator[bytes]:
    """The body as it comes. Raises ConnectionError when it breaks off."""
    try:
        yield from response.iter_bytes()
    except httpx.HTTPError as error:
        raise ConnectionError("the body broke off") from error


async def chunks_async(response: httpx.Response) -> AsyncIterator[bytes]:
    """The same, awaited."""
    try:
        async for data in response.aiter_bytes():
            yield data
    except httpx.HTTPError as error:
        raise ConnectionError("the body broke off") from error


def names_in(member: str) -> Callable[[Any], "list[str]"]:
    def read(data: Any) -> "list[str]":
        return [one[member] for one in (data["results"] if isinstance(data, dict) else data)]

    return read


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


def _options(settings: Settings, timeout: float) -> Dict[str, Any]:
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


def _parts(call: Call[Any], timeout: float) -> Dict[str, Any]:
    parts: Dict[str, Any] = {"headers": dict(call.headers)}
    if call.params:
        parts["params"] = dict(call.params)
    if call.json is not None:
        parts["content"] = json.dumps(call.json, separators=(",", ":"), allow_nan=False).encode()
        parts["headers"]["content-type"] = "application/json"
    if call.timeout is not None and call.timeout > timeout:
        parts["timeout"] = httpx.Timeout(call.timeout, connect=CONNECT_TIMEOUT)
    return parts


class Lanes:
    """Makes lanes that share what is costly to make: the certificates."""

    def __init__(self, settings: Settings, transport: Optional[object] = None) -> None:
        if transport is not None and not isinstance(transport, httpx.AsyncBaseTransport):
            raise ConfigurationError("query_many needs a transport that is asynchronous too.")
        self.settings = settings
        self.given = transport
        self._certificates = httpx.create_ssl_context()
        # The bare transport knows no proxies; where one is to be used, a whole client is.
        self._by_client = transport is None and settings.may_use_proxy and bool(urllib.request.getproxies())

    def open(self) -> "Lane":
        return Lane(self.settings, self.given, self._certificates, self._by_client)


class Lane:
    """One connection for one query at a time. Beneath the client, whose shared pool costs four times as much with many at once."""

    def __init__(self, settings: Settings, given: Optional[httpx.AsyncBaseTransport], certificates: ssl.SSLContext, by_client: bool) -> None:
        self._settings = settings
        self._headers = _options(settings, 0)["headers"]
        self._addresses: Dict[str, httpx.URL] = {}  # parsed once: that takes longer than all the rest of a request
        self._client = httpx.AsyncClient(verify=certificates, timeout=None) if by_client else None
        self._certificates = certificates
        self._own = None if given or by_client else self._connection()
        self._transport = given or self._own

    async def exchange(self, call: Call[Any]) -> Tuple[int, Mapping[str, str], bytes]:
        """Status, headers and body. Raises UnreachableError."""
        parts = _parts(call, 0)
        address = self._addresses.get(call.path)
        if address is None:
            address = self._addresses[call.path] = httpx.URL(self._settings.base_url + call.path)
        request = httpx.Request(
            call.method, address, headers={**self._headers, **parts["headers"]}, content=parts.get("content"),
            extensions={"timeout": httpx.Timeout(call.timeout, connect=CONNECT_TIMEOUT).as_dict()},
        )
        started = time.monotonic()
        try:
            response = await (self._client.send(request) if self._client else self._transport.handle_async_request(request))  # type: ignore[union-attr]
            try:
                body = await response.aread()
            finally:
                await response.aclose()
        except httpx.HTTPError as error:
            raise no_answer(error, self._settings) from error
        note(request, response, started)
        return response.status_code, response.headers, body

    async def reconnect(self) -> None:
        """Asks over a new connection from now on: one to a server that is stopping takes a query and is gone."""
        if self._own is not None:
            old, self._own = self._own, self._connection()
            self._transport = self._own
            await old.aclose()

    def _connection(self) -> httpx.AsyncHTTPTransport:
        return httpx.AsyncHTTPTransport(verify=self._certificates, limits=httpx.Limits(max_connections=1))

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()
        if self._own is not None:
            await self._own.aclose()
