"""Radial-basis networks of robust losses, of counts and of quantiles, and warm starts."""

import numpy as np
import pytest
from sklearn.linear_model import HuberRegressor, PoissonRegressor, QuantileRegressor, Ridge
from sklearn.metrics import (
    mean_absolute_error,
    mean_pinball_loss,
    mean_poisson_deviance,
)
from small_networks import LABELS, X, Y

from sklearn_twolayer import RBFNetwork
from sklearn_twolayer.links import IdentityLink, LogLink
from sklearn_twolayer.losses import REGRESSION_LOSSES, Poisson, Quantile, SquaredError
from sklearn_twolayer.output_layer import ridge, working_targets
from sklearn_twolayer.output_layer._cross_entropy import LeastSquaresWithout
from sklearn_twolayer.rows import Rows

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

COUNTS = np.random.RandomState(0).poisson(np.exp(X[:, 0] + 1.0)).astype(float)
LEVELS = [0.1, 0.5, 0.9]


def network(**kwargs):
    settings = {"n_centers": 10, "refine": "width", "random_state": 0, "input_map": "standard"}
    return RBFNetwork(**({"task": "regression"} | settings | kwargs))


def textbook(**kwargs):
    return network(refine=None, alpha=0.0, **kwargs)


@pytest.mark.parametrize("quantile", [0.2, 0.5])
def test_the_output_layer_is_that_of_linear_quantile_regression(quantile):
    model = textbook(loss=Quantile(quantile)).fit(X, Y)
    units = model.transform(X)
    best = QuantileRegressor(quantile=quantile, alpha=0.0).fit(units, Y).predict(units)
    loss = mean_pinball_loss(Y, model.predict(X), alpha=quantile)
    assert loss < 1.01 * mean_pinball_loss(Y, best, alpha=quantile)


def test_the_output_layer_is_that_of_poisson_regression():
    model = textbook(loss="poisson", n_centers=4).fit(X, COUNTS)
    units = model.transform(X)
    best = PoissonRegressor(alpha=0.0, max_iter=10_000, tol=1e-8).fit(units, COUNTS)
    loss = mean_poisson_deviance(COUNTS, model.predict(X))
    assert loss < 1.001 * mean_poisson_deviance(COUNTS, best.predict(units))


def test_a_given_penalty_is_that_of_the_cost():
    alpha, loss = 0.01, "huber"
    model = network(refine=None, alpha=alpha, loss=loss).fit(X, Y)
    units, center, scale = model.transform(X), np.median(Y), model._targets.scale[0]
    # That of scikit-learn adds α‖w‖² to the sum of losses twice as large.
    other = HuberRegressor(epsilon=1.35, alpha=alpha * len(X), max_iter=5000, tol=1e-10)
    assert model.alpha_ == alpha and other.fit(units, (Y - center) / scale).scale_ > 0
    W = model.network_.views(model.params_[0]).weights[:, 0]
    z = model._raw_outputs(X)[:, 0]
    slope = np.clip(z - model._targets.encode(Y)[:, 0], -1.35, 1.35)
    np.testing.assert_allclose(units.T @ slope / len(X) + alpha * W, 0, atol=1e-4)
    assert abs(slope.mean()) < 1e-4


@pytest.mark.parametrize("loss", ["huber", "absolute_error", "log_cosh"])
def test_outliers_among_the_targets_do_no_harm(loss):
    rng = np.random.RandomState(0)
    rows = rng.normal(size=(300, 3))
    clean = np.sin(rows[:, 0]) + rows[:, 1]
    dirty = clean + 0.1 * rng.normal(size=300)
    dirty[::10] += 100 * rng.standard_cauchy(30)
    errors = [
        mean_absolute_error(clean, network(loss=each).fit(rows, dirty).predict(rows))
        for each in (None, loss)
    ]
    assert errors[1] < 0.2 < 1 < errors[0]


def test_quantiles_do_not_cross_and_cover_what_they_say():
    rng = np.random.RandomState(0)
    rows = rng.uniform(size=(600, 2))
    y = rows[:, 0] + (0.2 + rows[:, 1]) * rng.uniform(-1, 1, 600)
    predicted = network(loss=Quantile(LEVELS)).fit(rows, y).predict(rows)
    assert predicted.shape == (600, 3) and (np.diff(predicted, axis=1) >= 0).all()
    np.testing.assert_allclose((y[:, None] < predicted).mean(axis=0), LEVELS, atol=0.04)


@pytest.mark.parametrize("loss", REGRESSION_LOSSES)
@pytest.mark.parametrize("refine", [None, "width+metric+gradient"])
@pytest.mark.filterwarnings("ignore:.*so far from all centres")
def test_every_loss_works_with_every_refinement(loss, refine):
    model = network(loss=loss, refine=refine, max_iter=2, n_centers=6).fit(X, COUNTS + 1)
    assert np.isfinite(model.predict(X)).all() and np.isfinite(model.loo_error_)
    assert model.score(X, COUNTS + 1) > 0.2


