"""A hub, and the fields that its keys take."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import List, Optional

from .._records import Record, Records, of


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
