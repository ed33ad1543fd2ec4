"""Many calls and their findings."""

import textwrap
import time
from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import sklearn

from .attempts import Attempt
from .checks import Finding
from .components import OWN_MAPS
from .dice import Dice
from .examination import Examination
from .parameters import draw_estimator
from .spoiled import spoil
from .tables import PROBLEMS, draw_table
from .watching import Case
from .wrong import corrupt

#: Faults of calls, and their frequencies.
WRONG = {"nothing": 0.7, "data": 0.15, "parameters": 0.15}


class Report(NamedTuple):
    """The outcome of one call."""

    seed: int
    index: int
    case: Case
    kind: str
    first: Attempt
    attempts: list[Attempt]
    findings: list[Finding]


def draw_case(dice: Dice) -> tuple[str, Case]:
    """Return the fault, if any, and a case."""
    problem, wrong = dice.weighted(PROBLEMS), dice.weighted(WRONG)
    table = draw_table(dice, problem)
    estimator = draw_estimator(dice, problem, table)
    label = f"{problem}; {table.label}"
    if wrong == "parameters":
        numbers = f"wrong parameters: {corrupt(dice, estimator)}"
        label = f"{problem}; {numbers}; {table.label}"
        table = table._replace(expected="either", numbers=numbers)
    elif wrong == "data":
        table = spoil(dice, table, problem)
        label = f"{problem}; {table.label}"
    elif dice.chance(0.1):
        estimator.random_state = dice.one([None, sklearn.utils.check_random_state(3)])
    kind = wrong if wrong != "nothing" else "valid" if table.expected == "works" else "extreme"
    expected = table.expected
    case = Case(estimator, table, expected, has_component(estimator, wrong), label)
    return kind, case


def has_component(estimator: Any, wrong: str) -> bool:
    """Return whether a user's component, which may raise and warn, is part of the estimator."""
    parts = [getattr(estimator, name, None) for name in ("input_map", "centers")]
    own = tuple(type(make()) for make in OWN_MAPS.values())
    given = any(hasattr(part, "fit") and not isinstance(part, own) for part in parts)
    return given or wrong == "parameters"


def run_call(seed: int, index: int) -> Report:
    """Make one call; it depends on these two numbers alone."""
    dice = Dice(seed, index)
    # The campaign itself may overflow; the calls are watched anyway.
    with np.errstate(all="ignore"):
        kind, case = draw_case(dice)
        config = {"transform_output": dice.one(["pandas", "polars"])} if dice.chance(0.03) else {}
        examination = Examination(case, dice)
        with sklearn.config_context(**config):
            first = examination.run()
    if kind == "valid" and examination.how.expected == "refused":
        kind = "data"  # the validation rows
    return Report(seed, index, case, kind, first, examination.attempts, examination.findings)


class Summary:
    """Counts of calls, and each distinct finding with its first call."""

    def __init__(self):
        self.start = time.perf_counter()
        self.n_calls = 0
        self.outcomes: Counter = Counter()
        self.attempts: Counter = Counter()
        self.counts: Counter = Counter()
        self.first: dict[tuple, tuple[int, int, str, Finding]] = {}
        self.slowest = (0.0, "")

    def add(self, report: Report) -> None:
        """Count a call."""
        self.n_calls += 1
        self.outcomes[report.kind, report.first.worked] += 1
        for attempt in report.attempts:
            self.attempts[attempt.worked] += 1
            taken = attempt.seconds, f"{attempt.step} in {report.seed}:{report.index}"
            self.slowest = max(self.slowest, taken)
        for finding in report.findings:
            self.counts[finding.key] += 1
            where = report.seed, report.index, type(report.case.estimator).__name__, finding
            self.first.setdefault(finding.key, where)

    def text(self) -> str:
        """Return a summary."""
        taken = time.perf_counter() - self.start
        lines = [
            f"{self.n_calls} calls in {taken:.1f} s",
            f"slowest step: {self.slowest[1]}, {self.slowest[0]:.1f} s",
            f"steps that worked: {self.attempts[True]}, refused: {self.attempts[False]}",
        ]
        for kind in ("valid", "extreme", "data", "parameters"):
            worked, refused = (self.outcomes[kind, flag] for flag in (True, False))
            lines.append(f"fits, {kind}: worked {worked}, refused {refused}")
        lines.append(f"distinct findings: {len(self.first)}")
        for key in sorted(self.first):
            seed, index, name, finding = self.first[key]
            lines.append(
                f"\n{self.counts[key]} x {finding.kind}, first in {seed}:{index} ({name})"
            )
            lines += in_words(finding)
        return "\n".join(lines)


def in_words(finding: Finding) -> list[str]:
    """Return a finding as indented lines."""
    words = [f"{finding.step}: {finding.text}", finding.place, finding.details]
    return [textwrap.indent(line, "    ") for line in words if line]


def run(calls: Iterable[tuple[int, int]]) -> Summary:
    """Make many calls."""
    summary = Summary()
    for seed, index in calls:
        try:
            summary.add(run_call(seed, index))
        except BaseException as error:
            error.add_note(f"The campaign itself failed, in call {seed}:{index}.")
            raise
    return summary
