"""Finds what a person probably meant."""

from __future__ import annotations

from typing import Iterable, Optional


def nearest(typed: str, there: Iterable[str]) -> Optional[str]:
    """The name with the fewest changes, if they are few: at most two, or a third of its length.

    >>> nearest("opnai-main", ["together", "openai-main"])
    'openai-main'
    >>> nearest("x", ["together"]) is None
    True
    """
    most = max(2, len(typed) // 3)
    near = ((changes(typed.upper(), name.upper()), name) for name in there)
    return min(((count, name) for count, name in near if count <= most and count < len(name)), default=(0, None))[1]


def changes(left: str, right: str) -> int:
    """Letters added, removed, replaced, or two neighbours swapped (optimal string alignment).

    >>> changes("AB", "BA")
    1
    """
    before: "list[int]" = []
    above = list(range(len(right) + 1))
    for i, sign in enumerate(left, 1):
        row = [i]
        for j, other in enumerate(right, 1):
            best = min(above[j - 1] + (sign != other), above[j] + 1, row[j - 1] + 1)
            if i > 1 and j > 1 and sign == right[j - 2] and left[i - 2] == other:
                best = min(best, before[j - 2] + 1)
            row.append(best)
        before, above = above, row
    return above[-1]
