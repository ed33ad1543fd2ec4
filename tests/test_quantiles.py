"""Several quantiles in one fit."""

import pickle
import warnings

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.metrics import d2_pinball_score, mean_pinball_loss
from sklearn.model_selection import GridSearchCV, cross_val_score
from small_networks import LABELS, X, Y, classifier, regressor

from sklearn_twolayer import TwoLayerRegressor
from sklearn_twolayer.links import IdentityLink
from sklearn_twolayer.losses import Quantile
from sklearn_twolayer.solvers import Adam

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

LEVELS = [0.1, 0.5, 0.9]


def several(**kwargs):
    return regressor(loss=Quantile(LEVELS), **kwargs)


def noisy(n_rows):
    """Targets whose spread grows along the first column, with their quantiles."""
    rng = np.random.RandomState(0)
    rows = rng.uniform(size=(n_rows, 2))
    spread = 0.2 + rows[:, 0]
    y = rows[:, 1] + spread * rng.uniform(-1, 1, n_rows)
    return rows, y, rows[:, [1]] + spread[:, None] * (2 * np.array(LEVELS) - 1)


def test_there_are_no_intervals_beside_quantiles():
    model = several(n_estimators=2).fit(X, Y)
    with pytest.raises(AttributeError, match="does not support several quantiles"):
        model.predict_interval(X)


def test_the_loss_is_the_sum_of_those_of_single_quantiles():
    z, d = np.random.RandomState(0).normal(size=(2, 30, 3))
    values, slopes = Quantile(LEVELS).value_and_gradient(z, d, IdentityLink())
    singles = [
        Quantile(level).value_and_gradient(z[:, [k]], d[:, [k]], IdentityLink())
        for k, level in enumerate(LEVELS)
    ]
    np.testing.assert_allclose(values, sum(value for value, _ in singles))
    np.testing.assert_array_equal(slopes, np.hstack([slope for _, slope in singles]))


def test_the_constant_is_the_quantiles():
    d = np.random.RandomState(0).normal(size=(101, 1))
    expected = np.quantile(d, LEVELS, method="averaged_inverted_cdf")
    repeated = np.repeat(d, 3, axis=1)
    np.testing.assert_allclose(Quantile(LEVELS).constant(repeated, np.ones(101)), expected)


def test_quantiles_of_known_noise():
    rows, y, expected = noisy(3000)
    model = TwoLayerRegressor(loss=Quantile(LEVELS), n_estimators=2, blend="mean", random_state=0)
    predicted = model.set_params(max_iter=15).fit(rows, y).predict(rows)
    assert predicted.shape == (3000, 3)
    assert np.sqrt(np.mean((predicted - expected) ** 2)) < 0.12
    below = (y[:, None] < predicted).mean(axis=0)
    np.testing.assert_allclose(below, LEVELS, atol=0.03)


@pytest.mark.parametrize("blend", ["mean", "scale", "mixed"])
def test_columns_do_not_cross(blend):
    levels = np.linspace(0.05, 0.95, 19)
    model = TwoLayerRegressor(loss=Quantile(levels), n_estimators=2, blend=blend, random_state=0)
    model = model.set_params(max_iter=5, n_units=8).fit(X, Y)
    rows = 3 * np.random.RandomState(1).normal(size=(200, 4))
    assert (np.diff(model._raw_outputs(rows), axis=1) < 0).any()
    predicted = model.predict(rows)
    assert (np.diff(predicted, axis=1) >= 0).all()
    # In order they are no worse, as they were for the rows of the fit.
    y = np.resize(Y, 200)
    z = np.clip(model._raw_outputs(rows) * model._targets.scale, -1e3, 1e3)

    def pinball(z):
        columns = zip(z.T, levels, strict=True)
        return np.mean([mean_pinball_loss(y, column, alpha=q) for column, q in columns])

    assert pinball(np.sort(z, axis=1)) <= pinball(z)


def test_a_single_quantile_in_a_list_is_that_quantile_as_a_column():
    one, column = regressor(loss=Quantile(0.9)).fit(X, Y), regressor(loss=Quantile([0.9]))
    np.testing.assert_array_equal(column.fit(X, Y).predict(X), one.predict(X)[:, None])


@pytest.mark.parametrize("y", [Y, Y[:, None]], ids=["a vector", "a column"])
def test_the_score_is_the_mean_of_the_explained_pinball_losses(y):
    model = several().fit(X, y)
    predicted = model.predict(X)
    expected = [d2_pinball_score(Y, predicted[:, k], alpha=q) for k, q in enumerate(LEVELS)]
    assert model.score(X, y) == pytest.approx(np.mean(expected)) and np.mean(expected) > 0.2


def test_they_go_through_what_a_regressor_goes_through():
    model = several(solver=Adam(), max_iter=10)
    assert np.isfinite(cross_val_score(model, X, Y, cv=2, error_score="raise")).all()
    grid = GridSearchCV(model, {"loss__quantile": [LEVELS, [0.2, 0.8]]}, cv=2).fit(X, Y)
    assert grid.predict(X).shape in ((len(X), 3), (len(X), 2))
    model.partial_fit(X, Y).partial_fit(X, Y)
    copy = pickle.loads(pickle.dumps(clone(model).set_params(warm_start=True).fit(X, Y)))
    assert copy.fit(X, Y).predict(X).shape == (len(X), 3)
    stopped = several(early_stopping=True, scoring=None).fit(X, Y, X_val=X, y_val=Y)
    assert len(stopped.validation_curve_) == stopped.n_iter_


@pytest.mark.parametrize(
    "levels", [[0.5, 0.1], [0.1, 0.1], [0.0, 0.5], [0.5, 1.0], [], [[0.1], [0.5]], [np.nan, 0.5]]
)
def test_levels_out_of_order_or_range_are_refused(levels):
    with pytest.raises(ValueError, match=r"quantile must be"):
        regressor(loss=Quantile(levels)).fit(X, Y)


def test_what_has_no_quantiles_is_refused():
    with pytest.raises(ValueError, match="several values of one target, but y has 2 columns"):
        several().fit(X, np.column_stack([Y, Y]))
    with pytest.raises(ValueError, match="for regression only"):
        classifier(loss=Quantile(LEVELS)).fit(X, LABELS)


def test_an_interval_of_mapie():
    regression = pytest.importorskip("mapie.regression")
    rows, y, _ = noisy(900)
    parts = np.split(np.arange(900), 3)
    models = [
        regressor(loss=Quantile(q), solver=Adam(), max_iter=20).fit(rows[parts[0]], y[parts[0]])
        for q in (0.1, 0.9, 0.5)
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of levels that it cannot check
        outer = regression.ConformalizedQuantileRegressor(
            models, confidence_level=0.8, prefit=True
        )
        outer.conformalize(rows[parts[1]], y[parts[1]])
        _, interval = outer.predict_interval(rows[parts[2]])
    low, high = interval[:, 0, 0], interval[:, 1, 0]
    assert 0.72 < np.mean((low <= y[parts[2]]) & (y[parts[2]] <= high)) < 0.88
