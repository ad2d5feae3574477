"""Named models behind API keys: `client.agents`."""

from __future__ import annotations

from typing import Iterable, Mapping, Optional

from ._async.agents import AsyncAgents  # sync only
from ._models import Agent
from ._performs import Performs
from ._records import Records
from ._routes import agents as routes

__all__ = ["Agents", "AsyncAgents"]  # sync only


class Agents:
    """Named models behind API keys. An agent's id works wherever its name does. Agents are archived, never deleted."""

    def __init__(self, client: Performs) -> None:
        self._client = client

    def list(self, *, statuses: Optional[Iterable[str]] = None) -> Records[Agent]:
        """Every agent that the token may see.

        Args:
            statuses: `creating`, `active`, `archived`; all by default.

        >>> client.agents.list()
        name  model         hub     has_key  status
        bot   gpt-4.1-mini  openai  yes      active
        """
        return self._client.perform(routes.list_all(statuses))

    def get(self, name: str) -> Agent:
        """One agent by its name or id.

        Raises:
            NotFoundError: there is none; `suggestion` is the nearest name.

        >>> client.agents.get("bot").model
        'gpt-4.1-mini'
        """
        return self._client.perform(routes.get(name))

    def create(
        self, name: str, model: str, *, key: Optional[str] = None, system_prompt: Optional[str] = None, url: Optional[str] = None,
        model_hub: Optional[str] = None, api_key: Optional[str] = None, rate_limit_requests_per_minute: Optional[int] = None,
        hub_config: Optional[Mapping[str, object]] = None,
    ) -> Agent:
        """Makes an agent, behind a stored key (`key`) or behind a new one made in the same step (`api_key`).

        Args:
            name: unique in the team.
            model: the hub's own name of the model; "" sends none.
            key: name or id of a stored API key.
            system_prompt: put in front of each query.
            url: empty, or an address under the key's own.
            model_hub: the hub of the new key; with `key` it is the key's.
            api_key: a secret; makes a key with the agent, both or none.
            rate_limit_requests_per_minute: the new key's limit.
            hub_config: the new key's own fields.

        Raises:
            NameTakenError: the name is in use.
            InvalidError: a field cannot be accepted; `fields` says which.

        >>> client.agents.create("bot", "gpt-4.1-mini", key="openai-main", system_prompt="Be brief.").name
        'bot'
        """
        return self._client.perform(routes.create(
            name, model, key, system_prompt, url, model_hub, api_key, rate_limit_requests_per_minute, hub_config,
        ))

    def modify(
        self, name: str, *, model: Optional[str] = None, key: Optional[str] = None, system_prompt: Optional[str] = None,
        url: Optional[str] = None, version: Optional[int] = None,
    ) -> Agent:
        """Changes what is given and leaves the rest; for the name there is `rename`. Arguments as in `create`.

        Args:
            version: the version that the change is meant for; refused when somebody was faster.

        Raises:
            NotFoundError: there is no such agent.
            StaleVersionError: somebody changed it since `version`.
            InvalidError: a field cannot be accepted.

        >>> client.agents.modify("bot", model="gpt-4.1").version
        2
        """
        return self._client.perform(routes.change(
            name, model_name=model, api_key_id=key, agent_system_prompt=system_prompt, agent_url=url, version=version,
        ))

    def rename(self, name: str, new_name: str) -> Agent:
        """Gives an agent another name: queries ask for the new one from now on.

        Raises:
            NotFoundError: there is no such agent.
            NameTakenError: the new name is in use.

        >>> client.agents.rename("bot", "support-bot").name
        'support-bot'
        """
        return self._client.perform(routes.change(name, agent_name=new_name))

    def archive(self, name: str) -> Agent:
        """Puts an agent away: queries through it are refused.

        Raises:
            NotFoundError: there is no such agent.

        >>> client.agents.archive("bot").status
        'archived'
        """
        return self._client.perform(routes.archive(name))

    def restore(self, name: str) -> Agent:
        """Takes an archived agent back into use.

        Raises:
            NotFoundError: there is no such agent.

        >>> client.agents.restore("bot").status
        'active'
        """
        return self._client.perform(routes.change(name, status="active"))
