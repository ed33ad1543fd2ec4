"""Gradients with respect to the input, explanations and importances."""

import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from problems import Problem
from scipy import sparse
from scipy.stats import spearmanr
from sklearn.base import BaseEstimator, TransformerMixin, is_classifier
from sklearn.datasets import load_iris, make_friedman1
from sklearn.decomposition import PCA
from sklearn.feature_selection import RFE, SelectFromModel
from sklearn.inspection import permutation_importance
from sklearn.preprocessing import StandardScaler
from small_networks import LABELS, MANY, X, Y, classifier, each, regressor

from sklearn_twolayer import RBFNetwork, TwoLayerClassifier, TwoLayerRegressor
from sklearn_twolayer.activations import ACTIVATIONS
from sklearn_twolayer.attribution import SHARES, Attribution, Lines
from sklearn_twolayer.embeddings import PRESETS, Dense, Passthrough, Radial, as_embedding
from sklearn_twolayer.input_maps import INPUT_MAPS, InputMap, RobustMap, ScaledMap, StandardMap
from sklearn_twolayer.kernels import KERNELS
from sklearn_twolayer.links import IdentityLink
from sklearn_twolayer.losses import Poisson, Quantile, SquaredError
from sklearn_twolayer.model import Model

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

OWN = {"n_units": None, "activation": None}
EMBEDDINGS = {name: as_embedding(name, 4) for name in PRESETS}
EMBEDDINGS |= {f"activation {name}": Dense(4, name) for name in ACTIVATIONS}
EMBEDDINGS |= {f"kernel {name}": Radial(4, name, widths="nearest") for name in KERNELS}
for shape in ("diagonal", "full"):
    for shared in (True, False):
        EMBEDDINGS[f"{shape} {shared}"] = Radial(4, shape=shape, shared=shared)
EMBEDDINGS["normalized"] = Radial(4, normalize=True)
EMBEDDINGS["tail"] = Passthrough() | Radial(3) + Dense(3, "tanh") * Dense(3, "sigmoid")


def differences(function, rows, step=1e-6):
    """Return the derivatives of a function of rows, one column after the other, last."""
    found = []
    for j in range(rows.shape[1]):
        move = step * (np.arange(rows.shape[1]) == j)
        found.append((function(rows + move) - function(rows - move)) / (2 * step))
    return np.stack(found, axis=1)


@each(EMBEDDINGS, "embedding")
def test_gradients_of_each_embedding_are_those_of_differences(embedding):
    problem = Problem(embedding, SquaredError(), IdentityLink(), stack=2)
    network, views = problem.network, problem.network.views(problem.params)

    def outputs(rows):
        return network.forward(views, np.column_stack([rows, np.ones(len(rows))]))[0].sum(axis=0)

    rows = np.column_stack([problem.X, np.ones(len(problem.X))])
    _, saved = network.forward(views, rows)
    for k, delta in enumerate(np.eye(2)):
        delta = np.broadcast_to(delta, (2, len(rows), 2))
        found = network.input_pullback(views, rows, saved, delta)
        expected = differences(outputs, problem.X)[:, :, k]
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
        for_all = network.input_pullback(views, rows, saved, delta[:, :1])
        np.testing.assert_allclose(for_all, found, rtol=1e-12, atol=1e-12)


MAPS = {name: kind() for name, kind in INPUT_MAPS.items()}


class Doubled(InputMap):
    """A map without a pullback and without sources."""

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return 2 * X


MAPS |= {"of a user": Doubled()}
MAPS |= {"none": None, "clipped": StandardMap(clip=2.0)}
MAPS["scaled"] = ScaledMap(StandardMap().fit(X), np.array([1.0, 2.0, 0.5, 1.0]))
MAPS |= {"of scikit-learn": StandardScaler(), "mixing": PCA(3)}


@each(MAPS, "input_map")
def test_gradients_go_through_each_map(input_map):
    rows = X + 0.01  # bins begin at training rows
    model = regressor(input_map=input_map).fit(X, Y)
    found = model.input_gradients(rows)
    assert found.shape == X.shape
    expected = differences(model.predict, rows)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


