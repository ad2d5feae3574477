"""Server-sent events (WHATWG HTML, section 9.2): bytes as they come, cut anywhere; the data of whole events. No I/O."""

from __future__ import annotations

from typing import List, Optional

MOST_BYTES = 32 * 1024 * 1024
"""Longest event. A longer one is no answer of a model, and would fill the memory."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Events:
    """Reads one stream. Lines end with CR, LF or both; a byte order mark at the start, comments and other fields are passed over.

    >>> events = Events()
    >>> events.feed(b"data: a\\r\\ndata: b\\r\\n\\r\\n: comment\\ndata:c")
    [b'a\\nb']
    >>> events.end()
    [b'c']
    """

    def __init__(self) -> None:
        self._rest = b""  # of a line that is not complete
        self._data: Optional[List[bytes]] = None  # of an event that is not complete
        self._size = 0
        self._begun = False
        self._after_cr = False

    def feed(self, piece: bytes) -> List[bytes]:
        """The data of each event that is complete with these bytes. Raises ValueError when an event is too long."""
        if self._after_cr and piece:
            piece = piece[1:] if piece.startswith(b"\n") else piece  # the CR before it ended the line already
            self._after_cr = False
        text = self._rest + piece
        if not self._begun:
            if len(text) < 3 and _BYTE_ORDER_MARK.startswith(text):
                self._rest = text
                return []
            self._begun = True
            text = text[3:] if text.startswith(_BYTE_ORDER_MARK) else text
        self._after_cr = text.endswith(b"\r")
        *lines, self._rest = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        if len(self._rest) + self._size > MOST_BYTES:
            raise ValueError("An event is too long.")
        return [event for line in lines for event in self._line(line)]

    def end(self) -> List[bytes]:
        """The stream is over: an event without the empty line that should end it counts as well."""
        rest, self._rest = self._rest, b""
        return [*self._line(rest), *self._line(b"")]

    def _line(self, line: bytes) -> List[bytes]:
        if not line:
            data, self._data, self._size = self._data, None, 0
            return [] if data is None else [b"\n".join(data)]
        name, _, value = line.partition(b":")
        if name == b"data":
            self._data = self._data or []
            self._data.append(value[1:] if value.startswith(b" ") else value)
            self._size += len(value)
        return []
