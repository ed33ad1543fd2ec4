"""Random calls, valid and hostile, are answered well; and the campaign would notice if not."""

import sys
import time
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pandas")
pytest.importorskip("polars")
sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.hostile import attempts, campaign  # noqa: E402
from benchmarks.hostile.__main__ import main  # noqa: E402
from benchmarks.hostile.dice import Dice  # noqa: E402
from benchmarks.hostile.examination import Examination  # noqa: E402
from benchmarks.hostile.tables import Table  # noqa: E402
from benchmarks.hostile.watching import Case  # noqa: E402
from sklearn_twolayer import TwoLayerClassifier, TwoLayerRegressor  # noqa: E402
from sklearn_twolayer.activations import ACTIVATIONS  # noqa: E402
from sklearn_twolayer.embeddings import PRESETS  # noqa: E402
from sklearn_twolayer.input_maps import INPUT_MAPS  # noqa: E402
from sklearn_twolayer.kernels import KERNELS  # noqa: E402
from sklearn_twolayer.losses import CLASSIFICATION_LOSSES, REGRESSION_LOSSES  # noqa: E402
from sklearn_twolayer.model import Model  # noqa: E402
from sklearn_twolayer.radial import SHAPES, WIDTHS  # noqa: E402
from sklearn_twolayer.solvers import SOLVERS  # noqa: E402

BLENDS = ("auto", "mean", "scale", "radial")
STEPS = ("width", "metric", "gradient")

N_CALLS = 60
SEEDS = (1, 2, 3, 4, 5)
RNG = np.random.default_rng(0)
X = RNG.normal(size=(20, 3))
SMALL = {"embedding": "dense", "n_units": 2, "n_estimators": 1, "max_iter": 2, "random_state": 0}


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_is_found(seed):
    summary = campaign.run((seed, index) for index in range(N_CALLS))
    assert not summary.first, summary.text()


def test_most_calls_are_valid_and_work():
    drawn = [campaign.draw_case(Dice(0, index)) for index in range(400)]
    kinds = [kind for kind, _ in drawn]
    assert kinds.count("valid") > 0.4 * len(drawn)
    assert min(kinds.count(kind) for kind in ("extreme", "data", "parameters")) > 0.08 * len(drawn)
    names = {type(case.estimator).__name__ for _, case in drawn}
    assert names == {"TwoLayerClassifier", "TwoLayerRegressor", "RBFNetwork"}


REGISTRIES = {
    "embedding": PRESETS,
    "activation": ACTIVATIONS,
    "kernel": KERNELS,
    "loss": CLASSIFICATION_LOSSES | REGRESSION_LOSSES,
    "solver": SOLVERS,
    "input_map": INPUT_MAPS,
    "width": WIDTHS,
    "shape": SHAPES,
    "blend": BLENDS,
    "refine": (*STEPS, "auto", "None"),
}


def test_every_choice_is_drawn_among_valid_calls():
    drawn = {name: [] for name in REGISTRIES}
    for index in range(1200):
        kind, case = campaign.draw_case(Dice(0, index))
        if kind == "valid":
            for name, values in drawn.items():
                values.append(str(getattr(case.estimator, name, "")))
    for name, choices in REGISTRIES.items():
        text = " ".join(drawn[name])
        assert not [choice for choice in choices if choice not in text], name


def test_call_depends_on_its_numbers_alone():
    one, other = campaign.run_call(7, 3), campaign.run_call(7, 3)
    assert repr(one.case.estimator) == repr(other.case.estimator)
    assert one.case.label == other.case.label
    assert [a.step for a in one.attempts] == [a.step for a in other.attempts]
    assert [f.key for f in one.findings] == [f.key for f in other.findings]


# Estimators with one fault each, which must be found.


class Warns(TwoLayerRegressor):
    def predict(self, X):
        np.array([1e300]) * np.array([1e300])
        return super().predict(X)


class WarnsOfTheFuture(TwoLayerRegressor):
    def fit(self, X, y, **kwargs):
        warnings.warn("soon", FutureWarning, stacklevel=1)
        return super().fit(X, y, **kwargs)


class ChangesRows(TwoLayerRegressor):
    def fit(self, X, y, **kwargs):
        super().fit(X, y, **kwargs)
        X[0, 0] = 7.0
        return self


class ChangesTargets(TwoLayerRegressor):
    def fit(self, X, y, **kwargs):
        super().fit(X, y, **kwargs)
        y -= y.mean()
        return self


class ChangesParameters(TwoLayerRegressor):
    def fit(self, X, y, **kwargs):
        self.alpha = 0.5
        return super().fit(X, y, **kwargs)


class PredictsNaN(TwoLayerRegressor):
    def predict(self, X):
        return np.where(X[:, 0] > 0, np.nan, super().predict(X))


