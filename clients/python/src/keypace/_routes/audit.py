"""The route of the audit log, described."""

from __future__ import annotations

from typing import Optional

from .._calls import Call, listed, query
from .._models import AuditRecord
from .._records import Records


def list_all(limit: Optional[int], after: Optional[int]) -> Call[Records[AuditRecord]]:
    return Call("GET", "/v1/audit", listed(AuditRecord.from_json), params=query(limit=limit, after=after))
