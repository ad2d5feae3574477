"""One query to a model, described; and what comes back, whole or piece by piece. No I/O."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Dict, List, Mapping, Optional, Sequence, Union
from urllib.parse import quote, unquote

from ._calls import Call, Names, Reply, WholeCall
from ._errors import HubError, StreamError
from ._events import Events
from ._exchange import LONGEST_SAID, code_of
from ._records import Record

Prompt = Union[str, Sequence[Mapping[str, object]], Mapping[str, object]]
"""A text; or messages as OpenAI's chat takes them; or a whole body with `messages`, and whatever else it should say."""

QUERY_TIMEOUT = 900.0
"""Seconds: a turn may take 240, and the hub's first byte 600."""


@dataclass(frozen=True)
class Answer(Record):
    """What a model said. `str(answer)` is its text."""

    text: str
    model: str = ""
    """As the hub names it."""
    finish_reason: Optional[str] = None
    prompt_tokens: Optional[int] = None
    completion_tokens: Optional[int] = None
    api_key: Optional[str] = None
    """Name of the API key that it was sent with."""
    waited_ms: Optional[int] = None
    """Milliseconds in line for its turn."""
    request_id: Optional[str] = None
    body: Mapping[str, Any] = field(default_factory=dict, repr=False, metadata={"hidden": True})
    """The hub's whole answer, with tool calls, further choices and whatever else it has."""

    def __str__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        from html import escape

        return f'<div style="white-space: pre-wrap">{escape(self.text)}</div>'


def body_of(prompt: Prompt, model: str, system: Optional[str], params: Mapping[str, object]) -> Dict[str, object]:
    """The body of a chat query.

    >>> body_of("Hello", "agent/bot", None, {"temperature": 0})
    {'model': 'agent/bot', 'messages': [{'role': 'user', 'content': 'Hello'}], 'temperature': 0}
    """
    body: Dict[str, object] = {"model": model}
    if isinstance(prompt, str):
        body["messages"] = [{"role": "user", "content": prompt}]
    elif isinstance(prompt, Mapping):
        if "messages" not in prompt:
            raise ValueError("A prompt that is a dict is a whole body: it needs 'messages'.")
        body.update({name: value for name, value in prompt.items() if name != "model"})
    elif isinstance(prompt, Sequence) and prompt:
        body["messages"] = list(prompt)
    else:
        raise ValueError("A prompt is a text, a list of messages, or a dict with 'messages'.")
    if system is not None:
        body["messages"] = [{"role": "system", "content": system}, *body["messages"]]  # type: ignore[misc]
    body.update(params)
    return body


def model_of(agent: Optional[str], model: Optional[str]) -> str:
    """What the wire calls `model`: `agent/NAME`, or the model that was named."""
    if (agent is None) == (model is None):
        raise ValueError("Say whom to ask: either agent='NAME', or model='HUB/MODEL' (or the hub's own model name with key='NAME').")
    return f"agent/{agent}" if agent is not None else str(model)


def chat(
    prompt: Prompt, *, agent: Optional[str], model: Optional[str], key: Optional[str], system: Optional[str], max_wait: Optional[float],
    caller: Optional[str], priority: Optional[str], stream: bool, params: Mapping[str, object],
) -> WholeCall[Answer]:
    """The exchange of one query."""
    body = body_of(prompt, model_of(agent, model), system, params)
    if stream:
        body["stream"] = True
    headers = {
        "x-keypace-key": _in_header(key), "x-keypace-caller": _in_header(caller), "x-keypace-priority": _in_header(priority),
        "x-keypace-max-wait": None if max_wait is None else f"{max_wait:g}",
    }
    return WholeCall(
        "POST", "/v1/chat/completions", read_answer, json=body, timeout=QUERY_TIMEOUT,
        headers={name: value for name, value in headers.items() if value is not None},
        names=Names(agent, "/v1/agent-configurations", "agent_name") if agent is not None
        else Names(key, "/v1/api-keys", "name") if key is not None else None,
    )


