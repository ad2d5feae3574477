"""Performs what the rest describes. Imported at first use, with the HTTP library."""

from __future__ import annotations

import logging
import random
from time import sleep
from typing import TYPE_CHECKING, Any, Callable, Mapping, Optional

from ._calls import Call, T_co
from ._errors import KeypaceError, NotFoundError
from ._exchange import Received, names_in, raise_refusal, result, suggest, wait_before_retry
from ._http_pool import Pool
from ._retries import A, R, until_settled
from ._settings import Settings

if TYPE_CHECKING:
    import httpx

log = logging.getLogger("keypace")


class Wire:
    """Performs calls over one pool of connections, again where that is surely safe. Thread-safe."""

    def __init__(
        self, settings: Settings, *, timeout: float, retries: int, transport: Optional[httpx.BaseTransport] = None,
        sleep: Callable[[float], None] = sleep, chance: Callable[[], float] = random.random,
    ) -> None:
        self.settings = settings
        self._retries = retries
        self._sleep = sleep
        self._chance = chance
        self._pool = Pool(settings, timeout, transport)

    def perform(self, call: Call[T_co]) -> T_co:
        """The call's result. Raises what the answer says instead."""

        def send() -> Received:
            return self._pool.exchange(call)

        def read(received: Received) -> T_co:
            return result(call, received, self.settings)

        return self._settled(call, send, read)

    def open_stream(self, call: Call[Any]) -> httpx.Response:
        """The answer with its body still to be read. The caller closes it."""

        def send() -> httpx.Response:
            return self._pool.begin(call)

        def read(response: httpx.Response) -> httpx.Response:
            if response.is_success:
                return response
            body = self._pool.rest(response)
            raise_refusal(call, Received(response.status_code, response.headers, body), self.settings)

        return self._settled(call, send, read)

    def close(self) -> None:
        """Closes the connections."""
        self._pool.close()

    def with_suggestion(self, error: KeypaceError, call: Call[Any]) -> KeypaceError:
        """The error; where a name was not found, with the nearest one that there is."""
        if isinstance(error, NotFoundError) and call.names is not None:
            listing = Call("GET", call.names.path, names_in(call.names.field))
            try:
                suggest(error, call, result(listing, self._pool.exchange(listing), self.settings))
            except KeypaceError:
                log.debug("no names to suggest: this token may not list them")
        return error

    def _settled(self, call: Call[Any], send: Callable[[], A], read: Callable[[A], R]) -> R:
        def wait(error: KeypaceError, headers: Mapping[str, str], attempt: int) -> Optional[float]:
            return wait_before_retry(call, error, headers, attempt, self._chance()) if attempt <= self._retries else None

        try:
            return until_settled(send, read, self._sleep, wait)
        except KeypaceError as error:
            raise self.with_suggestion(error, call) from error.__cause__
