"""The stored credentials of model hubs: `client.api_keys`."""

from __future__ import annotations

from typing import Iterable, List, Mapping, Optional

from ._async.api_keys import AsyncApiKeys  # sync only
from ._models import ApiKey, ApiKeyDeleted, KeyStatus, KeyTest, QueryRecord
from ._performs import Performs
from ._records import Records
from ._routes import api_keys as routes
from ._routes.api_keys import Limits

__all__ = ["ApiKeys", "AsyncApiKeys"]  # sync only


class ApiKeys:
    """The stored credentials of model hubs. A secret goes in and never comes out. A key's id works wherever its name does."""

    def __init__(self, client: Performs) -> None:
        self._client = client

    def list(self, *, hubs: Optional[Iterable[str]] = None) -> Records[ApiKey]:
        """Every key that the token may see.

        Args:
            hubs: only keys of these hubs; all by default.

        >>> client.api_keys.list()
        name         hub     key       limit       status  notice
        openai-main  openai  ****0001  600 / 60 s  active  -
        """
        return self._client.perform(routes.list_all(hubs))

    def get(self, name: str) -> ApiKey:
        """One key by its name or id.

        Raises:
            NotFoundError: there is none; `suggestion` is the nearest name.

        >>> client.api_keys.get("openai-main").limit
        '600 / 60 s'
        """
        return self._client.perform(routes.get(name))

    def create(
        self, name: str, model_hub: str, api_key: Optional[str] = None, *, rate_limit_per_interval: Optional[int] = None,
        rate_limit_interval: Optional[int] = None, url: Optional[str] = None, hub_config: Optional[Mapping[str, object]] = None,
        pacing: Optional[str] = None, guard_ms: Optional[int] = None, limits: Optional[Limits] = None,
        limit_frozen: Optional[bool] = None, pass_headers: Optional[Iterable[str]] = None,
    ) -> ApiKey:
        """Stores a key. It is active at once.

        Args:
            name: 1 to 128 characters, unique in the team.
            model_hub: `openai`, `together`, … (`client.hubs.list()`).
            api_key: the secret; None for hubs whose secret lies in `hub_config`.
            rate_limit_per_interval: at most so many requests in any interval; the hub's lowest tier by default.
            rate_limit_interval: seconds; 60 by default.
            url: the hub's base address for this key, where it is not the hub's own.
            hub_config: the hub's own fields, such as `region`.
            pacing: `auto`, `burst` or `smooth`.
            guard_ms: milliseconds added to the interval so that the hub's clock agrees; the server's by default.
            limits: further limits, such as `{"dimension": "tokens", "limit": 30000, "interval_seconds": 60}`.
            limit_frozen: True to keep the limit whatever the hub says about its own.
            pass_headers: headers of the callers that pass to the hub beside those that pass for every key, such as `x-team`.

        Raises:
            NameTakenError: the name is in use.
            InvalidError: a field cannot be accepted; `fields` says which.

        >>> key = client.api_keys.create(name="openAI20240630-2", model_hub="openai", api_key="sk+++",
        ...                              rate_limit_per_interval=600, rate_limit_interval=60)
        >>> key.name, key.limit
        ('openAI20240630-2', '600 / 60 s')
        """
        return self._client.perform(routes.create(
            name, model_hub, api_key, rate_limit_per_interval, rate_limit_interval, url, hub_config, pacing, guard_ms, limits,
            limit_frozen, pass_headers,
        ))

    def modify(
        self, name: str, *, api_key: Optional[str] = None, rate_limit_per_interval: Optional[int] = None,
        rate_limit_interval: Optional[int] = None, model_hub: Optional[str] = None, url: Optional[str] = None,
        hub_config: Optional[Mapping[str, object]] = None, version: Optional[int] = None, pacing: Optional[str] = None,
        guard_ms: Optional[int] = None, limits: Optional[Limits] = None, limit_frozen: Optional[bool] = None,
        rate_limit_source: Optional[str] = None, rate_group_id: Optional[str] = None, pass_headers: Optional[Iterable[str]] = None,
    ) -> ApiKey:
        """Changes what is given and leaves the rest; for the name there is `rename`. Arguments as in `create`.

        Args:
            version: the version that the change is meant for; refused when somebody was faster.
            guard_ms: milliseconds; -1 goes back to the server's own measure.
            limits: all of them; an empty list takes every one away. So with `pass_headers`.
            rate_limit_source: `default` goes back to the hub's default limit, `set` keeps the present one as chosen.
            rate_group_id: the group whose limit this key shares, or `own` for one of its own.

        Raises:
            NotFoundError: there is no such key; `suggestion` is the nearest name.
            StaleVersionError: somebody changed it since `version`.
            InvalidError: a field cannot be accepted, or another hub or address needs the secret again.

        >>> key = client.api_keys.modify(name="openai-main", api_key="sk---", rate_limit_interval=1, rate_limit_per_interval=5)
        >>> key.limit
        '5 / 1 s'
        """
        return self._client.perform(routes.modify(
            name, model_hub, api_key, rate_limit_per_interval, rate_limit_interval, url, hub_config, version, pacing, guard_ms, limits,
            limit_frozen, rate_limit_source, rate_group_id, pass_headers,
        ))

    def rename(self, name: str, new_name: str) -> ApiKey:
        """Gives a key another name. Agents and usage keep it: they hold its id.

        Raises:
            NotFoundError: there is no such key.
            NameTakenError: the new name is in use.

        >>> client.api_keys.rename(name="openai-main", new_name="openai-production").name
        'openai-production'
        """
        return self._client.perform(routes.change(name, name=new_name))

    def delete(self, name: str) -> ApiKeyDeleted:
        """Ends a key's use at once. For some seconds `restore` brings it back; then its secret is destroyed.

        Raises:
            NotFoundError: there is no such key.

        >>> client.api_keys.delete(name="openai-main").agents_without_key
        ['bot']
        """
        return self._client.perform(routes.delete(name))

    def restore(self, id: str) -> ApiKey:
        """Brings a deleted key back, by its id, until `restorable_until`.

        Raises:
            NotFoundError: too late.
            NameTakenError: its name was taken meanwhile.

        >>> client.api_keys.restore("key-1").name
        'openai-main'
        """
        return self._client.perform(routes.restore(id))

    def test(
        self, name: Optional[str] = None, *, model_hub: Optional[str] = None, api_key: Optional[str] = None, url: Optional[str] = None,
        model: Optional[str] = None, hub_config: Optional[Mapping[str, object]] = None,
    ) -> KeyTest:
        """Asks the hub whether a stored key works, or a credential that is stored nowhere. It takes a turn under the key's limit.

        Raises:
            NotFoundError: there is no key of that name.

        >>> client.api_keys.test("openai-main").works
        True
        >>> client.api_keys.test(model_hub="openai", api_key="sk-test-not-a-real-key-0001").status
        'works'
        """
        return self._client.perform(routes.test(name, model_hub, api_key, url, model, hub_config))

    def models(self, name: str) -> Optional[List[str]]:
        """The models that the hub offers to this key; None when the hub has no such list. It takes a turn under the key's limit.

        Raises:
            NotFoundError: there is no such key.

        >>> client.api_keys.models("openai-main")
        ['gpt-4.1-mini']
        """
        return self._client.perform(routes.models(name))

    def status(self, name: str) -> KeyStatus:
        """What the key's limit is doing at this moment.

        Raises:
            NotFoundError: there is no such key.

        >>> status = client.api_keys.status("openai-main")
        >>> status.used_now, status.effective_limit, status.waiting
        (12, 600, 0)
        """
        return self._client.perform(routes.status(name))

    def queries(self, name: str, *, limit: Optional[int] = None) -> Records[QueryRecord]:
        """The key's latest queries, the newest first.

        Args:
            limit: at most so many; 100 by default.

        >>> client.api_keys.queries("openai-main", limit=1)[0].status
        200
        """
        return self._client.perform(routes.queries(name, limit))

    def disable(self, name: str) -> ApiKey:
        """Keeps the key but sends nothing with it: queries are refused.

        >>> client.api_keys.disable("openai-main").status
        'disabled'
        """
        return self._client.perform(routes.change(name, status="disabled"))

    def enable(self, name: str) -> ApiKey:
        """Lets a disabled key be used again.

        >>> client.api_keys.enable("openai-main").status
        'active'
        """
        return self._client.perform(routes.change(name, status="active"))
