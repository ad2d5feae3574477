"""The one loop that makes a call again."""

from __future__ import annotations

from typing import Callable, Mapping, Optional, TypeVar

from ._errors import KeypaceError
from ._exchange import Headed

A = TypeVar("A", bound=Headed)
R = TypeVar("R")


def until_settled(
    send: Callable[[], A], read: Callable[[A], R], sleep: Callable[[float], None],
    wait: Callable[[KeypaceError, Mapping[str, str], int], Optional[float]],
) -> R:
    """What `read` makes of an answer. Raises the last error, when `wait` has it sent no more.

    Args:
        send: gets an answer.
        read: the result, or raises the error that the answer is.
        sleep: takes seconds.
        wait: seconds until it is sent again, by the error, the answer's headers (empty without an answer), and how often it was sent.
            None for no more.
    """
    attempt = 1
    while True:
        headers: Mapping[str, str] = {}
        try:
            answer = send()
            headers = answer.headers
            return read(answer)
        except KeypaceError as error:
            seconds = wait(error, headers, attempt)
            if seconds is None:
                raise
        attempt += 1
        sleep(seconds)
