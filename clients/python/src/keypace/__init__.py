"""Client of Keypace: a team's vault for model-hub API keys, and the gateway that paces every query to the key's limit.

>>> client = Keypace(base_url="http://127.0.0.1:5397", token="kpa_not_a_real_token")
"""

from ._async._client import AsyncKeypace
from ._client import Keypace
from ._errors import (
    AuthenticationError,
    ConfigurationError,
    ConflictError,
    FieldProblem,
    FileError,
    HubError,
    InvalidError,
    KeypaceError,
    NameTakenError,
    NotFoundError,
    OldServerError,
    PaceError,
    PermissionDeniedError,
    RefusedError,
    StaleVersionError,
    StreamError,
    TimedOutError,
    UnavailableError,
    UnexpectedAnswerError,
    UnreachableError,
)
from ._many import Answers, Outcome, SomeFailedError
from ._models import (
    AccessToken,
    Agent,
    ApiKey,
    ApiKeyDeleted,
    AuditRecord,
    Hub,
    HubField,
    KeyStatus,
    KeyTest,
    QueryRecord,
    Usage,
    WaitingCaller,
)
from ._openai import async_openai, openai
from ._progress import Progress
from ._query import Answer
from ._records import Record, Records
from ._version import VERSION as __version__

__all__ = [
    "AccessToken",
    "Agent",
    "Answer",
    "Answers",
    "ApiKey",
    "ApiKeyDeleted",
    "AsyncKeypace",
    "AuditRecord",
    "AuthenticationError",
    "ConfigurationError",
    "ConflictError",
    "FieldProblem",
    "FileError",
    "Hub",
    "HubError",
    "HubField",
    "InvalidError",
    "KeyStatus",
    "KeyTest",
    "Keypace",
    "KeypaceError",
    "NameTakenError",
    "NotFoundError",
    "OldServerError",
    "Outcome",
    "PaceError",
    "PermissionDeniedError",
    "Progress",
    "QueryRecord",
    "Record",
    "Records",
    "RefusedError",
    "SomeFailedError",
    "StaleVersionError",
    "StreamError",
    "TimedOutError",
    "UnavailableError",
    "UnexpectedAnswerError",
    "UnreachableError",
    "Usage",
    "WaitingCaller",
    "__version__",
    "async_openai",
    "openai",
]
