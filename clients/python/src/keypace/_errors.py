"""Everything that can go wrong, as one small tree.

KeypaceError
├─ ConfigurationError        no token, an unusable base URL, a profile that others may read
├─ UnreachableError          no answer: server down, wrong address, connection lost
│  └─ TimedOutError          no answer in time
├─ UnexpectedAnswerError     an answer, but not Keypace's: wrong address
│  └─ OldServerError         Keypace, but older than this client
├─ FileError                 a file of prompts or answers that cannot be used, with the line
├─ StreamError               a streamed answer that broke off
├─ SomeFailedError           query_many: some prompts have no answer
└─ RefusedError              the server said no
   ├─ InvalidError           400, 413, 422: something in the request, field by field
   ├─ AuthenticationError    401: no valid token
   ├─ PermissionDeniedError  403: the token's role or scopes forbid it
   ├─ NotFoundError          404: with the nearest name, where one is near
   ├─ ConflictError          409: the state of things forbids it
   │  └─ NameTakenError      409: the name exists
   ├─ StaleVersionError      412: somebody changed it since
   ├─ PaceError              429: no turn in time; says when
   ├─ UnavailableError       503: the server stops or starts
   └─ HubError               the hub refused, failed, or could not be reached

Every one has `status`, `code`, `detail` and `request_id` where there are any. No message holds a secret.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Tuple, Type


@dataclass(frozen=True)
class FieldProblem:
    """One field that the server cannot accept: where it is, and what to do about it."""

    where: str
    message: str


class KeypaceError(Exception):
    """Base of everything that this package raises.

    >>> str(KeypaceError("The name is taken.", status=409, code="name_taken", request_id="r1"))
    'The name is taken. (name_taken, request r1)'
    """

    def __init__(
        self,
        detail: str,
        *,
        status: Optional[int] = None,
        code: Optional[str] = None,
        request_id: Optional[str] = None,
        retry_after: Optional[float] = None,
    ) -> None:
        """`retry_after` is in seconds."""
        super().__init__(detail)
        self.detail = detail
        """What went wrong and what to do about it, in a sentence."""
        self.status = status
        """The HTTP status; None when no answer came."""
        self.code = code
        """A short word to branch on, such as `name_taken`; each has a page in docs/problems."""
        self.request_id = request_id
        """The server's id of the request, for its logs."""
        self.retry_after = retry_after
        """Seconds after which the same call may succeed; None when the server did not say."""

    def __str__(self) -> str:
        marks = [self.code or "", f"request {self.request_id}" if self.request_id else ""]
        known = ", ".join(mark for mark in marks if mark)
        return f"{self.detail} ({known})" if known else self.detail


class ConfigurationError(KeypaceError, ValueError):
    """The client cannot be set up: no token, an unusable base URL, a profile that others may read."""


class UnreachableError(KeypaceError):
    """No answer came: the server is down, the address is wrong, or the connection was lost.

    `sent` is False when the request surely never left; otherwise the server may have acted on it.
    """

    def __init__(self, detail: str, *, sent: bool = True) -> None:
        super().__init__(detail)
        self.sent = sent


class TimedOutError(UnreachableError):
    """No answer came in time."""


class UnexpectedAnswerError(KeypaceError):
    """Something answered that does not speak as Keypace does. Most likely the base URL is wrong."""


class OldServerError(UnexpectedAnswerError):
    """The server does not know this route: it is older than this client."""


class FileError(KeypaceError, ValueError):
    """A file cannot be used. `path` and `line` (from 1) say where."""

    def __init__(self, detail: str, *, path: str = "", line: Optional[int] = None) -> None:
        super().__init__(detail)
        self.path = path
        self.line = line


class StreamError(KeypaceError):
    """A streamed answer broke off. `text` is what had arrived."""

    text: str = ""


class RefusedError(KeypaceError):
    """The server said no. `fields` names each field that it cannot accept."""

    fields: Tuple[FieldProblem, ...] = ()


class InvalidError(RefusedError):
    """400, 413 or 422: something in the request cannot be accepted."""


class AuthenticationError(RefusedError):
    """401: the access token is missing, unknown, expired or revoked."""


class PermissionDeniedError(RefusedError):
    """403: the token is valid, but its role, scopes or bindings forbid this."""


class NotFoundError(RefusedError):
    """404: no such thing, or none that this token may see. `suggestion` is the nearest name there is, or None."""

    suggestion: Optional[str] = None


class ConflictError(RefusedError):
    """409: the state of things forbids it."""


class NameTakenError(ConflictError):
    """409: something of this kind has that name already."""


class StaleVersionError(RefusedError):
    """412: somebody changed it since the version that was given."""


class PaceError(RefusedError):
    """429: the limit leaves no turn in time. `retry_after` (seconds) says when there is one; nothing was sent to the hub."""


class UnavailableError(RefusedError):
    """503: the server is starting or stopping."""


class HubError(RefusedError):
    """The hub itself refused or failed, or could not be reached; `code` says which."""


_BY_STATUS = {
    400: InvalidError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    412: StaleVersionError,
    413: InvalidError,
    422: InvalidError,
    429: PaceError,
    502: HubError,
    503: UnavailableError,
    504: HubError,
}


def refusal_class(status: int, code: Optional[str], *, ours: bool) -> Type[RefusedError]:
    """Which class a refusal has. `ours`: Keypace itself refused; otherwise the words are a hub's.

    >>> refusal_class(409, "name_taken", ours=True).__name__
    'NameTakenError'
    >>> refusal_class(429, "insufficient_quota", ours=False).__name__
    'HubError'
    """
    if not ours:
        return HubError
    if code == "name_taken":
        return NameTakenError
    return _BY_STATUS.get(status, RefusedError)
