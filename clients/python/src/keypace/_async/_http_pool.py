# Written by tools/make_async.py from ../_http_pool.py: change that file, then run clients/python/tools/make_async.py.
"""Exchanges over a pool of connections to one server."""

from __future__ import annotations

import time
from typing import Any, AsyncIterator, Optional

import httpx

from .._calls import Call
from .._exchange import Received
from .._http import no_answer, note, options, parts
from .._settings import Settings


class AsyncPool:
    """The connections. Each method raises UnreachableError when no answer comes."""

    def __init__(self, settings: Settings, timeout: float, transport: Optional[httpx.AsyncBaseTransport] = None) -> None:
        self._settings = settings
        self._timeout = timeout
        self._http = httpx.AsyncClient(**options(settings, timeout), transport=transport)

    async def exchange(self, call: Call[Any]) -> Received:
        """The whole answer."""
        response = await self._send(call)
        return Received(response.status_code, response.headers, response.content)

    async def begin(self, call: Call[Any]) -> httpx.Response:
        """The answer with its body still to be read. The caller closes it."""
        return await self._send(call, stream=True)

    async def rest(self, response: httpx.Response) -> bytes:
        """The body that is still to be read; closes the answer."""
        try:
            return await response.aread()
        except httpx.HTTPError as error:
            raise no_answer(error, self._settings) from error
        finally:
            await response.aclose()

    async def close(self) -> None:
        """Closes them."""
        await self._http.aclose()

    async def _send(self, call: Call[Any], stream: bool = False) -> httpx.Response:
        request = self._http.build_request(call.method, self._settings.base_url + call.path, **parts(call, self._timeout))
        started = time.monotonic()
        try:
            response = await self._http.send(request, stream=stream)
        except httpx.HTTPError as error:
            raise no_answer(error, self._settings) from error
        note(request, response, started)
        return response


async def chunks(response: httpx.Response) -> AsyncIterator[bytes]:
    """The body as it comes. Raises ConnectionError when it breaks off."""
    try:
        async for data in response.aiter_bytes():
            yield data
    except httpx.HTTPError as error:
        raise ConnectionError("the body broke off") from error
