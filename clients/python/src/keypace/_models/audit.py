"""A change, with who made it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Optional

from .._records import Record


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
