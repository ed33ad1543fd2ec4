"""What a user of scikit-learn relies on, beyond the common tests."""

import copy
import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
import polars as pl
import pytest
from problems import objective_of
from scipy import sparse
from sklearn import config_context, metrics
from sklearn.base import clone
from sklearn.datasets import make_classification, make_regression
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import GridSearchCV, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.utils.class_weight import compute_sample_weight
from small_networks import (
    LABELS,
    MANY,
    SOFT,
    SOLVER_OBJECTS,
    WEIGHTS,
    N,
    X,
    Y,
    classifier,
    each_kind,
    each_solver,
    each_target,
    outputs,
    regressor,
)

from sklearn_twolayer import RBFNetwork, TwoLayerClassifier, TwoLayerRegressor
from sklearn_twolayer import rows as rows_module
from sklearn_twolayer.blending import blend_weights
from sklearn_twolayer.embeddings import Dense
from sklearn_twolayer.input_maps import INPUT_MAPS
from sklearn_twolayer.losses import CLASSIFICATION_LOSSES, REGRESSION_LOSSES
from sklearn_twolayer.model import Model
from sklearn_twolayer.solvers import LBFGS, SOLVERS, Adam, GradientDescent, LeastSquares

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def test_each_solver_is_here():
    assert SOLVER_OBJECTS.keys() == SOLVERS.keys()


#: What a fit says of targets that are noise to it.
NEARLY_CONSTANT = "No part predicts held-out rows"


def test_each_blend_is_for_a_loss():
    for loss in REGRESSION_LOSSES:
        model = regressor(n_estimators=2, loss=loss).fit(X, np.abs(Y) + 0.1)
        assert hasattr(model, "radial_") == (loss == "squared_error")
        assert hasattr(model, "blend_weights_")
    model = classifier(n_estimators=2, loss="squared_error").fit(X, LABELS)
    assert len(model.blend_weights_) == 2  # both kinds of networks


@pytest.mark.parametrize("unit", [1e-4, 1.0, 1e4])
def test_noise_leaves_the_mean_in_its_unit(unit):
    rng = np.random.RandomState(0)
    rows, y = rng.normal(size=(80, 10)), rng.gamma(2.0, size=80)
    model = regressor(loss="gamma", n_estimators=3, n_units=20, alpha=0.0)
    with pytest.warns(UserWarning, match=NEARLY_CONSTANT):
        model.fit(rows, unit * y)
    new = model.predict(rng.normal(size=(500, 10))).mean()
    assert new == pytest.approx(unit * y.mean(), rel=0.05)


@pytest.mark.filterwarnings("error")
def test_constant_targets_cause_no_warning():
    model = regressor(n_estimators=2).fit(X, np.full(N, 3.0))
    np.testing.assert_allclose(model.predict(X), 3.0)
    assert (classifier(n_estimators=2).fit(X, np.full(N, "a")).predict(X) == "a").all()


def test_factors_of_tiny_targets():
    loss = REGRESSION_LOSSES["poisson"]()
    noise = np.log(1e-5) + np.random.RandomState(0).normal(size=(N, 1))
    objective = objective_of(1e-5 * Y[:, None], loss, loss.link)
    (factor,), constant = blend_weights([noise], objective, slice(None))
    assert factor < 0.3
    mean = loss.link(factor * noise + constant).mean()
    assert mean == pytest.approx(1e-5 * Y.mean(), rel=0.1)


def test_noise_leaves_an_order_of_the_rows():
    rows = np.random.RandomState(0).normal(size=(60, 2))
    for seed in range(10):
        labels = np.random.RandomState(seed).permutation(np.arange(60) % 2)
        model = classifier(n_estimators=3, alpha=0.0, n_units=20).fit(rows, labels)
        assert model.blend_weights_.any()
        assert np.ptp(model.decision_function(rows)) > 0


def test_sparse_rows_without_entries():
    for model in (TwoLayerClassifier(random_state=0), RBFNetwork(random_state=0)):
        model.fit(sparse.csr_array((30, 5)), np.arange(30) % 2)
        np.testing.assert_allclose(model.predict_proba(np.zeros((2, 5))), 0.5, atol=1e-4)


def test_missing_values_of_a_dense_row_after_sparse_rows():
    rows = sparse.csr_array(sparse.random(100, 5, density=0.3, random_state=0))
    model = RBFNetwork(task="regression", random_state=0).fit(rows, rows.sum(axis=1))
    missing, filled = rows[:1].toarray(), rows[:1].toarray()
    missing[0, 0], filled[0, 0] = np.nan, rows.mean(axis=0)[0]
    np.testing.assert_allclose(model.predict(missing), model.predict(filled), rtol=1e-6)


# Weights.


@pytest.mark.parametrize(
    ("make", "y", "loss"),
    [(regressor, Y, loss) for loss in REGRESSION_LOSSES]
    + [(classifier, y, loss) for loss in CLASSIFICATION_LOSSES for y in (LABELS, MANY)],
)
def test_integer_weights_are_repeated_rows(make, y, loss):
    index = np.repeat(np.arange(N), WEIGHTS)
    for input_map in ("standard", "piecewise_linear"):
        model = make(loss=loss, input_map=input_map, max_iter=4)
        weighted = outputs(clone(model).fit(X, y, sample_weight=WEIGHTS))
        repeated = outputs(clone(model).fit(X[index], y[index]))
        np.testing.assert_allclose(weighted, repeated, rtol=1e-6, atol=1e-8)


