"""The stored credentials of model hubs: `client.api_keys`."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Callable, Iterable, List, Mapping, Optional, Sequence

from ._calls import SLOW, Call, Names, comma_separated, given, listed, query, secrets_of, segment
from ._models import ApiKey, ApiKeyDeleted, KeyStatus, KeyTest, QueryRecord
from ._records import Records
from ._twins import twin_of

if TYPE_CHECKING:
    from ._client import AsyncKeypace, Keypace

ROUTE = "/v1/api-keys"
Limits = Sequence[Mapping[str, object]]


def _names(name: str) -> Names:
    return Names(name, ROUTE, "name")


def _one(name: str, rest: str = "") -> str:
    return f"{ROUTE}/{segment(name)}{rest}"


def _knowing(body: Mapping[str, object]) -> Callable[[Any], ApiKey]:
    """Reads the key, and warns of what was asked and is not in the answer: an older server ignores what it does not know."""

    def read(data: Any) -> ApiKey:
        ignored = [name for name in ("pacing", "guard_ms", "limits", "limit_frozen", "pass_headers") if name in body and name not in data]
        if ignored:
            warnings.warn(f"The server is older than this client and ignored {', '.join(ignored)}.", stacklevel=2)
        return ApiKey.from_json(data)

    return read


def _list(hubs: Optional[Iterable[str]]) -> Call[Records[ApiKey]]:
    return Call("GET", ROUTE, listed(ApiKey.from_json), params=query(hubs=comma_separated(hubs)))


def _get(name: str) -> Call[ApiKey]:
    return Call("GET", _one(name), ApiKey.from_json, names=_names(name))


def _create(
    name: str, model_hub: str, api_key: Optional[str], rate_limit_per_interval: Optional[int], rate_limit_interval: Optional[int],
    url: Optional[str], hub_config: Optional[Mapping[str, object]], pacing: Optional[str], guard_ms: Optional[int],
    limits: Optional[Limits], limit_frozen: Optional[bool], pass_headers: Optional[Iterable[str]],
) -> Call[ApiKey]:
    body = given(
        name=name, hub=model_hub, value=api_key, rate_limit_per_interval=rate_limit_per_interval, rate_limit_interval=rate_limit_interval,
        url=url, hub_config=hub_config, pacing=pacing, guard_ms=guard_ms, limits=limits, limit_frozen=limit_frozen,
        pass_headers=None if pass_headers is None else list(pass_headers),
    )
    return Call("POST", ROUTE, _knowing(body), json=body, secrets=secrets_of(api_key, hub_config))


def _modify(
    name: str, model_hub: Optional[str], api_key: Optional[str], rate_limit_per_interval: Optional[int], rate_limit_interval: Optional[int],
    url: Optional[str], hub_config: Optional[Mapping[str, object]], version: Optional[int], pacing: Optional[str], guard_ms: Optional[int],
    limits: Optional[Limits], limit_frozen: Optional[bool], rate_limit_source: Optional[str], rate_group_id: Optional[str],
    pass_headers: Optional[Iterable[str]],
) -> Call[ApiKey]:
    body = given(
        hub=model_hub, value=api_key, rate_limit_per_interval=rate_limit_per_interval, rate_limit_interval=rate_limit_interval,
        url=url, hub_config=hub_config, version=version, pacing=pacing, guard_ms=guard_ms, limits=limits, limit_frozen=limit_frozen,
        rate_limit_source=rate_limit_source, rate_group_id=rate_group_id, pass_headers=None if pass_headers is None else list(pass_headers),
    )
    return Call("PUT", _one(name), _knowing(body), json=body, secrets=secrets_of(api_key, hub_config), names=_names(name))


def _change(which: str, **members: object) -> Call[ApiKey]:
    return Call("PUT", _one(which), ApiKey.from_json, json=given(**members), names=_names(which))


def _delete(name: str) -> Call[ApiKeyDeleted]:
    return Call("DELETE", _one(name), ApiKeyDeleted.from_json, names=_names(name))


def _restore(id: str) -> Call[ApiKey]:
    return Call("POST", _one(id, "/restore"), ApiKey.from_json)


def _test(
    name: Optional[str], model_hub: Optional[str], api_key: Optional[str], url: Optional[str], model: Optional[str],
    hub_config: Optional[Mapping[str, object]],
) -> Call[KeyTest]:
    if name is not None:
        if any(each is not None for each in (model_hub, api_key, url, model, hub_config)):
            raise ValueError("Test either a stored key by its name, or a credential by model_hub and api_key: not both at once.")
        return Call("POST", _one(name, "/test"), KeyTest.from_json, names=_names(name), timeout=SLOW)
    if model_hub is None:
        raise ValueError("Name a stored key, or give model_hub and api_key to test a credential that is not stored.")
    body = given(hub=model_hub, value=api_key, url=url, model=model, hub_config=hub_config)
    return Call("POST", f"{ROUTE}/test", KeyTest.from_json, json=body, secrets=secrets_of(api_key, hub_config), timeout=SLOW)


def _models(name: str) -> Call[Optional[List[str]]]:
    return Call("GET", _one(name, "/models"), _model_names, names=_names(name), timeout=SLOW)


def _model_names(data: Any) -> Optional[List[str]]:
    models = data["models"]
    return None if models is None else [str(model) for model in models]


def _status(name: str) -> Call[KeyStatus]:
    return Call("GET", _one(name, "/status"), KeyStatus.from_json, names=_names(name))


def _queries(name: str, limit: Optional[int]) -> Call[Records[QueryRecord]]:
    return Call("GET", _one(name, "/queries"), listed(QueryRecord.from_json), params=query(limit=limit), names=_names(name))


class ApiKeys:
    """The stored credentials of model hubs. A secret goes in and never comes out. A key's id works wherever its name does."""

    def __init__(self, client: "Keypace") -> None:
        self._client = client

    def list(self, *, hubs: Optional[Iterable[str]] = None) -> Records[ApiKey]:
        """Every key that the token may see.

        Args:
            hubs: only keys of these hubs; all by default.

        >>> client.api_keys.list()
        name         hub     key       limit       status  notice
        openai-main  openai  ****0001  600 / 60 s  active  -
        """
        return self._client.perform(_list(hubs))

    def get(self, name: str) -> ApiKey:
        """One key by its name or id.

        Raises:
            NotFoundError: there is none; `suggestion` is the nearest name.

        >>> client.api_keys.get("openai-main").limit
        '600 / 60 s'
        """
        return self._client.perform(_get(name))

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
        return self._client.perform(_create(
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
        return self._client.perform(_modify(
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
        return self._client.perform(_change(name, name=new_name))

    def delete(self, name: str) -> ApiKeyDeleted:
        """Ends a key's use at once. For some seconds `restore` brings it back; then its secret is destroyed.

        Raises:
            NotFoundError: there is no such key.

        >>> client.api_keys.delete(name="openai-main").agents_without_key
        ['bot']
        """
        return self._client.perform(_delete(name))

    def restore(self, id: str) -> ApiKey:
        """Brings a deleted key back, by its id, until `restorable_until`.

        Raises:
            NotFoundError: too late.
            NameTakenError: its name was taken meanwhile.

        >>> client.api_keys.restore("key-1").name
        'openai-main'
        """
        return self._client.perform(_restore(id))

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
        return self._client.perform(_test(name, model_hub, api_key, url, model, hub_config))

    def models(self, name: str) -> Optional[List[str]]:
        """The models that the hub offers to this key; None when the hub has no such list. It takes a turn under the key's limit.

        Raises:
            NotFoundError: there is no such key.

        >>> client.api_keys.models("openai-main")
        ['gpt-4.1-mini']
        """
        return self._client.perform(_models(name))

    def status(self, name: str) -> KeyStatus:
        """What the key's limit is doing at this moment.

        Raises:
            NotFoundError: there is no such key.

        >>> status = client.api_keys.status("openai-main")
        >>> status.used_now, status.effective_limit, status.waiting
        (12, 600, 0)
        """
        return self._client.perform(_status(name))

    def queries(self, name: str, *, limit: Optional[int] = None) -> Records[QueryRecord]:
        """The key's latest queries, the newest first.

        Args:
            limit: at most so many; 100 by default.

        >>> client.api_keys.queries("openai-main", limit=1)[0].status
        200
        """
        return self._client.perform(_queries(name, limit))

    def disable(self, name: str) -> ApiKey:
        """Keeps the key but sends nothing with it: queries are refused.

        >>> client.api_keys.disable("openai-main").status
        'disabled'
        """
        return self._client.perform(_change(name, status="disabled"))

    def enable(self, name: str) -> ApiKey:
        """Lets a disabled key be used again.

        >>> client.api_keys.enable("openai-main").status
        'active'
        """
        return self._client.perform(_change(name, status="active"))


@twin_of(ApiKeys)
class AsyncApiKeys:
    """`ApiKeys`, awaited."""

    def __init__(self, client: "AsyncKeypace") -> None:
        self._client = client

    async def list(self, *, hubs: Optional[Iterable[str]] = None) -> Records[ApiKey]:
        """Like `ApiKeys.list`, awaited."""
        return await self._client.perform(_list(hubs))

    async def get(self, name: str) -> ApiKey:
        """Like `ApiKeys.get`, awaited."""
        return await self._client.perform(_get(name))

    async def create(
        self, name: str, model_hub: str, api_key: Optional[str] = None, *, rate_limit_per_interval: Optional[int] = None,
        rate_limit_interval: Optional[int] = None, url: Optional[str] = None, hub_config: Optional[Mapping[str, object]] = None,
        pacing: Optional[str] = None, guard_ms: Optional[int] = None, limits: Optional[Limits] = None,
        limit_frozen: Optional[bool] = None, pass_headers: Optional[Iterable[str]] = None,
    ) -> ApiKey:
        """Like `ApiKeys.create`, awaited."""
        return await self._client.perform(_create(
            name, model_hub, api_key, rate_limit_per_interval, rate_limit_interval, url, hub_config, pacing, guard_ms, limits,
            limit_frozen, pass_headers,
        ))

    async def modify(
        self, name: str, *, api_key: Optional[str] = None, rate_limit_per_interval: Optional[int] = None,
        rate_limit_interval: Optional[int] = None, model_hub: Optional[str] = None, url: Optional[str] = None,
        hub_config: Optional[Mapping[str, object]] = None, version: Optional[int] = None, pacing: Optional[str] = None,
        guard_ms: Optional[int] = None, limits: Optional[Limits] = None, limit_frozen: Optional[bool] = None,
        rate_limit_source: Optional[str] = None, rate_group_id: Optional[str] = None, pass_headers: Optional[Iterable[str]] = None,
    ) -> ApiKey:
        """Like `ApiKeys.modify`, awaited."""
        return await self._client.perform(_modify(
            name, model_hub, api_key, rate_limit_per_interval, rate_limit_interval, url, hub_config, version, pacing, guard_ms, limits,
            limit_frozen, rate_limit_source, rate_group_id, pass_headers,
        ))

    async def rename(self, name: str, new_name: str) -> ApiKey:
        """Like `ApiKeys.rename`, awaited."""
        return await self._client.perform(_change(name, name=new_name))

    async def delete(self, name: str) -> ApiKeyDeleted:
        """Like `ApiKeys.delete`, awaited."""
        return await self._client.perform(_delete(name))

    async def restore(self, id: str) -> ApiKey:
        """Like `ApiKeys.restore`, awaited."""
        return await self._client.perform(_restore(id))

    async def test(
        self, name: Optional[str] = None, *, model_hub: Optional[str] = None, api_key: Optional[str] = None, url: Optional[str] = None,
        model: Optional[str] = None, hub_config: Optional[Mapping[str, object]] = None,
    ) -> KeyTest:
        """Like `ApiKeys.test`, awaited."""
        return await self._client.perform(_test(name, model_hub, api_key, url, model, hub_config))

    async def models(self, name: str) -> Optional[List[str]]:
        """Like `ApiKeys.models`, awaited."""
        return await self._client.perform(_models(name))

    async def status(self, name: str) -> KeyStatus:
        """Like `ApiKeys.status`, awaited."""
        return await self._client.perform(_status(name))

    async def queries(self, name: str, *, limit: Optional[int] = None) -> Records[QueryRecord]:
        """Like `ApiKeys.queries`, awaited."""
        return await self._client.perform(_queries(name, limit))

    async def disable(self, name: str) -> ApiKey:
        """Like `ApiKeys.disable`, awaited."""
        return await self._client.perform(_change(name, status="disabled"))

    async def enable(self, name: str) -> ApiKey:
        """Like `ApiKeys.enable`, awaited."""
        return await self._client.perform(_change(name, status="active"))
