"""Who changed what: `client.audit`."""

from __future__ import annotations

from typing import Optional

from ._async.audit import AsyncAudit  # sync only
from ._models import AuditRecord
from ._performs import Performs
from ._records import Records
from ._routes import audit as routes

__all__ = ["Audit", "AsyncAudit"]  # sync only


class Audit:
    """Who changed what. Bound tokens do not see it."""

    def __init__(self, client: Performs) -> None:
        self._client = client

    def list(self, *, limit: Optional[int] = None, after: Optional[int] = None) -> Records[AuditRecord]:
        """Changes, the newest first.

        Args:
            limit: at most so many; the server's usual number by default.
            after: the `id` of the last record seen, to go on from there.

        >>> client.audit.list(limit=1)[0].action
        'create'
        """
        return self._client.perform(routes.list_all(limit, after))