MODELS = {
    "several numbers": (regressor(), np.column_stack([Y, 100 * Y])),
    "counts": (regressor(loss=Poisson()), np.round(Y)),
    "classes": (classifier(), LABELS),
    "two classes": (classifier(), LABELS == "red"),
    "several labels": (classifier(), MANY),
    "radial": (RBFNetwork(20, task="regression", random_state=0), Y),
    "by default": (TwoLayerRegressor(max_iter=3, random_state=0), Y),
}


def explained(model, rows):
    return getattr(model, "decision_function", model.predict)(rows)


@pytest.mark.parametrize(("model", "y"), MODELS.values(), ids=MODELS)
def test_gradients_of_what_is_predicted(model, y):
    model.fit(X, y)
    expected = differences(lambda rows: explained(model, rows), X)
    found = model.input_gradients(X)
    assert found.shape == expected.shape
    # A step over a kink is no derivative.
    assert np.mean(np.abs(found - expected) < 1e-4 * (1 + np.abs(expected))) > 0.98


def test_gradients_of_sparse_rows_and_of_single_precision():
    rows = np.where(X > 0.5, X, 0)
    for input_map in ("piecewise_linear", None):
        model = regressor(input_map=input_map, embedding=Radial(5) | Dense(3), **OWN)
        model.fit(sparse.csr_array(rows), Y)
        found = model.input_gradients(sparse.csr_array(rows))
        np.testing.assert_allclose(found, model.input_gradients(rows), atol=1e-8)
    single = regressor().fit(X.astype(np.float32), Y).input_gradients(X.astype(np.float32))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, regressor().fit(X, Y).input_gradients(X), atol=1e-3)


def test_there_is_no_gradient_where_a_prediction_is_held():
    far = np.vstack([X, [[1e3, 1e3, 1e3, 1e3]]])
    model = regressor(embedding=Passthrough(), **OWN).fit(X, Y)
    np.testing.assert_array_equal(model.input_gradients(far)[-1], 0)


@pytest.fixture(scope="module")
def frame():
    rng = np.random.RandomState(0)
    city = rng.choice(list("abcdefgh"), 300)
    height = np.where(rng.uniform(size=300) < 0.2, np.nan, rng.normal(size=300))
    rows = pd.DataFrame({"city": city, "height": height, "noise": rng.normal(size=300)})
    return rows, 2.0 * np.isin(city, ["a", "b"]) + np.nan_to_num(height, nan=3.0)


@pytest.fixture(scope="module")
def of_frame(frame):
    return RBFNetwork(50, task="regression", refine="width", random_state=0).fit(*frame)


def test_categories_and_missing_values_have_no_gradient(frame, of_frame):
    found = of_frame.input_gradients(frame[0])
    assert np.isnan(found[:, 0]).all()
    np.testing.assert_array_equal(np.isnan(found[:, 1]), frame[0]["height"].isna())
    assert np.isfinite(found[:, 2]).all()


@pytest.mark.parametrize("model", [regressor(), classifier(), RBFNetwork(5, random_state=0)])
def test_values_missing_only_in_new_rows_have_no_gradient(model):
    model.fit(X, LABELS if is_classifier(model) else Y)
    rows = X[:4].copy()
    rows[1, 2] = np.nan
    found, complete = model.input_gradients(rows), model.input_gradients(X[:4])
    expected = np.isnan(rows).reshape(*rows.shape, *[1] * (found.ndim - 2))
    np.testing.assert_array_equal(np.isnan(found), np.broadcast_to(expected, found.shape))
    np.testing.assert_array_equal(found[[0, 2, 3]], complete[[0, 2, 3]])


def test_categories_and_missing_values_are_explained(frame, of_frame):
    rows, _ = frame
    found = of_frame.explain(rows)
    assert found.feature_names == ["city", "height", "noise"]
    is_first = rows["city"].isin(["a", "b"])
    assert found.values[is_first, 0].mean() - found.values[~is_first, 0].mean() > 1.5
    assert found.values[rows["height"].isna(), 1].mean() > 1.5
    assert np.abs(found.values[:, 2]).mean() < 0.1
    importances = of_frame.feature_importances_
    assert importances[1] > importances[0] > 10 * importances[2]


