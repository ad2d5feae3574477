"""An agent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Mapping, Optional

from .._records import Record


@dataclass(frozen=True)
class Agent(Record):
    """A named model behind an API key: queries ask for `agent="NAME"`."""

    columns = (("name", "agent_name"), ("model", "model_name"), ("hub", "hub"), ("has_key", "has_api_key"), ("status", "status"))

    id: str
    agent_name: str
    model_name: str = ""
    """The hub's own name of the model."""
    agent_url: Optional[str] = None
    hub: str = "custom"
    api_key_id: Optional[str] = None
    agent_system_prompt: Optional[str] = None
    hub_config: Optional[Mapping[str, Any]] = None
    status: str = "active"
    """`creating`, `active` or `archived`."""
    created_at: int = 0
    created_by: str = ""
    team_id: str = ""
    updated_at: int = 0
    has_api_key: bool = False
    """False when its key was deleted: queries fail until another is chosen."""
    version: int = 1
    drop_params: Any = None
    """Members of queries that are left out where the hub's language has no place for them; True for all."""

    @property
    def name(self) -> str:
        """The same as `agent_name`."""
        return self.agent_name

    @property
    def model(self) -> str:
        """The same as `model_name`."""
        return self.model_name
