"""Learned scales of columns: slopes, groups, and what they are for."""

import numpy as np
import pytest
from problems import Problem
from sklearn.base import clone
from sklearn.datasets import make_friedman1
from sklearn.preprocessing import FunctionTransformer

from sklearn_twolayer import Adam, TwoLayerRegressor
from sklearn_twolayer.embeddings import Dense, Passthrough, Radial
from sklearn_twolayer.input_maps import PiecewiseLinearMap
from sklearn_twolayer.links import LogisticLink
from sklearn_twolayer.losses import LogLoss, SquaredError
from sklearn_twolayer.objective import Objective
from sklearn_twolayer.rows import Rows
from sklearn_twolayer.solvers import Run
from sklearn_twolayer.solvers._scales import ScaledInputs

EMBEDDINGS = {
    "dense": Dense(3, "tanh"),
    "gated, beside the input": Dense(2, "sigmoid") * Dense(2, "sin") | Passthrough(),
    "beside radial units": Dense(3, "softplus") | Radial(2, shape="diagonal"),
}


def run_for(max_iter, n_iter=None, each=lambda params, loss: False):
    return Run(max_iter, 0.0, max_iter, np.random.RandomState(0), each, n_iter)


@pytest.mark.parametrize("embedding", EMBEDDINGS.values(), ids=EMBEDDINGS)
@pytest.mark.parametrize("loss, link", [(SquaredError(), None), (LogLoss(), LogisticLink())])
def test_slopes_of_weights_and_scales_are_those_of_finite_differences(embedding, loss, link):
    problem = Problem(embedding, loss, link or loss.link, n_features=3, stack=2)
    cost = ScaledInputs.of(problem.objective(), 20.0)
    rng = np.random.RandomState(1)
    params = cost.start(problem.params)
    params[:, -3:] *= rng.uniform(0.2, 2, size=(2, 3))

    def value(params):
        return cost.data_term(params) + cost.penalty(params)

    _, gradient = cost.loss_and_gradient(params)
    step = 1e-6
    for k, direction in enumerate(step * np.eye(cost.n_parameters)):
        slopes = (value(params + direction) - value(params - direction)) / (2 * step)
        np.testing.assert_allclose(gradient[:, k], slopes, rtol=1e-5, atol=1e-7)


def test_a_column_has_one_scale_for_all_its_inputs():
    X = np.random.RandomState(0).normal(size=(60, 2))
    rows = Rows(X, PiecewiseLinearMap(n_bins=4).fit(X), np.dtype(float))
    problem = Problem(Dense(3), SquaredError(), SquaredError.link, X=X)
    rows = rows.labelled(problem.targets, problem.weights)
    network = Problem(Dense(3), SquaredError(), SquaredError.link, n_features=10).network
    cost = ScaledInputs.of(Objective(network, SquaredError(), SquaredError.link, rows), 4.0)
    plain = np.ones((1, network.n_parameters))
    params = cost.start(plain)
    assert params.shape[1] == network.n_parameters + 2
    np.testing.assert_array_equal(cost.scaled(params), plain)
    params[:, -2:] = [[0.5, 2.0]]
    found = cost.cost.input_weights(cost.scaled(params))[0, :, 0]
    np.testing.assert_array_equal(found, [2.0, 8.0] + 4 * [2.0] + 4 * [8.0])


def test_without_weights_of_inputs_there_are_no_scales():
    problem = Problem(Radial(3), SquaredError(), SquaredError.link)
    results = [
        Adam(scale_rate=rate).minimize(problem.objective(), problem.params, run_for(5)).params
        for rate in (None, 20.0)
    ]
    np.testing.assert_array_equal(*results)


def test_callbacks_and_results_are_those_of_networks():
    problem, seen = Problem(Dense(3), SquaredError(), SquaredError.link, stack=2), []
    run = run_for(3, each=lambda params, loss: seen.append((params.copy(), loss)))
    outcome = Adam(dtype=None).minimize(problem.objective(), problem.params, run)
    assert [params.shape for params, _ in seen] == 3 * [problem.params.shape]
    np.testing.assert_array_equal(outcome.params, seen[-1][0])


def test_calls_go_on_with_their_scales():
    problem = Problem(Dense(3), SquaredError(), SquaredError.link)
    objective, solver = problem.objective(), Adam(batch_size=None, dropout=0.0, dtype=None)
    at_once = solver.minimize(objective, problem.params, run_for(6))
    outcome = solver.minimize(objective, problem.params, run_for(6, n_iter=2))
    outcome = solver.minimize(objective, outcome.params, run_for(6, n_iter=4), outcome.state)
    np.testing.assert_allclose(outcome.params, at_once.params)
    # Other weights than those of the last call start with scales of one, later in the schedule.
    other = solver.minimize(objective, problem.params, run_for(6, n_iter=1), outcome.state)
    assert other.state.epoch == 7
    scales = other.state.params[:, -3:] * solver.scale_rate
    assert np.abs(scales - 1).max() < 1
    # A solver without scales cannot use the moments of one that has some.
    plain = clone(solver).set_params(scale_rate=None)
    found = plain.minimize(objective, outcome.params, run_for(8, n_iter=1), outcome.state)
    assert found.state.epoch == 7 and found.state.params is None


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("of_solver", ["float32", "float64", None])
def test_partial_fit_goes_on_in_all_types(dtype, of_solver):
    X, y = make_friedman1(60, random_state=0)
    solver = Adam(dtype=of_solver)
    model = TwoLayerRegressor(solver=solver, n_estimators=1, max_iter=9, random_state=0)
    for _ in range(3):
        model.partial_fit(X.astype(dtype), y)
    assert model._solver_state.state.epoch == 3


def test_transformers_are_not_tried_on_rows_that_do_not_exist():
    """Not even beside missing values, for which they are part of a larger map."""

    class Root(FunctionTransformer):
        def __init__(self, sources=()):
            super().__init__(lambda X: np.sqrt(X[:, [1]] - X[:, [0]]))
            self.sources = sources  # an unfortunate name

    rng = np.random.RandomState(0)
    X, y = np.sort(rng.normal(size=(60, 2)), axis=1), rng.normal(size=60)
    TwoLayerRegressor(input_map=Root(), n_estimators=1, max_iter=1).fit(X, y)
    X[5, 0], X[:, 1] = np.nan, X[:, 1] + 9
    TwoLayerRegressor(input_map=Root(), n_estimators=1, max_iter=1).fit(X, y)


def test_columns_of_noise_lose_their_influence():
    X, y = make_friedman1(1200, 60, noise=1.0, random_state=0)
    scores = []
    for rate in (None, 20.0):
        solver = Adam(scale_rate=rate)
        model = TwoLayerRegressor(solver=solver, n_estimators=1, random_state=0)
        scores.append(model.fit(X[:400], y[:400]).score(X[400:], y[400:]))
    assert scores[1] > 0.87 > 0.8 > scores[0]


@pytest.mark.parametrize("rate", [0, -1.0, 1e40, "fast"])
def test_a_wrong_rate_is_an_error(rate):
    X, y = make_friedman1(20, random_state=0)
    with pytest.raises((TypeError, ValueError), match="scale_rate"):
        TwoLayerRegressor(solver=Adam(scale_rate=rate), n_estimators=1).fit(X, y)
