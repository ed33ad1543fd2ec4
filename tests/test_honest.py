"""What decides is measured on rows that nothing in the pipeline has seen."""

import numpy as np
import pandas as pd
import pytest
from problems import Problem, objective_of
from sklearn.base import clone
from sklearn.datasets import load_diabetes, make_classification, make_friedman1
from sklearn.metrics import log_loss, pairwise_distances_argmin_min
from sklearn.model_selection import cross_val_predict

from benchmarks.noise import COLUMNS, measure
from sklearn_twolayer import Dense, RBFNetwork, TwoLayerClassifier, TwoLayerRegressor
from sklearn_twolayer._sample import Folds
from sklearn_twolayer.blending import PRIOR_ROWS, Ensemble, blend_weights, deal_folds
from sklearn_twolayer.links import IdentityLink, LogisticLink, LogLink, SoftmaxLink
from sklearn_twolayer.losses import LogLoss, Poisson, SquaredError
from sklearn_twolayer.model import Model, Part
from sklearn_twolayer.rbf import Table
from sklearn_twolayer.rbf._folds import tail_weight

X, Y = load_diabetes(return_X_y=True)


@pytest.mark.slow
@pytest.mark.parametrize("size", [(60, 300), (100, 20), (200, 60)])
@pytest.mark.parametrize("seed", [0, 1])
def test_pure_noise_is_taken_for_noise(size, seed):
    for (name, bound), value in zip(COLUMNS, measure(*size, seed), strict=True):
        assert value > bound if bound < 0 else value < bound, name


def test_the_error_that_is_claimed_is_that_of_cross_validation():
    rows, y = make_friedman1(300, noise=1.0, random_state=0)
    rows = np.hstack([rows, np.random.RandomState(0).uniform(size=(300, 40))])
    model = RBFNetwork(task="regression", random_state=0)
    error = np.mean((cross_val_predict(model, rows, y, cv=10) - y) ** 2)
    assert model.fit(rows, y).loo_error_ == pytest.approx(error, rel=0.15)


def test_rows_that_judge_are_no_centres():
    rng = np.random.RandomState(0)
    rows = rng.normal(size=(2600, 4))
    y = np.sin(rows[:, 0]) + 0.1 * rng.normal(size=2600)
    model = RBFNetwork(200, task="regression", centers="random", input_map="standard")
    model.set_params(random_state=0).fit(rows, y)
    is_judged = ~np.isnan(model.oof_prediction_)
    assert is_judged.sum() >= 500
    _, distances = pairwise_distances_argmin_min(model.centers_, rows)
    assert distances.max() < 1e-6  # they are rows
    _, distances = pairwise_distances_argmin_min(model.centers_, rows[is_judged])
    assert distances.min() > 1e-6


@pytest.mark.parametrize("n_rows", [7, 40, 101])
def test_folds_have_the_same_shares_of_the_classes(n_rows):
    rng = np.random.RandomState(0)
    targets = rng.randint(2, size=(n_rows, 1)).astype(float)
    folds = deal_folds(targets, 4, rng)
    assert np.ptp(np.bincount(folds, minlength=4)) <= 1
    assert np.ptp(np.bincount(folds, targets[:, 0], minlength=4)) <= 2


def test_networks_know_no_row_that_they_leave_out():
    folds = Folds(np.arange(40) % 4, n_left_out=2)
    problem = Problem(Dense(3, "tanh"), SquaredError(), IdentityLink(), stack=2)
    networks = Ensemble(problem.objective(), problem.params, folds)
    honest = networks.left_out()
    np.testing.assert_array_equal(honest.rows, np.flatnonzero(folds.numbers < 2))
    for k in range(2):
        one = Part(None, problem.network, problem.params[[k]])
        expected = Model.of(one).raw_outputs(problem.X)[folds.numbers == k]
        found = honest.at(np.flatnonzero(folds.numbers == k))
        np.testing.assert_allclose(found, expected, rtol=1e-12)
        before = networks.cost.data_term(problem.params)
        problem.targets[folds.numbers == k] += 1
        changed = Ensemble(problem.objective(), problem.params, folds)
        after = changed.cost.data_term(problem.params)
        assert (after == before).tolist() == [k == 0, k == 1]
        networks = changed


def parts_of_a_clear_signal(n_rows):
    rng = np.random.RandomState(0)
    parts = [rng.normal(size=(n_rows, 1)) for _ in range(2)]
    y = 0.3 * parts[0] + 0.9 * parts[1] + 0.5 * rng.normal(size=(n_rows, 1))
    return parts, objective_of(y - y.mean(), SquaredError(), IdentityLink())


