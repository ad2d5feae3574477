# Written by tools/make_async.py from ../_performs.py: change that file, then run clients/python/tools/make_async.py.
"""What the nouns need of a client."""

from __future__ import annotations

from typing import Protocol

from .._calls import Call, T_co


class AsyncPerforms(Protocol):
    """Performs an exchange that is described."""

    async def perform(self, call: Call[T_co]) -> T_co:
        """Its result, or an error."""
