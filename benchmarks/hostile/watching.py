"""An estimator, and all that is asked of it, under watch."""

from operator import methodcaller
from typing import Any, NamedTuple

from . import fingerprints
from .attempts import Attempt, attempt
from .checks import Finding, check_error, check_warnings
from .tables import Table


class Case(NamedTuple):
    """An estimator, a table, and what should become of a fit."""

    estimator: Any
    table: Table
    expected: str  # "works", "refused" or "either"
    has_component: bool  # a transformer, a clusterer or a function of the user's
    label: str


class Watch:
    """Calls of an estimator, and what was found in them."""

    def __init__(self, case: Case):
        self.case, self.estimator = case, case.estimator
        self.attempts: list[Attempt] = []
        self.findings: list[Finding] = []

    def call(self, method: str, *args, on: Any = None, **kwargs) -> Attempt:
        """Call a method of an estimator, and check what must hold of any call."""
        estimator = self.estimator if on is None else on
        given = [*args, *kwargs.values()]
        before = [fingerprints.content(value) for value in given]
        parameters = fingerprints.parameters(estimator)
        done = attempt(method, methodcaller(method, *args, **kwargs), estimator)
        self.attempts.append(done)
        has_component = self.case.has_component
        self.findings += check_error(done, has_component=has_component)
        self.findings += check_warnings(done, has_component=has_component)
        if [fingerprints.content(value) for value in given] != before:
            self.find("changed its input", method, self.case.label)
        changed = fingerprints.differences(parameters, fingerprints.parameters(estimator))
        if changed and method != "set_params":
            self.find("changed its parameters", method, ", ".join(changed))
        return done

    def find(self, kind: str, step: str, text: str) -> None:
        """Note a finding about the estimator."""
        self.findings.append(Finding(kind, f"{type(self.estimator).__name__}.{step}", text))

    def refused(self, step: str, done: Attempt) -> None:
        """Note that a call should have worked, unless its error has been found already."""
        if not any(finding.step == done.step for finding in self.findings):
            self.find("refused a valid call", step, f"{done.error!r:.200}")

    def training(self, method: str, *args, on: Any = None, **kwargs) -> Attempt:
        """Call a method that trains: where it fails, the estimator is as it was."""
        estimator = self.estimator if on is None else on
        before = fingerprints.attributes(estimator)
        done = self.call(method, *args, on=on, **kwargs)
        changed = fingerprints.differences(before, fingerprints.attributes(estimator))
        if changed and not done.worked:
            self.find("a failed fit changed the estimator", method, ", ".join(changed))
        return done