@each_kind
@pytest.mark.parametrize(
    "solver",
    [GradientDescent(0.1, momentum=0.5), Adam(0.05, batch_size=None, dropout=0.0, dtype=None)],
    ids=repr,
)
def test_so_are_they_for_solvers_on_all_rows(make, y, solver):
    index = np.repeat(np.arange(N), WEIGHTS)
    weighted = outputs(make(solver=solver).fit(X, y, sample_weight=WEIGHTS))
    repeated = outputs(make(solver=solver).fit(X[index], y[index]))
    np.testing.assert_allclose(weighted, repeated, rtol=1e-9)


@each_kind
@pytest.mark.parametrize("scale", [0.1, 1e-300, 1e300, 1e308])
def test_the_scale_of_the_weights_is_none(make, y, scale):
    model = make(input_map="piecewise_linear", max_iter=4)
    expected = outputs(clone(model).fit(X, y))
    scaled = outputs(clone(model).fit(X, y, sample_weight=np.full(N, scale)))
    np.testing.assert_allclose(scaled, expected, rtol=1e-6)


@each_solver
@each_kind
def test_rows_of_weight_zero_are_no_rows(make, y, solver):
    kept = WEIGHTS > 0
    weighted = make(solver=solver).fit(X, y, sample_weight=kept)
    fewer = make(solver=solver).fit(X[kept], y[kept])
    np.testing.assert_allclose(outputs(weighted), outputs(fewer), rtol=1e-6)


@pytest.mark.parametrize("y", [LABELS, MANY], ids=["classes", "labels"])
@pytest.mark.parametrize("weights", [None, WEIGHTS + 1], ids=["equal", "weighted"])
def test_class_weights_are_weights_of_the_rows(y, weights):
    class_weight = {"blue": 2.0, "green": 1.0, "red": 0.5}
    if y is MANY:
        class_weight = [{0: 1.0, 1: 2.0}, {0: 3.0, 1: 1.0}, {0: 1.0, 1: 1.0}]
    factors = compute_sample_weight(class_weight, y)
    expected = classifier().fit(X, y, sample_weight=factors * (1 if weights is None else weights))
    model = classifier(class_weight=class_weight).fit(X, y, sample_weight=weights)
    np.testing.assert_allclose(outputs(model), outputs(expected), rtol=1e-9)


@pytest.mark.parametrize("y", [LABELS, MANY], ids=["classes", "labels"])
def test_balanced_weights_count_repeated_rows(y):
    index = np.repeat(np.arange(N), WEIGHTS)
    weighted = classifier(class_weight="balanced").fit(X, y, sample_weight=WEIGHTS)
    repeated = classifier(class_weight="balanced").fit(X[index], y[index])
    np.testing.assert_allclose(outputs(weighted), outputs(repeated), rtol=1e-6)
    by_hand = classifier().fit(X, y, sample_weight=compute_sample_weight("balanced", y))
    balanced = classifier(class_weight="balanced").fit(X, y)
    np.testing.assert_allclose(outputs(balanced), outputs(by_hand), rtol=1e-6)


# Kinds of data.


@each_solver
@each_target
def test_sparse_rows_give_what_dense_ones_give(make, y, solver):
    rows = sparse.random(N, 6, density=0.4, format="csr", random_state=0)
    model = make(solver=solver, input_map=None, max_iter=3)
    dense = clone(model).fit(rows.toarray(), y)
    for kind in (sparse.csr_matrix, sparse.csr_array, sparse.csc_array, sparse.coo_array):
        compressed = clone(model).fit(kind(rows), y)
        for one, other in zip(
            (outputs(compressed, kind(rows)), compressed.transform(kind(rows))),
            (outputs(dense, rows.toarray()), dense.transform(rows.toarray())),
            strict=True,
        ):
            np.testing.assert_allclose(one, other, rtol=2e-4, atol=1e-5)


@each_solver
@each_target
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_floating_type_is_kept(make, y, solver, dtype):
    model = make(solver=solver, n_estimators=2).fit(X.astype(dtype), y)
    assert model.params_.dtype == dtype
    assert model.transform(X.astype(dtype)).dtype == dtype
    assert outputs(model, X.astype(dtype)).dtype == dtype
    if make is classifier:
        assert model.predict_log_proba(X.astype(dtype)).dtype == dtype


@each_kind
@pytest.mark.parametrize("input_map", [*INPUT_MAPS, None])
@pytest.mark.parametrize("first", [np.asarray, sparse.csr_array], ids=["dense", "sparse"])
def test_the_kind_of_the_array_does_not_matter_to_a_fitted_network(make, y, input_map, first):
    rows = np.where(X > 0, X, 0)
    model = make(input_map=input_map).fit(first(rows), y)
    expected = outputs(model, first(rows))
    for kind in (np.asarray, sparse.csr_array, sparse.csr_matrix, twice):
        np.testing.assert_allclose(outputs(model, kind(rows)), expected, rtol=1e-9)


