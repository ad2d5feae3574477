"""The official OpenAI client, pointed here. It need not be installed for anything else."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Dict, Union

if TYPE_CHECKING:
    import openai as official

    from ._async._client import AsyncKeypace
    from ._client import Keypace


def openai(client: "Union[Keypace, AsyncKeypace]", **options: Any) -> "official.OpenAI":
    """The official OpenAI client, with this server as its base URL and this token as its key.

    Args:
        options: passed on, such as `timeout` (seconds) or `max_retries`. Our refusals say when to come back, and it listens.

    Raises:
        ModuleNotFoundError: the package `openai` is not installed.

    >>> keypace.openai(client).chat.completions.create(           # doctest: +SKIP
    ...     model="agent/bot", messages=[{"role": "user", "content": "Hello"}])
    """
    return _library().OpenAI(**_options(client, options))


def async_openai(client: "Union[Keypace, AsyncKeypace]", **options: Any) -> "official.AsyncOpenAI":
    """The same for `await`.

    >>> await keypace.async_openai(client).models.list()           # doctest: +SKIP
    """
    return _library().AsyncOpenAI(**_options(client, options))


def _library() -> Any:
    try:
        return importlib.import_module("openai")
    except ModuleNotFoundError:
        raise ModuleNotFoundError("The package 'openai' is not installed. Run: pip install openai", name="openai") from None


def _options(client: "Union[Keypace, AsyncKeypace]", options: Dict[str, Any]) -> Dict[str, Any]:
    # Longer than its usual 600 s: a turn may take 240, and the hub's first byte 600.
    return {"base_url": client.settings.base_url + "/v1", "api_key": client.settings.token, "timeout": 900.0, **options}
