"""Every exchange with the server, described and not performed: no I/O here, so both clients share it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable, Dict, Generic, Iterable, Mapping, Optional, Tuple, TypeVar
from urllib.parse import quote

from ._records import R, Records

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True)
class Names:
    """Where the names of a noun are listed, to suggest the nearest one when one is unknown."""

    typed: str
    path: str
    field: str
    """The list's member that holds a name."""


@dataclass(frozen=True)
class Call(Generic[T_co]):
    """One HTTP exchange, described but not performed."""

    method: str
    path: str
    """From the server's address on, percent-encoded."""
    returns: Callable[[Any], T_co]
    """Makes the result from the answer's JSON."""
    json: Optional[Mapping[str, Any]] = field(default=None, repr=False)
    params: Mapping[str, str] = field(default_factory=dict)
    secrets: Tuple[str, ...] = field(default=(), repr=False)
    """What must not appear in an error even if something on the way echoes it."""
    names: Optional[Names] = None
    headers: Mapping[str, str] = field(default_factory=dict)
    timeout: Optional[float] = None
    """Seconds without a byte of answer; None for the client's own. More where the server itself may wait."""

    @property
    def is_safe(self) -> bool:
        """Doing it twice is the same as doing it once."""
        return self.method == "GET"


class Reply:
    """An answer's JSON with what its headers told: for results that need both."""

    __slots__ = ("data", "headers")

    def __init__(self, data: Any, headers: Mapping[str, str]) -> None:
        self.data = data
        self.headers = headers


@dataclass(frozen=True)
class WholeCall(Call[T_co]):
    """A call whose `returns` takes a whole `Reply`."""


SLOW = 300.0
"""Seconds: longer than the 240 s that a server lets a test wait for its turn, so that its own answer arrives first."""


def segment(name: str) -> str:
    """A name or id as one segment of a path.

    >>> segment("team a/b")
    'team%20a%2Fb'
    """
    text = quote(name.strip(), safe="")
    if not text.strip("."):
        # "." and ".." would climb to another route, and nothing at all is the list.
        raise ValueError("A name or id is empty or consists of dots.")
    return text


def given(**members: object) -> Dict[str, object]:
    """A body of what was given; None is left out, so an older server never sees a member that it does not know.

    >>> given(name="main", url=None)
    {'name': 'main'}
    """
    return {name: value for name, value in members.items() if value is not None}


def query(**members: object) -> Dict[str, str]:
    """The same for a query string."""
    return {name: str(value) for name, value in members.items() if value is not None and value != ""}


def listed(kind: "Callable[[Any], R]") -> "Callable[[Any], Records[R]]":
    """Reads a bare list, or one in `results`."""

    def read(data: Any) -> Records[R]:
        return Records(kind(one) for one in (data["results"] if isinstance(data, dict) else data))

    return read


def secrets_of(value: Optional[str], hub_config: Optional[Mapping[str, Any]] = None) -> Tuple[str, ...]:
    """What of a body must not be said back."""
    hidden = [value] if value else []
    for name, each in (hub_config or {}).items():
        if isinstance(each, str) and any(word in name for word in ("key", "secret", "token")):
            hidden.append(each)
    return tuple(hidden)


def comma_separated(names: Optional[Iterable[str]]) -> Optional[str]:
    """`openai,together`; None when there are none."""
    if names is None:
        return None
    return names if isinstance(names, str) else ",".join(names)