def twice(rows):
    """Return CSR rows in which each entry is given as two halves."""
    n_rows, n_columns = rows.shape
    indices = np.tile(np.arange(n_columns), n_rows).repeat(2)
    indptr = 2 * n_columns * np.arange(n_rows + 1)
    return sparse.csr_array((rows.ravel().repeat(2) / 2, indices, indptr), shape=rows.shape)


@each_kind
@pytest.mark.parametrize("input_map", [*INPUT_MAPS, None])
def test_entries_of_sparse_rows_may_be_sums(make, y, input_map):
    sums = make(input_map=input_map).fit(twice(X), y)
    plain = make(input_map=input_map).fit(sparse.csr_array(X), y)
    np.testing.assert_allclose(outputs(sums), outputs(plain), rtol=1e-9)


@each_kind
def test_single_precision_is_near_double(make, y):
    double = make(max_iter=3).fit(X, y)
    single = make(max_iter=3).fit(X.astype(np.float32), y)
    np.testing.assert_allclose(outputs(single, X.astype(np.float32)), outputs(double), atol=1e-3)


@each_kind
@pytest.mark.parametrize(
    ("frame", "series"),
    [(pd.DataFrame, pd.Series), (pl.DataFrame, pl.Series)],
    ids=["pandas", "polars"],
)
def test_data_frames(make, y, frame, series):
    names = ["a", "b", "c", "d"]
    table = frame(dict(zip(names, X.T, strict=True)))
    model = make(n_estimators=2).fit(table, series(y), sample_weight=series(WEIGHTS))
    plain = make(n_estimators=2).fit(X, y, sample_weight=WEIGHTS)
    assert model.feature_names_in_.tolist() == names and model.n_features_in_ == 4
    np.testing.assert_array_equal(outputs(model, table), outputs(plain))
    prefix = type(model).__name__.lower()
    columns = [f"{prefix}{k}" for k in range(model.transform(table).shape[1])]
    assert model.get_feature_names_out().tolist() == columns
    for library, kind in (("pandas", pd.DataFrame), ("polars", pl.DataFrame)):
        other = clone(model).set_output(transform=library)
        transformed = other.fit(table, series(y), series(WEIGHTS)).transform(table)
        assert isinstance(transformed, kind) and list(transformed.columns) == columns
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        model.predict(X)
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame(dict(zip("abce", X.T, strict=True))))


@pytest.mark.parametrize("library", [pd, pl], ids=["pandas", "polars"])
def test_early_stopping_on_a_scorer_with_data_frames(library):
    table = library.DataFrame(dict(zip("abcd", X.T, strict=True)))
    model = classifier(early_stopping=True, scoring="accuracy").fit(table, LABELS)
    assert len(model.validation_curve_) == model.n_iter_


@each_kind
def test_transform_is_the_first_layer(make, y):
    model = make(input_map=None, n_estimators=2, blend="mean").fit(X, y)
    views = model.network_.views(model.params_)
    V = X @ views.projections[:, :-1] + views.projections[:, -1:]
    np.testing.assert_allclose(model.transform(X), np.hstack(np.tanh(V)), rtol=1e-10)
    np.testing.assert_array_equal(make(input_map=None).fit_transform(X, y).shape, (N, 5))


# Targets.


@each_solver
def test_several_outputs(solver):
    both = np.column_stack([Y, 100 * X[:, 0] - 7])
    model = regressor(solver=solver, n_estimators=2).fit(X, both)
    assert model.predict(X).shape == (N, 2) and model.score(X, both) > 0.2
    with pytest.raises(ValueError, match=r"shape \(n_samples, 2\)"):
        regressor(solver=solver).fit(X, both, X_val=X, y_val=np.column_stack([both, Y]))


@pytest.mark.parametrize("y", [LABELS, MANY, LABELS == "red"], ids=["three", "labels", "two"])
def test_probabilities_and_labels(y):
    model = classifier(n_estimators=2, max_iter=50).fit(X, y)
    probabilities, predicted = model.predict_proba(X), model.predict(X)
    assert ((probabilities > 0) & (probabilities <= 1)).all()
    np.testing.assert_allclose(model.predict_log_proba(X), np.log(probabilities), rtol=1e-12)
    if y is MANY:
        assert probabilities.shape == (N, 3)
        np.testing.assert_array_equal(predicted, probabilities > 0.5)
        assert model.score(X, y) == (predicted == y).all(axis=1).mean() > 0.3
    else:
        np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-12)
        assert model.classes_.tolist() == np.unique(y).tolist()
        np.testing.assert_array_equal(predicted, model.classes_[probabilities.argmax(axis=1)])
        assert model.score(X, y) == (predicted == y).mean() > 0.6