def test_factors_of_a_clear_signal_are_those_of_least_squares():
    parts, objective = parts_of_a_clear_signal(20_000)
    factors, _ = blend_weights(parts, objective, slice(None))
    expected = np.linalg.lstsq(np.hstack(parts), objective.rows.targets, rcond=None)[0].ravel()
    np.testing.assert_allclose(factors, expected, rtol=5e-3)


def test_the_equality_of_parts_counts_as_much_as_some_rows():
    parts, objective = parts_of_a_clear_signal(400)
    Z, targets = np.hstack(parts), objective.rows.targets
    free = np.linalg.lstsq(Z, targets, rcond=None)[0]
    left = np.square(Z @ free - targets).mean() / targets.var()
    size, from_mean = np.sqrt((Z**2).sum(axis=0)), np.array([[0.5, -0.5], [-0.5, 0.5]])
    penalty = PRIOR_ROWS * left / 400 * size[:, None] * from_mean * size
    expected = np.linalg.solve(Z.T @ Z + penalty, Z.T @ targets).ravel()
    factors, _ = blend_weights(parts, objective, slice(None))
    np.testing.assert_allclose(factors, expected, rtol=5e-3)
    assert np.ptp(factors) < np.ptp(free) - 0.01


def test_what_all_parts_and_the_constant_share_does_not_make_them_equal():
    rng = np.random.RandomState(0)
    signal, noise, error = 0.01 * rng.normal(size=(3, 1000, 1))
    parts = [np.log(100) + signal, np.log(100) + noise]
    objective = objective_of(100 * np.exp(signal + error), Poisson(), LogLink())
    (good, bad), _ = blend_weights(parts, objective, slice(None))
    assert good > 0.8 and bad < 0.2


def test_factors_of_noise_are_mostly_near_zero():
    sizes = []
    for seed in range(30):
        rng = np.random.RandomState(seed)
        labels = np.arange(60)[:, None] % 2.0
        noise = [rng.normal(size=(60, 1)) for _ in range(2)]
        objective = objective_of(labels, LogLoss(), LogisticLink())
        factors, _ = blend_weights(noise, objective, slice(None))
        sizes.append(factors.max())
    assert np.median(sizes) <= 0.05


def test_a_fit_after_a_warm_start_is_that_of_a_new_estimator():
    model = TwoLayerRegressor(n_estimators=3, max_iter=5, warm_start=True, random_state=0)
    again = model.fit(X, Y).set_params(warm_start=False).fit(X, Y).predict(X)
    new = clone(model).set_params(warm_start=False).fit(X, Y).predict(X)
    np.testing.assert_array_equal(again, new)


def test_other_rows_keep_the_factors_of_the_last_fit_and_say_so():
    model = TwoLayerRegressor(n_estimators=3, max_iter=5, warm_start=True, random_state=0)
    factors = model.fit(X, Y).blend_weights_
    table = np.column_stack([Y, Y])
    for same in (X, np.asfortranarray(X), pd.DataFrame(X)):  # no warning
        model.fit(same, table[:, 0])
    for rows in (slice(None, None, -1), slice(0, -1)):
        factors = model.blend_weights_
        with pytest.warns(UserWarning, match="other rows than the last fit"):
            model.fit(X[rows], Y[rows])
        np.testing.assert_array_equal(model.blend_weights_, factors)


def test_partial_fit_keeps_the_blend():
    train, test = slice(0, 300), slice(300, None)
    model = TwoLayerRegressor(random_state=0).fit(X[train], Y[train])
    before = model.score(X[test], Y[test])
    model.partial_fit(X[train], Y[train])
    assert model.score(X[test], Y[test]) > before - 0.02
    assert hasattr(model, "radial_") and hasattr(model, "blend_weights_")


def test_random_choices_of_the_radial_network_come_from_random_state():
    rows, y = make_friedman1(1500, random_state=0)
    first, second = (
        RBFNetwork(50, task="regression", random_state=seed).fit(rows, y).input_map_.factors
        for seed in (0, 1)
    )
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("container", ["dense", "sparse"])
def test_dense_and_sparse_rows_without_a_map_give_the_same(container):
    from scipy import sparse

    rng = np.random.RandomState(0)
    rows = np.where(rng.uniform(size=(200, 6)) > 0.5, rng.normal(size=(200, 6)), 0)
    labels = (rows[:, 0] + rows[:, 1] * rows[:, 2] > 0).astype(int)
    data = rows if container == "dense" else sparse.csr_array(rows)
    for model in (RBFNetwork(), TwoLayerClassifier(n_estimators=2, max_iter=5)):
        model.set_params(input_map=None, random_state=0)
        expected = clone(model).fit(rows, labels).predict_proba(rows)
        np.testing.assert_allclose(
            model.fit(data, labels).predict_proba(rows), expected, atol=1e-6
        )