def test_a_date_is_one_column_whatever_it_becomes(frame):
    rows, y = frame
    rows = rows.assign(since=pd.date_range("2024-01-01", periods=len(rows), freq="12h"))
    y = y + 2.0 * (np.arange(len(rows)) // 2 % 7 >= 5)  # at the weekend
    model = RBFNetwork(50, task="regression", refine="width", random_state=0).fit(rows, y)
    assert model.feature_importances_.shape == (4,)
    np.testing.assert_allclose(model.feature_importances_.sum(), 1)
    assert model.feature_importances_[3] > 10 * model.feature_importances_[2]
    found = model.explain(rows[:9])
    assert found.values.shape == found.data.shape == (9, 4)
    sums = found.values.sum(axis=1) + found.base_values
    np.testing.assert_allclose(sums, model.predict(rows[:9]))
    assert np.isnan(model.input_gradients(rows[:9])[:, 3]).all()


def test_each_quantile_has_its_own_gradient_and_explanation():
    model = RBFNetwork(20, task="regression", loss=Quantile([0.1, 0.9]), random_state=0)
    rows, y = make_friedman1(200, random_state=0)
    model.fit(rows, y)
    assert model.input_gradients(rows[:3]).shape == (3, 10, 2)
    found = model.explain(rows[:3])
    assert found.values.shape == (3, 10, 2)
    sums = found.values.sum(axis=1) + found.base_values
    np.testing.assert_allclose(np.sort(sums, axis=1), model.predict(rows[:3]), rtol=1e-6)


def test_gradients_and_importances_of_quantiles_that_cross_are_those_of_predictions():
    rng = np.random.RandomState(0)
    rows = rng.normal(size=(80, 3))
    model = TwoLayerRegressor(
        loss=Quantile([0.45, 0.5, 0.55]), n_estimators=1, max_iter=30, random_state=0
    ).fit(rows, rows[:, 0] + rng.normal(size=80))
    new = 1.5 * rng.normal(size=(200, 3))
    crosses = (np.diff(model._raw_outputs(new)) < 0).any(axis=1)
    assert 0.2 < crosses.mean() < 0.8
    steps = 1e-6 * np.eye(3)
    differences = [model.predict(new + step) - model.predict(new - step) for step in steps]
    expected = np.stack(differences, axis=1) / 2e-6
    errors = np.abs(model.input_gradients(new) - expected).max(axis=(1, 2))
    assert (errors[crosses] < 1e-5 * np.abs(expected).max()).mean() > 0.95
    limited = model._targets.limited(model._raw_outputs(new))
    np.testing.assert_allclose(model._targets.decode(limited), model.predict(new), rtol=1e-6)


@pytest.mark.parametrize(("model", "y"), MODELS.values(), ids=MODELS)
def test_an_explanation_adds_up(model, y):
    found = model.fit(X, y).explain(X[:7])
    total = found.values.sum(axis=1) + found.base_values
    np.testing.assert_allclose(total, explained(model, X[:7]), rtol=1e-6, atol=1e-6)


def test_a_linear_model_is_explained_exactly():
    model = regressor(embedding=Passthrough(), **OWN).fit(X, Y)
    slopes = model.input_gradients(X[:1])[0]
    found = model.explain(X[:9], background=X[50:])
    np.testing.assert_allclose(found.values, slopes * (X[:9] - X[50:].mean(axis=0)), atol=1e-8)
    np.testing.assert_allclose(found.base_values, model.predict(X[50:]).mean())


def test_sums_of_columns_are_explained_as_sums():
    rows = make_friedman1(300, random_state=0)[0][:, :3]
    terms = np.column_stack([np.sin(3 * rows[:, 0]), rows[:, 1] ** 2, 0 * rows[:, 2]])
    model = RBFNetwork(60, task="regression", refine="width", random_state=0)
    model.fit(rows, terms.sum(axis=1))
    found = model.explain(rows, background=rows[:100]).values
    np.testing.assert_allclose(found, terms - terms[:100].mean(axis=0), atol=0.02)


def test_places_on_lines_leave_little_to_be_shared_out():
    rows, y = make_friedman1(300, random_state=0)
    model = TwoLayerRegressor(n_estimators=1, max_iter=20, random_state=0).fit(rows, y)
    attribution = Attribution(model._model, IdentityLink(), rows[:100], rows[100:120])
    lines = Lines.between(20, 100)
    terms = attribution.terms(rows[100:120], lines, np.eye(1)[:, None])[0]
    terms = terms.sum(axis=-1).reshape(20, 100, len(SHARES))
    found = (terms @ SHARES).mean(axis=1)
    outputs = attribution.outputs(rows)[:, 0]
    expected = outputs[100:120] - outputs[:100].mean()
    assert np.abs(found - expected).mean() < 1e-2


@pytest.mark.parametrize("loss", ["squared_error", "poisson"])
def test_single_precision_is_enough(loss):
    rows, y = make_friedman1(200, random_state=0)
    model = TwoLayerRegressor(n_estimators=2, max_iter=20, loss=loss, random_state=0)
    model.fit(rows.astype(np.float32), np.abs(y))
    single, double = model.explain(rows[:5].astype(np.float32)), model.explain(rows[:5])
    np.testing.assert_allclose(single.values, double.values, atol=1e-4 * y.max())


def test_a_map_that_mixes_columns_cannot_be_explained():
    model = regressor(input_map=PCA(2)).fit(X, Y)
    with pytest.raises(AttributeError, match="in front of this estimator"):
        model.explain(X)
    assert model.feature_importances_.sum() == pytest.approx(1)
    model = regressor(input_map=StandardScaler()).fit(X, Y)
    assert model.explain(X).values.shape == X.shape
    with pytest.raises(AttributeError, match="mixes columns"):
        regressor(input_map=PCA()).fit(X, Y).explain(X[1:2], background=X[:1])
    frame = pd.DataFrame(X).assign(label=LABELS).rename(columns=str)
    with pytest.raises(AttributeError, match=r"^input_map=PCA\(n_components=2.* mixes columns"):
        regressor(input_map=PCA(2), n_estimators=2).fit(frame, Y).explain(frame)


class Rooted(TransformerMixin, BaseEstimator):
    """A transformer of another package that takes only rows in increasing order."""

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        with np.errstate(invalid="ignore"):
            return np.sqrt(X[:, [1]] - X[:, [0]])


def test_a_map_that_does_not_take_exchanged_values_cannot_be_explained():
    rows = np.sort(X, axis=1)
    with pytest.raises(AttributeError, match="mixes columns"):
        regressor(input_map=Rooted()).fit(rows, Y).explain(rows)


@pytest.mark.parametrize("background", [X[:1], np.column_stack([X[:10, :1], np.ones((10, 3))])])
def test_columns_that_do_not_vary_in_the_background_keep_their_contributions(background):
    model = regressor(embedding=Passthrough(), input_map=StandardScaler(), **OWN)
    slopes = model.fit(X, 3 * X[:, 1]).input_gradients(X[:1])
    found = model.explain(X[1:2], background=background).values
    np.testing.assert_allclose(found, slopes * (X[1] - background.mean(axis=0)), atol=1e-8)


@pytest.mark.parametrize("background", [10, X[0], X[:0], X[:, :2], "rows"], ids=str)
def test_a_background_that_is_no_table_is_named(background):
    model = regressor(max_iter=1).fit(X, Y)
    with pytest.raises(ValueError, match="In the rows of background: "):
        model.explain(X[:2], background)


@pytest.mark.parametrize("kind", [TwoLayerRegressor, RBFNetwork])
def test_importances_rank_columns_as_permutation_importance_does(kind):
    rows, y = make_friedman1(600, n_features=6, random_state=0)
    task = {"task": "regression"} if kind is RBFNetwork else {"n_estimators": 1}
    model = kind(random_state=0, **task).fit(rows[:300], y[:300])
    expected = permutation_importance(model, rows[300:], y[300:], random_state=0)
    found = model.feature_importances_
    assert found.sum() == pytest.approx(1)
    assert spearmanr(found, expected.importances_mean)[0] > 0.9
    np.testing.assert_array_equal(found, model.feature_importances_)


CONSTANT = {
    "ones": (regressor(), np.ones(len(Y))),
    "a blend": (regressor(n_estimators=2), np.full(len(Y), 0.1)),
    "single precision": (regressor(solver="adam"), np.full(len(Y), 1e6)),
    "counts": (regressor(loss="poisson"), np.full(len(Y), 3.3)),
    "radial": (RBFNetwork(9, task="regression"), np.ones(len(Y))),
    "one class": (classifier(), np.full(len(Y), "a")),
    "labels": (classifier(n_estimators=2, solver="adam"), np.tile([1, 0], (len(Y), 1))),
}


@pytest.mark.parametrize(("model", "y"), CONSTANT.values(), ids=CONSTANT)
def test_nothing_is_important_for_a_constant(model, y):
    assert not model.fit(X, y).feature_importances_.any()


def test_columns_are_selected_by_importance():
    rows, labels = load_iris(return_X_y=True)
    rows = np.column_stack([rows, np.random.RandomState(0).normal(size=(150, 2))])
    selection = SelectFromModel(TwoLayerClassifier(n_estimators=1, max_iter=50, random_state=0))
    assert not selection.fit(rows, labels).get_support()[-2:].any()
    ranking = RFE(RBFNetwork(20, random_state=0), n_features_to_select=2).fit(rows, labels)
    assert ranking.support_[2:4].all()


def test_rows_that_are_kept_are_few_and_change_no_result():
    model = regressor().fit(np.tile(X, (3, 1)), np.tile(Y, 3))
    assert model._background.shape == (100, 4)
    weights = np.zeros(len(Y))
    weights[:5] = 1
    assert len(regressor().fit(X, Y, sample_weight=weights)._background) == 5


def test_gradients_and_explanations_of_any_number_of_threads_are_the_same():
    model = regressor().fit(X, Y)
    one = model.explain(X).values
    np.testing.assert_array_equal(one, model.set_params(n_jobs=2).explain(X).values)


def test_shap_takes_an_explanation():
    pytest.importorskip("shap")
    from sklearn_twolayer.shap import to_shap

    found = to_shap(classifier().fit(X, LABELS).explain(X[:5]))
    assert found.shape == (5, 4, 3)
    assert found.base_values.shape == (5, 3)


@pytest.mark.parametrize("kind", ["residual", "product"])
def test_targets_at_the_edge_of_the_range(kind):
    y = np.where(Y > np.median(Y), 1.7e308, -1.7e308)
    model = regressor(embedding=kind, activation=None).fit(X, y)
    assert np.isfinite(model.explain(X).values).all()
    assert np.isfinite(model.input_gradients(X)).all()
    grown = pickle.loads(pickle.dumps(model))
    part = replace(model._model.parts[0], params=1e300 * model.params_)
    grown._model = Model.of(part)
    assert np.isfinite(grown.input_gradients(X)).all()
    assert grown.feature_importances_.sum() == pytest.approx(1)


def test_gradients_of_inputs_that_hardly_vary():
    model = TwoLayerRegressor(blend="radial", n_estimators=2, max_iter=2, random_state=0)
    assert np.isfinite(model.fit(1e-310 * X, Y).input_gradients(1e-310 * X)).all()


def test_gradients_that_overflow_single_precision_are_finite():
    targets = np.where(np.arange(len(Y)) == 0, 1e300, Y)
    rows = X.astype(np.float32)
    model = RBFNetwork(5, task="regression", random_state=0).fit(rows, targets)
    gradients = model.input_gradients(rows)
    assert np.isfinite(gradients).all() and np.abs(gradients).max() > 1e37


def test_importances_where_predictions_overflow():
    rows = X.copy()
    rows[0] = -1.7e308
    model = regressor(input_map=RobustMap(clip=np.inf), loss="poisson", max_iter=2)
    importances = model.fit(rows, np.abs(Y)).feature_importances_
    assert np.isfinite(importances).all()
