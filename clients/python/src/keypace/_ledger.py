"""The file that `query_many` resumes from: one JSON line an answer, only ever added to.

A line is handed to the system in one write as soon as its answer is there, so it survives the end of this process, whatever ends it;
within a second it is also synced to the disk, so it survives the end of the machine. What is in the file is never asked again.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Tuple, Union

from ._errors import FileError
from ._query import Answer

try:
    import fcntl
except ImportError:  # Windows: two runs on one file are then not kept apart
    fcntl = None  # type: ignore[assignment]

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""Windows editors begin a file with it (RFC 3629, section 6); it is a signature, no content."""

FIRST = b'{"fingerprint":"'
"""How each of our lines begins: by it, a torn line is told from somebody else's file."""

Key = Tuple[str, int]
"""Fingerprint of the question, and which of the equal ones it is, from 0."""


def fingerprint(body: Mapping[str, object]) -> str:
    """The same for the same question.

    >>> fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})
    True
    """
    return hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()).hexdigest()[:32]


def keys_of(bodies: Iterator[Mapping[str, object]]) -> List[Key]:
    """Equal questions are told apart by their order: each gets an answer of its own."""
    counts: Dict[str, int] = {}
    keys = []
    for body in bodies:
        mark = fingerprint(body)
        counts[mark] = counts.get(mark, -1) + 1
        keys.append((mark, counts[mark]))
    return keys


class Ledger:
    """Answers on disk. Opening it changes nothing but a torn last line."""

    def __init__(self, path: Union[str, "os.PathLike[str]"], now: Callable[[], float] = time.time) -> None:
        """Raises FileError: it is not such a file, or another run holds it."""
        self.path = Path(path)
        self.answers: Dict[Key, Answer] = {}
        self._now = now
        self._counts: Dict[str, int] = {}
        self._dirty = False
        try:
            self._file: Optional[int] = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError as error:
            raise self._unusable(f"cannot be opened: {error.strerror}") from None
        try:
            self._lock()
            self._read()
        except BaseException:
            self.close()
            raise

    def add(self, key: Key, index: int, answer: Answer) -> None:
        """Writes an answer. Raises FileError when the disk does not take it."""
        line = {
            "fingerprint": key[0], "index": index, "at": round(self._now(), 3), "text": answer.text, "api_key": answer.api_key,
            "waited_ms": answer.waited_ms, "request_id": answer.request_id, "body": answer.body,
        }
        data = json.dumps(line, separators=(",", ":")).encode() + b"\n"
        assert self._file is not None
        before = os.fstat(self._file).st_size
        try:
            written = 0
            while written < len(data):
                written += os.write(self._file, data[written:])
        except OSError as error:
            os.ftruncate(self._file, before)  # no torn line in the middle
            raise self._unusable(f"takes no more answers: {error.strerror}") from None
        self._dirty = True

    def sync(self) -> None:
        """To the disk, if anything is new."""
        if self._dirty and self._file is not None:
            self._dirty = False
            os.fsync(self._file)

    def close(self) -> None:
        """Syncs, and lets the file go."""
        if self._file is not None:
            try:
                self.sync()
            finally:
                os.close(self._file)
                self._file = None

    def _lock(self) -> None:
        if fcntl is None or self._file is None:
            return
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise self._unusable("is in use by another run. Wait for it, or name another file") from None

    def _read(self) -> None:
        assert self._file is not None
        end = 0
        with os.fdopen(os.dup(self._file), "rb") as file:
            file.seek(0)
            for number, line in enumerate(file, 1):
                whole = line.endswith(b"\n")
                if line.strip() and not self._take(line, number, whole):
                    break
                end += len(line)
                if not whole:
                    os.write(self._file, b"\n")
                    end += 1
        if end < os.fstat(self._file).st_size:
            os.ftruncate(self._file, end)  # a line that a crash cut off: its answer never counted

    def _take(self, line: bytes, number: int, whole: bool) -> bool:
        """False for a torn line of ours. Raises FileError for anything else that is no answer."""
        try:
            data = json.loads(line)
            mark, answer = data["fingerprint"], _answer(data)
        except (ValueError, KeyError, TypeError, AttributeError, IndexError):
            if not whole and (line.startswith(FIRST) or FIRST.startswith(line)):
                return False
            raise FileError(
                f"'{self.path}', line {number}: this is no answer that query_many wrote. Nothing was asked, the file is as it was. Name another file.",
                path=str(self.path), line=number,
            ) from None
        count = self._counts[mark] = self._counts.get(mark, -1) + 1
        self.answers[(mark, count)] = answer
        return True

    def _unusable(self, why: str) -> FileError:
        return FileError(f"The file of answers '{self.path}' {why}.", path=str(self.path))


def _answer(data: Mapping[str, Any]) -> Answer:
    body = data["body"]
    usage = body.get("usage") or {}
    return Answer(
        text=data["text"], api_key=data.get("api_key"), waited_ms=data.get("waited_ms"), request_id=data.get("request_id"), body=body,
        model=body.get("model") or "", prompt_tokens=usage.get("prompt_tokens"), completion_tokens=usage.get("completion_tokens"),
        finish_reason=body["choices"][0].get("finish_reason") if body.get("choices") else None,
    )


def read_prompts(path: Union[str, "os.PathLike[str]"]) -> List[Any]:
    """Prompts from a file of JSON lines: a text, a list of messages, `{"prompt": …}`, `{"messages": …}`, or OpenAI's batch lines.

    Raises:
        FileError: it cannot be read, or a line is none of these; `line` says which.
    """
    prompts: List[Any] = []
    try:
        with open(path, "rb") as file:
            for number, line in enumerate(file, 1):
                line = line[len(BYTE_ORDER_MARK):] if number == 1 and line.startswith(BYTE_ORDER_MARK) else line
                if line.strip():
                    prompts.append(_prompt(line, str(path), number))
    except OSError as error:
        raise FileError(f"The file of prompts '{path}' cannot be read: {error.strerror}.", path=str(path)) from None
    return prompts


def _prompt(line: bytes, path: str, number: int) -> Any:
    try:
        data = json.loads(line)
    except ValueError:
        raise FileError(f"'{path}', line {number}: this is not JSON. Each line is one prompt as JSON. Nothing was asked.", path=path, line=number) from None
    if isinstance(data, dict) and isinstance(data.get("body"), dict):
        data = data["body"]
    if isinstance(data, dict) and isinstance(data.get("prompt"), str):
        data = data["prompt"]
    if isinstance(data, str) or isinstance(data, list) and data or isinstance(data, dict) and isinstance(data.get("messages"), list):
        return data
    raise FileError(
        f"'{path}', line {number}: this is no prompt. A line is a text, a list of messages, or an object with \"prompt\" or \"messages\". Nothing was asked.",
        path=path, line=number,
    )
