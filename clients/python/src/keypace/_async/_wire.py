# Written by tools/make_async.py from ../_wire.py: change that file, then run clients/python/tools/make_async.py.
"""Performs what the rest describes. Imported at first use, with the HTTP library."""

from __future__ import annotations

import logging
import random
from asyncio import sleep
from typing import Any, Awaitable, Callable, Mapping, Optional, TYPE_CHECKING

from .._calls import Call, T_co
from .._errors import KeypaceError, NotFoundError
from .._exchange import Received, names_in, raise_refusal, result, suggest, wait_before_retry
from ._http_pool import AsyncPool
from ._retries import A, R, until_settled
from .._settings import Settings

if TYPE_CHECKING:
    import httpx

log = logging.getLogger("keypace")


class AsyncWire:
    """Performs calls over one pool of connections, again where that is surely safe. For one event loop."""

    def __init__(
        self, settings: Settings, *, timeout: float, retries: int, transport: Optional[httpx.AsyncBaseTransport] = None,
        sleep: Callable[[float], Awaitable[None]] = sleep, chance: Callable[[], float] = random.random,
    ) -> None:
        self.settings = settings
        self._retries = retries
        self._sleep = sleep
        self._chance = chance
        self._pool = AsyncPool(settings, timeout, transport)

    async def perform(self, call: Call[T_co]) -> T_co:
        """The call's result. Raises what the answer says instead."""

        async def send() -> Received:
            return await self._pool.exchange(call)

        async def read(received: Received) -> T_co:
            return result(call, received, self.settings)

        return await self._settled(call, send, read)

    async def open_stream(self, call: Call[Any]) -> httpx.Response:
        """The answer with its body still to be read. The caller closes it."""

        async def send() -> httpx.Response:
            return await self._pool.begin(call)

        async def read(response: httpx.Response) -> httpx.Response:
            if response.is_success:
                return response
            body = await self._pool.rest(response)
            raise_refusal(call, Received(response.status_code, response.headers, body), self.settings)

        return await self._settled(call, send, read)

    async def close(self) -> None:
        """Closes the connections."""
        await self._pool.close()

    async def with_suggestion(self, error: KeypaceError, call: Call[Any]) -> KeypaceError:
        """The error; where a name was not found, with the nearest one that there is."""
        if isinstance(error, NotFoundError) and call.names is not None:
            listing = Call("GET", call.names.path, names_in(call.names.field))
            try:
                suggest(error, call, result(listing, await self._pool.exchange(listing), self.settings))
            except KeypaceError:
                log.debug("no names to suggest: this token may not list them")
        return error

    async def _settled(self, call: Call[Any], send: Callable[[], Awaitable[A]], read: Callable[[A], Awaitable[R]]) -> R:
        def wait(error: KeypaceError, headers: Mapping[str, str], attempt: int) -> Optional[float]:
            return wait_before_retry(call, error, headers, attempt, self._chance()) if attempt <= self._retries else None

        try:
            return await until_settled(send, read, self._sleep, wait)
        except KeypaceError as error:
            raise await self.with_suggestion(error, call) from error.__cause__
