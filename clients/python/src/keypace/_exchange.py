"""What an answer means: a result, an error with a sentence, or a reason to ask once more. No I/O."""

from __future__ import annotations

import json
from typing import Any, Callable, Iterable, List, Mapping, NamedTuple, NoReturn, Optional, Protocol, Tuple
from urllib.parse import urlsplit

from ._calls import Call, Reply, T_co, WholeCall
from ._errors import FieldProblem, KeypaceError, NotFoundError, OldServerError, RefusedError, UnexpectedAnswerError, UnreachableError, refusal_class
from ._names import nearest
from ._settings import Settings
from ._version import VERSION

LONGEST_WAIT = 60.0
"""Seconds that a call waits to ask once more. Longer looks hung; then it fails and says when."""
LONGEST_SAID = 2_000
"""Characters of a foreign error that are passed on."""
LONGEST_CODE = 100
"""Characters of a foreign code that are kept."""
SHORTEST_HIDDEN = 4
"""A secret shorter than this is not searched for in a message: it would blot out ordinary words."""


class Received(NamedTuple):
    """A whole answer, as it came."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Headed(Protocol):
    """Anything that has an answer's headers."""

    @property
    def headers(self) -> Mapping[str, str]: ...


def result(call: Call[T_co], received: Received, settings: Settings) -> T_co:
    """The call's result. Raises what the answer says instead, where it is no success."""
    status, headers, body = received
    if not 200 <= status < 300:
        raise_refusal(call, received, settings)
    try:
        data = json.loads(body)
        return call.returns(Reply(data, headers) if isinstance(call, WholeCall) else data)
    except (ValueError, KeyError, TypeError, AttributeError):
        # The parser's words are left out: they quote what they read.
        raise UnexpectedAnswerError(
            f"{settings.base_url} answered {call.method} {call.path}, but not as Keypace does. Is the base URL right?",
            status=status,
            request_id=headers.get("x-request-id"),
        ) from None


def raise_refusal(call: Call[Any], received: Received, settings: Settings) -> NoReturn:
    """Turns an answer that is no success into an error."""
    status, headers, body = received
    code = headers.get("x-keypace-error")
    request_id = headers.get("x-request-id")
    if 300 <= status < 400:
        raise UnexpectedAnswerError(
            f"{settings.base_url} redirects to another address. It is not followed, because the token would go there too. Is the base URL right?",
            status=status,
        )
    if code is None and "x-keypace-key" not in headers:
        who = "Something in front of Keypace" if status >= 500 else "What answers there"
        raise UnexpectedAnswerError(
            f"{who} at {settings.base_url} said {status} to {call.method} {call.path}, and does not speak as Keypace does. Is the base URL right?",
            status=status,
            request_id=request_id,
        )
    if code in ("unknown_path", "route_not_offered", "not_served") and call.path.startswith("/v1/"):
        # With a path of its own, an address is wrong more often than a server is old.
        doubt = " Or is the base URL wrong?" if urlsplit(settings.base_url).path else ""
        raise OldServerError(
            f"The server at {settings.base_url} does not know {call.method} {call.path}: it is older than this client ({VERSION}). Update the server.{doubt}",
            status=status, code=code, request_id=request_id,
        )
    sentence, said_code, fields = _read(body)
    error = refusal_class(status, code, ours=code is not None)(
        hide(sentence or f"The server answered {status} without a word.", (*call.secrets, settings.token)),
        status=status,
        code=code or said_code,
        request_id=request_id,
        retry_after=retry_after(headers),
    )
    error.fields = tuple(fields)
    raise error


def retry_after(headers: Mapping[str, str]) -> Optional[float]:
    """Seconds until it is worth asking again: `retry-after-ms` is exact, `Retry-After` is rounded up.

    >>> retry_after({"retry-after-ms": "1500", "retry-after": "2"})
    1.5
    """
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(headers[name]) * unit
        except (KeyError, ValueError):  # absent, or a date: ours never are
            continue
        if 0 <= seconds < 1e7:
            return seconds
    return None


