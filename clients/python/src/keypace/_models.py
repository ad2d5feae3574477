"""The records of the wire, as results. Times are Unix seconds; other units are in each field's own words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, List, Mapping, Optional

from ._records import HIDDEN, Record, Records, of


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


@dataclass(frozen=True)
class Agent(Record):
    """A named model behind an API key: queries ask for `agent="NAME"`."""

    columns = (("name", "agent_name"), ("model", "model_name"), ("hub", "hub"), ("has_key", "has_api_key"), ("status", "status"))

    id: str
    agent_name: str
    model_name: str = ""
    """The hub's own name of the model."""
    agent_url: Optional[str] = None
    hub: str = "custom"
    api_key_id: Optional[str] = None
    agent_system_prompt: Optional[str] = None
    hub_config: Optional[Mapping[str, Any]] = None
    status: str = "active"
    """`creating`, `active` or `archived`."""
    created_at: int = 0
    created_by: str = ""
    team_id: str = ""
    updated_at: int = 0
    has_api_key: bool = False
    """False when its key was deleted: queries fail until another is chosen."""
    version: int = 1

    @property
    def name(self) -> str:
        """The same as `agent_name`."""
        return self.agent_name

    @property
    def model(self) -> str:
        """The same as `model_name`."""
        return self.model_name


@dataclass(frozen=True)
class HubField(Record):
    """A field of `hub_config` that keys of a hub take."""

    columns = (("name", "name"), ("label", "label"), ("required", "required"), ("secret", "secret"))

    name: str
    label: str = ""
    required: bool = False
    secret: bool = False


@dataclass(frozen=True)
class Hub(Record):
    """A place that serves models, with the limit that a key gets unless told otherwise."""

    columns = (("name", "name"), ("shown as", "display_name"), ("default limit", "limit"), ("tier", "rate_limit_tier"), ("served", "served"))

    id: str
    name: str
    display_name: str
    rate_limit_per_interval: int
    rate_limit_interval: int
    """Seconds."""
    models: List[str] = field(default_factory=list)
    rate_limit_tier: Optional[str] = None
    rate_limit_source: Optional[str] = None
    """Where the default limit was read."""
    rate_limit_as_of: Optional[str] = None
    rate_limit_confidence: Optional[str] = None
    served: bool = False
    """False: keys of this hub can be stored, but not queried yet."""
    base_url: Optional[str] = None
    url_required: bool = False
    key_page: Optional[str] = None
    fields: Optional[Records[HubField]] = field(default=None, metadata=of(HubField))

    @property
    def limit(self) -> str:
        """`60 / 10 s`: at most 60 requests in any 10 seconds."""
        return f"{self.rate_limit_per_interval} / {self.rate_limit_interval} s"


@dataclass(frozen=True)
class AccessToken(Record):
    """What a caller of Keypace presents. `token` is there once: in the result of `create`."""

    columns = (
        ("name", "name"), ("role", "role"), ("scopes", "scopes"), ("weight", "weight"), ("expires_at", "expires_at"), ("status", "status"),
    )

    id: str
    name: str
    role: str = ""
    """`admin`, `member` or `viewer`."""
    scopes: List[str] = field(default_factory=list)
    """`manage` and `query`."""
    api_keys: Optional[List[str]] = None
    """Ids of the only keys that it may see and use; None for all."""
    agents: Optional[List[str]] = None
    weight: int = 1
    """Its share in the line against other tokens."""
    priority: str = "interactive"
    """The best class its queries may ask for."""
    created_at: int = 0
    expires_at: int = 0
    last_used_at: Optional[int] = None
    status: str = "active"
    """`active`, `expired` or `revoked`."""
    token: Optional[str] = field(default=None, repr=False, metadata=HIDDEN)
    """The token's text. In no repr, table or dict: keep it where it is used."""


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


@dataclass(frozen=True)
class AuditRecord(Record):
    """One change: who made it, and what it was."""

    columns = (("at", "at"), ("who", "actor_name"), ("action", "action"), ("subject", "subject"), ("name", "subject_name"))

    id: int
    at: float
    """Unix seconds."""
    actor: str = ""
    actor_name: str = ""
    action: str = ""
    subject: str = ""
    subject_id: Optional[str] = None
    subject_name: Optional[str] = None
    before: Optional[Dict[str, Any]] = None
    """The subject before, without secrets; None when it was made."""
    after: Optional[Dict[str, Any]] = None
    request_id: Optional[str] = None
