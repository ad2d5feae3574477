"""Performs a `query_many`: as many queries at the server as keep its line filled, each answer on disk before the next is asked for."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from functools import partial
from time import monotonic
from typing import Any, Callable, Coroutine, List, Mapping, Optional, Set

from ._async._retries import until_settled
from ._async._wire import AsyncWire
from ._calls import Call
from ._errors import (
    AuthenticationError, ConflictError, FileError, HubError, KeypaceError, NotFoundError, PaceError, PermissionDeniedError, UnavailableError,
    UnexpectedAnswerError, UnreachableError,
)
from ._exchange import Received, result, wait_before_retry
from ._http_lanes import Lane, Lanes
from ._ledger import Key, Ledger, keys_of
from ._many import Answers, Outcome, Plan
from ._models import Agent, KeyStatus
from ._outlook import Outlook
from ._progress import Display, Progress
from ._query import Answer
from ._routes import agents, api_keys
from ._settings import Settings

FIRST_LANES = 8
MOST_LANES = 1_000
"""Queries at the server at once, unless told otherwise."""
FASTEST = 700
"""Queries a second, about what one process reaches. Times what an answer takes, it is how many queries at once can be of use."""
LONG_WAIT = 120.0
"""Seconds in line after which there is one query too many: the server gives up at 240."""
EVERY = 1.0
"""Seconds between two syncs of the file, and two looks at the key's status."""
WHOLE_RUN = (AuthenticationError, PermissionDeniedError, NotFoundError, ConflictError, UnexpectedAnswerError, UnreachableError)
"""Errors that would strike every prompt alike: before the first answer they end the run."""

log = logging.getLogger("keypace")