def wait_before_retry(call: Call[Any], error: KeypaceError, headers: Mapping[str, str], attempt: int, chance: float) -> Optional[float]:
    """Seconds after which the call may be made once more; None when that is not safe or not sensible.

    Safe is what surely did nothing: the request never left, or the server itself says so. Reading is always safe.

    Args:
        attempt: how many were made already.
        chance: from 0 to 1, so that many clients do not come back at once.
    """
    backoff = min(8.0, 0.5 * 2 ** (attempt - 1)) * (0.75 + 0.25 * chance)
    if isinstance(error, UnreachableError):
        return backoff if call.is_safe or not error.sent else None
    if not isinstance(error, (RefusedError, UnexpectedAnswerError)) or headers.get("x-should-retry") == "false":
        return None
    ours = "x-keypace-error" in headers
    if error.status in (429, 503) and ours or error.status in (502, 503, 504) and not ours and call.is_safe:
        wait = retry_after(headers)
        wait = backoff if wait is None else wait
        return wait if wait <= LONGEST_WAIT else None
    return None


def hide(text: str, secrets: Iterable[str]) -> str:
    """Takes secrets out of a sentence.

    >>> hide("Bad key sk-test-not-a-real-key-0001.", ["sk-test-not-a-real-key-0001"])
    'Bad key ***.'
    """
    for secret in secrets:
        if len(secret) >= SHORTEST_HIDDEN:
            text = text.replace(secret, "***")
    return text


def suggest(error: NotFoundError, call: Call[Any], names: Iterable[str]) -> None:
    """Adds the nearest name there is."""
    if call.names is None:
        return
    near = nearest(call.names.typed, names)
    if near is not None and error.suggestion is None:
        error.suggestion = near
        if f"'{near}'" not in error.detail:
            error.detail = f"{error.detail} Did you mean '{near}'?"
            error.args = (error.detail,)


def code_of(error: Mapping[str, Any]) -> Optional[str]:
    """A hub's code of an error, which some say as a number; its type where there is none.

    >>> code_of({"code": 502}), code_of({"code": None, "type": "overloaded"})
    ('502', 'overloaded')
    """
    for said in (error.get("code"), error.get("type")):
        if isinstance(said, (str, int)) and not isinstance(said, bool) and said != "":
            return str(said)[:LONGEST_CODE]
    return None


def names_in(member: str) -> Callable[[Any], List[str]]:
    """Reads the names of a list's members."""

    def read(data: Any) -> List[str]:
        return [one[member] for one in (data["results"] if isinstance(data, dict) else data)]

    return read


def _read(body: bytes) -> Tuple[Optional[str], Optional[str], List[FieldProblem]]:
    """The sentence, code and fields of the three shapes of an error. Forgiving: what has another type counts as absent."""
    try:
        data = json.loads(body)
    except ValueError:
        text = body.decode("utf-8", "replace").strip()
        return (text[:LONGEST_SAID] if text and not text.startswith("<") else None), None, []
    if not isinstance(data, dict):
        return None, None, []
    error = data.get("error")
    if isinstance(error, dict):
        return _text(error.get("message")), code_of(error), []
    if isinstance(error, str):
        return error[:LONGEST_SAID], _text(data.get("code")), []
    fields = [_field(one) for one in data["detail"] if isinstance(one, dict)] if isinstance(data.get("detail"), list) else []
    sentence = " ".join(_sentence(one) for one in fields) or _text(data.get("detail")) or _text(data.get("title")) or _text(data.get("message"))
    return sentence, _text(data.get("code")), fields


def _field(entry: Mapping[str, Any]) -> FieldProblem:
    steps = [str(step) for step in entry["loc"]] if isinstance(entry.get("loc"), list) else []
    # "body" only says that it was in the body; what a person typed is what comes after it.
    return FieldProblem(".".join(steps[1:] if len(steps) > 1 else steps), _text(entry.get("msg")) or "cannot be accepted")


def _sentence(field: FieldProblem) -> str:
    text = f"{field.where}: {field.message}" if field.where else field.message
    return text if text.endswith(".") else text + "."


def _text(value: object) -> Optional[str]:
    return value[:LONGEST_SAID] if isinstance(value, str) and value else None
