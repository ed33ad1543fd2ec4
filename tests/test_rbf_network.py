"""RBFNetwork: values known from formulas and other estimators, and the traps of its kind."""

import pickle
import threading
import tracemalloc
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from scipy.integrate import quad
from scipy.spatial.distance import cdist, pdist
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.cluster import KMeans
from sklearn.datasets import load_iris, load_wine, make_friedman1, make_moons
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.preprocessing import FunctionTransformer, KBinsDiscretizer, StandardScaler

from sklearn_twolayer import Radial, RBFNetwork, TwoLayerRegressor
from sklearn_twolayer._random_rows import random_of_two
from sklearn_twolayer.input_maps import (
    InputMap,
    PiecewiseLinearMap,
    RobustMap,
    ScaledMap,
    StandardMap,
)
from sklearn_twolayer.links import IdentityLink
from sklearn_twolayer.losses import SquaredError
from sklearn_twolayer.network import Network
from sklearn_twolayer.objective import Objective
from sklearn_twolayer.output_layer import FixedLayer, JudgedLayer
from sklearn_twolayer.output_layer._cross_entropy import MAX_EVALUATED
from sklearn_twolayer.output_layer._directions import MAX_FOLDED
from sklearn_twolayer.output_layer._leave_one_out import decomposed, inverses
from sklearn_twolayer.rbf import Table
from sklearn_twolayer.rbf._density import Density
from sklearn_twolayer.rbf._width import refine_width

X, y = make_friedman1(250, noise=0.3, random_state=0)
X_new, y_new = make_friedman1(500, random_state=1)
MOONS, LABELS = make_moons(300, noise=0.25, random_state=0)


def regression(n_centers=30, **kwargs):
    return RBFNetwork(n_centers, task="regression", random_state=0, **kwargs)


def textbook(n_centers=30, **kwargs):
    return regression(n_centers, refine=None, **kwargs)


def quiet_fit(model, *data, **validation):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return model.fit(*data, **validation)


# Stage 1.