@pytest.mark.parametrize("n_rare", [2, 3, 5])
def test_some_rows_of_a_rare_class_are_evaluated(n_rare):
    rng = np.random.RandomState(0)
    targets = np.zeros((1000, 1))
    targets[rng.choice(1000, n_rare, replace=False)] = 1
    for _ in range(20):
        folds = deal_folds(targets, 8, rng, n_evaluated=2)
        assert 0 < targets[folds < 2].sum() < n_rare or n_rare == 2
        assert set(np.bincount(folds)) == {125}


def test_rows_of_several_rare_classes_are_evaluated():
    labels = np.zeros(3000, dtype=int)
    labels[:4] = [1, 1, 2, 2]
    targets = np.eye(3)[np.random.RandomState(0).permutation(labels)]
    found = []
    for seed in range(200):
        evaluated = deal_folds(targets, 20, np.random.RandomState(seed), n_evaluated=4) < 4
        found.append(targets[evaluated].any(axis=0).all())
    assert np.mean(found) > 0.98


@pytest.mark.parametrize(
    ("loss", "link"),
    [(LogLoss(), LogisticLink()), (LogLoss(), SoftmaxLink()), (Poisson(), LogLink())],
)
def test_a_class_without_held_out_rows_keeps_its_frequency(loss, link):
    """Its absence from these rows is no evidence that it does not exist."""
    n_outputs = 3 if isinstance(link, SoftmaxLink) else 1
    labels = np.append(np.arange(500) % 2, np.repeat([0, 1, 2], [350, 148, 2]))
    objective = objective_of(np.eye(3)[labels, -n_outputs:], loss, link)
    constant, shape = objective.best_constant(), (500, n_outputs)
    parts = [constant + 0.1 * np.random.RandomState(k).normal(size=shape) for k in (0, 1)]
    factors, constant = blend_weights(parts, objective, slice(0, 500))
    predicted = link(np.tensordot(factors, parts, axes=1) + constant)
    assert 0.001 < predicted[:, -1].mean() < 0.01


@pytest.mark.filterwarnings("ignore:No part predicts held-out rows")
@pytest.mark.parametrize("model", [TwoLayerClassifier(), RBFNetwork()], ids=type)
def test_a_rare_class_is_never_thought_impossible(model):
    for seed in range(3):
        rng = np.random.RandomState(seed)
        X, y = rng.normal(size=(1000, 4)), np.zeros(1000, dtype=int)
        y[:2], X[:2, 1] = 1, 6
        order = rng.permutation(1000)
        model.set_params(random_state=seed).fit(X[order], y[order])
        assert model.predict_proba(X[:2])[:, 1].mean() > 1e-3


@pytest.mark.parametrize(
    "model", [RBFNetwork(20, task="regression"), TwoLayerRegressor()], ids=type
)
@pytest.mark.parametrize(("tail", "n_evaluated"), [(1, 600), (5, 1200)])
def test_more_rows_are_evaluated_if_a_few_have_most_of_the_variance(model, tail, n_evaluated):
    rng = np.random.RandomState(0)
    X, y = rng.normal(size=(1200, 3)), rng.normal(size=1200)
    y = np.sign(y) * np.abs(y) ** tail
    model.set_params(random_state=0).fit(X, y)
    assert np.isfinite(model.oof_prediction_).sum() == n_evaluated


def test_tails_of_targets():
    def weight(targets, sample_weight):
        return tail_weight(Table(targets, targets, sample_weight, SquaredError(), IdentityLink()))

    rng = np.random.RandomState(0)
    equal = np.ones(100_000)
    assert abs(weight(rng.normal(size=(100_000, 1)), equal) - 3) < 0.1
    assert weight(rng.normal(size=(100_000, 1)), rng.exponential(size=100_000) ** 3) > 20
    rare = (np.arange(100) == 0).astype(float)[:, None]
    np.testing.assert_allclose(weight(np.hstack([rare, 1 - rare]), np.ones(100)), 98.01, rtol=1e-3)
    assert weight(np.ones((10, 1)), np.ones(10)) == 1


def test_the_claimed_log_loss_is_true_where_least_squares_leaves_no_noise():
    options = {"n_informative": 8, "n_redundant": 5, "n_classes": 3, "random_state": 0}
    rows, y = make_classification(7000, 100, **options)
    model = RBFNetwork(random_state=0).fit(rows[:3000], y[:3000])
    actual = log_loss(y[3000:], model.predict_proba(rows[3000:]))
    assert actual == pytest.approx(model.oof_loss_, rel=0.15)
    assert actual < 0.4
