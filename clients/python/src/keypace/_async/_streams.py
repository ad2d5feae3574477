# Written by tools/make_async.py from ../_streams.py: change that file, then run clients/python/tools/make_async.py.
"""A streamed answer, as it comes: iterate over it for the pieces of text."""

from __future__ import annotations

from types import TracebackType
from typing import Any, AsyncGenerator, AsyncIterator, Optional, Type

from ._http_pool import chunks
from .._query import Answer, Pieces


class AsyncAnswerStream:
    """Pieces of text as the model says them; `text` is what has come so far, `answer` the whole once it is complete.

    Closes its connection at the end, or when left as a context manager; leaving early tells the hub to stop.

    >>> async with await client.query("Hello", agent="bot", stream=True) as stream:
    ...     async for piece in stream:
    ...         print(piece, end="")
    Hello, world!
    """

    def __init__(self, response: Any) -> None:
        self._response = response
        self._pieces = Pieces(response.headers)
        self._texts = self._read()

    @property
    def text(self) -> str:
        """What has come so far."""
        return self._pieces.text

    @property
    def answer(self) -> Answer:
        """The whole answer. Raises StreamError when it is not complete."""
        return self._pieces.answer()

    def __aiter__(self) -> AsyncIterator[str]:
        return self._texts

    async def __anext__(self) -> str:
        return await self._texts.__anext__()

    async def __aenter__(self) -> AsyncAnswerStream:
        return self

    async def __aexit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]) -> None:
        await self.close()

    async def close(self) -> None:
        """Stops listening."""
        await self._texts.aclose()
        await self._response.aclose()

    def __repr__(self) -> str:
        return f"<{type(self).__name__}, {len(self.text)} characters so far>"

    async def _read(self) -> AsyncGenerator[str, None]:
        try:
            async for data in chunks(self._response):
                for text in self._pieces.feed(data):
                    yield text
        except ConnectionError as lost:
            raise self._pieces.broken("The connection was lost in the middle of the answer.") from lost
        finally:
            await self._response.aclose()
        for text in self._pieces.end():
            yield text