def test_centers_and_widths_are_those_of_the_textbook():
    model = quiet_fit(textbook(input_map=None), X, y)
    expected = KMeans(30, n_init=1, random_state=0).fit(X).cluster_centers_
    np.testing.assert_allclose(model.centers_, expected, rtol=1e-10)
    h = pdist(expected).max() / np.sqrt(30)
    np.testing.assert_allclose(model.widths_, h, rtol=1e-10)
    np.testing.assert_array_equal(model.widths_, model.kmeans_widths_)
    activations = np.exp(-cdist(X_new, expected, "sqeuclidean") / (2 * h**2))
    np.testing.assert_allclose(model.transform(X_new), activations, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("input_map", [None, "standard", "robust", "piecewise_linear"])
def test_centers_in_units_of_the_input(input_map):
    model = regression(centers=1000 * X[:5] + 7, input_map=input_map)
    quiet_fit(model, 1000 * X + 7, y)
    np.testing.assert_allclose(model.centers_, 1000 * X[:5] + 7, rtol=1e-6)


def test_widths_of_the_first_stage_stay_readable():
    model = quiet_fit(regression(input_map=None, refine="width+gradient", max_iter=3), X, y)
    h = pdist(KMeans(30, n_init=1, random_state=0).fit(X).cluster_centers_).max() / np.sqrt(30)
    np.testing.assert_allclose(model.kmeans_widths_, h, rtol=1e-10)
    assert np.abs(np.log(model.widths_ / h)).min() > 0.01


# Stage 2.


def brute_force(Phi, d, weights, alpha):
    """Leave-one-out residuals of ridge with an intercept, by as many fits as rows."""
    residuals = np.empty_like(d)
    for i in range(len(d)):
        rows = np.arange(len(d)) != i
        # The penalty that goes with the sum over all rows.
        ridge = Ridge(alpha * weights.sum(), solver="cholesky")
        ridge.fit(Phi[rows], d[rows], sample_weight=weights[rows])
        residuals[i] = d[i] - ridge.predict(Phi[i : i + 1])[0]
    return residuals


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("n_outputs", [1, 3])
def test_leave_one_out_is_exact(n_outputs, weighted):
    rng = np.random.RandomState(0)
    some, targets = X[:60], rng.normal(size=(60, n_outputs)) * [1, 10, 100][:n_outputs]
    weights = rng.uniform(0.5, 3, 60) if weighted else np.ones(60)
    model = textbook(15, alpha=1e-3, width="dmax_dimension").fit(some, targets, weights)
    residuals = brute_force(model.transform(some), targets, weights, 1e-3)
    expected = np.average((residuals**2).mean(axis=1), weights=weights)
    assert model.loo_error_ == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("alpha", [1e-9, 1e-3])
def test_leave_one_out_is_exact_with_fewer_rows_than_units(alpha):
    rng = np.random.RandomState(0)
    some, targets, weights = X[:40], rng.normal(size=(40, 2)), rng.uniform(0.5, 3, 40)
    model = textbook(60, centers=X[:60], alpha=alpha, width="dmax_dimension")
    model.fit(some, targets, weights)
    residuals = brute_force(model.transform(some), targets, weights, alpha)
    expected = np.average((residuals**2).mean(axis=1), weights=weights)
    assert model.loo_error_ == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("n_rows, n_centers", [(400, 120), (150, 150)])
@pytest.mark.parametrize("weighted", [False, True])
def test_factors_and_eigenvectors_give_the_same_layers(n_rows, n_centers, weighted, monkeypatch):
    rng = np.random.RandomState(0)
    rows, targets = rng.normal(size=(n_rows, 4)), rng.normal(size=(n_rows, 2)) * [1, 100] + 1e3
    weights = rng.uniform(0.5, 3, n_rows) if weighted else np.ones(n_rows)
    layer = fixed_layer(rows, targets, weights, n_centers)
    alphas = layer.loo.scale * np.array([1e-8, 1e-5, 1e-2])
    by_factors = [layer.loo.errors(alphas), *of_each(layer.loo, alphas)]
    monkeypatch.setattr("sklearn_twolayer.output_layer._leave_one_out.MIN_FACTORED", np.inf)
    assert layer.loo._matrix is not None  # no eigenvectors so far
    by_eigenvectors = [layer.loo.errors(alphas), *of_each(layer.loo, alphas)]
    assert layer.loo._matrix is None
    for one, other in zip(by_factors, by_eigenvectors, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5)


def of_each(loo, alphas):
    for alpha in alphas:
        yield from (loo.predictions(alpha), *loo.solve(alpha), loo.condition(alpha))


def fixed_layer(rows, targets, weights, n_centers, n_jobs=None):
    table = Table(rows, targets, weights, SquaredError(), IdentityLink(), n_jobs=n_jobs).rows(None)
    network = Network(Radial(n_centers, centers="random"), rows.shape[1], targets.shape[1])
    vector = network.initialize(table, np.random.RandomState(0))
    return FixedLayer(Objective(network, SquaredError(), IdentityLink(), table), vector)


def test_the_penalty_is_found_from_any_place():
    rng = np.random.RandomState(0)
    rows = rng.normal(size=(300, 3))
    targets = np.sin(2 * rows[:, :1]) + 0.3 * rng.normal(size=(300, 1))
    judged = JudgedLayer(fixed_layer(rows, targets, np.ones(300), 110), "loo")
    for place in (0, 12, 25, 32):
        other = judged.mapped(lambda layer: layer.moved()).searching_from(place)
        assert other.alpha == pytest.approx(judged.alpha, rel=1e-2)
        assert other.place == judged.place
        assert other.error == pytest.approx(judged.error, rel=1e-2)
    # Fewer penalties are candidates in single precision, but places are the same.
    single = JudgedLayer(fixed_layer(rows.astype(np.float32), targets, np.ones(300), 110), "loo")
    assert single.alpha == pytest.approx(judged.alpha, rel=1e-2)
    assert single.place == judged.place


def test_sorted_rows_far_from_the_first_ones():
    rng = np.random.RandomState(0)
    rows = np.sort(rng.uniform(-1, 1, size=(5000, 1)), axis=0)
    targets = 1e4 * rows + rng.normal(size=rows.shape)
    layer = fixed_layer(rows, targets, np.ones(5000), 20)
    Phi = layer.objective.network.embed(
        layer.objective.network.views(layer.vector), layer.objective.rows.augmented(slice(None))
    )[0]
    ridge = Ridge(1e-6 * 5000).fit(Phi, targets[:, 0])
    weights, bias = (part[..., 0] for part in layer.loo.solve(1e-6))
    np.testing.assert_allclose(Phi @ weights + bias, ridge.predict(Phi), atol=1e-6 * 1e4)


@pytest.mark.parametrize("weight", [1e-10, 1e-18])
@pytest.mark.parametrize("alpha", [1e-3, "loo"])
@pytest.mark.parametrize("n_centers", [50, 120])
def test_light_rows_far_away_do_not_cancel_the_others(weight, alpha, n_centers):
    rng = np.random.RandomState(0)
    rows, weights = rng.normal(size=(5000, 2)), np.ones(5000)
    rows[:1200] += 1e4
    weights[:1200] = weight
    targets = np.sin(2 * rows[:, 0]) + 0.1 * rng.normal(size=5000)
    centers = rows[2000 : 2000 + n_centers]
    model = textbook(
        n_centers, alpha=alpha, kernel="thin_plate", width=3.0, centers=centers, input_map=None
    )
    quiet_fit(model, rows, targets, weights)
    assert model.score(rows[1200:], targets[1200:]) > 0.85


@pytest.mark.parametrize(
    "scale, options",
    [
        (1e-4, {"kernel": "thin_plate", "width": 1.0, "alpha": 1e-20, "linear_tail": False}),
        (1e78, {"refine": "auto"}),
    ],
)
def test_penalties_on_any_scale(scale, options):
    rows = np.random.RandomState(0).normal(size=(150, 3))
    targets = np.sin(rows[:, 0])
    model = textbook(150, input_map=None)
    quiet_fit(model.set_params(**options), scale * rows, targets)
    assert model.loo_error_ < 0.1


@pytest.mark.parametrize("scale", [1e6, 1e9, 1e12])
def test_activations_beyond_the_root_of_single_precision(scale):
    rng = np.random.RandomState(0)
    rows = rng.normal(size=(1000, 2)).astype(np.float32)
    model = textbook(60, kernel="thin_plate", width=1.0, input_map=None)
    quiet_fit(model, rows * np.float32(scale), np.sin(rows[:, 0]))
    assert model.loo_error_ < 0.05


def test_activations_that_are_all_equal_predict_the_mean():
    rows = np.random.RandomState(0).normal(size=(150, 3))
    targets = np.sin(rows[:, 0])
    model = textbook(150, width=1e12, linear_tail=False, input_map=None)
    quiet_fit(model, rows, targets)
    assert model.loo_error_ < 1.05 * targets.var()


def test_threads_do_not_decompose_on_their_own(monkeypatch):
    counts = []
    module = "sklearn_twolayer.output_layer._many_rows"

    def counted(matrix):
        counts.append(threading.current_thread() is threading.main_thread())
        return decomposed(matrix)

    monkeypatch.setattr(f"{module}.decomposed", counted)
    monkeypatch.setattr("sklearn_twolayer.output_layer._activations.KEPT_NUMBERS", 0)
    rng = np.random.RandomState(0)
    rows, targets = rng.normal(size=(5000, 2)), rng.normal(size=(5000, 1))
    layer = fixed_layer(rows, targets, np.ones(5000), 120, n_jobs=2)
    layer.judged_on(np.arange(4000)).loo.errors(np.array([1e-14]))
    assert counts == [True]


def test_of_many_rows_some_are_enough_to_choose_a_penalty(monkeypatch):
    whole = regression(40).fit(X, y)
    monkeypatch.setattr("sklearn_twolayer.output_layer._leave_one_out.MAX_EVALUATED", 100)
    part = regression(40).fit(X, y)
    assert part.score(X_new, y_new) == pytest.approx(whole.score(X_new, y_new), abs=0.05)
    assert part.loo_error_ == pytest.approx(whole.loo_error_, rel=0.3)


def test_rows_that_a_unit_sees_alone_are_not_taken_for_predictable():
    rows = np.vstack([X[:40], X[:3]])  # more rows than centres, most with a centre of their own
    noise = np.random.RandomState(0).normal(size=len(rows))
    model = textbook(43, width=1e-3).fit(rows, noise)
    assert model.loo_error_ > 0.5 * noise.var()


@pytest.mark.parametrize("task", ["regression", "classification"])
@pytest.mark.parametrize("refine", [None, "auto", "width+metric"])
def test_one_row_of_any_weight(task, refine):
    model = RBFNetwork(5, task=task, refine=refine).fit(X[:2], [0, 1], [1, 0])
    np.testing.assert_allclose(model.predict(X[:5]), 0)


def test_alpha_is_the_best_of_its_grid():
    model = textbook(width="dmax_dimension").fit(X, y)
    for factor in (0.1, 0.3, 3, 10):
        other = clone(model).set_params(alpha=factor * model.alpha_).fit(X, y)
        assert other.loo_error_ >= model.loo_error_ * (1 - 1e-3)


def test_leave_one_out_error_is_that_of_new_rows():
    model = regression(100).fit(X, y)
    error = np.mean((model.predict(X_new) - y_new) ** 2) + 0.3**2
    assert model.loo_error_ == pytest.approx(error, rel=0.25)


def test_the_output_layer_is_ridge_regression():
    model = textbook(alpha=0.01, width="dmax_dimension").fit(X, y)
    # The inside works on standardised targets, which changes nothing but rounding.
    ridge = Ridge(0.01 * len(X)).fit(model.transform(X), y)
    np.testing.assert_allclose(
        model.predict(X_new), ridge.predict(model.transform(X_new)), rtol=1e-6
    )


def test_limit_of_kernel_ridge():
    """With all rows as centres and y ≈ K c, a small penalty interpolates as KernelRidge does."""
    some, target = X[:40], y[:40] - y[:40].mean()
    model = textbook(centers="all", input_map=None, kernel="laplace", width=0.5, alpha=1e-12).fit(
        some, target
    )
    kernel = np.exp(-cdist(some, some) / 0.5)
    ridge = KernelRidge(kernel="precomputed", alpha=1e-10).fit(kernel, target)
    np.testing.assert_allclose(model.predict(some), target, atol=1e-5)
    near = some + 0.01
    expected = ridge.predict(np.exp(-cdist(near, some) / 0.5))
    np.testing.assert_allclose(model.predict(near), expected, atol=0.15 * np.std(target))


def test_a_given_alpha_is_that_of_logistic_regression():
    model = RBFNetwork(20, refine=None, alpha=0.01, width="dmax_dimension", random_state=0).fit(
        MOONS, LABELS
    )
    Phi = model.transform(MOONS)
    other = LogisticRegression(C=1 / (0.01 * len(MOONS)), tol=1e-10, max_iter=10000)
    other.fit(Phi, LABELS)
    np.testing.assert_allclose(model.predict_proba(MOONS), other.predict_proba(Phi), atol=2e-3)
    assert model.alpha_ == 0.01


def test_probabilities_are_good_ones():
    new, labels = make_moons(2000, noise=0.25, random_state=1)
    for model in (RBFNetwork(random_state=0), RBFNetwork(50, refine=None, random_state=0)):
        model.fit(MOONS, LABELS)
        assert log_loss(labels, model.predict_proba(new)) < 0.2
        assert model.score(new, labels) > 0.92


# Stage 3.


@pytest.mark.parametrize("refine", ["width", "metric", "gradient", "width+metric+gradient"])
def test_refinements_help(refine):
    plain = quiet_fit(textbook(40), X, y).score(X_new, y_new)
    refined = regression(40, refine=refine, input_map="standard", linear_tail=False).fit(X, y)
    assert refined.score(X_new, y_new) > plain + 0.05


def test_width_by_leave_one_out_is_the_same_by_both_names():
    by_width = regression(width="loo", refine=None, input_map="standard").fit(X, y)
    by_refine = regression(refine="width", input_map="standard", linear_tail=False).fit(X, y)
    np.testing.assert_array_equal(by_width.widths_, by_refine.widths_)


def test_of_many_rows_some_are_enough_to_choose_a_width():
    rng = np.random.RandomState(0)
    rows = rng.uniform(size=(60_000, 1))
    wave = np.sin(9 * rows[:, 0]) + 0.1 * rng.normal(size=60_000)
    model = regression(centers=rows[:8], input_map=None, refine="width")
    widths = [clone(model).fit(rows[::step], wave[::step]).widths_ for step in (1, 3)]
    # Neighbouring factors may be equally good.
    assert np.abs(np.log(widths[0] / widths[1])).max() < np.log(1.6) + 1e-6


@pytest.mark.parametrize("shape", ["spherical", "full"])
def test_the_metric_finds_the_inputs_that_matter(shape):
    model = regression(
        60, refine="metric", shape=shape, input_map="standard", linear_tail=False
    ).fit(X, y)
    A = model.shapes_ if shape == "spherical" else np.sqrt((model.shapes_**2).sum(axis=1))
    assert A[:5].min() > 1.5 * A[5:].max()  # the last five inputs are noise


def test_steps_take_their_order():
    both = regression(refine=("metric", "width"), input_map="standard").fit(X, y)
    named = regression(refine="width+metric", input_map="standard").fit(X, y)
    np.testing.assert_array_equal(both.predict(X), named.predict(X))


def test_the_gradient_lowers_the_cost():
    model = regression(15, refine="gradient", input_map="standard", max_iter=30)
    with pytest.warns(
        ConvergenceWarning, match="after 30 iterations.*Increase max_iter"
    ) as caught:
        model.fit(X, y)
    assert caught[0].filename == __file__
    assert model.n_iter_ == len(model.loss_curve_) > 3
    assert model.loss_curve_[-1] < 0.9 * model.loss_curve_[0]
    classifier = RBFNetwork(8, refine="gradient", max_iter=10, random_state=0)
    quiet_fit(classifier, MOONS, LABELS)
    assert classifier.score(MOONS, LABELS) > 0.9


@pytest.mark.parametrize("task", ["regression", "classification"])
def test_validation_rows_have_a_curve(task):
    rows, targets = (X, y) if task == "regression" else (MOONS, LABELS)
    model = RBFNetwork(10, task=task, refine="gradient", max_iter=5, random_state=0)
    quiet_fit(model, rows, targets, X_val=rows, y_val=targets)
    assert model.validation_curve_ == pytest.approx(model.loss_curve_)
    quiet_fit(model, rows[50:], targets[50:], X_val=rows[:50], y_val=targets[:50])
    assert len(model.validation_curve_) == len(model.loss_curve_)
    assert not hasattr(quiet_fit(model, rows, targets), "validation_curve_")
    with pytest.raises(ValueError, match="include 'gradient' in refine"):
        model.set_params(refine="width").fit(rows, targets, X_val=rows, y_val=targets)
    with pytest.raises(ValueError, match="X_val and y_val must be passed together"):
        model.fit(rows, targets, X_val=rows)


def test_the_gradient_needs_a_solver_that_suits_radial_units():
    model = regression(refine="width+gradient", solver="least_squares")
    with pytest.raises(ValueError, match="is for dense units: use 'lbfgs' or 'adam'"):
        model.fit(X, y)


def test_widths_are_tried_on_random_rows(monkeypatch):
    monkeypatch.setattr("sklearn_twolayer.rbf._width.N_ROWS", 500)
    alternating = np.arange(1000) % 2
    rows = np.c_[np.random.RandomState(0).uniform(-1, 1, 1000), alternating]
    waves = np.where(alternating, np.sin(10 * rows[:, 0]), 0)
    assert regression(60, input_map="standard").fit(rows, waves).score(rows, waves) > 0.99


@pytest.mark.parametrize("refine", [None, "gradient", "auto"])
@pytest.mark.parametrize(
    ("width", "what"),
    [(1e-300, "underflow"), (1e300, "overflow"), ([1.0, 1e300, 1.0], "overflow")],
)
def test_widths_whose_squares_no_float_holds(width, what, refine):
    model = regression(3, width=width, refine=refine)
    with pytest.raises(ValueError, match=f"width=.* has squares that {what} in float64: use"):
        model.fit(X, y)


@pytest.mark.parametrize("refine", ["metric", "width", "metric+gradient"])
def test_rows_beyond_all_distances_leak_no_warning(refine):
    rows = np.where(X > 0.5, 1.7e308, -1.7e308)
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        with pytest.raises(ValueError, match="overflow"):
            regression(5, refine=refine, input_map=None, centers="random").fit(rows, y)


@pytest.mark.parametrize("tail", [True, False])
def test_rows_below_all_squares_leak_no_warning(tail):
    rows = 1e-160 * MOONS[:17]
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        model = RBFNetwork(5, input_map=None, linear_tail=tail, refine=None, alpha=0.0)
        try:
            chances = model.fit(rows, LABELS[:17]).predict_proba(rows)
        except ValueError as error:
            assert "underflow" in str(error)
        else:
            np.testing.assert_allclose(chances, [np.bincount(LABELS[:17]) / 17] * 17)


def test_directions_of_no_variance_count_for_nothing():
    values = np.array([1e-320, 1e-310, 1e-300])
    np.testing.assert_array_equal(inverses(values, np.zeros(1))[:2], 0)
    np.testing.assert_allclose(inverses(values, np.zeros(1))[2], 1e300)


def test_a_task_that_is_no_name():
    model = RBFNetwork(task=np.array([1.0, 2.0]))
    assert "task" in model._repr_html_() and is_classifier(model)
    with pytest.raises(ValueError, match="^task must be one of .* got array"):
        model.fit(X, y)


def test_steps_of_refine_that_are_no_names():
    for refine in ([np.array([1.0, 2.0])], [{"a": 1}], [["width"]], {"width"}):
        with pytest.raises(ValueError, match="^refine must be 'auto', None, or steps among"):
            regression(refine=refine).fit(X, y)
    assert regression(refine=["auto"])._refines_by_itself


@pytest.mark.parametrize("width", [0.5, np.full(30, 2.0)], ids=["number", "array"])
def test_widths_in_numbers_are_taken_as_they_are(width):
    model = quiet_fit(regression(width=width, input_map="standard"), X, y)
    np.testing.assert_allclose(model.widths_, width)
    assert not isinstance(model.input_map_, ScaledMap)
    factor = quiet_fit(regression(width=width, input_map="standard", refine="width"), X, y)
    assert np.ptp(np.log(factor.widths_ / width)) < 1e-12


def test_the_input_map_suits_the_function():
    rows = np.random.RandomState(0).uniform(-1, 1, size=(600, 5))
    steps = np.sign(rows - 0.3).sum(axis=1)
    smooth = np.sin(3 * rows[:, 0] * rows[:, 1] + rows[:, 2] * rows[:, 3])
    assert isinstance(regression().fit(rows, steps).input_map_.input_map, PiecewiseLinearMap)
    assert isinstance(regression().fit(rows, smooth).input_map_.input_map, RobustMap)
    assert isinstance(quiet_fit(textbook(), rows, smooth).input_map_, StandardMap)


class Doubled(InputMap):
    """A map without an inverse."""

    def _fit(self, X, sample_weight):
        pass

    def _transform_dense(self, X):
        return 2 * X


def test_centers_of_a_map_without_an_inverse_are_mapped():
    model = regression(input_map=Doubled(), refine="width").fit(X, y)
    assert 1 < model.centers_.max() <= 2
    blend = TwoLayerRegressor(n_estimators=2, input_map=Doubled(), random_state=0).fit(X, y)
    assert blend.score(X, y) > 0.8


def test_the_metric_is_learned_where_it_helps():
    model = regression(60, input_map="standard").fit(X, y)
    factors = model.input_map_.factors
    assert factors[5:].mean() < 0.4 * factors[:5].mean()  # five of ten inputs matter
    standard = StandardMap().fit(X)
    np.testing.assert_allclose(
        model.input_map_.transform(X_new), standard.transform(X_new) * factors, rtol=1e-6
    )
    rng = np.random.RandomState(0)
    rows = rng.uniform(-1, 1, size=(300, 3))
    radial = np.cos(2 * np.linalg.norm(rows, axis=1)) + 0.1 * rng.normal(size=300)
    model = regression(60, input_map="standard").fit(rows, radial)
    assert isinstance(model.input_map_, StandardMap)


def whole_numbers(rows):
    return np.round(10 * rows).astype(int)


@pytest.mark.parametrize(
    "input_map",
    [
        StandardScaler().set_output(transform="pandas"),
        FunctionTransformer(whole_numbers),
        KBinsDiscretizer(strategy="uniform"),
    ],
    ids=["frame", "integers", "sparse"],
)
def test_the_metric_suits_whatever_a_map_gives(input_map):
    model = regression(60, input_map=input_map).fit(X, y)
    assert isinstance(model.input_map_, ScaledMap)
    assert model.score(X_new, y_new) > 0.6
    assert clone(model).set_params(input_map=model.input_map_).fit(X, y).score(X_new, y_new) > 0.6


def test_the_metric_does_not_depend_on_the_units_of_the_inputs():
    factors = regression(60, input_map=None).fit(X, y).input_map_.factors
    far = regression(60, input_map=None).fit(1000 * X + 1e6, y).input_map_.factors
    np.testing.assert_allclose(far, factors, rtol=0.02)


def test_distances_that_overflow_are_told():
    with pytest.raises(ValueError, match="overflow in float64: scale the inputs"):
        quiet_fit(regression(input_map=None), 1e200 * X, y)


# Density.


def test_density_of_large_rows_with_missing_ones():
    rng = np.random.default_rng(0)
    X = rng.choice([0.5, 0.75, 1.0], size=(30, 2))
    X[::7, 0] = np.nan
    labels, weights = np.arange(30) % 4, np.ones(30)
    ordinary, power = Density(X, labels, weights).log(X), 1023
    large = np.ldexp(X, power)
    found = Density(large, labels, weights).log(large)
    np.testing.assert_allclose(found, ordinary - 2 * power * np.log(2))


def test_density_integrates_to_one_in_one_dimension():
    rng = np.random.RandomState(0)
    x = np.concatenate([rng.normal(5, 0.1, 100), rng.normal(50, 20, 100)])[:, None]
    for n_centers in (1, 10, 200):
        model = quiet_fit(regression(n_centers), x, x[:, 0])

        def density(t, model=model):
            return np.exp(model.score_samples([[t]])[0])

        total, _ = quad(density, -300, 400, points=[4.5, 5, 5.5, 50], limit=500)
        assert total == pytest.approx(1, abs=1e-6)


def test_density_integrates_to_one_in_two_dimensions():
    model = RBFNetwork(5, random_state=0).fit(MOONS, LABELS)
    ticks, step = np.linspace(-6, 6, 600, retstep=True)
    grid = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
    assert np.exp(model.score_samples(grid)).sum() * step**2 == pytest.approx(1, abs=1e-6)


def test_density_tells_what_is_far():
    model = RBFNetwork(20, random_state=0).fit(MOONS, LABELS)
    assert model.score_samples([[100.0, 100.0]])[0] < model.score_samples(MOONS).min() - 100


# The contract.


def test_the_task_decides_what_there_is():
    classifier, regressor = RBFNetwork().fit(MOONS, LABELS), regression().fit(X, y)
    assert is_classifier(classifier) and not is_regressor(classifier)
    assert is_regressor(regressor) and not is_classifier(regressor)
    assert not hasattr(regressor, "predict_proba") and not hasattr(regressor, "classes_")
    assert regressor.score(X, y) > 0.9  # R²
    with pytest.raises(AttributeError, match="no attribute 'decision_function'"):
        regressor.decision_function(X)


def test_real_targets_are_refused_for_classification():
    with pytest.raises(ValueError, match="task='regression'"):
        RBFNetwork().fit(X, y)


def test_several_outputs_labels_and_distributions():
    both = np.column_stack([y, 1000 * X[:, 0] + 5000])
    predicted = regression(100).fit(X, both).predict(X)
    assert predicted.shape == both.shape and np.corrcoef(predicted.T, both.T)[1, 3] > 0.99
    labels = np.column_stack([X[:, 0] > 0.5, X[:, 1] > 0.5]).astype(int)
    model = RBFNetwork(50, random_state=0).fit(X, labels)
    assert model.predict(X).shape == labels.shape and model.score(X, labels) > 0.8
    soft = np.column_stack([X[:, 0], 1 - X[:, 0]])
    model = RBFNetwork(50, soft_targets="multiclass", random_state=0).fit(X, soft)
    assert np.abs(model.predict_proba(X) - soft).mean() < 0.05


def test_weights_draw_the_fit():
    weights = np.where(X[:, 0] > 0.5, 1.0, 1e-9)
    target = np.where(X[:, 0] > 0.5, 3.0, -3.0)
    assert np.abs(regression().fit(X, target, weights).predict(X) - 3).max() < 0.1
    balanced = RBFNetwork(class_weight="balanced", random_state=0).fit(X, X[:, 0] > 0.9)
    plain = RBFNetwork(random_state=0).fit(X, X[:, 0] > 0.9)
    assert balanced.predict(X).sum() >= plain.predict(X).sum()


@pytest.mark.parametrize("refine", [None, "width", "metric", "gradient"])
def test_sparse_rows_give_what_dense_ones_give(refine):
    dense = np.where(X > 0.6, X, 0)
    settings = {"refine": refine, "input_map": None, "centers": X[:15], "max_iter": 5}
    settings |= {"width": "dmax_dimension", "alpha": 1e-3}
    one = quiet_fit(regression(**settings), dense, y)
    other = quiet_fit(regression(**settings), sparse.csr_matrix(dense), y)
    np.testing.assert_allclose(one.predict(dense), other.predict(dense), rtol=1e-4)
    np.testing.assert_allclose(one.score_samples(dense), other.score_samples(dense), rtol=1e-8)


def test_single_precision():
    model = regression(50, refine="width").fit(X.astype(np.float32), y)
    predicted = model.predict(X_new.astype(np.float32))
    assert predicted.dtype == model.params_.dtype == np.float32
    assert model.transform(X.astype(np.float32)).dtype == np.float32
    expected = regression(50, refine="width").fit(X, y).predict(X_new)
    np.testing.assert_allclose(predicted, expected, atol=0.05 * np.std(y))


def test_frames_and_feature_names():
    frame = pd.DataFrame(X, columns=[f"column {j}" for j in range(X.shape[1])])
    model = regression(5, linear_tail=False).set_output(transform="pandas").fit(frame, y)
    assert list(model.transform(frame).columns) == [f"rbfnetwork{j}" for j in range(5)]
    pl = pytest.importorskip("polars")
    np.testing.assert_array_equal(model.predict(pl.DataFrame(frame)), model.predict(frame))


def test_threads_change_no_bit():
    rows = np.random.RandomState(0).normal(size=(5000, 4))
    target = rows[:, 0] * rows[:, 1]
    one = regression(n_jobs=1).fit(rows, target)
    many = regression(n_jobs=3).fit(rows, target)
    np.testing.assert_array_equal(one.params_, many.params_)
    np.testing.assert_array_equal(one.predict(rows), many.predict(rows))


def test_pickle_and_search():
    model = regression().fit(X, y)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict(X), model.predict(X))
    grid = {"n_centers": [10, 30], "refine": [None, "width"], "alpha": [0.01, "loo"]}
    search = GridSearchCV(regression(width="nearest"), grid, cv=3).fit(X, y)
    assert search.best_score_ > 0.8


