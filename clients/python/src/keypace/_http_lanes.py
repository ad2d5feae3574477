"""Connections for many queries at once, one query at a time on each."""

from __future__ import annotations

import ssl
import time
import urllib.request
from typing import Any, Dict, Optional

import httpx

from ._calls import Call
from ._errors import ConfigurationError
from ._exchange import Received
from ._http import CONNECT_TIMEOUT, no_answer, note, options, parts
from ._settings import Settings


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
        """One more. The caller closes it."""
        return Lane(self.settings, self.given, self._certificates, self._by_client)


class Lane:
    """One connection for one query at a time. Beneath the client, whose shared pool costs four times as much with many at once."""

    def __init__(self, settings: Settings, given: Optional[httpx.AsyncBaseTransport], certificates: ssl.SSLContext, by_client: bool) -> None:
        self._settings = settings
        self._headers = options(settings, 0)["headers"]
        self._addresses: Dict[str, httpx.URL] = {}  # parsed once: that takes longer than all the rest of a request
        self._client = httpx.AsyncClient(verify=certificates, timeout=None) if by_client else None
        self._certificates = certificates
        self._own = None if given or by_client else self._connection()
        self._transport = given or self._own

    async def exchange(self, call: Call[Any]) -> Received:
        """The whole answer. Raises UnreachableError."""
        said = parts(call, 0)
        address = self._addresses.get(call.path)
        if address is None:
            address = self._addresses[call.path] = httpx.URL(self._settings.base_url + call.path)
        request = httpx.Request(
            call.method, address, headers={**self._headers, **said["headers"]}, content=said.get("content"),
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
        return Received(response.status_code, response.headers, body)

    async def reconnect(self) -> None:
        """Asks over a new connection from now on: one to a server that is stopping takes a query and is gone."""
        if self._own is not None:
            old, self._own = self._own, self._connection()
            self._transport = self._own
            await old.aclose()

    def _connection(self) -> httpx.AsyncHTTPTransport:
        return httpx.AsyncHTTPTransport(verify=self._certificates, limits=httpx.Limits(max_connections=1))

    async def close(self) -> None:
        """Closes the connection."""
        if self._client is not None:
            await self._client.aclose()
        if self._own is not None:
            await self._own.aclose()
