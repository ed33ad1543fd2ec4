"""The local average: a fourth part of a blend, from the targets of near rows."""

import pickle
import warnings
from dataclasses import replace

import numpy as np
import pytest
from problems import objective_of
from sklearn.datasets import make_friedman1
from sklearn.metrics import log_loss
from sklearn.preprocessing import FunctionTransformer

from sklearn_twolayer import TwoLayerClassifier, TwoLayerRegressor
from sklearn_twolayer.blending import blend_weights
from sklearn_twolayer.estimators import _blend
from sklearn_twolayer.estimators._blend import LOCAL
from sklearn_twolayer.input_maps import MixedMap, StandardMap, with_folds
from sklearn_twolayer.links import IdentityLink, LogisticLink
from sklearn_twolayer.losses import LogLoss, SquaredError
from sklearn_twolayer.rbf import LocalAverage, Table
from sklearn_twolayer.rbf._local import in_proportion
from sklearn_twolayer.rbf._probe import Inputs
from sklearn_twolayer.rows import Rows


def memory(n_rows, seed=0):
    """Return rows near one of many points, whose classes have nothing in common."""
    points = np.random.default_rng(0).uniform(size=(600, 4))
    classes = np.random.default_rng(1).integers(0, 2, len(points))
    rng = np.random.default_rng(seed)
    chosen = rng.integers(0, len(points), n_rows)
    return points[chosen] + rng.normal(0, 0.01, (n_rows, 4)), classes[chosen]


@pytest.fixture(scope="module")
def model():
    return TwoLayerClassifier(max_iter=5, random_state=0).fit(*memory(1500))


def names_of(model):
    return [part.name for part in model._model.parts]


def nadaraya_watson(X, centers, targets, width, masses=1.0):
    distances = np.sqrt(((X[:, None] - centers) ** 2).sum(axis=-1))
    weights = masses * np.exp(-(distances - distances.min(axis=1, keepdims=True)) / width)
    return weights @ targets / weights.sum(axis=1, keepdims=True)


def test_it_is_used_where_it_helps(model):
    X, y = memory(2000, seed=1)
    assert names_of(model)[-1] == LOCAL
    assert model.blend_weights_.shape == (4,) and model.blend_weights_[-1] > 0.1
    assert model.score(X, y) > model.radial_.score(X, y) + 0.02


def test_it_is_the_average_of_the_targets_of_near_rows(model):
    X, y = memory(1500)
    part = model._model.parts[-1]
    centers, log_widths = part.network.views(part.params[0]).own
    weights = part.network.views(part.params[0]).weights
    np.testing.assert_allclose(np.ptp(log_widths), 0)
    # The weights are the targets, on a scale of log-odds.
    of_classes = [np.unique(weights[y == k].round(4)) for k in (0, 1)]
    assert [len(values) for values in of_classes] == [1, 1] and of_classes[0] < of_classes[1]
    new = memory(50, seed=2)[0]
    mapped = part.input_map.transform(new)
    expected = nadaraya_watson(mapped, centers, weights, np.exp(log_widths[0]))
    outputs = part.raw_outputs(Rows(new, part.input_map, new.dtype))
    np.testing.assert_allclose(outputs, expected, rtol=1e-5, atol=1e-6)


def test_embeddings_and_predictions_include_it(model):
    X, _ = memory(40, seed=3)
    whole = model._model
    weights = np.concatenate(
        [
            factor * np.concatenate(part.network.views(part.params).weights) / len(part.params)
            for part, factor in zip(whole.parts, whole.factors, strict=True)
        ]
    )
    biases = [p.network.views(p.params).bias.reshape(len(p.params), -1) for p in whole.parts]
    bias = sum(f * b.mean(axis=0) for f, b in zip(whole.factors, biases, strict=True))
    Z = model.transform(X)
    assert Z.shape == (40, len(model.get_feature_names_out()))
    np.testing.assert_allclose(
        Z @ weights + bias + whole.constant, model.decision_function(X)[:, None], rtol=1e-6
    )


def test_it_survives_saving(model):
    X, _ = memory(40, seed=3)
    other = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(other.predict_proba(X), model.predict_proba(X))