@pytest.mark.parametrize(("data", "least"), [(load_iris, 0.93), (load_wine, 0.96)])
def test_small_tables(data, least):
    assert cross_val_score(RBFNetwork(random_state=0), *data(return_X_y=True)).mean() > least


def test_a_failed_fit_changes_nothing():
    model = regression().fit(X, y)
    before = model.predict(X)
    with pytest.raises(ValueError):
        model.set_params(width=-1.0).fit(X, y)
    with pytest.raises(ValueError):
        model.set_params(width="dmax").fit(X, np.full(len(X), np.nan))
    np.testing.assert_array_equal(model.predict(X), before)
    with pytest.raises(NotFittedError):
        regression().predict(X)


@pytest.mark.parametrize(
    "bad",
    [
        {"task": "ranking"},
        {"soft_targets": "multiclass"},
        {"class_weight": "balanced"},
        {"n_centers": 0},
        {"n_centers": 2.5},
        {"kernel": "gauss"},
        {"centers": "kmedoids"},
        {"centers": X[:3, :2]},
        {"width": "d_max"},
        {"width": -1.0},
        {"width": [1.0, 2.0]},
        {"shape": "cubic"},
        {"kernel": "wendland", "normalize": True},
        {"linear_tail": "yes"},
        {"refine": "widths"},
        {"refine": ("width", "depth")},
        {"refine": "auto+width"},
        {"refine": True},
        {"shared": "no"},
        {"normalize": None},
        {"refine": "metric", "shared": False, "shape": "full"},
        {"refine": "metric", "normalize": True},
        {"alpha": -1.0},
        {"alpha": "gcv"},
        {"input_map": "nothing known"},
        {"solver": "sgd"},
        {"max_iter": 0},
        {"tol": -1.0},
        {"n_jobs": 0},
        {"n_jobs": 1.5},
    ],
    ids=lambda bad: "-".join(bad),
)
def test_parameters_out_of_range(bad):
    with pytest.raises((ValueError, TypeError), match=list(bad)[0]):
        regression(**{"n_centers": 30, **bad}).fit(X, y)


