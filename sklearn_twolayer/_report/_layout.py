"""The comparison as lines of text."""

import shutil
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from ._metrics import is_loss, label_of

NAME, CELL, TIME = 20, 15, 9


def heading(metrics: list[str]) -> str:
    """Return the header line."""
    return _line("model", [label_of(metric) for metric in metrics], "fit", metrics)


def row(name: str, folds: np.ndarray, metrics: list[str]) -> str:
    """Return a model's line: mean and standard deviation of scores, and seconds of a fold.

    Examples
    --------
    >>> print(row("RidgeCV", np.array([[0.5, 0.01], [0.4, 0.03]]), ["r2"]))
    RidgeCV               0.450 ± 0.050   0.02 s
    """
    *means, seconds = folds.mean(axis=0)
    cells = [
        f"{number(-mean if is_loss(metric) else mean, like)} ± {number(deviation, like)}"
        for metric, mean, deviation in zip(metrics, means, folds.std(axis=0), strict=False)
        for like in [size_of(metric, mean)]
    ]
    return _line(name, cells, f"{seconds:.{0 if seconds >= 100 else 2}f} s", metrics)


def size_of(metric: str, value: float) -> float:
    """Return the number that determines the decimals, since losses may have any scale."""
    return abs(value) if is_loss(metric) else max(1, abs(value))


def number(value: float, size: float) -> str:
    """Return a number with decimals that suit its size: three decimals, or four digits.

    Examples
    --------
    >>> number(54.0512, 54.05), number(1.948, 54.05), number(-0.00065, 1), number(2.5e7, 2.5e7)
    ('54.05', '1.95', '-0.001', '2.5e7')
    """
    if value and not 0.01 <= size < 1e6:
        return f"{value:.1e}".replace("e+0", "e").replace("e+", "e").replace("e-0", "e-")
    return f"{value:.{min(3, max(0, 3 - int(np.log10(max(size, 1)))))}f}"


def wrapped(text: str, indent: str = "") -> str:
    """Return a sentence wrapped to the width of the terminal."""
    wrapper = textwrap.TextWrapper(max(20, min(_columns(), 100)), indent, indent)
    wrapper.break_long_words = wrapper.break_on_hyphens = False
    return wrapper.fill(text)


@contextmanager
def live_line(name: str, n_folds: int) -> Iterator[Callable[[], None]]:
    """Show a model, its completed folds and its time; yield a counter of folds."""
    try:
        from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TimeElapsedColumn
    except ImportError:  # the lines of the models are printed in any case
        yield lambda: None
        return
    parts = (
        SpinnerColumn(),
        "{task.description}: fold",
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*parts, transient=True, disable=not sys.stdout.isatty()) as bar:
        task = bar.add_task(name, total=n_folds)
        yield lambda: bar.advance(task)


def _columns():
    return shutil.get_terminal_size().columns


def shown(metrics: list[str]) -> list[str]:
    """Return the first metrics, as many as fit into a line."""
    n = len(metrics)
    while n > 1 and NAME + sum(map(_width, metrics[:n])) + TIME > _columns():
        n -= 1
    return metrics[:n]


def _width(metric):
    return max(CELL, len(label_of(metric)) + 2)


def _line(name, cells, seconds, metrics):
    """Return cells of a fixed width, as many as fit, with a space between them in any case."""
    widths = map(_width, shown(metrics))
    aligned = (f" {cell:>{width - 1}}" for cell, width in zip(cells, widths, strict=False))
    return f"{name:<{NAME}}" + "".join(aligned) + f"{seconds:>{TIME}}"
