"""A hub in memory that answers each question with itself."""

from __future__ import annotations

import json
from typing import Any, List, Optional

import fake
import httpx
from keypace import Keypace

PROMPTS = [f"Question {number}" for number in range(40)]


def asked(request: httpx.Request) -> Optional[str]:
    """The prompt, where it is a query."""
    if request.url.path != "/v1/chat/completions":
        return None
    return str(json.loads(request.content)["messages"][-1]["content"])


class Hub(fake.Fake):
    """Answers each question with itself; `says` answers some otherwise, once for each item of its list."""

    def __init__(self, **says: List[Any]) -> None:
        super().__init__(self._say)
        self.says = {name.replace("_", " "): answers for name, answers in says.items()}
        self.questions: List[str] = []

    def _say(self, request: httpx.Request) -> Optional[httpx.Response]:
        question = asked(request)
        if question is None:
            return None
        self.questions.append(question)
        other = self.says.get(question) or self.says.get("all")
        if other:
            answer = other.pop(0)
            if isinstance(answer, BaseException):
                raise answer
            return answer
        return httpx.Response(200, json=fake.chat(f"Answer to {question}"), headers=fake.SERVED)


def client(hub: Hub) -> Keypace:
    return Keypace(fake.BASE_URL, fake.TOKEN, transport=hub)


def expected(prompts: List[str]) -> List[str]:
    return [f"Answer to {prompt}" for prompt in prompts]