@pytest.mark.parametrize("width", ["dmax", "loo", 1.0])
@pytest.mark.parametrize("centers", ["nonsense", [1.0, 2.0]], ids=["name", "vector"])
def test_centers_are_checked_before_the_rows(centers, width):
    with pytest.raises(ValueError, match="centers"):
        RBFNetwork(5, centers=centers, width=width).fit(None, None)


def test_the_kernel_is_checked_before_the_rows():
    with pytest.raises(ValueError, match="kernel"):
        RBFNetwork(kernel="gauss").fit(None, None)


# Traps.


def test_probabilities_of_a_rare_class_are_its_share():
    for seed in range(5):
        rows = np.random.default_rng(seed).normal(size=(200, 3))
        model = RBFNetwork(random_state=0).fit(rows, np.arange(200) < 1)
        assert model.predict_proba(rows)[:, 1].mean() == pytest.approx(0.005, rel=0.1)


def test_duplicates():
    few, target = np.repeat(X[:6], 10, axis=0), np.repeat(y[:6], 10)
    model = regression(20).fit(few, target)
    assert model.n_centers_ == len(model.centers_) <= 6
    np.testing.assert_allclose(model.predict(few), target, rtol=1e-3)


@pytest.mark.parametrize("refine", [None, "width", "metric", "gradient"])
def test_degenerate_data(refine):
    cases = {
        "one centre": (1, X, y),
        "constant columns": (20, np.column_stack([X, np.ones((len(X), 3))]), y),
        "nothing but constants": (20, np.ones((30, 2)), y[:30]),
        "fewer rows than centres": (100, X[:5], y[:5]),
        "constants, more columns than rows": (8, np.ones((5, 50)), y[:5]),
        "more columns than rows": (8, np.random.RandomState(0).normal(size=(20, 50)), y[:20]),
        "constant target": (10, X, np.full(len(X), 3.0)),
    }
    for name, (n_centers, rows, target) in cases.items():
        model = regression(n_centers, refine=refine, max_iter=3)
        predicted = quiet_fit(model, rows, target).predict(rows)
        assert np.isfinite(predicted).all(), name
        assert model.n_centers_ <= n_centers, name


