"""Who changed what: `client.audit`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional

from ._calls import Call, listed, query
from ._models import AuditRecord
from ._records import Records
from ._twins import twin_of

if TYPE_CHECKING:
    from ._client import AsyncKeypace, Keypace


def _list(limit: Optional[int], after: Optional[int]) -> Call[Records[AuditRecord]]:
    return Call("GET", "/v1/audit", listed(AuditRecord.from_json), params=query(limit=limit, after=after))


class Audit:
    """Who changed what. Bound tokens do not see it."""

    def __init__(self, client: "Keypace") -> None:
        self._client = client

    def list(self, *, limit: Optional[int] = None, after: Optional[int] = None) -> Records[AuditRecord]:
        """Changes, the newest first.

        Args:
            limit: at most so many; the server's usual number by default.
            after: the `id` of the last record seen, to go on from there.

        >>> client.audit.list(limit=1)[0].action
        'create'
        """
        return self._client.perform(_list(limit, after))


@twin_of(Audit)
class AsyncAudit:
    """`Audit`, awaited."""

    def __init__(self, client: "AsyncKeypace") -> None:
        self._client = client

    async def list(self, *, limit: Optional[int] = None, after: Optional[int] = None) -> Records[AuditRecord]:
        """Like `Audit.list`, awaited."""
        return await self._client.perform(_list(limit, after))