@pytest.mark.parametrize("loss", ["huber", "poisson"])
def test_the_gradient_lowers_the_loss_that_is_asked_for(loss):
    model = network(loss=loss, refine="gradient", alpha=1e-3, max_iter=10).fit(X, COUNTS)
    assert model.loss_curve_[-1] < 0.95 * model.loss_curve_[0]


def test_errors_of_rows_left_out_are_honest():
    noise = np.random.RandomState(1).standard_t(3, len(Y))
    model = network(loss="huber", n_centers=40).fit(X, noise)
    assert 0.9 * noise.var() < model.loo_error_ < 1.3 * noise.var()
    assert np.mean((model.predict(X) - noise) ** 2) > 0.7 * noise.var()  # it is shrunk


def test_working_targets_are_a_step_of_reweighted_least_squares():
    d, weights = COUNTS[:, None], np.ones(len(COUNTS))
    mean = d.mean()
    working = working_targets(d, weights, Poisson(), LogLink())
    np.testing.assert_allclose(working, np.log(mean) + (d - mean) / mean)
    same = working_targets(d, weights, SquaredError(), IdentityLink())
    np.testing.assert_allclose(same, d)
    far = working_targets(d * 1e6, weights, Quantile(0.5), IdentityLink())
    assert np.abs(far).max() == 3.0


def test_one_row_and_few():
    for n_rows in (1, 2, 3, 7):
        model = network(loss="huber").fit(X[:n_rows], Y[:n_rows])
        assert np.isfinite(model.predict(X)).all()


def test_weights_are_copies_of_rows():
    weights = np.random.RandomState(0).randint(1, 3, len(Y))
    kwargs = {"loss": "huber", "centers": X[:5], "n_centers": 5, "input_map": None}
    weighted = textbook(**kwargs).fit(X, Y, sample_weight=weights)
    copied = textbook(**kwargs).fit(np.repeat(X, weights, axis=0), np.repeat(Y, weights))
    np.testing.assert_allclose(weighted.predict(X), copied.predict(X), rtol=1e-3)


@pytest.mark.parametrize(
    ("parameters", "y", "message"),
    [
        ({"loss": "huber", "task": "classification"}, LABELS, "is for task='regression'"),
        ({"loss": "log_loss"}, Y, "Unknown loss 'log_loss'"),
        ({"loss": Quantile([0.5, 0.1])}, Y, "ascending order"),
        ({"loss": "poisson"}, -Y, "non-negative"),
        ({"warm_start": True}, Y, "include 'gradient' in refine"),
        ({"warm_start": 1.5, "refine": "gradient"}, Y, "warm_start must be"),
    ],
)
def test_what_cannot_work_is_refused(parameters, y, message):
    with pytest.raises(ValueError, match=message):
        network(**parameters).fit(X, y)


# Warm starts.


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_a_warm_start_goes_on_with_the_gradient(task):
    y = LABELS if task == "classification" else Y
    model = network(refine="gradient", task=task, max_iter=3, warm_start=True).fit(X, y)
    first, centers, widths = model.loss_curve_, model.centers_, model.kmeans_widths_
    model.fit(X, y)
    assert model.loss_curve_[0] < first[-1] + 0.02 and model.loss_curve_[-1] < first[-1]
    assert not np.array_equal(model.centers_, centers)
    np.testing.assert_array_equal(model.kmeans_widths_, widths)
    model.fit(X[:50], y[:50])
    assert np.isfinite(model.score_samples(X)).all()


def test_a_warm_start_with_another_network_is_refused():
    model = network(refine="gradient", max_iter=2, warm_start=True).fit(X, Y)
    for parameters in ({"kernel": "cauchy"}, {"n_centers": 3}, {"normalize": True}):
        before = model.params_
        with pytest.raises(ValueError, match="needs the same network"):
            model.set_params(**parameters).fit(X, Y)
        assert model.params_ is before
        model.set_params(kernel="gaussian", n_centers=10, normalize=False)
    classes = network(refine="gradient", max_iter=2, warm_start=True, task="classification")
    with pytest.raises(ValueError, match="pink"):
        classes.fit(X, LABELS).fit(X, np.where(LABELS == "red", "pink", LABELS))


@pytest.mark.parametrize("n_rows", [20, 300])
@pytest.mark.parametrize("prepared", [False, True])
def test_least_squares_without_some_of_a_sample_use_all_other_rows(n_rows, prepared):
    rng = np.random.RandomState(0)
    X, y = rng.normal(size=(n_rows, 30)), rng.normal(size=(n_rows, 2))
    weights = rng.uniform(0.5, 2, n_rows)
    judged = ridge(Rows(X, None, np.dtype(float)).labelled(y, weights))
    loo = judged.layer.loo
    if prepared:
        loo.predictions(0.1)
    sample, outside, alpha = np.arange(0, n_rows, 2), np.arange(5), 0.1
    found = LeastSquaresWithout(loo, sample).outputs(outside, alpha)
    inside = np.setdiff1d(np.arange(n_rows), sample[outside])
    expected = Ridge(alpha * weights[inside].sum()).fit(X[inside], y[inside], weights[inside])
    np.testing.assert_allclose(found, expected.predict(X[sample]), rtol=1e-6, atol=1e-9)