def test_dead_units_are_told_with_a_remedy():
    rng = np.random.RandomState(0)
    rows = rng.normal(size=(2000, 20))
    with pytest.warns(UserWarning, match="all units are nearly zero.*refine='width'") as caught:
        dead = textbook(100).fit(rows, rows[:, 0])
    assert caught[0].filename == __file__
    alive = regression(100, input_map="standard", linear_tail=False).fit(rows, rows[:, 0])
    assert alive.score(rows, rows[:, 0]) > 0.8 > dead.score(rows, rows[:, 0])


def test_one_dimension_with_a_hundred_centres_is_stable():
    x = np.linspace(0, 1, 400)[:, None]
    target = np.sin(12 * x[:, 0])
    model = textbook(100).fit(x, target)
    assert model.cond_ > 1e6
    between = x[:-1] + 0.5 / 400
    np.testing.assert_allclose(model.predict(between), np.sin(12 * between[:, 0]), atol=1e-3)
    unstable = textbook(100, alpha=0.0).fit(x, target)
    assert np.abs(unstable.predict(between)).max() < 2


def test_far_away():
    far = 1e4 * np.ones((1, X.shape[1]))
    settings = {"input_map": None, "linear_tail": False, "width": 1.0}
    gaussian = textbook(**settings).fit(X, y)
    views = gaussian.network_.views(gaussian.params_[0])
    bias = gaussian._targets.predict(views.bias[None])
    np.testing.assert_allclose(gaussian.predict(far), bias)
    growing = textbook(kernel="multiquadric", **settings).fit(X, y)
    assert np.abs(growing._raw_outputs(far)).max() > 100
    assert np.abs(growing.predict(far)).max() < 2 * np.abs(y).max()  # bounded by what was seen


