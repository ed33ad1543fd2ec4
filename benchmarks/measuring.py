"""Measurements: rows of a table, interleaved times, and the spread of their ratios."""

import time
import warnings
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

#: Seconds between two measurements, in which the threads of the last one go to sleep: OpenBLAS
#: threads keep a core busy for a tenth of a second after their work.
REST = 0.2


class Target(NamedTuple):
    """A bound for a value."""

    sign: str  # "≥" or "≤"
    bound: float

    def reached(self, value: float) -> bool:
        """Whether a value satisfies the bound."""
        return value >= self.bound if self.sign == "≥" else value <= self.bound


class Row(NamedTuple):
    """One figure: what was measured, where, and its spread."""

    case: str
    measure: str
    value: float
    unit: str
    low: float | None = None
    high: float | None = None
    target: Target | None = None

    def as_dict(self) -> dict:
        """Return the row in a form for JSON."""
        target = None if self.target is None else list(self.target)
        return self._asdict() | {"target": target}

    @classmethod
    def from_dict(cls, entry: dict) -> "Row":
        """Return the row of `as_dict`."""
        target = None if entry["target"] is None else Target(*entry["target"])
        return cls(**entry | {"target": target})


def at_least(bound: float) -> Target:
    """Return the target of a value that should be large."""
    return Target("≥", bound)


def at_most(bound: float) -> Target:
    """Return the target of a value that should be small."""
    return Target("≤", bound)


def seconds(function: Callable) -> float:
    """Return how long one call takes."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def quietly(function: Callable) -> Callable:
    """Return the function without its warnings: fits are cut short on purpose."""

    def call():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return function()

    return call


def interleaved(functions: dict[str, Callable], repeats: int) -> dict[str, np.ndarray]:
    """Time functions in turn, so that other load on the machine affects all of them.

    Return the seconds of each, shape (repeats,), after a round that is not counted. If a function
    returns a number, this is its time.
    """
    times = {name: [] for name in functions}
    for _ in range(repeats + 1):
        for name, function in functions.items():
            time.sleep(REST)
            start = time.perf_counter()
            own = function()
            taken = time.perf_counter() - start
            times[name].append(own if isinstance(own, float) else taken)
    return {name: np.array(values[1:]) for name, values in times.items()}


def spread(case: str, measure: str, values, unit: str, target: Target | None = None) -> Row:
    """Return the median of some values, with their quartiles."""
    low, middle, high = np.quantile(np.asarray(values, dtype=float), [0.25, 0.5, 0.75])
    return Row(case, measure, float(middle), unit, float(low), float(high), target)


def faster(case: str, times: dict, ours: str, peer: str, target: Target | None = None) -> Row:
    """Return the ratio of the times of a peer to ours, round by round."""
    return spread(case, f"{peer}: time / ours", times[peer] / times[ours], "×", target)
