from __future__ import annotations

import sys
from pathlib import Path
from typing import Iterator

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import fake  # noqa: E402
import keypace  # noqa: E402


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of this machine's settings or profile reaches a test."""
    for name in ("KEYPACE_BASE_URL", "KEYPACE_TOKEN", "KEYPACE_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture
def server() -> fake.Fake:
    return fake.Fake()


@pytest.fixture
def client(server: fake.Fake) -> Iterator[keypace.Keypace]:
    with keypace.Keypace(fake.BASE_URL, fake.TOKEN, transport=server) as client:
        yield client
