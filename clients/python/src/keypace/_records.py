"""What every result has in common: it comes from JSON, prints as a table, and turns into dicts."""

from __future__ import annotations

import importlib
from dataclasses import fields, is_dataclass
from typing import Any, ClassVar, Dict, List, Mapping, Sequence, SupportsIndex, Tuple, Type, TypeVar, Union, overload

from ._tables import as_html, as_text

R = TypeVar("R", bound="Record")

MOST_ROWS = 60
"""Rows that a table shows; of longer ones the first and last half of that."""

HIDDEN = {"hidden": True}
"""Metadata of a field that is in no repr, table, dict or DataFrame: it holds a secret."""


def of(kind: "Type[Record]") -> Dict[str, object]:
    """Metadata of a field that holds a list of other records."""
    return {"of": kind}


class Record:
    """Base of every result. Fields that this version does not know are ignored."""

    columns: ClassVar[Tuple[Tuple[str, str], ...]] = ()
    """What a table of these shows: header and attribute."""

    @classmethod
    def from_json(cls: Type[R], data: Any) -> R:
        """Reads the wire's form. KeyError or TypeError when a field is missing that every server sends."""
        known: Dict[str, Any] = {}
        for each in fields(cls):
            if each.name in data:
                value = data[each.name]
                kind = each.metadata.get("of")
                if kind is not None and value is not None:
                    value = Records(kind.from_json(one) for one in value)
                known[each.name] = value
        return cls(**known)

    def to_dict(self) -> Dict[str, Any]:
        """Every field by name, nested records too; without secrets."""
        return {
            each.name: _plain(getattr(self, each.name))
            for each in fields(self)
            if not each.metadata.get("hidden")
        }

    def __str__(self) -> str:
        return as_text(["field", "value"], self.to_dict().items())

    def _repr_html_(self) -> str:
        return as_html(["field", "value"], self.to_dict().items())


class Records(List[R]):
    """A list of results that prints as a table.

    >>> from keypace._models import Usage
    >>> Records([Usage(group="main", queries=2)])
    group  queries  sent  errors  tokens  waited_ms
    main   2        0     0       0       0
    """

    def to_dicts(self) -> List[Dict[str, Any]]:
        """A list of plain dicts, without secrets."""
        return [one.to_dict() for one in self]

    def to_dataframe(self) -> Any:
        """A pandas DataFrame, one row a result.

        Raises:
            ModuleNotFoundError: pandas is not installed.
        """
        return importlib.import_module("pandas").DataFrame(self.to_dicts())

    def __repr__(self) -> str:
        if not self:
            return "(none)"
        if len(self) > MOST_ROWS:
            half = MOST_ROWS // 2
            head, *first = as_text(*self[:half]._table()).splitlines()
            return "\n".join([head, *first, f"… {len(self) - MOST_ROWS:,} more …", *as_text(*self[-half:]._table()).splitlines()[1:]])
        headers, rows = self._table()
        return as_text(headers, rows)

    __str__ = __repr__

    def _repr_html_(self) -> str:
        headers, rows = self[:MOST_ROWS]._table()
        more = f"<p>… {len(self) - MOST_ROWS:,} more</p>" if len(self) > MOST_ROWS else ""
        return as_html(headers, rows) + more

    @overload
    def __getitem__(self, at: SupportsIndex) -> R: ...
    @overload
    def __getitem__(self, at: slice) -> "Records[R]": ...
    def __getitem__(self, at: Union[SupportsIndex, slice]) -> "Union[R, Records[R]]":
        found = super().__getitem__(at)
        return Records(found) if isinstance(found, list) else found

    def _table(self) -> Tuple[List[str], List[List[object]]]:
        columns: Sequence[Tuple[str, str]] = type(self[0]).columns if self else ()
        return [header for header, _ in columns], [[getattr(one, name) for _, name in columns] for one in self]


def _plain(value: Any) -> Any:
    if isinstance(value, Record):
        return value.to_dict()
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, Mapping):
        return dict(value)
    assert not is_dataclass(value)
    return value