class OddsOfNone(TwoLayerClassifier):
    def predict_proba(self, X):
        return 0.9 * super().predict_proba(X)


class LargeOdds(TwoLayerClassifier):
    def predict_proba(self, X):
        return 20 * super().predict_proba(X) - 9.5


class NotTheLikeliest(TwoLayerClassifier):
    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmin(axis=1)]


class FewerPredictions(TwoLayerRegressor):
    def predict(self, X):
        return super().predict(X)[1:]


class Remembers(TwoLayerRegressor):
    def predict(self, X):
        self.last_ = X
        return super().predict(X)


class FailsHalfWay(TwoLayerRegressor):
    def fit(self, X, y, **kwargs):
        self.half_ = True
        raise ValueError("no")


class FailsInside(TwoLayerRegressor):
    def fit(self, X, y, **kwargs):
        return [][3]


class FailsInNumPy(TwoLayerRegressor):
    def fit(self, X, y, **kwargs):
        return super().fit(X, np.ones((3, 4)) @ y)


class NeverEnds(TwoLayerRegressor):
    def fit(self, X, y, **kwargs):
        while True:
            time.sleep(0.01)


def shifted(model, by):
    """Return the fitted function with other parameters."""
    networks = model._model.parts[0]
    return Model.of(replace(networks, params=networks.params + by))


class ForgetsOnTheWay(TwoLayerRegressor):
    def __setstate__(self, state):
        super().__setstate__(state)
        self._model = shifted(self, 1)


class UnlikeItself(TwoLayerRegressor):
    fits = 0

    def fit(self, X, y, **kwargs):
        super().fit(X, y, **kwargs)
        type(self).fits += 1
        self._model = shifted(self, self.fits)
        return self


FAULTS = {
    Warns: "leaking warning",
    WarnsOfTheFuture: "leaking warning",
    ChangesRows: "changed its input",
    ChangesTargets: "changed its input",
    ChangesParameters: "changed its parameters",
    PredictsNaN: "not finite",
    OddsOfNone: "not a probability",
    LargeOdds: "not a probability",
    NotTheLikeliest: "wrong labels",
    FewerPredictions: "wrong shape",
    Remembers: "a query changed the estimator",
    FailsHalfWay: "a failed fit changed the estimator",
    FailsInside: "obscure error",
    FailsInNumPy: "obscure error",
    NeverEnds: "too long",
    ForgetsOnTheWay: "another prediction after pickling",
    UnlikeItself: "another fit of a clone",
}


class Thorough(Dice):
    """Dice by which every step is taken that need not be."""

    def chance(self, probability):
        return probability >= 0.3


def found(kind, expected="works", table_X=X, fault=None):
    """Return the kinds of findings about an estimator on a table."""
    y = X[:, 0] + 1.0 if issubclass(kind, TwoLayerRegressor) else np.arange(len(X)) % 2
    table = Table(table_X.copy(), y, None, X.copy(), "normal", "normal", expected, True)
    case = Case(kind(**SMALL), table, expected, False, "normal")
    examination = Examination(case, Thorough(0))
    examination.run()
    return {finding.kind for finding in examination.findings}


@pytest.mark.parametrize("kind", FAULTS, ids=lambda kind: kind.__name__)
def test_faults_are_found(kind, monkeypatch):
    monkeypatch.setattr(attempts, "LIMIT", 0.3)
    assert FAULTS[kind] in found(kind)


@pytest.mark.parametrize("kind", [TwoLayerRegressor, TwoLayerClassifier])
def test_nothing_is_found_without_a_fault(kind):
    assert not found(kind)


def test_what_should_be_refused_or_accepted():
    assert "accepted an invalid call" in found(TwoLayerRegressor, expected="refused")
    rows = np.where(X > 1, np.inf, X)
    assert found(TwoLayerRegressor, table_X=rows) == {"refused a valid call"}
    assert not found(TwoLayerRegressor, "refused", rows)


def test_command(capsys, monkeypatch):
    assert main(["--seed", "1", "--calls", "0"]) == 0
    assert "distinct findings: 0" in capsys.readouterr().out
    monkeypatch.setattr(campaign, "draw_case", lambda dice: ("valid", case_of(FailsInside)))
    assert main(["--seed", "1", "2", "--calls", "2"]) == 1
    out = capsys.readouterr().out
    assert "x obscure error, first in" in out and "(FailsInside)" in out and "IndexError" in out
    assert 1 in [main(["--only", f"1:{index}"]) for index in range(3)]
    assert "Traceback" in capsys.readouterr().out


def case_of(kind):
    table = Table(X, X[:, 0], None, X, "normal", "normal", "works", True)
    return Case(kind(**SMALL), table, "works", False, "normal")