class Run:
    """One run. `perform` does it, once."""

    def __init__(
        self, plan: Plan, wire: AsyncWire, lanes: Lanes, *, retries: int, now: Callable[[], float] = time.time,
        sleep: Callable[[float], Coroutine[Any, Any, None]] = asyncio.sleep, chance: Callable[[], float] = random.random,
    ) -> None:
        self._plan = plan
        self._wire = wire
        self._lanes = lanes
        self._retries = retries
        self._now, self._sleep, self._chance = now, sleep, chance
        self._outcomes: List[Optional[Outcome]] = [None] * len(plan.prompts)
        self._keys: List[Key] = []
        self._waiting: List[int] = []
        self._ledger: Optional[Ledger] = None
        self._outlook = Outlook()
        self._key: Optional[str] = plan.key
        self._live = 0
        self._tasks: Set["asyncio.Task[None]"] = set()
        self._done = self._failed = self._asked = 0
        self._outage_since: Optional[float] = None
        self._usual: Optional[float] = None  # seconds; what answers take, without their time in line (a moving average)

    async def perform(self) -> Answers:
        """Does it. Raises FileError, and what would strike every prompt alike; anything else fails single prompts."""
        started = monotonic()
        self._end: "asyncio.Future[None]" = asyncio.get_running_loop().create_future()
        if self._plan.out is not None:
            self._ledger = Ledger(self._plan.out)
        display: Optional[Display] = None
        finished = False
        try:
            self._recall()
            display = Display(self._plan.progress, len(self._outcomes))
            expected = await self._look()
            display.show(self._progress())
            for _ in range(min(self._plan.concurrency or FIRST_LANES, len(self._waiting))):
                self._start(self._lane())
            self._start(self._attend(display))
            if self._waiting:
                await self._end
            finished = True
            display.show(self._progress())
        finally:
            await self._stop()
            if display is not None:
                display.close()
            if self._ledger is not None:
                self._ledger.close()
                if not finished and self._asked:
                    log.warning("Stopped: %d of %d answers are in '%s'. The same call goes on from there.", self._done - self._failed, len(self._outcomes), self._plan.out)
        answers = Answers(one for one in self._outcomes if one is not None)
        answers.seconds = monotonic() - started
        answers.expected_seconds = expected
        if answers.failures:
            log.warning("%s", answers.report())
        return answers

    def _recall(self) -> None:
        """Takes the answers that are on disk."""
        ledger = self._ledger
        if ledger is not None:
            self._keys = keys_of(self._plan.call(prompt).json or {} for prompt in self._plan.prompts)
            for index, key in enumerate(self._keys):
                if key in ledger.answers:
                    self._settle(Outcome(index, self._plan.prompts[index], ledger.answers.pop(key), stored=True))
        self._waiting = [index for index, outcome in enumerate(self._outcomes) if outcome is None]
        self._waiting.reverse()  # taken from the end

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _stop(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._end.done() and not self._end.cancelled():
            self._end.exception()  # seen: it was raised where it was awaited

    async def _lane(self) -> None:
        """Asks one prompt after another over one connection."""
        self._live += 1
        lane = self._lanes.open()
        fatal: Optional[Exception] = None
        try:
            while self._waiting and not self._end.done():
                outcome = await self._ask(self._waiting.pop(), lane)
                if outcome.answer is not None and self._ledger is not None:
                    self._ledger.add(self._keys[outcome.index], outcome.index, outcome.answer)
                self._settle(outcome)
                waited = (outcome.answer.waited_ms or 0) / 1000 if outcome.answer is not None else 0.0
                if self._plan.concurrency is None:
                    if waited > LONG_WAIT and self._live > 1:
                        break
                    if outcome.answer is not None and waited < EVERY and self._live < self._useful() and self._waiting:
                        self._start(self._lane())  # it did not wait: the line is not filled
        except Exception as error:  # FileError, or what strikes every prompt
            fatal = error
        finally:
            self._live -= 1
            await lane.close()  # before the end is told: it cancels whoever is still at work
            if fatal is not None and not self._end.done():
                self._end.set_exception(fatal)
            elif self._live == 0 and self._done == len(self._outcomes) and not self._end.done():
                self._end.set_result(None)

    async def _ask(self, index: int, lane: Lane) -> Outcome:
        prompt = self._plan.prompts[index]
        call = self._plan.call(prompt)
        started = 0.0

        async def send() -> Received:
            nonlocal started
            self._asked += 1
            started = monotonic()
            return await lane.exchange(call)

        async def read(received: Received) -> Answer:
            took = monotonic() - started
            self._outage_since = None
            try:
                answer: Answer = result(call, received, self._wire.settings)
            except UnavailableError:
                await lane.reconnect()
                raise
            self._learn(answer, took)
            return answer

        try:
            return Outcome(index, prompt, await until_settled(send, read, self._sleep, partial(self._wait, call)))
        except KeypaceError as error:
            return await self._fail(index, error)

    def _learn(self, answer: Answer, took: float) -> None:
        """From an answer, and the seconds that it took: how slow the hub is, when its place is free again, and which key it is."""
        took = max(0.0, took - (answer.waited_ms or 0) / 1000)
        self._usual = took if self._usual is None else self._usual + (took - self._usual) / 10
        self._outlook.answered(self._now())
        self._key = self._key or answer.api_key

    def _useful(self) -> int:
        """How many lanes can be of use: more for a hub that takes its time, few for a quick one."""
        return min(MOST_LANES, FIRST_LANES * 4 + int(FASTEST * (self._usual or 0.0)))

    def _wait(self, call: Call[Answer], error: KeypaceError, headers: Mapping[str, str], attempt: int) -> Optional[float]:
        """Seconds until the prompt is asked again; None when it failed. Only what surely reached no hub is asked again."""
        if isinstance(error, PaceError):
            return error.retry_after if error.retry_after is not None else 5.0  # our own refusal: the turn comes, however late
        if isinstance(error, UnavailableError) or isinstance(error, UnreachableError) and not error.sent:
            if self._done - self._failed == 0 and attempt > self._retries:
                return None  # it was never there
            now = self._now()
            self._outage_since = now if self._outage_since is None else self._outage_since
            if now - self._outage_since > self._plan.outage:
                return None
            return min(error.retry_after or 5.0, 0.5 * float(2 ** min(attempt, 4))) * (0.75 + 0.25 * self._chance())
        if isinstance(error, HubError) or attempt > self._retries:
            return None
        return wait_before_retry(call, error, headers, attempt, self._chance())

    async def _fail(self, index: int, error: KeypaceError) -> Outcome:
        if isinstance(error, WHOLE_RUN) and self._done == self._failed and not any(one and one.stored for one in self._outcomes):
            if isinstance(error, NotFoundError):
                # Once more by the client, which knows how to suggest the nearest name.
                await self._wire.with_suggestion(error, self._plan.call(self._plan.prompts[index]))
            raise error
        return Outcome(index, self._plan.prompts[index], error=error)

    def _settle(self, outcome: Outcome) -> None:
        self._outcomes[outcome.index] = outcome
        self._done += 1
        self._failed += outcome.error is not None

    def _progress(self) -> Progress:
        remaining = len(self._outcomes) - self._done
        return Progress(self._done, self._failed, len(self._outcomes), self._outlook.seconds_left(remaining, self._now()))

    async def _attend(self, display: Display) -> None:
        """Every second: the file to the disk, the key's status, the progress."""
        while True:
            await self._sleep(EVERY)
            if self._ledger is not None:
                await asyncio.get_running_loop().run_in_executor(None, self._ledger.sync)
            await self._look()
            display.show(self._progress())

    async def _look(self) -> Optional[float]:
        """Asks what the key's limit is doing; the seconds left by that. A token that may not see it has to do without."""
        try:
            if self._key is None and self._plan.agent is not None:
                agent: Agent = await self._wire.perform(agents.get(self._plan.agent))
                self._key = agent.api_key_id
            if self._key is not None:
                status: KeyStatus = await self._wire.perform(api_keys.status(self._key))
                self._outlook.heard(status, self._live)
        except FileError:
            raise
        except KeypaceError as error:
            log.debug("no status of the key: %s", error)
        return self._outlook.seconds_left(len(self._outcomes) - self._done, self._now())


async def perform_run(plan: Plan, settings: Settings, timeout: float, retries: int, transport: object) -> Answers:
    """Performs a plan over connections of its own. `timeout` (seconds) is that of the calls around it."""
    lanes = Lanes(settings, transport)
    wire = AsyncWire(settings, timeout=timeout, retries=0, transport=lanes.given)
    try:
        return await Run(plan, wire, lanes, retries=retries).perform()
    finally:
        if lanes.given is None:
            await wire.close()