def read_answer(reply: Any) -> Answer:
    """Reads a whole answer. Raises HubError for an error that a hub calls a success."""
    data, headers = reply.data, reply.headers
    if not data.get("choices") and data.get("error"):
        raise hub_error(data["error"], headers)
    choice = data["choices"][0] if data["choices"] else {}
    usage = data.get("usage") or {}
    return Answer(
        text=text_of((choice.get("message") or {}).get("content")),
        finish_reason=choice.get("finish_reason"),
        model=data.get("model") or "",
        prompt_tokens=usage.get("prompt_tokens"),
        completion_tokens=usage.get("completion_tokens"),
        body=data,
        **told(headers),
    )


def told(headers: Mapping[str, str]) -> Dict[str, Any]:
    """What an answer's headers say about how the query went."""
    waited = headers.get("x-keypace-waited-ms", "")
    key = headers.get("x-keypace-key")
    return {
        "api_key": unquote(key) if key is not None else None,
        "waited_ms": int(waited) if waited.isdigit() else None,
        "request_id": headers.get("x-request-id"),
    }


class Pieces:
    """Puts a streamed answer together: bytes in, texts out."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = headers
        self._events = Events()
        self._texts: List[str] = []
        self._last: Dict[str, Any] = {}
        self._finish: Optional[str] = None
        self._usage: Mapping[str, Any] = {}
        self.done = False

    @property
    def text(self) -> str:
        """What has arrived so far."""
        return "".join(self._texts)

    def feed(self, data: bytes) -> List[str]:
        """Takes bytes as they come, cut anywhere; gives the pieces of text that are complete."""
        try:
            events = self._events.feed(data)
        except ValueError:
            raise self.broken("The streamed answer holds an event that is too long.") from None
        return [text for event in events for text in self._event(event)]

    def end(self) -> List[str]:
        """The stream is over: gives what was still held. Raises StreamError when the answer is not complete."""
        texts = [text for event in self._events.end() for text in self._event(event)]
        self.answer()
        return texts

    def answer(self) -> Answer:
        """The whole. Raises StreamError when its end has not come."""
        if not self.done:
            raise self.broken("The streamed answer ended before it was complete.")
        usage = self._usage
        return Answer(
            text=self.text, finish_reason=self._finish, model=self._last.get("model") or "", prompt_tokens=usage.get("prompt_tokens"),
            completion_tokens=usage.get("completion_tokens"), body=self._last, **told(self._headers),
        )

    def broken(self, detail: str) -> StreamError:
        """The stream's own error, with what had arrived."""
        error = StreamError(detail, request_id=self._headers.get("x-request-id"))
        error.text = self.text
        return error

    def _event(self, event: bytes) -> List[str]:
        event = event.strip()
        if not event:
            return []
        if event == b"[DONE]":
            self.done = True
            return []
        try:
            data = json.loads(event)
            if data.get("error"):
                raise hub_error(data["error"], self._headers)
            self._last = data
            self._usage = data.get("usage") or self._usage
            texts = []
            for choice in data.get("choices") or ():
                if choice.get("index", 0) == 0:
                    self._finish = choice.get("finish_reason") or self._finish
                    texts.append(text_of((choice.get("delta") or {}).get("content")))
        except (ValueError, TypeError, AttributeError):
            raise self.broken("The streamed answer holds something that is not a chat's.") from None
        if self._finish is not None:
            self.done = True  # some hubs end without [DONE]
        texts = [text for text in texts if text]
        self._texts += texts
        return texts


def hub_error(error: object, headers: Mapping[str, str]) -> HubError:
    """The error that stands in an answer or in the middle of a stream, as hubs word it: an object, or a text alone."""
    words = error.get("message") or error if isinstance(error, Mapping) else error
    code = code_of(error) if isinstance(error, Mapping) else None
    return HubError(str(words)[:LONGEST_SAID], code=code, request_id=headers.get("x-request-id"))


def text_of(content: object) -> str:
    """The text of a message: a string, or a list of parts of which those with a text count.

    >>> text_of([{"type": "text", "text": "Hel"}, {"type": "image_url"}, {"type": "text", "text": "lo"}])
    'Hello'
    """
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "".join(part["text"] for part in parts if isinstance(part, dict) and isinstance(part.get("text"), str))


def _in_header(name: Optional[str]) -> Optional[str]:
    return None if name is None else quote(name, safe="")
