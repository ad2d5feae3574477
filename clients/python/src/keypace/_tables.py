"""Records as a table, for a terminal and for a notebook. Nothing here knows what the records mean."""

from __future__ import annotations

from html import escape
from typing import Iterable, List, Sequence
from unicodedata import category, combining, east_asian_width

WIDEST_CELL = 48
"""Characters of one cell in a terminal; longer ones end in an ellipsis."""


def as_text(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table of plain characters, columns as wide as they need.

    >>> print(as_text(["name", "limit"], [["main", "60 / 10 s"], ["x", None]]))
    name  limit
    main  60 / 10 s
    x     -
    """
    lines = [[_clean(header) for header in headers]]
    lines += [[_short(_cell(value)) for value in row] for row in rows]
    widths = [max(_width(line[column]) for line in lines) for column in range(len(headers))]
    return "\n".join(
        "  ".join(text + " " * (width - _width(text)) for text, width in zip(line, widths)).rstrip() for line in lines
    )


def as_html(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """The same for a notebook; everything is escaped.

    >>> as_html(["name"], [["<b>"]])
    '<table><thead><tr><th>name</th></tr></thead><tbody><tr><td>&lt;b&gt;</td></tr></tbody></table>'
    """
    head = "".join(f"<th>{escape(header)}</th>" for header in headers)
    body = "".join("<tr>" + "".join(f"<td>{escape(_cell(value))}</td>" for value in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(value: object) -> str:
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return ", ".join(_cell(one) for one in value) or "-"
    return _clean(str(value))


def _clean(text: str) -> str:
    # A name with an escape sequence in it must not drive the terminal, nor break the row.
    return "".join(" " if category(sign) in ("Cc", "Cf", "Zl", "Zp", "Cs") else sign for sign in text)


def _short(text: str) -> str:
    return text if len(text) <= WIDEST_CELL else text[: WIDEST_CELL - 1] + "…"


def _width(text: str) -> int:
    signs: List[int] = [0 if combining(sign) else 2 if east_asian_width(sign) in "WF" else 1 for sign in text]
    return sum(signs)
