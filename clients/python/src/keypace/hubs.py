"""The places that serve models: `client.hubs`."""

from __future__ import annotations

from ._async.hubs import AsyncHubs  # sync only
from ._models import Hub
from ._performs import Performs
from ._records import Records
from ._routes import hubs as routes

__all__ = ["Hubs", "AsyncHubs"]  # sync only


class Hubs:
    """The places that serve models, with what Keypace assumes of each."""

    def __init__(self, client: Performs) -> None:
        self._client = client

    def list(self) -> Records[Hub]:
        """Every hub that keys can be stored for.

        >>> client.hubs.list()
        name    shown as  default limit  tier    served
        openai  OpenAI    500 / 60 s     Tier 1  yes
        """
        return self._client.perform(routes.list_all())

    def get(self, name: str) -> Hub:
        """One hub by its name.

        Raises:
            NotFoundError: there is none; `suggestion` is the nearest name.

        >>> client.hubs.get("openai").limit
        '500 / 60 s'
        """
        return self._client.perform(routes.get(name))
