"""One estimator and one table: a fit, what can be asked of it then, and what must hold."""

import pickle
from operator import methodcaller
from typing import Any

import numpy as np
from sklearn.base import clone

from . import fingerprints
from .attempts import Attempt, attempt
from .checks import Finding, check_finite, check_probabilities
from .containers import contain
from .dice import Dice
from .fits import as_array, draw_fit, has_partial_fit
from .spoiled import TARGETS, spoiled_rows
from .tables import EXTREME
from .watching import Case, Watch

#: Methods that take rows alone.
QUERIES = (
    "predict",
    "predict_proba",
    "predict_log_proba",
    "decision_function",
    "transform",
    "score_samples",
)
#: Methods that some fits have no answer for.
FURTHER = ("predict_interval", "predict_set", "explain", "input_gradients")
#: Results that are computed when they are read.
READ = ("feature_importances_", "oof_prediction_", "oof_score_", "loo_error_", "columns_")


class Examination(Watch):
    """The steps of one call: whom to examine, and on what."""

    def __init__(self, case: Case, dice: Dice):
        super().__init__(case)
        self.dice = dice

    def run(self) -> Attempt:
        """Examine the estimator; return what became of its first fit."""
        self.describe()
        if self.dice.chance(0.05):
            self.ask_too_early()
        first = self.first_fit()
        if not first.worked:
            return first
        before = fingerprints.attributes(self.estimator)
        self.ask_about_training_rows()
        self.ask_about_other_rows()
        if self.dice.chance(0.3):
            self.ask_a_copy()
        changed = fingerprints.differences(before, fingerprints.attributes(self.estimator))
        if changed:
            self.find("a query changed the estimator", "", ", ".join(changed))
        if self.dice.chance(0.6):
            self.fit_a_clone()
        if self.dice.chance(0.35):
            self.go_on()
        return first

    def describe(self) -> None:
        """Ask for what needs no fit."""
        self.call("get_params")
        self.call("__repr__")
        if self.dice.chance(0.2):
            self.call("_repr_html_")
        if self.dice.chance(0.2):
            self.call("__sklearn_tags__")
        if self.dice.chance(0.2):
            self.call("set_params", **self.estimator.get_params())
        if self.dice.chance(0.2):
            self.call("set_params", **{self.dice.one(["nonsense", "a__b", "embedding__x"]): 1})

    def queries(self) -> list[str]:
        """Return what the class of the estimator can be asked."""
        asked = (*QUERIES, *FURTHER)
        return [query for query in asked if hasattr(type(self.estimator), query)]

    def ask_too_early(self) -> None:
        """Ask what only a fitted estimator knows."""
        for query in self.queries():
            if self.call(query, self.case.table.plain).worked:
                self.find("accepted an invalid call", query, "not fitted")

    def first_fit(self) -> Attempt:
        """Train as the dice say; say whether that went as expected."""
        table = self.case.table
        self.how = how = draw_fit(self.dice, self.estimator, table, self.case.expected)
        first = self.training(how.method, table.X, table.y, **how.arguments)
        if first.worked and how.expected == "refused":
            self.find(
                "accepted an invalid call", how.method, f"{table.numbers}, {list(how.arguments)}"
            )
        if not first.worked and how.expected == "works":
            self.refused(how.method, first)
        return first

    # Questions.

    def ask_about_training_rows(self) -> None:
        """Ask all that there is to ask about the rows of the fit."""
        rows = self.case.table.X
        n_rows = len(self.case.table.plain)
        for query in QUERIES:
            if not hasattr(self.estimator, query):
                continue
            done = self.call(query, rows)
            if not done.worked:
                self.refused(query, done)
                continue
            self.check_values(query, done.value, self.case.table.numbers)
            if len(done.value) != n_rows:
                self.find("wrong shape", query, f"{len(done.value)} values for {n_rows} rows")
        done = self.call("score", rows, self.case.table.y)
        if done.worked and not isinstance(done.value, float):
            self.find("wrong shape", "score", f"a {type(done.value).__name__}")
        self.check_names()
        self.check_labels()
        if self.dice.chance(0.3) and not self.case.table.is_tall:
            self.ask_further()

    def ask_further(self) -> None:
        """Ask what some fits have no answer for, and say so."""
        for name in filter(dir(type(self.estimator)).__contains__, READ):
            done = self.call("__getattribute__", name)
            if done.worked and name == "feature_importances_":
                self.check_values(name, done.value, self.case.table.numbers)
        for query in FURTHER:
            done = self.call(query, self.case.table.X)
            if done.worked:
                self.check_values(query, done.value, self.case.table.numbers)

    def check_values(self, query: str, values: Any, label: str) -> None:
        """Check that values are finite, and probabilities."""
        if any(finding.kind == "not finite" for finding in self.findings):
            return  # the rest follows from it
        step = f"{type(self.estimator).__name__}.{query}"
        if query == "score_samples":  # falls to -inf far from all rows
            values = np.where(np.isneginf(values), 0, values)
        if query == "explain":
            values = values.values
        if query == "input_gradients" and self.estimator._columns is not None:
            return  # NaN for all but numbers
        self.findings += check_finite(values, step, label)
        if query == "predict_proba":
            sums = type(self.estimator._targets).__name__ != "MultilabelTargets"
            self.findings += check_probabilities(values, step, sums)

    def check_names(self) -> None:
        """Check that there is a name for each column of what transform gives."""
        names, mapped = (
            self.call("get_feature_names_out"),
            self.call("transform", self.case.table.X),
        )
        if names.worked and mapped.worked and len(names.value) != mapped.value.shape[1]:
            self.find("wrong shape", "transform", "columns and names differ in number")

    def check_labels(self) -> None:
        """Check that the predicted class is the one of the highest probability."""
        if not hasattr(self.estimator, "predict_proba"):
            return
        chances = self.call("predict_proba", self.case.table.X)
        labels = self.call("predict", self.case.table.X)
        if not (chances.worked and labels.worked) or np.ndim(labels.value) != 1:
            return
        codes = np.searchsorted(self.estimator.classes_, labels.value)
        taken = chances.value[np.arange(len(codes)), codes]
        if (taken < chances.value.max(axis=1) * (1 - 1e-6)).any():
            self.find("wrong labels", "predict", "not the class of the highest probability")

    def ask_about_other_rows(self) -> None:
        """Ask about rows that are extreme, spoiled, few, or in another container."""
        plain = self.case.table.plain
        kind = self.dice.one(["extreme", "spoiled", "container", "few", "columns", "targets"])
        name, rows = "", plain
        if kind == "extreme":
            name = self.dice.one(EXTREME)
            rows = EXTREME[name](self.dice, self.dice.rng.normal(size=plain.shape))
            rows = self.case.table.dressed(rows)
        elif kind == "spoiled":
            name, rows = spoiled_rows(self.dice, plain)
        elif kind == "container":
            name, rows = contain(self.dice, plain, rounded=self.case.table.moderate)
        elif kind == "few":
            rows = self.case.table.dressed(plain[: self.dice.one([0, 1, 2])])
        elif kind == "columns":
            rows = plain[:, :-1] if plain.shape[1] > 1 else np.c_[plain, plain]
        else:
            name = self.dice.one(TARGETS)
            self.call("score", self.case.table.X, TARGETS[name](np.arange(len(plain)) % 2))
        for query in sorted({self.dice.one(self.queries()), self.dice.one(self.queries())}):
            done = self.call(query, rows)
            if not done.worked:
                continue
            if kind == "columns" and rows.shape[1] != self.estimator.n_features_in_:
                self.find("accepted an invalid call", query, "another number of columns")
            self.check_values(query, done.value, f"{name or kind} after {self.case.table.numbers}")

    def ask_a_copy(self) -> None:
        """Check that a pickled copy predicts the same bits."""
        done = attempt("pickle", lambda: pickle.loads(pickle.dumps(self.estimator)))
        self.attempts.append(done)
        if not done.worked:
            self.find("cannot be pickled", "", f"{done.error!r:.200}")
        elif not self.alike(self.outputs(done.value), self.outputs()):
            self.find("another prediction after pickling", "", self.case.table.label)

    def alike(self, found: Any, expected: Any) -> bool:
        """Return whether outputs are the same, but for rounding in a component of the user's.

        Its arrays, where they are strided, come back in one piece, and are summed in another
        order.
        """
        if fingerprints.same(found, expected):
            return True
        is_close = self.case.has_component and np.shape(found) == np.shape(expected) != ()
        return is_close and np.allclose(found, expected, equal_nan=True)

    def outputs(self, estimator: Any = None) -> Any:
        """Return the raw outputs that an estimator has for the rows of the fit."""
        estimator = self.estimator if estimator is None else estimator
        query = "predict_proba" if hasattr(estimator, "predict_proba") else "predict"
        return attempt(query, methodcaller(query, self.case.table.X), estimator).value

    # Further fits.

    def fit_a_clone(self) -> None:
        """Check that a clone, with another number of threads, is fitted to the same bits."""
        if not isinstance(self.estimator.random_state, int):
            return
        other = clone(self.estimator)
        other.n_jobs = 2 if other.n_jobs in (None, 1) else 1
        table = self.case.table
        done = self.training(self.how.method, table.X, table.y, on=other, **self.how.arguments)
        if not done.worked:
            self.refused("fit of a clone", done)
            return
        same = fingerprints.same(self.estimator.params_, other.params_)
        if not same or not fingerprints.same(self.outputs(), self.outputs(other)):
            of_component = "a component of the user's" if self.case.has_component else "its own"
            text = f"n_jobs={other.n_jobs}, with {of_component}"
            self.find("another fit of a clone", self.how.method, text)

    def go_on(self) -> None:
        """Fit again: in parts, from where it is, on spoiled data, or from the start."""
        kinds = ["again", "spoiled"]
        # A radial-basis network goes on with what a solver learns, and refuses it without.
        if "gradient" in str(getattr(self.estimator, "refine", "gradient")):
            kinds += ["warm", "warm, fewer rows", "cold after warm"]
        if has_partial_fit(self.estimator):
            kinds += ["in parts", "one row"]
        kind = self.dice.one(kinds)
        X, y = self.case.table.dressed(self.case.table.plain), as_array(self.case.table.y)
        if kind == "spoiled":
            self.fit_spoiled()
        elif kind == "in parts":
            self.training("partial_fit", self.case.table.X, self.case.table.y)
        elif kind == "one row":
            self.training("partial_fit", X[:1], y[:1])
        elif kind == "again":
            self.fit_again(kind)
        else:
            self.call("set_params", warm_start=True)
            few = len(X) // 2 if kind == "warm, fewer rows" else len(X)
            self.training("fit", X[:few], y[:few])
            if kind == "cold after warm":
                self.call("set_params", warm_start=False)
                self.fit_again(kind)
        self.findings += self.predictions_after(kind)

    def predictions_after(self, kind: str) -> list[Finding]:
        """Check that predictions are finite after another fit."""
        done = self.call("predict", self.case.table.X)
        if not done.worked:
            return []  # fitted on rows of another container, perhaps
        step = f"{type(self.estimator).__name__}.predict after {kind}"
        return check_finite(done.value, step, self.case.table.numbers)

    def fit_spoiled(self) -> None:
        """Check that a fit on rows that cannot be used leaves the fitted estimator alone."""
        name, rows = spoiled_rows(self.dice, self.case.table.plain)
        self.training("fit", rows, self.case.table.y)

    def fit_again(self, kind: str) -> None:
        """Check that a fit from the start forgets the last one."""
        goes_on = getattr(self.estimator, "warm_start", False)
        if goes_on or not isinstance(self.estimator.random_state, int):
            return
        X, y, fresh = self.case.table.X, self.case.table.y, clone(self.estimator)
        if not (self.training("fit", X, y).worked and self.training("fit", X, y, on=fresh).worked):
            return
        if not fingerprints.same(self.estimator.params_, fresh.params_):
            self.find("another fit than a fresh one", f"fit {kind}", "params_")
        elif not fingerprints.same(self.outputs(), self.outputs(fresh)):
            self.find("another fit than a fresh one", f"fit {kind}", "predictions")
        unlike = vars(self.estimator).keys() ^ vars(fresh).keys()
        if unlike:
            self.find("another fit than a fresh one", f"fit {kind}", ", ".join(sorted(unlike)))
