"""The asynchronous classes repeat the synchronous ones word for word, awaited; so do their docstrings, from here."""

from __future__ import annotations

import re
from typing import Callable, Type, TypeVar

C = TypeVar("C", bound=type)

_EXAMPLE = re.compile(r"^\s*>>> .*?\bclient\.", re.MULTILINE)


def twin_of(original: Type[object]) -> Callable[[C], C]:
    """Gives each public method the words of the original's, with its examples awaited."""

    def dress(cls: C) -> C:
        for name, method in vars(cls).items():
            words = getattr(vars(original).get(name), "__doc__", None)
            if words and callable(method) and not name.startswith("_"):
                method.__doc__ = awaited(words)
        return cls

    return dress


def awaited(words: str) -> str:
    """Puts `await` before the first call of the client in each example.

    >>> awaited(">>> client.api_keys.get('main').limit")
    ">>> (await client.api_keys.get('main')).limit"
    """
    done, at = "", 0
    for example in _EXAMPLE.finditer(words):
        start = example.end() - len("client.")
        end = _end_of_call(words, start)
        call = "await " + words[start:end]
        done += words[at:start] + (f"({call})" if words[end : end + 1] in (".", "[") else call)
        at = end
    return done + words[at:]


def _end_of_call(words: str, start: int) -> int:
    depth = 0
    for at in range(words.index("(", start), len(words)):
        depth += {"(": 1, ")": -1}.get(words[at], 0)
        if depth == 0:
            return at + 1
    raise ValueError("An example's call does not end.")