def test_units_of_inputs_and_targets_do_not_matter():
    scaled = regression().fit(1e6 * X - 3e6, 1000 * y + 5000)
    expected = 1000 * regression().fit(X, y).predict(X_new) + 5000
    np.testing.assert_allclose(scaled.predict(1e6 * X_new - 3e6), expected, rtol=1e-3)


@pytest.mark.parametrize("n", [2, 3, 4])
def test_classes_of_few_rows(n):
    rows = np.random.RandomState(0).normal(size=(n, 3))
    model = RBFNetwork(random_state=0).fit(rows, np.arange(n) % 2)
    assert np.isfinite(model.predict_proba(rows)).all()


def test_a_given_penalty_takes_no_more_memory_than_a_chosen_one(monkeypatch):
    monkeypatch.setattr("sklearn_twolayer.output_layer._directions.MAX_ROWS", 2000)
    rows = np.random.RandomState(0).normal(size=(20_000, 3))
    labels, peaks = (rows[:, 0] * rows[:, 1] > 0).astype(int), []
    for alpha in ("loo", 1e-4):
        model = RBFNetwork(150, refine=None, width="dmax_dimension", alpha=alpha, random_state=0)
        tracemalloc.start()
        model.fit(rows, labels)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.1 * peaks[0]


@pytest.mark.parametrize(
    "n_rows, n_judged, n_evaluated",
    [(5000, 500, 500), (50_000, 500, 500), (50_000, 8000, 2000), (7000, 7000, 6000)],
)
def test_a_strength_is_evaluated_on_as_many_rows_as_possible(n_rows, n_judged, n_evaluated):
    index, most = np.arange(n_rows), MAX_FOLDED - MAX_EVALUATED
    rng = np.random.RandomState(0)
    rows = random_of_two(index[:n_judged], index[n_judged:], MAX_FOLDED, most, rng)
    assert len(rows) == len(np.unique(rows)) == min(n_rows, 6000)
    assert (rows < n_judged).sum() == n_evaluated


