"""What a key's limit is doing, and what went through it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, List, Mapping, Optional

from .._records import Record, Records, of


@dataclass(frozen=True)
class WaitingCaller(Record):
    """A caller in the line of a key."""

    columns = (("caller", "caller"), ("token", "token"), ("waiting", "waiting"), ("expected_start", "expected_start"))

    caller: str
    token: str = ""
    waiting: int = 0
    first_position: int = 0
    """How many queries go before its first one."""
    expected_start: Optional[float] = None
    """Unix seconds of its first query's turn."""


@dataclass(frozen=True)
class KeyStatus(Record):
    """What a key's limit is doing at this moment."""

    id: str
    name: str
    used_now: int
    """Requests that count against the limit now."""
    waiting: int
    effective_limit: int
    """The limit that rules now; lower than the key's own after the hub pushed back."""
    rate_limit_interval: int
    """Seconds."""
    waiting_by_caller: Records[WaitingCaller] = field(default_factory=Records, metadata=of(WaitingCaller))
    next_free_at: Optional[float] = None
    """Unix seconds at which a request could go; None when one could go now."""
    paused_until: Optional[float] = None
    paused_why: Optional[str] = None
    guard_ms: int = 0
    """Milliseconds added to the interval so that the hub's clock agrees."""
    rate_group_id: Optional[str] = None
    rate_group_keys: List[str] = field(default_factory=list)
    binding: Optional[str] = None
    """Which limit binds now."""
    pacing_now: Optional[str] = None
    pacing_why: Optional[str] = None
    limits: Optional[List[Mapping[str, Any]]] = None
    """Limits besides the main one, with what is used of each."""
    events: Optional[List[Mapping[str, Any]]] = None
    """What the server changed by itself, the newest first."""
    unknown_past_until: Optional[float] = None
    """Unix seconds until which sends of before a crash are waited out."""
    history: Optional[Mapping[str, Any]] = field(default=None, repr=False)
    """Sends of the last three intervals, in buckets."""


@dataclass(frozen=True)
class QueryRecord(Record):
    """One query that went through a key, or was refused."""

    columns = (
        ("at", "at"), ("caller", "caller"), ("model", "model"), ("status", "status"), ("waited_ms", "waited_ms"), ("latency_ms", "latency_ms"),
    )

    at: float
    """Unix seconds."""
    caller: str = ""
    hub: Optional[str] = None
    model: Optional[str] = None
    route: str = ""
    status: int = 0
    """What the caller got; 499 when it left."""
    error_code: Optional[str] = None
    prompt_tokens: Optional[int] = None
    completion_tokens: Optional[int] = None
    waited_ms: int = 0
    latency_ms: int = 0
    attempts: int = 0
    """Times it was sent to the hub."""
    api_key_id: Optional[str] = None
    agent_id: Optional[str] = None
    token_id: str = ""
