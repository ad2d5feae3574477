"""Runs something asynchronous for a caller that is not, also where an event loop runs already, as in a notebook."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from typing import Any, Callable, Coroutine, List, Optional, TypeVar

from . import _run
from ._many import Answers, Plan
from ._settings import Settings

T = TypeVar("T")


def perform_run(plan: Plan, settings: Settings, timeout: float, retries: int, transport: object) -> Answers:
    """`_run.perform_run`, waited for."""
    return run_blocking(lambda: _run.perform_run(plan, settings, timeout, retries, transport))


def run_blocking(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Its result. Ctrl-C cancels it, waits until it has put its things in order, and is raised."""
    if _a_loop_runs():
        return _in_thread(work)
    results: List[T] = []

    async def main() -> None:
        # Not as the task's own result: asyncio's clearing up of signal handlers makes a repr of it, which for long lists takes long.
        results.append(await work())

    try:
        asyncio.run(main())
    except (asyncio.CancelledError, KeyboardInterrupt):
        # Only Ctrl-C cancels it. Raised anew: what the loop did to end itself is no news to whoever pressed the keys.
        raise KeyboardInterrupt from None
    return results[0]


def _a_loop_runs() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _in_thread(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    results: List[T] = []
    errors: List[BaseException] = []
    loop: Optional[asyncio.AbstractEventLoop] = None
    task: "Optional[asyncio.Task[T]]" = None
    started, done = threading.Event(), threading.Event()

    async def main() -> T:
        nonlocal loop, task
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        started.set()
        return await work()

    def run() -> None:
        try:
            results.append(asyncio.run(main()))
        except BaseException as error:  # carried to the caller's thread
            errors.append(error)
        finally:
            started.set()
            done.set()

    threading.Thread(target=run, name="keypace-query-many", daemon=True).start()
    try:
        # Not `join`: when Ctrl-C interrupts it, Python 3.11 takes the thread for one that has ended (bpo-45274), and aborts the process at its real end.
        done.wait()
    except KeyboardInterrupt:
        started.wait()
        if loop is not None and task is not None:
            with suppress(RuntimeError):  # it has just ended
                loop.call_soon_threadsafe(task.cancel)
        done.wait()
        raise
    if errors:
        raise errors[0]
    return results[0]
