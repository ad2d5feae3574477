from __future__ import annotations

import uuid
from typing import Callable, Iterator

import keypace
import pytest
import running


def must_be_built() -> None:
    if not running.IS_BUILT:
        pytest.fail("the server and the pretend hub are not built: run ./dev build, or leave these out with --ignore tests/end_to_end")


@pytest.fixture(scope="session")
def server() -> Iterator[running.Keypace]:
    """The built server, one for all tests that only add keys, agents and tokens of their own."""
    must_be_built()
    server = running.Keypace()
    yield server
    server.close()


@pytest.fixture(scope="session")
def hub() -> Iterator[running.PretendHub]:
    must_be_built()
    hub = running.PretendHub()
    yield hub
    hub.close()


@pytest.fixture
def client(server: running.Keypace) -> Iterator[keypace.Keypace]:
    with keypace.Keypace(server.address, server.token) as client:
        yield client


@pytest.fixture
def make_agent(client: keypace.Keypace, hub: running.PretendHub) -> Callable[..., str]:
    """Makes a key and an agent for the pretend hub; the agent's name. The limit never binds unless given."""

    def make(requests: int = 1_000_000, seconds: int = 1, address: str = "", secret: str = "") -> str:
        name = f"bot-{uuid.uuid4().hex[:8]}"
        # Keys with one secret and one address share a limit: each gets an address of its own.
        url = f"{address or hub.address}/v1"
        client.api_keys.create(f"key-{name}", "custom", secret or hub.key, url=url, rate_limit_per_interval=requests, rate_limit_interval=seconds)
        client.agents.create(name, "pretend-large", key=f"key-{name}")
        return name

    return make