def test_it_is_left_out_where_it_does_not_help():
    X, y = make_friedman1(400, noise=2.0, random_state=0)
    model = TwoLayerRegressor(max_iter=20, random_state=0).fit(X, y)
    assert LOCAL not in names_of(model) and model.blend_weights_.shape == (3,)


def test_it_is_left_out_if_no_part_helps():
    rng = np.random.default_rng(0)
    with pytest.warns(UserWarning, match="No part predicts"):
        model = TwoLayerRegressor(max_iter=3, random_state=0).fit(
            rng.normal(size=(300, 3)), rng.normal(size=300)
        )
    assert LOCAL not in names_of(model)


def test_of_many_rows_some_that_no_part_has_seen_decide(monkeypatch):
    monkeypatch.setattr(_blend, "MAX_ROWS", 1500)
    monkeypatch.setattr(_blend, "MAX_EVALUATED", 200)
    X, y = memory(3000)
    model = TwoLayerClassifier(n_estimators=2, max_iter=2, random_state=0).fit(X, y)
    assert names_of(model)[-1] == LOCAL
    assert np.isfinite(model.oof_prediction_).all(axis=1).sum() == 200
    assert model.score(X, y) > 0.8


def test_distances_beyond_single_precision_give_no_new_warning():
    X = np.random.default_rng(0).uniform(size=(200, 4)) * 1e37  # squares are beyond it
    y = np.random.default_rng(1).normal(size=200)
    model = TwoLayerRegressor(input_map=FunctionTransformer(), max_iter=5, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        model.fit(X, y)
    assert np.isfinite(model.predict(X)).all()


def test_the_slope_at_a_training_row_is_that_of_the_other_rows(model):
    X, _ = memory(1500)
    part = model._model.parts[-1]
    rows = Rows(X[:200], part.input_map, X.dtype)
    slopes, step = part.input_gradients(rows)[..., 0], 1e-4
    numeric = np.empty_like(slopes)
    for j in range(X.shape[1]):
        moved = [X[:200] + sign * step * np.eye(4)[j] for sign in (1, -1)]
        high, low = (part.raw_outputs(replace(rows, raw=each))[:, 0] for each in moved)
        numeric[:, j] = (high - low) / (2 * step)
    error = np.abs(slopes - numeric).max(axis=1)
    assert np.mean(error > 0.1 * np.abs(numeric).max(axis=1)) < 0.1


def table_of(X, targets, weights=None, folds=None, loss=None, link=None):
    weights = np.ones(len(X)) if weights is None else weights
    return Table(X, targets, weights, loss or SquaredError(), link or IdentityLink(), folds=folds)


def inputs_of(X, input_map, n_judged):
    return Inputs(input_map, np.arange(len(X)) % 4, n_judged)


@pytest.mark.parametrize("weighted", [False, True])
def test_held_out_outputs_do_not_use_the_own_row(weighted):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 2))
    targets = np.column_stack([X[:, 0] + 0.1 * rng.normal(size=60), rng.normal(size=60)])
    weights = rng.integers(1, 4, 60).astype(float) if weighted else np.ones(60)
    input_map = StandardMap().fit(X)
    local = LocalAverage(
        table_of(X, targets, weights), inputs_of(X, input_map, 2), np.random.RandomState(0)
    )
    part, honest = local.fit("local")
    width = np.exp(part.network.views(part.params[0]).own[1][0])
    np.testing.assert_array_equal(honest.rows, np.flatnonzero(np.arange(60) % 4 < 2))
    masses = np.bincount(local.memory, minlength=60)
    mapped = input_map.transform(X)
    for row, output in zip(honest.rows, honest.outputs, strict=True):
        others = masses * (np.arange(60) != row)
        there = others > 0
        expected = nadaraya_watson(
            mapped[[row]], mapped[there], targets[there], width, others[there]
        )[0] - targets[local.memory].mean(axis=0)
        np.testing.assert_allclose(output, expected, rtol=1e-4, atol=1e-5)


def test_rows_that_nothing_was_learned_from_are_predicted_by_all_others():
    rng = np.random.default_rng(0)
    X, new = rng.normal(size=(60, 2)), rng.normal(size=(30, 2))
    input_map = StandardMap().fit(X)
    table = table_of(X, X[:, :1])
    local = LocalAverage(
        table, inputs_of(X, input_map, 1), np.random.RandomState(0), table_of(new, new[:, :1])
    )
    part, honest = local.fit("local")
    outputs = part.raw_outputs(Rows(new, part.input_map, new.dtype))
    np.testing.assert_array_equal(honest.rows, np.arange(30))
    np.testing.assert_allclose(honest.outputs, outputs, rtol=1e-4, atol=1e-5)