def test_a_width_that_is_no_number_is_a_clear_error():
    rows = Table(X, y[:, None], np.ones(len(X)), SquaredError(), IdentityLink()).rows(None)
    network = Network(Radial(5), X.shape[1], 1)
    vector = network.initialize(rows, np.random.RandomState(0))
    layer = FixedLayer(Objective(network, SquaredError(), IdentityLink(), rows), vector)
    with pytest.raises(ValueError, match="activations of the radial units overflow"):
        refine_width(JudgedLayer(layer, 1e-3), Radial(5), np.random.RandomState(0), np.nan)


@pytest.mark.parametrize("loss", [None, "absolute_error", "log_loss"])
def test_noise_is_told(loss):
    task = "classification" if loss == "log_loss" else "regression"
    n_told, rows = 0, np.random.RandomState(0).rand(300, 5)
    for seed in range(1, 7):
        noise = np.random.RandomState(seed).normal(size=300)
        y = noise > 0 if loss == "log_loss" else noise
        model = RBFNetwork(task=task, loss=loss, random_state=0)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            model.fit(rows, y)
        if not any("No part predicts held-out rows better" in str(w.message) for w in caught):
            continue
        n_told += 1
        predicted = (
            model.predict_proba(rows)[:, 1] if is_classifier(model) else model.predict(rows)
        )
        assert predicted.std() < 0.01 * y.std()
    assert n_told >= 5


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("n_rows", [1, 8, 15, 30])
def test_small_tables_and_constants_are_not_taken_for_noise(n_rows):
    rows = np.random.RandomState(0).normal(size=(n_rows, 2))
    model = RBFNetwork(task="regression", random_state=0)
    assert np.ptp(model.fit(rows, rows[:, 0]).predict(rows)) > 0.5 or n_rows == 1
    model.fit(rows, np.ones(n_rows))
    RBFNetwork(random_state=0).fit(rows, np.zeros(n_rows))


