"""An access token."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import List, Optional

from .._records import HIDDEN, Record


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
