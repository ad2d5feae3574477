# Written by tools/make_async.py from ../access_tokens.py: change that file, then run clients/python/tools/make_async.py.
"""What callers present to Keypace: `client.access_tokens`."""

from __future__ import annotations

from typing import Optional, Sequence

from .._models import AccessToken
from ._performs import AsyncPerforms
from .._records import Records
from .._routes import access_tokens as routes


class AsyncAccessTokens:
    """What callers present to Keypace. Only administrators manage them. A token's id works wherever its name does."""

    def __init__(self, client: AsyncPerforms) -> None:
        self._client = client

    async def list(self) -> Records[AccessToken]:
        """Every token of the team, without its text.

        >>> await client.access_tokens.list()
        name      role    scopes  weight  expires_at  status
        notebook  member  query   1       1790000000  active
        """
        return await self._client.perform(routes.list_all())

    async def get(self, name: str) -> AccessToken:
        """One token by its name or id, without its text.

        Raises:
            NotFoundError: there is none; `suggestion` is the nearest name.

        >>> (await client.access_tokens.get("notebook")).role
        'member'
        """
        return await self._client.perform(routes.get(name))

    async def create(
        self, name: str, *, role: Optional[str] = None, scopes: Optional[Sequence[str]] = None, api_keys: Optional[Sequence[str]] = None,
        agents: Optional[Sequence[str]] = None, weight: Optional[int] = None, expires_at: Optional[int] = None,
        priority: Optional[str] = None,
    ) -> AccessToken:
        """Makes a token. `token` of the result is its text, this once.

        Args:
            role: `admin`, `member` (the default) or `viewer`.
            scopes: `manage` and `query`; both by default.
            api_keys: names or ids of the only keys that it may see and use.
            agents: names or ids of the only agents that it may see and use.
            weight: its share in the line against other tokens, 1 to 100.
            expires_at: Unix seconds; 90 days from now by default, at most 366.
            priority: the best class its queries may ask for: `interactive` (the default), `batch` or `background`.

        Raises:
            PermissionDeniedError: its role would exceed yours.
            InvalidError: a field cannot be accepted.

        >>> made = await client.access_tokens.create("notebook", scopes=["query"], agents=["bot"])
        >>> made.token is not None, "kpa_" in repr(made)
        (True, False)
        """
        return await self._client.perform(routes.create(name, role, scopes, api_keys, agents, weight, expires_at, priority))

    async def modify(
        self, name: str, *, new_name: Optional[str] = None, scopes: Optional[Sequence[str]] = None, weight: Optional[int] = None,
        expires_at: Optional[int] = None, priority: Optional[str] = None,
    ) -> AccessToken:
        """Changes what is given and leaves the rest.

        Args:
            expires_at: Unix seconds.

        Raises:
            NotFoundError: there is no such token.
            InvalidError: a field cannot be accepted.

        >>> (await client.access_tokens.modify("notebook", weight=3)).weight
        3
        """
        return await self._client.perform(routes.modify(name, new_name, scopes, weight, expires_at, priority))

    async def revoke(self, name: str) -> None:
        """Ends a token at once and for good.

        Raises:
            NotFoundError: there is no such token.

        >>> await client.access_tokens.revoke("notebook")
        """
        return await self._client.perform(routes.revoke(name))
