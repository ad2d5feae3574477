"""The route of usage sums, described."""

from __future__ import annotations

from typing import Optional

from .._calls import Call, listed, query
from .._models import Usage as UsageRow
from .._records import Records


def list_all(by: str, since: Optional[int], until: Optional[int]) -> Call[Records[UsageRow]]:
    return Call("GET", "/v1/usage", listed(UsageRow.from_json), params=query(by=by, since=since, until=until))
