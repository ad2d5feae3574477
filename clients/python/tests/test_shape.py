"""What the package promises about itself: parity, exports, typing, and an import without the HTTP library."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, List

import fake
import keypace
import pytest

PACKAGE = Path(keypace.__file__).parent
PROJECT = Path(__file__).resolve().parents[1]


def shape(kind: type) -> Dict[str, List[str]]:
    """Public methods with their parameters."""
    return {
        name: [str(parameter) for parameter in inspect.signature(method).parameters.values()]
        for name, method in inspect.getmembers(kind, inspect.isfunction)
        if not name.startswith("_")
    }


def nouns(client: Any) -> Dict[str, type]:
    return {name: type(each) for name, each in vars(client).items() if hasattr(each, "_client")}


def test_the_clients_have_the_same_nouns_and_methods() -> None:
    plain, awaited = keypace.Keypace(fake.BASE_URL, fake.TOKEN), keypace.AsyncKeypace(fake.BASE_URL, fake.TOKEN)
    assert shape(keypace.Keypace) == shape(keypace.AsyncKeypace)
    assert list(nouns(plain)) == list(nouns(awaited)) == ["api_keys", "agents", "hubs", "access_tokens", "usage", "audit"]
    for name, kind in nouns(plain).items():
        assert shape(kind) == shape(nouns(awaited)[name]), name
        assert all(inspect.iscoroutinefunction(getattr(nouns(awaited)[name], each)) for each in shape(kind))


def test_the_nouns_have_every_verb_that_was_promised() -> None:
    client = keypace.Keypace(fake.BASE_URL, fake.TOKEN)
    assert {"list", "create", "get", "modify", "rename", "delete", "test", "models", "status", "disable", "enable"} <= set(shape(type(client.api_keys)))


def test_all_names_every_public_name_and_nothing_else() -> None:
    public = {name for name, each in vars(keypace).items() if not name.startswith("_") and not inspect.ismodule(each)}
    assert public | {"__version__"} == set(keypace.__all__)
    assert keypace.__all__ == sorted(keypace.__all__)


def test_every_error_is_in_the_tree_that_the_module_draws() -> None:
    from keypace import _errors

    drawn = set(re.findall(r"\b(\w+Error)\b", _errors.__doc__ or ""))
    exported = {name for name in keypace.__all__ if inspect.isclass(getattr(keypace, name)) and issubclass(getattr(keypace, name), keypace.KeypaceError)}
    assert drawn == exported
    assert exported >= {name for name, each in vars(_errors).items() if inspect.isclass(each) and issubclass(each, keypace.KeypaceError)}


def test_only_the_files_named_for_it_know_the_http_library() -> None:
    users = {path.name for path in PACKAGE.rglob("*.py") if re.search(r"^import httpx|^\s*from httpx", path.read_text(), re.M)}
    assert users == {path.name for path in PACKAGE.rglob("_http*.py")} == {"_http.py", "_http_lanes.py", "_http_pool.py"}


def test_importing_it_imports_no_http_library() -> None:
    code = "import sys, keypace; keypace.Keypace(token='kpa_not_a_real_token'); print(sorted({'httpx', 'asyncio', 'ssl', 'pandas'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": str(PACKAGE.parent)}, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_version_is_the_one_of_the_project() -> None:
    assert f'version = "{keypace.__version__}"' in (PROJECT / "pyproject.toml").read_text()


def test_it_is_typed() -> None:
    pytest.importorskip("mypy", reason="python3-mypy is not installed")
    assert (PACKAGE / "py.typed").exists()
    done = subprocess.run([sys.executable, "-m", "mypy", "--cache-dir", str(PROJECT.parents[1] / "artifacts" / "mypy"), "src", "tools"], cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_no_file_is_longer_than_a_person_reads() -> None:
    lengths = {str(path.relative_to(PROJECT)): len(path.read_text().splitlines()) for path in PROJECT.rglob("*.py")}
    assert len(lengths) > 40
    assert {name: length for name, length in lengths.items() if length > 300} == {}
