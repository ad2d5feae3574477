"""What query_many shows while it runs."""

from __future__ import annotations

import io
import sys
import types
from typing import Any, Dict, List

import keypace
import pytest
from keypace._progress import Display
from questions import PROMPTS, Hub, client


def test_progress_goes_to_a_function_or_nowhere(capsys: pytest.CaptureFixture[str]) -> None:
    seen: List[keypace.Progress] = []
    client(Hub()).query_many(PROMPTS, agent="bot", progress=seen.append)
    assert (seen[0].done, seen[-1].done, seen[-1].total) == (0, 40, 40)
    assert seen[0].seconds_left is not None
    client(Hub()).query_many(PROMPTS, agent="bot")  # not a terminal
    assert capsys.readouterr() == ("", "")


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_without_tqdm_and_rich_is_one_plain_line(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("tqdm.auto", "rich.progress", "rich.console"):
        monkeypatch.setitem(sys.modules, name, None)  # type: ignore[arg-type]
    screen = Screen()
    display = Display(None, 40, screen)
    display.show(keypace.Progress(10, 0, 40, 75.0))
    display.show(keypace.Progress(40, 1, 40, 0.0))
    display.close()
    assert screen.getvalue() == "\r10 of 40 answered, 1:15 left\r40 of 40 settled, 1 failed  \n"


def test_progress_by_tqdm_where_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    said: Dict[str, Any] = {"n": 0}

    class Bar:
        n = 0

        def __init__(self, **options: Any) -> None:
            said.update(options)

        def set_postfix_str(self, text: str, refresh: bool) -> None:
            said["text"] = text

        def update(self, more: int) -> None:
            said["n"] += more

        def refresh(self) -> None:
            pass

        def close(self) -> None:
            said["closed"] = True

    monkeypatch.setitem(sys.modules, "tqdm.auto", types.SimpleNamespace(tqdm=Bar))  # type: ignore[arg-type]
    display = Display(True, 40, io.StringIO())
    display.show(keypace.Progress(10, 2, 40, 75.0))
    display.close()
    assert (said["total"], said["n"], said["text"], said["closed"]) == (40, 10, "2 failed, 1:15 left", True)


def test_the_real_rich_takes_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("rich", reason="python3-rich is not installed")
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)  # type: ignore[arg-type]
    screen = Screen()
    display = Display(None, 40, screen)
    display.show(keypace.Progress(40, 0, 40, 0.0))
    display.close()
    assert "40/40" in screen.getvalue()
