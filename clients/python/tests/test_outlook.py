"""The foreseen end, against a pacer played by the rule: at most N starts in any T seconds, as early as that allows."""

from __future__ import annotations

from typing import List, Optional

import pytest
from keypace._models import KeyStatus, WaitingCaller
from keypace._outlook import Outlook
from keypace._records import Records


def status(limit: int = 10, interval: int = 60, guard_ms: int = 0, **more: object) -> KeyStatus:
    fields = {"id": "k", "name": "main", "used_now": 0, "waiting": 0, "effective_limit": limit, "rate_limit_interval": interval, "guard_ms": guard_ms, **more}
    return KeyStatus.from_json(fields)


def starts(count: int, limit: int, interval: float, gap: float) -> List[float]:
    """When each of `count` may start, if the client needs `gap` seconds for each."""
    made: List[float] = []
    for number in range(count):
        earliest = made[-1] + gap if made else 0.0
        made.append(max(earliest, made[number - limit] + interval) if number >= limit else earliest)
    return made


@pytest.mark.parametrize("gap", [0.0, 0.1, 2.0])
@pytest.mark.parametrize("total", [1, 10, 11, 25, 50])
def test_it_is_exact_for_one_caller_at_every_moment(total: int, gap: float) -> None:
    limit, interval = 10, 60.0
    truth = starts(total, limit, interval, gap)
    outlook = Outlook()
    outlook.heard(status(limit, 60), in_flight=8)
    for number, at in enumerate(truth):
        if number >= min(limit, total - 1):  # once the window has been filled, its stamps say all
            left = outlook.seconds_left(total - number, at)
            assert left is not None and abs(left - (truth[-1] - at)) <= max(0.001, gap * limit), f"at {number}"
        outlook.answered(at)


def test_before_the_first_query_it_is_the_limits_own_arithmetic() -> None:
    outlook = Outlook()
    assert outlook.seconds_left(5_000, 0.0) is None
    outlook.heard(status(1_000, 10, guard_ms=50), in_flight=0)
    assert outlook.seconds_left(5_000, 0.0) == pytest.approx(40.2)
    assert outlook.seconds_left(1_000, 0.0) == 0.0
    assert outlook.seconds_left(0, 0.0) == 0.0


def test_what_others_used_and_wait_for_counts() -> None:
    outlook = Outlook()
    outlook.heard(status(10, 60, used_now=10, next_free_at=130.0), in_flight=0)
    assert outlook.seconds_left(1, 100.0) == pytest.approx(30.0)
    waiting = Records([WaitingCaller("a", waiting=5), WaitingCaller("b", waiting=3)])
    shared = KeyStatus(**{**status(10, 60).__dict__, "waiting": 8, "waiting_by_caller": waiting})
    outlook.heard(shared, in_flight=3)
    assert outlook.seconds_left(10, 100.0) == pytest.approx(60.0)  # five turns of the other come in between


def test_a_pause_and_smooth_pacing_count() -> None:
    outlook = Outlook()
    outlook.heard(status(10, 60, paused_until=145.0), in_flight=0)
    assert outlook.seconds_left(1, 100.0) == pytest.approx(45.0)
    outlook.heard(status(10, 60, pacing_now="smooth"), in_flight=0)
    assert outlook.seconds_left(11, 100.0) == pytest.approx(60.0)


def test_without_the_servers_word_our_own_pace_has_to_do() -> None:
    outlook = Outlook()
    left: Optional[float] = None
    for second in range(11):
        outlook.answered(float(second))
        left = outlook.seconds_left(20, float(second))
    assert left == pytest.approx(20.0)


def test_the_servers_own_history_tells_what_was_sent_before_this_run() -> None:
    outlook = Outlook()
    history = {"bucket_seconds": 1, "newest_at": 99.0, "callers": ["a", "b"], "sends": [[0, 0]] * 30 + [[4, 2]] + [[0, 0]] * 29}
    outlook.heard(status(10, 60, used_now=6, history=history), in_flight=0)
    assert outlook.seconds_left(4, 100.0) == pytest.approx(0.0)
    # Six were sent half a minute ago: their places are free again in half a minute, those of the four now in a whole one.
    assert outlook.seconds_left(10, 100.0) == pytest.approx(30.5)
    assert outlook.seconds_left(14, 100.0) == pytest.approx(60.0)
    for _ in range(4):
        outlook.answered(100.0)
    assert outlook.seconds_left(10, 100.0) == pytest.approx(60.0)
