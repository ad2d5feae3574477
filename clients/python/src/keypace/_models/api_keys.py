"""An API key, and what a hub said to one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, List, Mapping, Optional

from .._records import Record


@dataclass(frozen=True)
class ApiKey(Record):
    """A hub's credential that Keypace guards. The secret itself never comes out."""

    columns = (
        ("name", "name"), ("hub", "hub"), ("key", "display_value"), ("limit", "limit"), ("status", "status"), ("notice", "notice"),
    )

    id: str
    """Stays when the key is renamed."""
    name: str
    hub: str
    rate_limit_per_interval: int
    """At most so many requests in any interval."""
    rate_limit_interval: int
    """Seconds."""
    display_value: str = "****"
    """`****` and the last four characters of the secret."""
    hub_config: Optional[Mapping[str, Any]] = None
    """The hub's own fields, secrets masked as `display_…`."""
    user_id: str = ""
    team_id: str = ""
    status: str = "active"
    """`active` or `disabled`."""
    url: Optional[str] = None
    """The base address that the secret is bound to, where it is not the hub's own."""
    version: int = 1
    """Counts changes; `modify(version=…)` is refused when somebody was faster."""
    rate_group_id: Optional[str] = None
    """Keys of one provider account share a group, and with it one limit."""
    created_at: int = 0
    updated_at: int = 0
    last_used_at: Optional[int] = None
    notice: Optional[str] = None
    """A sentence when something needs attention."""
    pacing: Optional[str] = None
    """`auto`, `burst` or `smooth`; None from a server that does not say."""
    guard_ms: Optional[int] = None
    """Milliseconds added to the interval; None for the server's own."""
    limits: Optional[List[Mapping[str, Any]]] = None
    """Limits besides the main one: `{"dimension", "limit", "interval_seconds", …}`."""
    rate_limit_source: Optional[str] = None
    """`default` (the hub's) or `set`."""
    limit_frozen: Optional[bool] = None
    """True: what hubs say about their limit does not change this key's."""
    pass_headers: Optional[List[str]] = None
    """Headers of the callers that pass to the hub beside those that pass for every key."""
    drop_params: Any = None
    """Members of queries that are left out where the hub's language has no place for them; True for all."""

    @property
    def model_hub(self) -> str:
        """The same as `hub`, by the name that `create` takes it by."""
        return self.hub

    @property
    def limit(self) -> str:
        """`60 / 10 s`: at most 60 requests in any 10 seconds."""
        return f"{self.rate_limit_per_interval} / {self.rate_limit_interval} s"


@dataclass(frozen=True)
class ApiKeyDeleted(Record):
    """A key that is gone. Until `restorable_until` (Unix seconds), `api_keys.restore(id)` brings it back."""

    id: str
    name: str = ""
    deleted: bool = True
    agents_without_key: List[str] = field(default_factory=list)
    """Names of the agents that used it; their queries fail until they get another."""
    restorable_until: int = 0


@dataclass(frozen=True)
class KeyTest(Record):
    """What a hub said to a credential: `works`, `refused`, `unreachable` or `unknown`."""

    status: str
    rate_limit: Optional[int] = None
    """Requests that the hub's answer reported as the limit, if it did."""
    interval: Optional[int] = None
    """Seconds of that limit."""
    detail: Optional[str] = None
    latency_ms: Optional[int] = None

    @property
    def works(self) -> bool:
        """Whether the hub took the credential."""
        return self.status == "works"
