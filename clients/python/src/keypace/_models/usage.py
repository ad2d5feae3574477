"""Sums of what was asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from .._records import Record


@dataclass(frozen=True)
class Usage(Record):
    """Sums over one group: a key, caller, agent, model, hour or day."""

    columns = (
        ("group", "label"), ("queries", "queries"), ("sent", "sent"), ("errors", "errors"), ("tokens", "total_tokens"), ("waited_ms", "waited_ms"),
    )

    group: str
    """The group's id or text."""
    by: str = ""
    name: Optional[str] = None
    """The group's name today, where it has one."""
    queries: int = 0
    sent: int = 0
    """Requests to the hub; more than `queries` where some were sent again."""
    errors: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0
    waited_ms: int = 0
    latency_ms: int = 0

    @property
    def label(self) -> str:
        """The name where there is one, else the group."""
        return self.name or self.group
