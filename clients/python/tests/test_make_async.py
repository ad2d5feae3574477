"""The asynchronous half is what the script makes of the synchronous one, and it reads as written by hand."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Iterator

import pytest

SCRIPT = Path(__file__).resolve().parents[1] / "tools" / "make_async.py"


@pytest.fixture
def maker() -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("make_async", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["make_async"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["make_async"]


def test_what_is_checked_in_is_what_the_script_writes() -> None:
    done = subprocess.run([sys.executable, str(SCRIPT), "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_check_names_a_file_that_was_edited_is_missing_or_does_not_belong(maker: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    maker.OUT = tmp_path  # type: ignore[attr-defined]
    assert maker.main([]) == 0 and maker.main(["--check"]) == 0
    (tmp_path / "hubs.py").write_text((tmp_path / "hubs.py").read_text().replace("await ", ""))
    (tmp_path / "usage.py").unlink()
    (tmp_path / "stray.py").write_text("")
    capsys.readouterr()
    assert maker.main(["--check"]) == 1
    assert [line.split("/")[-1] for line in capsys.readouterr().err.replace(" is not what tools/make_async.py writes. Run it.", "").split()] == ["hubs.py", "stray.py", "usage.py"]
    assert maker.main([]) == 0 and maker.main(["--check"]) == 0


@pytest.mark.parametrize(("plain", "awaited"), [
    ("def f(wire):\n    return wire.perform(1)\n", "async def f(wire):\n    return await wire.perform(1)\n"),
    ("def f(wire):\n    return wire.perform(1).text[0]\n", "async def f(wire):\n    return (await wire.perform(1)).text[0]\n"),
    ("def f(wire):\n    return wire.name\n", "def f(wire):\n    return wire.name\n"),
    ("def f(wire):\n    def g():\n        wire.close()\n    return g\n", "def f(wire):\n    async def g():\n        await wire.close()\n    return g\n"),
    ("def f(r):\n    for x in chunks(r):  # ü\n        yield x\n", "async def f(r):\n    async for x in chunks(r):  # ü\n        yield x\n"),
    ("def f(a, send: Callable[[int], str]) -> None: ...\n", "def f(a, send: Callable[[int], Awaitable[str]]) -> None: ...\n"),
    ('def f(ü): "ü"; ü.close()\n', 'async def f(ü): "ü"; await ü.close()\n'),
])
def test_code_is_awaited(maker: ModuleType, plain: str, awaited: str) -> None:
    assert maker.awaited(plain) == awaited


@pytest.mark.parametrize(("plain", "awaited"), [
    ("client.hubs.list()\n", "await client.hubs.list()\n"),
    ("made = client.query('a',\n    agent='b')\nmade.text\n", "made = await client.query('a',\n    agent='b')\nmade.text\n"),
    ("client.agents.get('b').model, client.close()\n", "(await client.agents.get('b')).model, await client.close()\n"),
    ("with client.query('a') as s:\n    for p in s:\n        for q in p: print(q)\n", "async with await client.query('a') as s:\n    async for p in s:\n        for q in p: print(q)\n"),
    ("sorted([2, 1])\n", "sorted([2, 1])\n"),
])
def test_examples_are_awaited(maker: ModuleType, plain: str, awaited: str) -> None:
    assert maker.awaited_example(plain) == awaited


def test_a_phrase_that_no_file_says_is_an_error(maker: ModuleType) -> None:
    maker.PHRASES["nobody says this"] = "nor this"  # type: ignore[attr-defined]
    with pytest.raises(SystemExit, match="nobody says this"):
        maker.made()
