from __future__ import annotations

import json
from pathlib import Path

import pytest
from keypace import ConfigurationError
from keypace._settings import resolve


def profile(folder: Path, mode: int = 0o600, **members: str) -> "dict[str, str]":
    path = folder / "keypace" / "profile.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(members))
    path.chmod(mode)
    return {"XDG_CONFIG_HOME": str(folder)}


def test_arguments_come_before_the_environment_and_that_before_the_profile(tmp_path: Path) -> None:
    environment = {**profile(tmp_path, base_url="http://profile:1", token="t-profile"), "KEYPACE_BASE_URL": "http://env:2", "KEYPACE_TOKEN": "t-env"}
    assert resolve("http://arg:3/v1", "t-arg", environment).base_url == "http://arg:3"
    assert (resolve(None, None, environment).base_url, resolve(None, None, environment).token) == ("http://env:2", "t-env")
    stored = profile(tmp_path, base_url="http://profile:1", token="t-profile")
    assert (resolve(None, None, stored).base_url, resolve(None, None, stored).token) == ("http://profile:1", "t-profile")


def test_a_profiles_token_goes_to_its_own_server_only(tmp_path: Path) -> None:
    environment = profile(tmp_path, base_url="http://profile:1", token="t-profile")
    assert resolve("http://profile:1/v1/", None, environment).token == "t-profile"
    with pytest.raises(ConfigurationError, match="No access token"):
        resolve("http://elsewhere:1", None, environment)


def test_a_token_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("t-file\n")
    assert resolve("http://a", None, {"KEYPACE_TOKEN_FILE": str(tmp_path / "token")}).token == "t-file"
    with pytest.raises(ConfigurationError, match="Cannot read the token's file"):
        resolve("http://a", None, {"KEYPACE_TOKEN_FILE": str(tmp_path / "missing")})


def test_a_profile_that_others_may_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="chmod 600"):
        resolve(None, None, profile(tmp_path, 0o644, token="t-profile"))


@pytest.mark.parametrize("content", ["", "{", "[]", "\xff"])
def test_a_broken_profile_says_so_and_quotes_nothing(tmp_path: Path, content: str) -> None:
    environment = profile(tmp_path)
    (tmp_path / "keypace" / "profile.json").write_bytes(content.encode("latin-1"))
    with pytest.raises(ConfigurationError, match="Mend or remove it"):
        resolve(None, None, environment)


@pytest.mark.parametrize("address", ["127.0.0.1:5397", "ftp://a", "http://", "http://[::1", "http://a:99999", "", "http://a:0"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(ConfigurationError, match="absolute http") if address else pytest.raises(ConfigurationError):
        resolve(address, "t" if address else None, {})


@pytest.mark.parametrize("address", ["http://user:hunter2@a", "http://a?token=hunter2", "http://a#hunter2"])
def test_an_address_with_a_secret_in_it_is_refused_and_not_repeated(address: str) -> None:
    with pytest.raises(ConfigurationError, match="must not carry") as refused:
        resolve(address, "t", {})
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("token", ["a b", "a\nb", "kpa_ä"])
def test_a_token_that_cannot_be_sent_is_refused_and_not_repeated(token: str) -> None:
    with pytest.raises(ConfigurationError, match="no token has") as refused:
        resolve("http://a", token, {})
    assert token not in str(refused.value)


@pytest.mark.parametrize("address, expected", [
    ("http://127.0.0.1:5397", False), ("http://keys.example.org", False), ("https://localhost", False), ("https://keys.example.org", True),
])
def test_a_proxy_of_the_environment_is_used_only_behind_tls(address: str, expected: bool) -> None:
    assert resolve(address, "kpa_x", {}).may_use_proxy is expected
