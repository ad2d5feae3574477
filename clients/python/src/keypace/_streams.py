"""A streamed answer, as it comes: iterate over it for the pieces of text."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Generator, Iterator, Optional, Type

from ._http_pool import chunks
from ._query import Answer, Pieces


class AnswerStream:
    """Pieces of text as the model says them; `text` is what has come so far, `answer` the whole once it is complete.

    Closes its connection at the end, or when left as a context manager; leaving early tells the hub to stop.

    >>> with client.query("Hello", agent="bot", stream=True) as stream:
    ...     for piece in stream:
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

    def __iter__(self) -> Iterator[str]:
        return self._texts

    def __next__(self) -> str:
        return self._texts.__next__()

    def __enter__(self) -> AnswerStream:
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]) -> None:
        self.close()

    def close(self) -> None:
        """Stops listening."""
        self._texts.close()
        self._response.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__}, {len(self.text)} characters so far>"

    def _read(self) -> Generator[str, None, None]:
        try:
            for data in chunks(self._response):
                for text in self._pieces.feed(data):
                    yield text
        except ConnectionError as lost:
            raise self._pieces.broken("The connection was lost in the middle of the answer.") from lost
        finally:
            self._response.close()
        for text in self._pieces.end():
            yield text
