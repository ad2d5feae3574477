"""The records of the wire, as results. Times are Unix seconds; other units are in each field's own words."""

from .access_tokens import AccessToken
from .agents import Agent
from .api_keys import ApiKey, ApiKeyDeleted, KeyTest
from .audit import AuditRecord
from .hubs import Hub, HubField
from .key_status import KeyStatus, QueryRecord, WaitingCaller
from .usage import Usage

__all__ = [
    "AccessToken",
    "Agent",
    "ApiKey",
    "ApiKeyDeleted",
    "AuditRecord",
    "Hub",
    "HubField",
    "KeyStatus",
    "KeyTest",
    "QueryRecord",
    "Usage",
    "WaitingCaller",
]
