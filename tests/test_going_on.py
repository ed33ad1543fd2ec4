"""Training that goes on: partial_fit, and warm starts."""

import copy
import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import make_friedman1
from sklearn.exceptions import ConvergenceWarning
from small_networks import (
    EPOCHS,
    LABELS,
    N,
    X,
    Y,
    classifier,
    each,
    each_kind,
    each_solver,
    regressor,
)

from sklearn_twolayer import RBFNetwork, TwoLayerClassifier, TwoLayerRegressor
from sklearn_twolayer.losses import Quantile
from sklearn_twolayer.solvers import Adam, GradientDescent

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@each_kind
@each(EPOCHS, "solver")
@pytest.mark.parametrize("n_estimators", [1, 3])
def test_calls_of_partial_fit_are_epochs(make, y, solver, n_estimators):
    model = make(solver=solver, n_estimators=n_estimators, max_iter=5)
    whole = clone(model).set_params(blend="mean").fit(X, y)
    for k in range(5):
        assert model.partial_fit(X, y) is model and model.n_iter_ == k + 1
        if k == 2:
            model = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(model.params_, whole.params_)
    np.testing.assert_array_equal(model.loss_curve_, whole.loss_curve_)


def test_partial_fit_on_parts_of_the_rows():
    model = classifier(solver=Adam(0.05, dropout=0.0), max_iter=60)
    for _ in range(20):
        for part in np.array_split(np.argsort(LABELS), 3):  # a class at a time
            model.partial_fit(X[part], LABELS[part], classes=["red", "green", "blue"])
    assert model.classes_.tolist() == ["blue", "green", "red"]
    assert model.predict_proba(X).shape == (N, 3)
    assert np.mean(model.loss_curve_[-3:]) < np.mean(model.loss_curve_[:3])


def test_partial_fit_of_a_single_row():
    model = regressor(solver=GradientDescent(0.01), max_iter=100).partial_fit(X, Y)
    before = abs(model.predict(X[:1]) - Y[:1])
    for _ in range(20):
        model.partial_fit(X[:1], Y[:1])
    assert abs(model.predict(X[:1]) - Y[:1]) < before


@each(EPOCHS, "solver")
def test_a_copy_goes_its_own_way(solver):
    model = regressor(solver=solver).partial_fit(X, Y)
    expected = copy.deepcopy(model).partial_fit(X, Y).params_
    other = copy.copy(model).partial_fit(X, -Y)
    np.testing.assert_array_equal(model.partial_fit(X, Y).params_, expected)
    assert not np.array_equal(other.params_, expected)


def test_partial_fit_beyond_the_schedule_warns():
    model = regressor(solver=Adam(schedule="cosine"), max_iter=2).partial_fit(X, Y)
    last = model.partial_fit(X, Y).params_
    with pytest.warns(ConvergenceWarning, match="learning rate has reached zero"):
        model.partial_fit(X, Y)
    np.testing.assert_allclose(model.params_, last, atol=1e-3)


@each_solver
@each_kind
def test_warm_start_goes_on_from_the_last_weights(make, y, solver):
    model = make(solver=solver, max_iter=10).fit(X, y)
    cold, first = clone(model).fit(X, y), model.loss_curve_
    np.testing.assert_array_equal(cold.params_, model.params_)
    model.set_params(warm_start=True).fit(X, y)
    assert model.loss_curve_[0] < first[0] and model.n_iter_ == len(model.loss_curve_)
    assert model.loss_curve_[-1] < first[-1] + 1e-2


@each_kind
def test_a_warm_start_without_a_last_fit_is_a_cold_one(make, y):
    warm, cold = make(warm_start=True).fit(X, y), make().fit(X, y)
    np.testing.assert_array_equal(warm.params_, cold.params_)


def test_pieces_of_any_length():
    rng = np.random.RandomState(0)
    rows = rng.normal(size=(600, 4))
    for first in (100, 500):  # a batch of its own, or several
        for kind in (TwoLayerRegressor, TwoLayerClassifier):
            model = kind(random_state=0)
            for part in (slice(0, first), slice(first, None), slice(0, 1)):
                model.partial_fit(
                    rows[part],
                    (rows[:, 0] > 0)[part],
                    **({"classes": [False, True]} if kind is TwoLayerClassifier else {}),
                )
            assert model.n_iter_ == 3


@pytest.mark.parametrize(
    "solvers",
    [
        (GradientDescent(0.1), Adam()),
        (Adam(), GradientDescent(0.1, momentum=0.5)),
        (GradientDescent(0.1), GradientDescent(0.1, momentum=0.5)),
        (Adam(), Adam(batch_size=None)),
        (Adam(batch_size=None), Adam()),
    ],
    ids=repr,
)
def test_the_solver_may_change_between_calls(solvers):
    model = regressor(solver=solvers[0], n_estimators=5).partial_fit(X, Y)
    before = model.params_
    model.set_params(solver=solvers[1]).partial_fit(X, Y)
    assert not np.array_equal(model.params_, before) and np.isfinite(model.params_).all()


def test_calls_without_a_known_end_go_on_learning():
    rows, y = make_friedman1(7300, noise=1.0, random_state=0)
    test_rows, truth = make_friedman1(1000, random_state=1)
    model = TwoLayerRegressor("dense", n_estimators=1, random_state=0)
    errors = []
    for part in np.split(np.arange(7300), 73):  # without a warning
        model.partial_fit(rows[part], y[part])
        errors.append(1 - model.score(test_rows, truth))
    assert errors[72] < 0.8 * errors[39]


def test_a_schedule_that_is_asked_for_anew():
    model = regressor(solver=Adam(), max_iter=2).partial_fit(X, Y).partial_fit(X, Y)
    before = model.params_
    model.set_params(max_iter=None).partial_fit(X, Y)
    assert np.abs(model.params_ - before).max() > 1e-3


def test_class_weights_of_classes_that_are_not_there():
    model = classifier(solver=Adam(), class_weight={"red": 5.0})
    for label in np.unique(LABELS):
        part = LABELS == label
        model.partial_fit(X[part], LABELS[part], classes=np.unique(LABELS))
    assert model.n_iter_ == 3
    with pytest.raises(ValueError, match="needs all rows at once"):
        classifier(solver=Adam(), class_weight="balanced").partial_fit(X, LABELS)


def test_a_warm_start_for_another_task():
    model = RBFNetwork(5, refine="gradient", warm_start=True, max_iter=2, random_state=0)
    model.fit(X, LABELS).set_params(task="regression")
    with pytest.raises(ValueError, match="needs the same task"):
        model.fit(X, Y)


@pytest.mark.parametrize("losses", [("squared_error", "poisson"), ("poisson", "squared_error")])
def test_a_warm_start_with_a_loss_of_another_link(losses):
    model = regressor(warm_start=True, loss=losses[0]).fit(X, Y)
    before = model.params_
    with pytest.raises(ValueError, match="a loss with the same link"):
        model.set_params(loss=losses[1]).fit(X, Y)
    assert model.params_ is before
    if losses[0] == "squared_error":
        with pytest.raises(ValueError, match="number of outputs"):
            model.set_params(loss=Quantile([0.1, 0.9])).fit(X, Y)
    model.set_params(loss="huber" if losses[0] == "squared_error" else "poisson").fit(X, Y)
