"""One call of a method: its result or error, its warnings and its time."""

import signal
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import sklearn_twolayer

#: Seconds after which a call is stopped, as all data are small.
LIMIT = 20.0
PACKAGE = Path(sklearn_twolayer.__file__).parent


class TookTooLong(BaseException):
    """A call was stopped; `except Exception` does not catch it."""


class Warned(NamedTuple):
    """A warning, the files of what our line called, outermost first, and that line."""

    category: type[Warning]
    text: str
    files: list[str]
    place: str


class Attempt(NamedTuple):
    """The outcome of a call."""

    step: str
    value: Any
    error: BaseException | None
    warned: list[Warned]
    seconds: float

    @property
    def worked(self) -> bool:
        """Whether nothing was raised."""
        return self.error is None


def attempt(step: str, function: Callable, *args, **kwargs) -> Attempt:
    """Call a function and record the outcome."""
    warned, value, error = [], None, None

    def note(message, category, filename, lineno, file=None, line=None):
        stack = traceback.StackSummary.extract(
            traceback.walk_stack(sys._getframe(1)), lookup_lines=False
        )
        files = [*(frame.filename for frame in reversed(stack)), filename]
        warned.append(Warned(category, str(message), called_by_us(files), own_place(stack)))

    start = time.perf_counter()
    numbers = np.errstate(divide="warn", over="warn", under="ignore", invalid="warn")
    with numbers, warnings.catch_warnings(), redirect_stdout(StringIO()):
        warnings.simplefilter("always")
        warnings.showwarning = note
        try:
            with time_limit(LIMIT):
                value = function(*args, **kwargs)
        except (Exception, TookTooLong) as caught:
            error = caught
    return Attempt(step, value, error, warned, time.perf_counter() - start)


@contextmanager
def time_limit(seconds: float):
    """Raise TookTooLong in calls that take longer, if in the main thread (by a signal)."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number, frame):
        raise TookTooLong(f"stopped after {seconds:g} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def called_by_us(files: list[str]) -> list[str]:
    """Return those files, outermost first, that come after the last of this package.

    Where this package is not among them, all are returned.
    """
    own = [i for i, file in enumerate(files) if is_inside(file, PACKAGE)]
    return files[own[-1] + 1 :] if own else files


def own_place(stack) -> str:
    """Return the line of this package that is innermost in a stack, innermost first."""
    for frame in stack:
        if is_inside(frame.filename, PACKAGE):
            return f"{Path(frame.filename).relative_to(PACKAGE)}:{frame.lineno} in {frame.name}"
    return ""


def is_inside(filename: str, folder: Path) -> bool:
    """Return whether a file lies in a folder."""
    return Path(filename).is_relative_to(folder)
