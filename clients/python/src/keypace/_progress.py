"""Shows how far a run is: with tqdm or rich where one is installed, plainly otherwise, not at all where nobody looks."""

from __future__ import annotations

import importlib
import sys
from dataclasses import dataclass
from typing import Any, Callable, Optional, TextIO, Union


@dataclass(frozen=True)
class Progress:
    """How far a run is."""

    done: int
    """Prompts that are settled, failed ones included."""
    failed: int
    total: int
    seconds_left: Optional[float]
    """Until the last prompt's turn, by the server's own figures; None while it cannot be said."""

    def __str__(self) -> str:
        left = "" if self.seconds_left is None or self.done >= self.total else f", {clock(self.seconds_left)} left"
        failed = f", {self.failed} failed" if self.failed else ""
        return f"{self.done} of {self.total} answered{failed}{left}" if not self.failed else f"{self.done} of {self.total} settled{failed}{left}"


Show = Callable[[Progress], None]


def clock(seconds: float) -> str:
    """Seconds as people say them.

    >>> clock(75), clock(3700)
    ('1:15', '1:01:40')
    """
    whole = int(seconds + 0.5)
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"


class Display:
    """Where progress goes. `close` leaves the terminal as it was."""

    def __init__(self, wanted: Union[None, bool, Show], total: int, stream: Optional[TextIO] = None) -> None:
        """`wanted`: None shows it to a terminal or notebook; True and False do as they say; a function gets each `Progress`."""
        self._stream = sys.stderr if stream is None else stream
        self._show: Show = lambda progress: None
        self._end: Callable[[], None] = lambda: None
        if callable(wanted):
            self._show = wanted
        elif wanted or wanted is None and (self._stream.isatty() or "ipykernel" in sys.modules):
            for kind in (self._with_tqdm, self._with_rich, self._plainly):
                if kind(total):
                    break

    def show(self, progress: Progress) -> None:
        """Brings what is shown up to date."""
        self._show(progress)

    def close(self) -> None:
        """Ends it."""
        self._end()

    def _with_tqdm(self, total: int) -> bool:
        library = _installed("tqdm.auto")
        if library is None:
            return False
        bar = library.tqdm(
            total=total, file=self._stream, unit="prompt", leave=True, bar_format="{percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} [{elapsed}{postfix}]",
        )

        def show(progress: Progress) -> None:
            left = [] if progress.seconds_left is None else [f"{clock(progress.seconds_left)} left"]
            failed = [f"{progress.failed} failed"] if progress.failed else []
            bar.set_postfix_str(", ".join(failed + left), refresh=False)
            bar.update(progress.done - bar.n)
            bar.refresh()

        self._show, self._end = show, bar.close
        return True

    def _with_rich(self, total: int) -> bool:
        library, console = _installed("rich.progress"), _installed("rich.console")
        if library is None or console is None:
            return False
        bar = library.Progress(
            library.BarColumn(), library.MofNCompleteColumn(), library.TextColumn("{task.fields[left]}"),
            console=console.Console(file=self._stream), transient=False,
        )
        task = bar.add_task("", total=total, left="")
        bar.start()

        def show(progress: Progress) -> None:
            bar.update(task, completed=progress.done, left=str(progress).split("answered", 1)[-1].lstrip(", "))

        self._show, self._end = show, bar.stop
        return True

    def _plainly(self, total: int) -> bool:
        shown = 0

        def show(progress: Progress) -> None:
            nonlocal shown
            text = str(progress)
            self._stream.write("\r" + text.ljust(shown))
            self._stream.flush()
            shown = len(text)

        def end() -> None:
            if shown:
                self._stream.write("\n")
                self._stream.flush()

        self._show, self._end = show, end
        return True


def _installed(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError:
        return None
