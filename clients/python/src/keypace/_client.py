"""The client. It only performs what the rest describes."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import TYPE_CHECKING, Iterable, Literal, Optional, Type, Union, overload

from ._calls import Call, T_co
from ._many import Answers, Path, plan_of
from ._progress import Show
from ._query import Answer, Prompt, chat
from ._settings import Settings, resolve
from .access_tokens import AccessTokens
from .agents import Agents
from .api_keys import ApiKeys
from .audit import Audit
from .hubs import Hubs
from .usage import UsageSums

if TYPE_CHECKING:
    import httpx

    from ._streams import AnswerStream
    from ._wire import Wire

OUTAGE = 300.0
"""Seconds without the server after which `query_many` counts what is left as failed."""


class Keypace:
    """Talks to one Keypace server with one access token. Thread-safe; make one and keep it.

    >>> client = Keypace(base_url="http://127.0.0.1:5397", token="kpa_not_a_real_token")
    >>> client
    Keypace(base_url='http://127.0.0.1:5397')
    """

    def __init__(
        self, base_url: Optional[str] = None, token: Optional[str] = None, *, timeout: float = 30.0, retries: int = 2,
        transport: Optional[httpx.BaseTransport] = None,
    ) -> None:
        """Opens no connection yet.

        Args:
            base_url: with or without `/v1`; else KEYPACE_BASE_URL, the stored profile's, or http://127.0.0.1:5397.
            token: else KEYPACE_TOKEN, the file that KEYPACE_TOKEN_FILE names, or the stored profile's.
            timeout: seconds without a byte of answer; queries and what waits its turn have more.
            retries: how often a call is made again where that is surely safe.
            transport: of httpx, for proxies, certificates of your own, and tests.

        Raises:
            ConfigurationError: no token, or an address that cannot be used.
        """
        self.settings: Settings = resolve(base_url, token)
        self.api_keys = ApiKeys(self)
        self.agents = Agents(self)
        self.hubs = Hubs(self)
        self.access_tokens = AccessTokens(self)
        self.usage = UsageSums(self)
        self.audit = Audit(self)
        self._timeout, self._retries, self._transport = timeout, retries, transport
        self._wire: Optional[Wire] = None
        self._opening = threading.Lock()

    @overload
    def query(
        self, prompt: Prompt, *, agent: Optional[str] = None, model: Optional[str] = None, key: Optional[str] = None,
        system: Optional[str] = None, max_wait: Optional[float] = None, caller: Optional[str] = None,
        priority: Optional[str] = None,
        stream: Literal[False] = False, **params: object,
    ) -> Answer: ...
    @overload
    def query(
        self, prompt: Prompt, *, agent: Optional[str] = None, model: Optional[str] = None, key: Optional[str] = None,
        system: Optional[str] = None, max_wait: Optional[float] = None, caller: Optional[str] = None,
        priority: Optional[str] = None,
        stream: Literal[True], **params: object,
    ) -> AnswerStream: ...
    def query(
        self, prompt: Prompt, *, agent: Optional[str] = None, model: Optional[str] = None, key: Optional[str] = None,
        system: Optional[str] = None, max_wait: Optional[float] = None, caller: Optional[str] = None,
        priority: Optional[str] = None,
        stream: bool = False, **params: object,
    ) -> Union[Answer, AnswerStream]:
        """Asks a model and waits its turn.

        Args:
            prompt: a text, a list of messages, or a whole body with `messages`.
            agent: the name of an agent.
            model: instead of an agent: `HUB/MODEL`, or with `key` the hub's own name of the model.
            key: name or id of the API key to use.
            system: a system prompt, in front of the agent's own.
            max_wait: seconds to wait for a turn at most; 0 is now or not at all. The server's 240 by default.
            caller: a name for fair turns and usage records among users of one token.
            priority: `interactive`, `batch` or `background`: which class of the line to wait in; the token's best by default.
            stream: True for an `AnswerStream`, to be iterated over for the pieces of text.
            params: anything else that the hub's chat takes, such as `temperature` or `max_tokens`.

        Raises:
            NotFoundError: there is no such agent, key or model; `suggestion` is the nearest name.
            PaceError: no turn within `max_wait`; `retry_after` (seconds) says when. Nothing was sent.
            HubError: the hub refused or failed.
            UnreachableError: the server is down, or the connection was lost.

        >>> answer = client.query("Hello", agent="bot")
        >>> answer.text, answer.waited_ms
        ('Hello, world!', 0)
        """
        call = chat(
            prompt, agent=agent, model=model, key=key, system=system, max_wait=max_wait, caller=caller, priority=priority, stream=stream,
            params=params,
        )
        if not stream:
            return self.perform(call)
        response = self._opened().open_stream(call)
        from ._streams import AnswerStream

        return AnswerStream(response)

    def query_many(
        self, prompts: Union[Iterable[Prompt], Path], *, agent: Optional[str] = None, model: Optional[str] = None,
        key: Optional[str] = None, system: Optional[str] = None, caller: Optional[str] = None,
        priority: Optional[str] = None, out: Optional[Path] = None,
        concurrency: Optional[int] = None, progress: Union[None, bool, Show] = None, outage: float = OUTAGE, **params: object,
    ) -> Answers:
        """Asks many prompts as fast as the key's limit allows; the outcomes come in the order of the prompts.

        One that fails does not stop the others; failures are reported at the end and are in `failures`. With `out`, each answer is on
        disk before the next is asked for: after a crash or Ctrl-C the same call goes on from there and asks nothing twice that was answered.

        Args:
            prompts: any iterable of what `query` takes, or a `pathlib.Path` of a file of JSON lines.
            agent, model, key, system, caller, priority: as in `query`, for all of them.
            out: a file of JSON lines for the answers; made, or resumed from.
            concurrency: queries at the server at once; by default as many as keep its line filled, at most 1,000.
            progress: True or False to show it or not, a function to get each `Progress`; by default shown to terminals and notebooks.
            outage: seconds without the server after which what is left counts as failed.
            params: anything else that the hub's chat takes.

        Raises:
            FileError: a file is not what it should be (`line` says where), or is in use. Nothing was asked.
            AuthenticationError, NotFoundError, UnreachableError, …: what would strike every prompt alike, before the first answer.

        >>> answers = client.query_many(["Hello", "Hello again"], agent="bot")
        >>> answers.texts
        ['Hello, world!', 'Hello, world!']
        >>> len(answers.failures)
        0
        """
        plan = plan_of(
            prompts, agent=agent, model=model, key=key, system=system, caller=caller, priority=priority, out=out, concurrency=concurrency,
            progress=progress, outage=outage, params=params,
        )
        from ._blocking import perform_run

        return perform_run(plan, self.settings, self._timeout, self._retries, self._transport)

    def perform(self, call: Call[T_co]) -> T_co:
        """Performs an exchange that is described: what every method here comes down to."""
        return self._opened().perform(call)

    def close(self) -> None:
        """Closes the connections. The client may be used again."""
        with self._opening:
            wire, self._wire = self._wire, None
        if wire is not None:
            wire.close()

    def __enter__(self) -> Keypace:
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(base_url={self.settings.base_url!r})"

    def _opened(self) -> Wire:
        if self._wire is None:
            with self._opening:
                if self._wire is None:
                    from ._wire import Wire

                    self._wire = Wire(self.settings, timeout=self._timeout, retries=self._retries, transport=self._transport)
        return self._wire