def test_target_statistics_leave_out_the_fold_of_the_evaluated_row():
    """Otherwise, among rows of the same level, those with similar targets are nearest."""
    rng = np.random.default_rng(0)
    X = np.repeat(np.arange(100.0), 16)[:, None]
    effects, folds = rng.normal(size=100), np.arange(len(X)) % 4
    targets, new = (effects[X.astype(int)] + rng.normal(size=X.shape) for _ in range(2))
    input_map = MixedMap(None, np.array([True])).fit(X, targets=targets, folds=folds)
    table = table_of(with_folds(X, input_map, folds), targets, folds=folds)
    inputs = Inputs(input_map, folds, n_judged=4)
    part, honest = LocalAverage(table, inputs, np.random.RandomState(0)).fit("local")
    outputs = part.raw_outputs(Rows(X, part.input_map, X.dtype))
    claimed = np.mean((honest.outputs - targets[honest.rows] + targets.mean()) ** 2)
    true = np.mean((outputs - new + targets.mean()) ** 2)
    assert claimed == pytest.approx(true, rel=0.03)


def test_many_levels_without_effect_do_not_mislead():
    pd = pytest.importorskip("pandas")
    rng = np.random.default_rng(0)
    levels = np.array([f"level {k}" for k in range(1000)])
    frame = pd.DataFrame({f"c{j}": levels[rng.integers(0, 1000, 3000)] for j in range(2)})
    y = rng.integers(0, 2, 3000)
    with pytest.warns(UserWarning):
        model = TwoLayerClassifier(max_iter=5, random_state=0).fit(frame[:1500], y[:1500])
    assert log_loss(y[1500:], model.predict_proba(frame[1500:])) < np.log(2) + 0.02


def test_rows_are_drawn_in_proportion_to_their_weights():
    rng = np.random.RandomState(0)
    np.testing.assert_array_equal(in_proportion(np.full(1000, 0.1), 5000, rng), np.arange(1000))
    drawn = in_proportion(np.full(1000, 0.1), 300, rng)
    assert len(np.unique(drawn)) == 300
    counts = np.bincount(in_proportion(np.array([1.0, 1, 6, 0.001]), 4, rng), minlength=4)
    assert counts.sum() == 4 and counts[2] == 3


def test_optional_parts_shrink_to_nothing():
    rng = np.random.default_rng(0)
    targets = rng.normal(size=(300, 1))
    good = targets + 0.5 * rng.normal(size=(300, 1))
    args = objective_of(targets, SquaredError(), IdentityLink()), slice(None)
    noise = [rng.normal(size=(300, 1)) for _ in range(20)]
    of_noise = [blend_weights([good, z], *args, is_last_optional=True)[0][1] for z in noise]
    assert np.median(of_noise) == 0 and max(of_noise) < 0.05
    better = targets + 0.5 * rng.normal(size=(300, 1))
    factors, _ = blend_weights([good, better], *args, is_last_optional=True)
    assert factors[1] > 0.3


def test_outputs_that_are_not_finite_have_no_factor():
    targets = np.random.default_rng(0).normal(size=(50, 1))
    lost = np.full((50, 1), np.nan)
    args = objective_of(targets, SquaredError(), IdentityLink()), slice(None)
    factors, _ = blend_weights([lost, targets / 2], *args)
    np.testing.assert_allclose(factors, 0.01)


def test_optional_parts_must_be_worth_their_time():
    rng = np.random.default_rng(0)
    n = 100_000
    targets = (rng.uniform(size=(n, 1)) < 0.5).astype(float)
    good, weak = (strength * (targets - 0.5) + rng.normal(size=(n, 1)) for strength in (1.0, 0.05))
    args = objective_of(targets, LogLoss(), LogisticLink()), slice(None)
    with_weak, _ = blend_weights([good, weak], *args)
    factors, _ = blend_weights([good, weak], *args, is_last_optional=True)
    assert with_weak[1] > 0.02 and factors[1] == 0
