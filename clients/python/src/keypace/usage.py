"""What was asked, in sums: `client.usage`."""

from __future__ import annotations

from typing import Optional

from ._async.usage import AsyncUsageSums  # sync only
from ._models import Usage as UsageRow
from ._performs import Performs
from ._records import Records
from ._routes import usage as routes

__all__ = ["UsageSums", "AsyncUsageSums"]  # sync only


class UsageSums:
    """What was asked, in sums."""

    def __init__(self, client: Performs) -> None:
        self._client = client

    def list(self, *, by: str = "key", since: Optional[int] = None, until: Optional[int] = None) -> Records[UsageRow]:
        """Queries, sends, errors, tokens and waiting, summed by group.

        Args:
            by: `key`, `caller`, `agent`, `model`, `hour` or `day` (UTC).
            since: Unix seconds; a day ago by default.
            until: Unix seconds; now by default.

        Raises:
            InvalidError: there is no such grouping, or the times are no times.

        >>> client.usage.list(by="model")
        group         queries  sent  errors  tokens  waited_ms
        gpt-4.1-mini  120      121   1       2160    5400
        """
        return self._client.perform(routes.list_all(by, since, until))
