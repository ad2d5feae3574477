"""Many prompts, one after another's turn: the answers in order, and those that failed. Performed by `_run`."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple, Union, cast

from ._errors import KeypaceError
from ._progress import Show
from ._query import Answer, Prompt, chat, text_of
from ._records import Record, Records

Path = Union[str, "os.PathLike[str]"]


@dataclass(frozen=True)
class Outcome(Record):
    """What became of one prompt: an answer, or an error."""

    columns = (("", "index"), ("prompt", "question"), ("answer", "text"), ("error", "error"))

    index: int
    """Its place among the prompts, from 0."""
    prompt: Prompt = field(repr=False)
    answer: Optional[Answer] = None
    error: Optional[KeypaceError] = None
    stored: bool = False
    """True when the answer was in the file already and nothing was asked."""

    @property
    def text(self) -> Optional[str]:
        """What the model said; None when there is no answer."""
        return self.answer.text if self.answer is not None else None

    @property
    def question(self) -> str:
        """The prompt's text, or its last message's."""
        messages = self.prompt.get("messages") if isinstance(self.prompt, Mapping) else self.prompt
        if isinstance(messages, Sequence) and not isinstance(messages, str) and messages:
            last = messages[-1]
            return text_of(last.get("content")) if isinstance(last, Mapping) else str(last)
        return str(messages)

    def to_dict(self) -> Dict[str, Any]:
        """Flat: the prompt's text, the answer's fields, the error's sentence."""
        answer = self.answer.to_dict() if self.answer is not None else {}
        return {"index": self.index, "prompt": self.question, **answer, "error": str(self.error) if self.error is not None else None}


class SomeFailedError(KeypaceError):
    """Some prompts of a `query_many` have no answer; `failures` has each with its reason."""

    def __init__(self, detail: str, failures: Sequence[Outcome] = ()) -> None:
        super().__init__(detail)
        self.failures: Tuple[Outcome, ...] = tuple(failures)


class Answers(Records[Outcome]):
    """One outcome a prompt, in the order of the prompts. Prints as a table; `to_dataframe()` where pandas is there."""

    seconds: float = 0.0
    """How long the run took."""
    expected_seconds: Optional[float] = None
    """How long it would take, as foreseen at its start from the server's figures; None when the token may not see them."""

    @property
    def texts(self) -> List[Optional[str]]:
        """What the model said to each; None where there is no answer."""
        return [one.text for one in self]

    @property
    def failures(self) -> "List[Outcome]":
        """Those without an answer."""
        return [one for one in self if one.error is not None]

    def raise_for_failures(self) -> "Answers":
        """Itself, when every prompt has an answer.

        Raises:
            SomeFailedError: some have none; `failures` has each with its reason.
        """
        if self.failures:
            raise SomeFailedError(self.report(), self.failures)
        return self

    def report(self) -> str:
        """How it went, in a few lines: each reason once, with the prompts it struck."""
        reasons: Dict[str, List[int]] = {}
        for one in self.failures:
            reasons.setdefault(one.error.detail if one.error else "", []).append(one.index)
        lines = [f"{len(self) - len(self.failures)} of {len(self)} prompts have an answer."]
        for reason, places in reasons.items():
            some = ", ".join(str(place) for place in places[:5]) + (", …" if len(places) > 5 else "")
            lines.append(f"{len(places)} failed (prompt {some}): {reason}")
        return "\n".join(lines)


@dataclass(frozen=True)
class Plan:
    """A run, described: what `query_many` was asked to do."""

    prompts: Sequence[Prompt]
    agent: Optional[str]
    model: Optional[str]
    key: Optional[str]
    system: Optional[str]
    caller: Optional[str]
    priority: Optional[str]
    out: Optional[Path]
    concurrency: Optional[int]
    progress: Union[None, bool, Show]
    outage: float
    params: Mapping[str, object]

    def __post_init__(self) -> None:
        if self.concurrency is not None and self.concurrency < 1:
            raise ValueError("concurrency is at least 1.")
        for index, prompt in enumerate(self.prompts):
            try:
                self.call(prompt)
            except ValueError as wrong:
                raise ValueError(f"Prompt {index}: {wrong} Nothing was asked.") from None

    def call(self, prompt: Prompt) -> Any:
        """The exchange of one prompt."""
        return chat(
            prompt, agent=self.agent, model=self.model, key=self.key, system=self.system, max_wait=None, caller=self.caller,
            priority=self.priority, stream=False, params=self.params,
        )


def plan_of(prompts: object, **rest: Any) -> Plan:
    """The plan for prompts in a list, any iterable, or a file of JSON lines (a `Path`)."""
    if isinstance(prompts, os.PathLike):
        from ._ledger import read_prompts

        prompts = read_prompts(prompts)
    elif isinstance(prompts, (str, bytes, Mapping)):
        raise ValueError("query_many takes a list of prompts (or a pathlib.Path of a file of them); for one prompt there is query.")
    return Plan(prompts=list(cast("Sequence[Prompt]", prompts)), **rest)
