# Written by tools/make_async.py from ../audit.py: change that file, then run clients/python/tools/make_async.py.
"""Who changed what: `client.audit`."""

from __future__ import annotations

from typing import Optional

from .._models import AuditRecord
from ._performs import AsyncPerforms
from .._records import Records
from .._routes import audit as routes


class AsyncAudit:
    """Who changed what. Bound tokens do not see it."""

    def __init__(self, client: AsyncPerforms) -> None:
        self._client = client

    async def list(self, *, limit: Optional[int] = None, after: Optional[int] = None) -> Records[AuditRecord]:
        """Changes, the newest first.

        Args:
            limit: at most so many; the server's usual number by default.
            after: the `id` of the last record seen, to go on from there.

        >>> (await client.audit.list(limit=1))[0].action
        'create'
        """
        return await self._client.perform(routes.list_all(limit, after))