@pytest.mark.parametrize("y", [Y > 5, LABELS, MANY], ids=["two", "three", "labels"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_certainty_is_never_complete(y, dtype):
    model = classifier().fit(X.astype(dtype), y)
    model.network_.views(model.params_).weights[...] *= 1e4
    probabilities = model.predict_proba(X.astype(dtype))
    assert (probabilities > 0).all() and probabilities.max() > 1 - 1e-6
    assert np.isfinite(model.predict_log_proba(X.astype(dtype))).all()


def test_labels_in_a_sparse_indicator():
    dense = classifier().fit(X, MANY)
    np.testing.assert_array_equal(
        outputs(classifier().fit(X, sparse.csr_array(MANY))), outputs(dense)
    )


def test_certain_soft_targets_are_classes():
    codes = np.searchsorted(["blue", "green", "red"], LABELS)
    hard = classifier().fit(X, codes)
    soft = classifier(soft_targets="multiclass").fit(X, np.eye(3)[codes])
    np.testing.assert_array_equal(hard.params_, soft.params_)
    assert soft.score(X, np.eye(3)[codes]) == hard.score(X, codes)
    several = classifier(soft_targets="multilabel").fit(X, MANY)
    np.testing.assert_array_equal(several.params_, classifier().fit(X, MANY).params_)


@pytest.mark.parametrize("kind", ["multiclass", "multilabel"])
def test_soft_targets(kind):
    model = classifier(soft_targets=kind, max_iter=100, alpha=0.0).fit(X, SOFT)
    error = ((model.predict_proba(X) - SOFT) ** 2).mean()
    assert error < 0.8 * SOFT.var(axis=0).mean()
    assert model.classes_.tolist() == [0, 1, 2]


# Copies.


@each_solver
@each_target
def test_pickle_and_clone(make, y, solver):
    model = make(solver=solver, n_estimators=2).fit(X, y)
    other = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(outputs(other), outputs(model))
    fresh = clone(model)
    assert not hasattr(fresh, "params_") and repr(fresh) == repr(model)
    np.testing.assert_array_equal(fresh.fit(X, y).params_, model.params_)


def test_parameters_set_after_the_fit_change_no_prediction():
    model = regressor(embedding=Dense(3, "tanh"), n_units=None, activation=None).fit(X, Y)
    expected = model.predict(X)
    model.set_params(embedding__n_units=7, embedding__activation="relu", loss="poisson")
    np.testing.assert_array_equal(model.predict(X), expected)


@each_kind
def test_nothing_given_is_written_to(make, y):
    embedding, solver = Dense(4, "tanh"), Adam(0.05, batch_size=32)
    rows, targets, weights = X.copy(), y.copy(), WEIGHTS.astype(float)
    before = repr(embedding), repr(solver)
    settings = {"n_units": None, "activation": None, "input_map": "piecewise_linear"}
    model = make(embedding=embedding, solver=solver, **settings)
    model.fit(rows, targets, sample_weight=weights)
    assert model.embedding is embedding and model.solver is solver
    assert (repr(embedding), repr(solver)) == before
    assert vars(embedding).keys() == {"n_units", "activation"}
    for array, original in ((rows, X), (targets, y), (weights, WEIGHTS)):
        np.testing.assert_array_equal(array, original)


# The same result, whatever the number of threads.


@each_solver
@each_kind
@pytest.mark.parametrize("n_estimators", [1, pytest.param(5, marks=pytest.mark.slow)])
def test_threads_and_repetition_change_no_bit(make, y, solver, n_estimators, monkeypatch):
    monkeypatch.setattr(rows_module, "BLOCK_NUMBERS", 1)  # many blocks
    rows, targets = np.tile(X, (10, 1)), np.tile(y, 10)
    model = make(solver=solver, n_estimators=n_estimators, max_iter=2, n_jobs=1)
    first = clone(model).fit(rows, targets)
    for n_jobs in (1, 3):
        again = clone(model).set_params(n_jobs=n_jobs).fit(rows, targets)
        np.testing.assert_array_equal(again.params_, first.params_)
        np.testing.assert_array_equal(outputs(again, rows), outputs(first, rows))
        np.testing.assert_array_equal(again.transform(rows), first.transform(rows))
    other = clone(model).set_params(random_state=1).fit(rows, targets)
    assert not np.array_equal(other.params_, first.params_)


def test_a_generator_of_random_numbers_is_used_up():
    rng = np.random.RandomState(0)
    first, second = (regressor(random_state=rng).fit(X, Y).params_ for _ in range(2))
    np.testing.assert_array_equal(first, regressor(random_state=0).fit(X, Y).params_)
    assert not np.array_equal(first, second)


# Curves, stopping, warnings.


#: What early stopping looks at, and what makes the most or the least of it the best.
SCORING = {
    "loss": (lambda y, model, rows: metrics.log_loss(y, model.predict_proba(rows)), min),
    "neg_log_loss": (lambda y, model, rows: -metrics.log_loss(y, model.predict_proba(rows)), max),
    "accuracy": (lambda y, model, rows: metrics.accuracy_score(y, model.predict(rows)), max),
    None: (lambda y, model, rows: metrics.accuracy_score(y, model.predict(rows)), max),
}


@each_solver
@pytest.mark.parametrize("scoring", SCORING)
@pytest.mark.parametrize("own", [True, False], ids=["own rows", "split"])
def test_early_stopping_keeps_the_best_weights(solver, scoring, own):
    rows, y = make_classification(150, 8, n_informative=3, flip_y=0.3, n_classes=3, random_state=0)
    model = classifier(solver=solver, n_units=20, alpha=0.0, max_iter=40, n_iter_no_change=3)
    model.set_params(early_stopping=True, scoring=scoring, tol=1e-4, validation_fraction=0.4)
    validation = {"X_val": rows[90:], "y_val": y[90:]} if own else {}
    model.fit(rows[:90], y[:90], **validation)
    value, best = SCORING[scoring]
    curve = model.validation_curve_
    assert len(curve) == len(model.loss_curve_) == model.n_iter_ < 40
    assert best(curve) != curve[-1] or curve[-1] in curve[:-1]  # it went on, and came back
    if own:
        assert value(y[90:], model, rows[90:]) == pytest.approx(best(curve), rel=1e-5)


def test_class_weights_count_for_validation_rows_too():
    class_weight = {"blue": 0.0, "green": 1.0, "red": 1e-3}
    model = classifier(class_weight=class_weight).fit(X, LABELS, X_val=X, y_val=LABELS)
    np.testing.assert_allclose(model.validation_curve_, model.loss_curve_, rtol=1e-6)
    several = classifier(class_weight=[{1: 5.0}] * 3)
    part = MANY[:, 0] == 0  # not all labels are there
    several.fit(X, MANY, X_val=X[part], y_val=MANY[part])
    assert len(several.validation_curve_) == several.n_iter_


@pytest.mark.parametrize("never", [True, False])
def test_a_score_that_is_not_a_number_is_no_gain(never):
    calls = []

    def score(estimator, rows, y):
        calls.append(estimator.params_)
        return np.nan if never or len(calls) == 1 else -len(calls)

    model = regressor(early_stopping=True, scoring=score, n_iter_no_change=5).fit(X, Y)
    kept = calls[-1] if never else calls[1]
    np.testing.assert_array_equal(model.params_, kept)


@each_kind
@each_solver
def test_validation_rows_alone_do_not_stop_the_training(make, y, solver):
    model = make(solver=solver, n_iter_no_change=1, max_iter=6)
    plain = make(solver=solver, n_iter_no_change=1, max_iter=6).fit(X, y)
    model.fit(X, y, X_val=X[:30], y_val=y[:30])
    np.testing.assert_array_equal(model.params_, plain.params_)
    assert len(model.validation_curve_) == model.n_iter_
    assert not hasattr(plain, "validation_curve_")
    assert not hasattr(model.fit(X, y), "validation_curve_")


@pytest.mark.parametrize("scoring", ["r2", "neg_mean_absolute_error", None])
def test_regression_is_stopped_on_a_scorer(scoring):
    model = regressor(early_stopping=True, scoring=scoring, max_iter=50, n_iter_no_change=5)
    model.set_params(alpha=0.0).fit(X[:60], Y[:60], X_val=X[60:], y_val=Y[60:])
    value = metrics.check_scoring(model, scoring)(model, X[60:], Y[60:])
    assert value == pytest.approx(max(model.validation_curve_))


def median_error(estimator, rows, y):
    return -np.median(np.abs(estimator.predict(rows) - y))


@pytest.mark.parametrize("scoring", [median_error, "neg_max_error", "r2", None])
def test_a_scorer_is_given_weights_if_it_takes_them(scoring):
    model = regressor(early_stopping=True, scoring=scoring, validation_fraction=0.5)
    weighted = model.fit(X, Y, sample_weight=1 + WEIGHTS).validation_curve_
    assert np.isfinite(weighted).all()


def test_the_loss_curve_is_the_mean_loss():
    for solver in (LBFGS(), LeastSquares()):
        model = classifier(solver=solver).fit(X, LABELS, sample_weight=WEIGHTS)
        expected = metrics.log_loss(LABELS, model.predict_proba(X), sample_weight=WEIGHTS)
        assert model.loss_curve_[-1] == pytest.approx(expected, rel=1e-6)
        model = regressor(solver=solver).fit(X, Y)
        expected = metrics.mean_squared_error(Y, model.predict(X)) / 2 / Y.var()
        assert model.loss_curve_[-1] == pytest.approx(expected, rel=1e-6)
        assert len(model.loss_curve_) == model.n_iter_


@pytest.mark.parametrize(
    ("solver", "method"),
    [
        (LBFGS(), "fit"),
        (LeastSquares(), "fit"),
        (GradientDescent(0.01), "fit"),
        (Adam(0.01, schedule="constant"), "fit"),
        (Adam(0.01, schedule="cosine"), "partial_fit"),
    ],
)
@each_kind
def test_too_few_iterations_are_warned_of_where_the_user_is(make, y, solver, method):
    model = make(solver=solver, max_iter=1)
    with pytest.warns(ConvergenceWarning, match="Increase max_iter") as caught:
        getattr(model, method)(X, y)
        getattr(model, method)(X, y)
    assert {warning.filename for warning in caught} == {__file__}


@each_solver
def test_each_iteration_is_printed(solver, capsys):
    regressor(solver=solver, verbose=True, max_iter=2).fit(X, Y, X_val=X, y_val=Y)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(",")[0] for line in lines] == ["networks 1/2", "networks 2/2"]
    assert all("loss = " in line and "validation = " in line for line in lines)


def test_callbacks_of_scikit_learn():
    callback = pytest.importorskip("sklearn.callback")

    class Recorder:
        def __init__(self, last):
            self.last, self.losses, self.begun = last, [], 0

        def setup(self, estimator, context):
            self.losses = []

        def teardown(self, estimator, context):
            self.torn = True

        def on_fit_task_begin(self, estimator, context, **kwargs):
            self.begun += 1

        def on_fit_task_end(self, estimator, context, *, fitted_estimator=None, **kwargs):
            if context.task_name != "iteration":
                return False
            self.losses.append(metrics.log_loss(LABELS, fitted_estimator.predict_proba(X)))
            return len(self.losses) == self.last

    assert issubclass(TwoLayerClassifier, callback.CallbackSupportMixin)
    recorder = Recorder(5)
    model = classifier().set_callbacks(recorder).fit(X, LABELS)
    assert model.n_iter_ == 5 and recorder.torn
    np.testing.assert_allclose(recorder.losses, model.loss_curve_, rtol=1e-6)


@each_solver
def test_progress_bar_of_scikit_learn(solver):
    callback = pytest.importorskip("sklearn.callback")
    pytest.importorskip("rich")
    plain = regressor(solver=solver).fit(X, Y)
    model = regressor(solver=solver).set_callbacks(callback.ProgressBar()).fit(X, Y)
    np.testing.assert_array_equal(model.params_, plain.params_)


# Parts of a larger whole.


def test_search_over_parameters_of_a_solver_given_by_name():
    grid = {"solver__learning_rate": [0.01, 0.1]}
    search = GridSearchCV(classifier(solver="adam"), grid, cv=2).fit(X, LABELS)
    assert search.best_estimator_.solver.learning_rate == search.best_params_[next(iter(grid))]
    model = regressor().set_params(solver="gradient_descent", solver__momentum=0.5)
    assert repr(model.solver) == "GradientDescent(momentum=0.5)"
    with pytest.raises(ValueError, match="embedding='dense' is a name without parameters"):
        model.set_params(embedding__n_units=3)


def test_search_over_parameters_of_solver_and_embedding():
    model = regressor(
        embedding=Dense(4, "identity") | Dense(4, "relu"),
        n_units=None,
        activation=None,
        solver=Adam(batch_size=32, dropout=0.0),
        max_iter=40,
    )
    grid = {
        "solver__learning_rate": [1e-5, 0.05],
        "embedding__right__activation": ["tanh", "relu"],
    }
    search = GridSearchCV(model, grid, cv=3, error_score="raise").fit(X, Y)
    assert search.best_params_["solver__learning_rate"] == 0.05
    assert search.best_estimator_.network_.embedding.right.activation in ("tanh", "relu")
    scores = search.cv_results_["mean_test_score"]
    assert len(np.unique(scores)) == 4


def test_weights_are_routed_through_pipeline_and_search():
    with config_context(enable_metadata_routing=True):
        scaler = StandardScaler().set_fit_request(sample_weight=True)
        network = regressor(input_map=None).set_fit_request(sample_weight=True)
        network.set_score_request(sample_weight=True)
        pipeline = make_pipeline(scaler, network)
        pipeline.fit(X, Y, sample_weight=WEIGHTS)
        rows = StandardScaler().fit(X, sample_weight=WEIGHTS).transform(X)
        expected = regressor(input_map=None).fit(rows, Y, sample_weight=WEIGHTS)
        np.testing.assert_allclose(pipeline.predict(X), expected.predict(rows), rtol=1e-9)
        search = GridSearchCV(pipeline, {"twolayerregressor__alpha": [0.01]}, cv=2)
        search.fit(X, Y, sample_weight=WEIGHTS)
        np.testing.assert_allclose(search.predict(X), pipeline.predict(X), rtol=1e-9)


def test_cross_validation_with_labels_of_text():
    predicted = cross_val_predict(classifier(max_iter=50), X, LABELS, cv=3)
    assert metrics.accuracy_score(LABELS, predicted) > 0.5


def test_a_transformer_that_takes_no_weights_is_an_input_map():
    # With a random state of its own, as None would be drawn from that of the estimator.
    direct = regressor(input_map=PCA(2, random_state=0)).fit(X, Y, sample_weight=1 + WEIGHTS)
    rows = PCA(2, random_state=0).fit_transform(X)
    expected = regressor(input_map=None).fit(rows, Y, sample_weight=1 + WEIGHTS)
    np.testing.assert_allclose(direct.predict(X), expected.predict(rows), rtol=1e-6)


def test_any_transformer_is_an_input_map():
    direct = regressor(input_map=StandardScaler()).fit(X, Y, sample_weight=WEIGHTS)
    rows = StandardScaler().fit(X, sample_weight=WEIGHTS).transform(X)
    expected = regressor(input_map=None).fit(
        rows[WEIGHTS > 0], Y[WEIGHTS > 0], WEIGHTS[WEIGHTS > 0]
    )
    np.testing.assert_allclose(direct.predict(X), expected.predict(rows), rtol=1e-6)


# Several networks, blends, dropout, decay.


def overconfident(**kwargs):
    """Networks that know their training rows by heart, where labels are noisy."""
    rows, y = make_classification(400, 10, flip_y=0.4, random_state=0)
    solver = Adam(0.05, batch_size=32, dropout=0.0)
    model = classifier(solver=solver, n_units=30, alpha=0.0, max_iter=30, n_estimators=4, **kwargs)
    return model.fit(rows[:200], y[:200]), rows[200:], y[200:]


@pytest.mark.parametrize("blend", ["scale", "radial"])
def test_a_blend_improves_probabilities_of_other_rows(blend):
    model, rows, y = overconfident(blend=blend)
    assert model.blend_weights_[0] < 1
    assert hasattr(model, "radial_") == (blend == "radial")
    plain, rows, y = overconfident(blend="mean")
    assert not hasattr(plain, "blend_weights_")
    losses = [metrics.log_loss(y, m.predict_proba(rows)) for m in (model, plain)]
    assert losses[0] < losses[1]


def test_a_blend_saves_networks_that_know_their_noisy_rows_by_heart():
    rows, y = make_regression(300, 8, noise=200, random_state=0)
    solver = Adam(0.05, batch_size=32, dropout=0.0)
    kwargs = {"solver": solver, "n_units": 30, "alpha": 0.0, "max_iter": 60, "n_estimators": 4}
    plain = regressor(blend="mean", **kwargs).fit(rows[:150], y[:150])
    blend = regressor(**kwargs).fit(rows[:150], y[:150])
    ridge = RidgeCV(np.logspace(-3, 3, 13)).fit(rows[:150], y[:150])
    scores = [model.score(rows[150:], y[150:]) for model in (plain, blend, ridge)]
    assert scores[1] > scores[0] + 0.1 and scores[1] > scores[2] - 0.05


@each_kind
def test_a_blend_is_the_sum_of_its_parts(make, y):
    model = make(n_estimators=3).fit(X, y)
    raw = model._targets.decision if make is classifier else model._targets.predict
    networks, rectified = (Model.of(part).raw_outputs(X) for part in model._model.parts[:2])
    first, second, third = model.blend_weights_
    total = first * networks + second * rectified + third * model.radial_._raw_outputs(X)
    expected = raw(total + model._model.constant)
    predict = model.decision_function if make is classifier else model.predict
    np.testing.assert_allclose(predict(X), expected, rtol=1e-10)
    width = 3 * model.network_.width + model._model.parts[1].width
    width += model.radial_.network_.width
    assert model.transform(X).shape == (N, width)
    assert len(model.get_feature_names_out()) == width


@pytest.mark.parametrize("n_classes", [2, 3])
def test_a_blend_of_noise_is_the_part_of_each_class(n_classes):
    rng = np.random.RandomState(0)
    labels = np.where(rng.rand(200) < 0.9, 0, rng.randint(1, n_classes, 200))
    model = classifier(n_estimators=4, max_iter=50).fit(rng.normal(size=(200, 4)), labels)
    parts = np.bincount(labels) / 200
    np.testing.assert_allclose(
        model.predict_proba(rng.normal(size=(500, 4))).mean(axis=0), parts, atol=0.05
    )


def test_the_radial_network_of_a_blend_predicts_by_itself():
    frame = pd.DataFrame(X, columns=[f"x{j}" for j in range(X.shape[1])])
    model = classifier(n_estimators=3).fit(frame, LABELS)
    assert model.radial_.score(frame, LABELS) > 0.5
    assert np.isfinite(model.radial_.score_samples(frame)).all()
    model = regressor(n_estimators=3).fit(frame, Y)
    assert model.radial_.score(frame, Y) > 0.5


def test_what_a_transformer_leaves_out_stays_out():
    first_two = FunctionTransformer(lambda rows: rows[:, :2])
    model = regressor(n_estimators=3, input_map=first_two).fit(X, Y)
    np.testing.assert_array_equal(model.predict(X), model.predict(X * [1, 1, 0, 0]))


@pytest.mark.parametrize("kind", ["multiclass", "multilabel"])
def test_the_radial_network_of_soft_targets_has_a_score(kind):
    model = classifier(soft_targets=kind, n_estimators=3).fit(X, SOFT)
    assert 0 <= model.radial_.score(X, SOFT) <= 1


def test_rows_that_are_all_fitted_well_give_no_certainties():
    rows = np.vstack([X - 4, X + 4])
    labels = np.repeat([0, 1], N)
    for model in (classifier(n_estimators=4, max_iter=50), RBFNetwork(20, random_state=0)):
        p = model.fit(rows, labels).predict_proba(rows)
        assert 1e-4 < np.median(p.min(axis=1)) < 0.02


@each_kind
def test_a_blend_is_forgotten_by_a_fit_without(make, y):
    model = make(n_estimators=3).fit(X, y)
    assert hasattr(model, "radial_")
    model.set_params(blend="mean").fit(X, y)
    assert not hasattr(model, "radial_") and not hasattr(model, "blend_weights_")


@pytest.mark.parametrize("y", [LABELS, MANY, LABELS == "red"], ids=["three", "labels", "two"])
@pytest.mark.parametrize("weights", [None, WEIGHTS])
@pytest.mark.parametrize("blend", ["scale", "radial"])
def test_a_blend_of_each_kind_of_target(y, weights, blend):
    model = classifier(n_estimators=3, blend=blend).fit(X, y, sample_weight=weights)
    assert 0 <= model.blend_weights_.min() and model.blend_weights_.max() <= 2
    assert 0 < model.predict_proba(X).min() and model.predict_proba(X).max() < 1


def test_the_radial_network_of_a_blend_is_fitted_on_a_part_of_many_rows(monkeypatch):
    monkeypatch.setattr("sklearn_twolayer.estimators._blend.MAX_ROWS", 50)
    model = regressor(n_estimators=3).fit(X, Y)
    assert model.radial_.n_centers_ <= 50 and model.score(X, Y) > 0


def test_an_average_of_networks_is_better_than_its_parts():
    kwargs = {"solver": Adam(0.05, batch_size=16, dropout=0.0), "max_iter": 30, "alpha": 0.0}
    average = regressor(n_estimators=8, n_units=20, blend="mean", **kwargs).fit(X[:60], Y[:60])
    whole, parts = average.score(X[60:], Y[60:]), []
    for vector in average.params_:
        part = copy.copy(average)
        part._model = Model.of(replace(average._model.parts[0], params=vector[None]))
        parts.append(part.score(X[60:], Y[60:]))
    assert whole > np.mean(parts)


def test_dropout_is_for_training_alone():
    solver = Adam(0.05, batch_size=None, dropout=0.5, dtype=None)
    model = regressor(solver=solver, max_iter=20).fit(X, Y)
    np.testing.assert_array_equal(model.predict(X), model.predict(X))
    plain = clone(model).set_params(solver__dropout=0.0).fit(X, Y)
    assert model.score(X, Y) < plain.score(X, Y)


def test_weight_decay_makes_smaller_weights():
    sizes = []
    for decay in (0.0, 0.5):
        solver = Adam(0.05, batch_size=32, dropout=0.0, weight_decay=decay)
        model = regressor(solver=solver, alpha=0.0, max_iter=20).fit(X, Y)
        sizes.append(np.abs(model.network_.views(model.params_).weights).mean())
    assert sizes[1] < 0.9 * sizes[0]


@each_solver
@each_kind
def test_the_number_of_iterations_can_be_left_to_the_solver(make, y, solver):
    model = make(solver=solver, max_iter=None, tol=1e-3, n_iter_no_change=10).fit(X, y)
    expected = make(solver=solver, max_iter=solver.default_max_iter(N), tol=1e-3)
    expected.set_params(n_iter_no_change=10).fit(X, y)
    np.testing.assert_array_equal(model.params_, expected.params_)


def test_the_penalty_makes_smaller_weights_for_each_solver():
    for solver in SOLVER_OBJECTS.values():
        sizes = []
        for alpha in (0.0, 1.0):
            model = regressor(solver=solver, alpha=alpha, max_iter=20).fit(X, Y)
            network = model.network_
            parts = network.penalized(network.views(model.params_))
            sizes.append(sum(np.abs(part).sum() for part in parts))
        assert sizes[1] < 0.9 * sizes[0]


def test_a_factor_stays_honest_when_a_fit_goes_on():
    """The rows that a network leaves out are the same in each fit."""
    model, rows, y = overconfident(
        warm_start=True, random_state=np.random.RandomState(0), blend="scale"
    )
    first = metrics.log_loss(y, model.predict_proba(rows))
    train, labels = make_classification(400, 10, flip_y=0.4, random_state=0)
    for _ in range(2):
        model.fit(train[:200], labels[:200])
    assert metrics.log_loss(y, model.predict_proba(rows)) < first + 0.05


def test_single_precision_rows_keep_targets_of_double_precision():
    model = regressor(solver="lbfgs", max_iter=200).fit(X.astype("f"), Y + 1e8)
    assert model.score(X.astype("f"), Y + 1e8) > 0.5


@pytest.mark.parametrize("loss", ["absolute_error", "huber", "log_cosh", "quantile"])
def test_outliers_among_the_targets_do_not_set_the_scale_of_a_robust_loss(loss):
    rng = np.random.RandomState(0)
    rows = rng.normal(size=(400, 3))
    clean = 5 + rows[:, 0] + np.sin(2 * rows[:, 1])
    spoilt = clean.copy()
    spoilt[:8] = 1e5
    model = regressor(loss=loss, n_units=30, max_iter=100).fit(rows, spoilt)
    assert np.abs(model.predict(rows) - clean)[8:].mean() < 0.3


def test_by_default_predictions_turn_constant_far_away():
    rng = np.random.RandomState(0)
    rows = rng.normal(size=(500, 3))
    target = np.sin(3 * rows[:, 0]) + rows[:, 1] * rows[:, 2]
    model = TwoLayerRegressor(n_estimators=2, max_iter=150, random_state=0).fit(rows, target)
    assert np.sort(model.blend_weights_)[1] > 0.1  # more than one kind counts
    near, far = (model.predict(size * np.eye(3)) for size in (1e6, 1e8))
    np.testing.assert_allclose(far, near, rtol=1e-3)
    assert np.abs(far).max() < 3 * np.abs(target).max()


@pytest.mark.parametrize(
    "model",
    [TwoLayerClassifier(), TwoLayerRegressor(), RBFNetwork(), RBFNetwork(task="regression")],
)
def test_nothing_is_scored_before_a_fit(model):
    with pytest.raises(NotFittedError):
        model.score(X, Y)
