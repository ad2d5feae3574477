"""The wheel and the sdist, each installed in an empty environment beside Debian's httpx."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Iterator, List

import pytest
import running

BUILD = Path(__file__).resolve().parents[2] / "build.sh"
SEED = """
import sys, keypace
from keypace import Keypace
assert keypace.__file__.startswith(sys.prefix), keypace.__file__
client = Keypace(base_url=sys.argv[1], token=sys.argv[2])
client.api_keys.list()
client.api_keys.create(name="openAI20240630-2", model_hub="openai", api_key="sk+++", rate_limit_per_interval=600, rate_limit_interval=60)
client.api_keys.modify(name="openAI20240630-2", api_key="sk---", rate_limit_interval=1, rate_limit_per_interval=5)
client.api_keys.rename(name="openAI20240630-2", new_name="openAI20240630-3")
print(client.api_keys.list())
client.api_keys.delete(name="openAI20240630-3")
"""


def run(*command: object) -> str:
    done = subprocess.run([str(each) for each in command], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": ""})
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[List[Path]]:
    pytest.importorskip("wheel", reason="python3-wheel is not installed")
    folder = tmp_path_factory.mktemp("package")
    run(BUILD, folder)
    yield sorted(folder.iterdir())


def test_both_hold_the_package_and_its_type_mark_and_no_test(built: List[Path]) -> None:
    wheel = zipfile.ZipFile(next(path for path in built if path.suffix == ".whl")).namelist()
    sdist = tarfile.open(next(path for path in built if path.name.endswith(".tar.gz"))).getnames()
    for names in (wheel, sdist):
        assert any(name.endswith("keypace/py.typed") for name in names)
        assert any(name.endswith("keypace/api_keys.py") for name in names)
        assert not any("test" in name.rsplit("/", 1)[-1] for name in names)
    assert any(name.endswith("/LICENSE") for name in sdist)


@pytest.mark.parametrize("suffix", [".whl", ".tar.gz"])
def test_installed_in_an_empty_environment_the_calls_of_the_seed_run(built: List[Path], suffix: str, server: running.Keypace, tmp_path: Path) -> None:
    package = next(path for path in built if path.name.endswith(suffix))
    # Its own folder is empty; through the system's it sees Debian's httpx, and setuptools to build the sdist.
    run(sys.executable, "-m", "venv", "--system-site-packages", tmp_path / "env")
    python = tmp_path / "env" / "bin" / "python"
    run(python, "-m", "pip", "install", "--no-index", "--no-deps", "--no-build-isolation", "--quiet", package)
    assert "openAI20240630-3" in run(python, "-c", SEED, server.address, server.token)
