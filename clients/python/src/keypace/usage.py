"""What was asked, in sums: `client.usage`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional

from ._calls import Call, listed, query
from ._models import Usage as UsageRow
from ._records import Records
from ._twins import twin_of

if TYPE_CHECKING:
    from ._client import AsyncKeypace, Keypace


def _list(by: str, since: Optional[int], until: Optional[int]) -> Call[Records[UsageRow]]:
    return Call("GET", "/v1/usage", listed(UsageRow.from_json), params=query(by=by, since=since, until=until))


class UsageSums:
    """What was asked, in sums."""

    def __init__(self, client: "Keypace") -> None:
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
        return self._client.perform(_list(by, since, until))


@twin_of(UsageSums)
class AsyncUsageSums:
    """`UsageSums`, awaited."""

    def __init__(self, client: "AsyncKeypace") -> None:
        self._client = client

    async def list(self, *, by: str = "key", since: Optional[int] = None, until: Optional[int] = None) -> Records[UsageRow]:
        """Like `UsageSums.list`, awaited."""
        return await self._client.perform(_list(by, since, until))
