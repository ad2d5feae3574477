"""The routes of API keys, described."""

from __future__ import annotations

import warnings
from typing import Any, Callable, Iterable, List, Mapping, Optional, Sequence

from .._calls import SLOW, Call, Names, comma_separated, given, listed, query, secrets_of, segment
from .._models import ApiKey, ApiKeyDeleted, KeyStatus, KeyTest, QueryRecord
from .._records import Records

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


def list_all(hubs: Optional[Iterable[str]]) -> Call[Records[ApiKey]]:
    return Call("GET", ROUTE, listed(ApiKey.from_json), params=query(hubs=comma_separated(hubs)))


def get(name: str) -> Call[ApiKey]:
    return Call("GET", _one(name), ApiKey.from_json, names=_names(name))


def create(
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


def modify(
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


def change(which: str, **members: object) -> Call[ApiKey]:
    return Call("PUT", _one(which), ApiKey.from_json, json=given(**members), names=_names(which))


def delete(name: str) -> Call[ApiKeyDeleted]:
    return Call("DELETE", _one(name), ApiKeyDeleted.from_json, names=_names(name))


def restore(id: str) -> Call[ApiKey]:
    return Call("POST", _one(id, "/restore"), ApiKey.from_json)


def test(
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


def models(name: str) -> Call[Optional[List[str]]]:
    return Call("GET", _one(name, "/models"), _model_names, names=_names(name), timeout=SLOW)


def _model_names(data: Any) -> Optional[List[str]]:
    models = data["models"]
    return None if models is None else [str(model) for model in models]


def status(name: str) -> Call[KeyStatus]:
    return Call("GET", _one(name, "/status"), KeyStatus.from_json, names=_names(name))


def queries(name: str, limit: Optional[int]) -> Call[Records[QueryRecord]]:
    return Call("GET", _one(name, "/queries"), listed(QueryRecord.from_json), params=query(limit=limit), names=_names(name))
