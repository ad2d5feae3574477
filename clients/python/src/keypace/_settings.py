"""Which server, and which token: arguments, then the environment, then the profile that the command line stores."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Mapping, Optional
from urllib.parse import SplitResult, urlsplit, urlunsplit

from ._errors import ConfigurationError

DEFAULT_BASE_URL = "http://127.0.0.1:5397"
"""Where a server listens unless told otherwise."""


@dataclass(frozen=True)
class Settings:
    """A server's address without `/v1` or slash at its end, and the token for it."""

    base_url: str
    token: str = field(repr=False)

    @property
    def may_use_proxy(self) -> bool:
        """A proxy of the environment is used only where it sees nothing: behind TLS, to another machine. Over plain http it would read the token."""
        url = urlsplit(self.base_url)
        return url.scheme == "https" and (url.hostname or "") not in ("127.0.0.1", "::1", "localhost")


def resolve(base_url: Optional[str], token: Optional[str], environment: Mapping[str, str] = os.environ) -> Settings:
    """What was given, or what was set up before.

    >>> resolve("http://127.0.0.1:5397/v1/", "kpa_not_a_real_token")
    Settings(base_url='http://127.0.0.1:5397')

    Raises:
        ConfigurationError: no token, or an address that cannot be used.
    """
    address = _given(base_url) or _given(environment.get("KEYPACE_BASE_URL"))
    secret = _given(token) or _given(environment.get("KEYPACE_TOKEN")) or _from_file(environment.get("KEYPACE_TOKEN_FILE"))
    # Only looked at when needed, so that a broken profile does not stop those who name everything.
    profile = {} if address and secret else _profile(environment)
    server = server_address(address or profile.get("base_url") or DEFAULT_BASE_URL)
    if not secret and profile.get("token") and _origin(server) == _origin(profile.get("base_url") or DEFAULT_BASE_URL):
        secret = profile["token"]  # a profile's token never goes to another server than the profile's
    if not secret:
        raise ConfigurationError(
            "No access token. Pass token=…, set KEYPACE_TOKEN or KEYPACE_TOKEN_FILE, or run `keypace login`. "
            "`keypace tokens create NAME` makes one."
        )
    if not secret.isascii() or not secret.isprintable() or " " in secret:
        raise ConfigurationError("The access token holds signs that no token has, such as a space or a line break inside. Copy it again.")
    return Settings(server, secret)


def server_address(typed: str) -> str:
    """The one form of an address that a person typed.

    >>> server_address("https://keypace.example.org/v1")
    'https://keypace.example.org'
    """
    try:
        parts = urlsplit(typed.strip())
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable:
        raise ConfigurationError(f"The base URL must be an absolute http or https address, such as {DEFAULT_BASE_URL}.")
    if parts.username or parts.password or parts.query or parts.fragment:
        # The address itself is left out: what stands in it may be a secret.
        raise ConfigurationError("The base URL must not carry credentials, a query or a fragment; give the token by itself.")
    path = parts.path.rstrip("/")
    if path.endswith("/v1"):
        path = path[: -len("/v1")].rstrip("/")
    return urlunsplit(SplitResult(parts.scheme, parts.netloc, path, "", ""))


def profile_path(environment: Mapping[str, str] = os.environ) -> Path:
    """`~/.config/keypace/profile.json`, where the command line keeps it."""
    home = environment.get("XDG_CONFIG_HOME") or ""
    return (Path(home) if os.path.isabs(home) else Path(environment.get("HOME") or Path.home()) / ".config") / "keypace" / "profile.json"


def _profile(environment: Mapping[str, str]) -> Mapping[str, str]:
    path = profile_path(environment)
    try:
        with open(path, encoding="utf-8-sig") as file:
            # Of the file that was opened, so that nothing can be exchanged in between.
            if os.name == "posix" and stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o177:
                raise ConfigurationError(f"'{path}' holds a token but others may read it. Run: chmod 600 '{path}'")
            found = json.load(file)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as broken:
        if isinstance(broken, ConfigurationError):
            raise
        raise ConfigurationError(f"Cannot read the profile '{path}'. Mend or remove it.") from None
    if not isinstance(found, dict):
        raise ConfigurationError(f"Cannot read the profile '{path}'. Mend or remove it.")
    return {name: value for name, value in found.items() if isinstance(value, str) and value}


def _from_file(path: Optional[str]) -> Optional[str]:
    if not _given(path):
        return None
    try:
        return Path(str(path)).read_text(encoding="utf-8-sig").strip() or None
    except (OSError, ValueError):
        raise ConfigurationError(f"Cannot read the token's file '{path}', which KEYPACE_TOKEN_FILE names.") from None


def _origin(address: str) -> "tuple[str, str, int]":
    parts = urlsplit(server_address(address))
    return parts.scheme, (parts.hostname or ""), parts.port or (443 if parts.scheme == "https" else 80)


def _given(text: Optional[str]) -> Optional[str]:
    return text.strip() or None if text else None
