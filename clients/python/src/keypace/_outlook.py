"""How long it will take, by what the server says of the key's limit and when our own queries went. No I/O, no clock."""

from __future__ import annotations

from collections import deque
from typing import Any, Deque, List, Mapping, Optional

from ._models import KeyStatus


def starts_in(history: Optional[Mapping[str, Any]]) -> Optional[List[float]]:
    """When the server sent, from its buckets: as if each send had been in the middle of its own. None from a server that does not say.

    >>> starts_in({"bucket_seconds": 2, "newest_at": 100, "sends": [[1, 0], [0, 2]]})
    [99.0, 101.0, 101.0]
    """
    try:
        length, newest, rows = history["bucket_seconds"], history["newest_at"], history["sends"]  # type: ignore[index]
        first = newest - (len(rows) - 1) * length
        return [first + (number + 0.5) * length for number, row in enumerate(rows) for _ in range(sum(row))]
    except (KeyError, TypeError):
        return None


class Outlook:
    """Foresees the last start. Exact while nobody else uses the key and the hub does not push back."""

    def __init__(self) -> None:
        self._status: Optional[KeyStatus] = None
        self._in_flight = 0
        self._starts: Deque[float] = deque()
        self._first: Optional[float] = None
        self._answers = 0

    def heard(self, status: KeyStatus, in_flight: int) -> None:
        """Takes the server's word. `in_flight`: our own queries at the server at that time."""
        self._status = status
        self._in_flight = in_flight
        sent = starts_in(status.history)
        if sent is not None:
            # Everybody's sends, those of before this run included; what is answered from now on comes behind them.
            self._starts = deque(sent[-max(1, status.effective_limit) :])

    def answered(self, at: float) -> None:
        """One of ours was answered, at Unix seconds `at`; it started about then."""
        self._first = at if self._first is None else self._first
        self._answers += 1
        self._starts.append(at)
        most = self._status.effective_limit if self._status else 1_000
        while len(self._starts) > most:
            self._starts.popleft()

    def seconds_left(self, remaining: int, now: float) -> Optional[float]:
        """Seconds until the last of `remaining` queries may start; None while nothing is known.

        Args:
            remaining: ours that have no answer yet, those at the server included.
            now: Unix seconds.
        """
        if remaining <= 0:
            return 0.0
        status = self._status
        if status is None:
            if self._first is None or now <= self._first or self._answers < 2:
                return None
            return remaining * (now - self._first) / (self._answers - 1)
        most = max(1, status.effective_limit)
        interval = status.rate_limit_interval + status.guard_ms / 1000
        paused = max(0.0, (status.paused_until or 0) - now)
        turns = remaining + self._others(status, remaining)
        if status.pacing_now == "smooth":
            return paused + max(0, turns - 1) * interval / most
        recent = [start for start in self._starts if start > now - interval]
        used = max(len(recent), status.used_now if not self._starts else 0)
        beyond = turns - max(0, most - used)
        if beyond <= 0:
            return paused
        rounds, place = divmod(beyond - 1, most)
        # A place in the window is free again one interval after the send that holds it.
        if place < len(recent):
            freed = recent[place] + interval
        elif not recent and place < used and status.next_free_at is not None:
            # Sent before this run: spread between the first that frees a place and now, as far as we know.
            freed = status.next_free_at + (now + interval - status.next_free_at) * place / used
        else:
            freed = now + interval  # a place that is taken now
        return max(paused, freed - now) + rounds * interval

    def _others(self, status: KeyStatus, remaining: int) -> int:
        """Turns of others that come in between: callers take turns, so each has at most as many as we have."""
        waiting = max(0, status.waiting - self._in_flight)
        callers = max(0, len(status.waiting_by_caller) - 1) or (1 if waiting else 0)
        return min(waiting, callers * remaining)
