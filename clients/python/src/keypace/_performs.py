"""What the nouns need of a client."""

from __future__ import annotations

from typing import Protocol

from ._calls import Call, T_co


class Performs(Protocol):
    """Performs an exchange that is described."""

    def perform(self, call: Call[T_co]) -> T_co:
        """Its result, or an error."""