def test_a_blend_warns_of_noise_once():
    rng = np.random.RandomState(0)
    blend = TwoLayerRegressor(
        n_units=5, n_estimators=2, max_iter=5, blend="radial", random_state=0
    )
    with pytest.warns(UserWarning) as caught:
        blend.fit(rng.normal(size=(60, 3)), rng.normal(size=60))
    assert ["No part" in str(each.message) for each in caught] == [True]


def test_the_output_layer_does_not_depend_on_blocks(monkeypatch):
    rng = np.random.RandomState(0)
    rows = rng.standard_normal((150, 3))
    labels = (rows[:, 0] * rows[:, 1] + 0.3 * rng.standard_normal(150) > 0).astype(int)
    model = RBFNetwork(20, task="classification", random_state=0)
    whole = clone(model).fit(rows, labels).predict_proba(rows)
    for module in ("_many_rows", "_cross_entropy"):
        monkeypatch.setattr(f"sklearn_twolayer.output_layer.{module}.BLOCK_LENGTH", 7)
    np.testing.assert_allclose(
        clone(model).fit(rows, labels).predict_proba(rows), whole, atol=1e-7
    )


@pytest.mark.parametrize("seed, n_rows, length", [(0, 1000, 50), (3, 2400, 40)])
def test_cross_entropy_is_penalized_enough_where_least_squares_hardly_is(seed, n_rows, length):
    X, y = _sequences(seed, n_rows + 2000, length)
    train, test = slice(n_rows), slice(n_rows, None)
    model = RBFNetwork(random_state=seed).fit(X[train], y[train])
    # With at most a hundred times the penalty of least squares: 0.34 and 0.52.
    assert log_loss(y[test], model.predict_proba(X[test])) < 0.15


def _sequences(seed, n_rows, length):
    """Return indicators of random letters, and which of two words is among them, if any."""
    rng = np.random.RandomState(seed)
    y = rng.randint(3, size=n_rows)
    letters = rng.randint(4, size=(n_rows, length))
    some = letters[:, 25:31]  # a view
    for label, word in [(1, [2, 3, 0, 0, 2, 3]), (2, [1, 1, 3, 1, 0, 2])]:
        is_written = (y == label)[:, None] & (rng.random_sample(some.shape) < 0.9)
        some[is_written] = np.broadcast_to(word, some.shape)[is_written]
    return np.eye(4)[letters].reshape(n_rows, -1), y


def test_cross_entropy_is_hardly_penalized_where_levels_determine_the_class():
    rng = np.random.RandomState(3)
    X = rng.randint(3, size=(5000, 8))
    total = X[:, 0] * X[:, 1] + np.maximum(X[:, 2], X[:, 3]) + X[:, 4]
    y = np.where(X[:, 5] == 0, 0, 1 + (total + (X[:, 6] > 1) >= 4))
    y[(X[:, 5] > 0) & (total >= 6)] = 3
    model = RBFNetwork(300, categorical_features=list(range(8)), random_state=0)
    model.fit(X[:3000], y[:3000])
    # 0.0092 with at least the penalty of least squares.
    assert log_loss(y[3000:], model.predict_proba(X[3000:])) < 0.005


def test_centres_follow_the_targets_of_a_regression_by_default():
    X, y = _rare_but_large()
    model = RBFNetwork(100, task="regression", random_state=0)
    is_large = model.fit(X, y).centers_[:, 0] > 0.5
    by_inputs = clone(model).set_params(refine="width").fit(X, y).centers_[:, 0] > 0.5
    assert is_large.sum() > 1.5 * by_inputs.sum()


@pytest.mark.parametrize("refine", [None, "width", "width+metric"])
def test_otherwise_centres_depend_on_inputs_only(refine):
    X, y = _rare_but_large()
    model = RBFNetwork(50, task="regression", refine=refine, input_map="standard", random_state=0)
    first, second = (clone(model).fit(X, d).centers_ for d in (y, y[::-1]))
    np.testing.assert_array_equal(first, second)


def _rare_but_large():
    """Return rows of which one in twenty has a first input of one, and a large target."""
    rng = np.random.RandomState(0)
    X = rng.random_sample((1000, 3))
    X[:, 0] = rng.random_sample(1000) < 0.05
    return X, np.where(X[:, 0] == 1, 20 * np.sin(5 * X[:, 1]), X[:, 1] + X[:, 2])


@pytest.mark.parametrize("alpha", [1e-4, 1e-1])
def test_the_condition_number_is_that_of_the_regularised_system(alpha):
    rows = np.random.RandomState(0).normal(size=(800, 3))
    model = RBFNetwork(150, task="regression", alpha=alpha, refine=None, linear_tail=False)
    units = model.fit(rows, rows[:, 0]).transform(rows)
    values = np.linalg.eigvalsh(np.cov(units.T, bias=True))
    expected = (values[-1] + alpha) / (values[0] + alpha)
    assert model.cond_ == pytest.approx(expected, rel=0.01)
