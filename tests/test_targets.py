"""Targets: what is refused, what is kept from fit to fit, and where predictions end."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn import metrics
from sklearn.base import clone
from sklearn.metrics import r2_score
from sklearn.model_selection import KFold, cross_val_score
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier
from small_networks import LABELS, MANY, SOFT, N, X, Y, classifier, each, regressor

from sklearn_twolayer import RBFNetwork, TwoLayerClassifier, TwoLayerRegressor
from sklearn_twolayer.estimators._label_targets import ClassTargets
from sklearn_twolayer.estimators._target_checks import check_given
from sklearn_twolayer.estimators._targets import RegressionTargets
from sklearn_twolayer.losses import REGRESSION_LOSSES, SquaredError
from sklearn_twolayer.solvers import SOLVERS, GradientDescent

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

LARGEST = np.finfo(np.float64).max


def with_one(value, y=Y, dtype=object):
    y = y.astype(dtype)
    y[3 if y.ndim == 1 else (3, 1)] = value
    return y


# What is refused, in fit and as validation rows.

#: Real targets that are missing, not finite, or no numbers.
NO_NUMBERS = {
    "None": (with_one(None), "y contains NaN: None in row 3"),
    "infinity as an object": (with_one(np.inf), "y contains infinity: inf in row 3"),
    "NaN as text": (with_one("nan", dtype="U9"), "y contains NaN: 'nan' in row 3"),
    "infinity as text": (with_one("-inf", dtype="U9"), "y contains infinity: '-inf' in row 3"),
    "too large for a float": (with_one(10**400), "y must contain numbers.*too large"),
    "complex numbers": (Y + 1j, "Complex data not supported"),
    "a complex object": (with_one(1j), "y must contain numbers"),
    "dates": (np.arange(N).astype("M8[D]"), "y holds dates: convert"),
    "spans of time": (np.arange(N).astype("m8[D]"), "y holds spans of time: convert"),
    "bytes": (Y.astype("S5"), "y holds bytes: convert"),
    "records": (np.zeros(N, dtype="i4,f4"), "y holds records: convert"),
    "no rows": ([], r"0 sample\(s\)"),
    "no columns": (np.empty((N, 0)), r"0 feature\(s\)"),
}
if np.finfo(np.longdouble).max > LARGEST:
    HUGE = with_one(np.longdouble("1e400"), dtype=np.longdouble)
    NO_NUMBERS["a long double"] = HUGE, "y contains infinity: .*1e.400.* in row 3"


@each(NO_NUMBERS, "case")
def test_real_targets_that_are_no_finite_numbers(case):
    y, message = case
    with pytest.raises(ValueError, match=message):
        regressor().fit(X, y)
    with pytest.raises(ValueError, match=f"(?s)validation rows X_val, y_val: .*{message}"):
        regressor().fit(X, Y, X_val=X, y_val=y)


NO_LABELS = {
    "None": (with_one(None, LABELS), "y contains NaN: None in row 3"),
    "mixed": (with_one(1, LABELS), "objects of type int, str.*y.astype\\(str\\)"),
    "objects": (np.arange(N).astype(object), "Unknown label type.*objects of type int"),
    "dates": (np.arange(N).astype("M8[D]"), "y holds dates: convert"),
    "bytes": (LABELS.astype("S5"), "y holds bytes: convert"),
    "real numbers": (Y, "Unknown label type: continuous.*use TwoLayerRegressor"),
    "beyond integers": (np.where(Y > 5, 1e300, 0.5), "Unknown label type: continuous"),
}


@each(NO_LABELS, "case")
def test_labels_that_are_none(case):
    y, message = case
    with pytest.raises(ValueError, match=message):
        classifier().fit(X, y)
    with pytest.raises(ValueError, match=f"validation rows X_val, y_val: .*{message}"):
        classifier().fit(X, LABELS, X_val=X, y_val=y)


@pytest.mark.parametrize("kind", ["multiclass", "multilabel"])
@pytest.mark.parametrize("value", [None, "nan", np.inf])
def test_soft_targets_that_are_missing_or_infinite(kind, value):
    soft = with_one(value, SOFT)
    model = classifier(soft_targets=kind)
    with pytest.raises(ValueError, match="y contains (NaN|infinity): .* in row 3"):
        model.fit(X, soft)
    with pytest.raises(ValueError, match="y_val: .*y contains (NaN|infinity): .* in row 3"):
        model.fit(X, SOFT, X_val=X, y_val=soft)


#: What numpy or scikit-learn refuses without a word about y.
GIVEN = {
    "rows of different lengths": (
        [[1, 2], [3]],
        "y must have the same number of values in each row",
    ),
    "a missing value of pandas": (np.array(["a", pd.NA], dtype=object), "y contains NaN: <NA> in"),
    "NaN in a category": (pd.Series(["a", None]).astype("category"), "y contains NaN"),
    "NaN as an object": (np.array([1.0, np.nan], dtype=object), "y contains NaN: nan in row 1"),
    "complex numbers": ([1j, 2.0], "y holds complex numbers"),
    "NaN among floats": (pd.Series([1, None], dtype="Int64"), "y contains NaN: nan in row 1"),
    "a masked value": (np.ma.array([1, 0], mask=[0, 1]), "y contains NaN: a masked .* in row 1"),
    "NaN in text of any length": (
        np.array(["a", np.nan], dtype=np.dtypes.StringDType(na_object=np.nan)),
        "y contains NaN: nan in row 1",
    ),
}


@each(GIVEN, "case")
def test_targets_are_named_where_they_cannot_be_read(case):
    y, message = case
    with pytest.raises(ValueError, match=message):
        check_given(y)
    with pytest.raises(ValueError, match=f"validation rows X_val, y_val: .*{message}"):
        classifier().fit(X, LABELS, X_val=X[:2], y_val=y)


def test_any_type_that_stands_for_numbers_is_fine():
    expected = regressor().fit(X, Y).predict(X)
    decimals = [Decimal(float(value)) for value in Y]
    for y in (Y.astype(str), Y.astype(object), Y.astype(np.longdouble), decimals):
        np.testing.assert_array_equal(regressor().fit(X, y).predict(X), expected)
    for y in (None, sparse.csr_array(MANY), LABELS, LABELS.tolist(), pd.Series(Y), SOFT):
        check_given(y)


@pytest.mark.parametrize(
    "y",
    [
        pd.Series(Y > 5, dtype="boolean"),
        pd.Series(Y > 5, dtype="category"),
        pd.Series((Y > 5) + 2**53, dtype="Int64"),
        pd.DataFrame({"a": Y > 5, "b": Y <= 5}, dtype="boolean"),
        pd.DataFrame({"a": Y > 5, "b": Y <= 5}).astype({"a": "Int8"}),
        LABELS.astype(np.dtypes.StringDType()),
    ],
    ids=["nullable", "category", "large", "two columns", "mixed columns", "text"],
)
def test_labels_keep_their_values_and_are_scored(y):
    plain = np.array(np.asarray(y).tolist())
    expected = classifier().fit(X, plain)
    model = classifier().fit(X, y)
    assert repr(model.classes_.tolist()) == repr(expected.classes_.tolist())
    np.testing.assert_array_equal(model.predict(X), expected.predict(X))
    assert model.score(X, y) == expected.score(X, plain)


# The form of the first fit.


@pytest.mark.parametrize(
    ("model", "first", "later"),
    [
        (regressor(), Y, Y[:, None]),
        (regressor(), Y, np.column_stack([Y, Y])),
        (regressor(), Y[:, None], Y),
        (regressor(), np.column_stack([Y, Y]), Y),
        (classifier(), LABELS, MANY),
        (classifier(loss="squared_error"), LABELS == "red", MANY[:, :2]),
        (classifier(class_weight={"red": 2.0}), LABELS, MANY),
        (classifier(), MANY, LABELS),
        (classifier(class_weight=[{1: 2.0}] * 3), MANY, Y > 5),
        (classifier(), MANY, MANY[:, :2]),
        (classifier(soft_targets="multiclass"), SOFT, SOFT[:, :2]),
    ],
)
def test_targets_of_another_form(model, first, later):
    shape = ", ".join(["n_samples", *map(str, first.shape[1:])]) + ("," if first.ndim == 1 else "")
    got = rf"y must have shape \({shape}\), like .* first fit, got \({N},"
    with pytest.raises(ValueError, match=f"y_val: {got}"):
        clone(model).fit(X, first, X_val=X, y_val=later)
    epochs = clone(model).set_params(solver=GradientDescent(0.1)).partial_fit(X, first)
    with pytest.raises(ValueError, match=f"^{got}"):
        epochs.partial_fit(X, later)
    warm = clone(model).set_params(warm_start=True).fit(X, first)
    with pytest.raises(ValueError, match=f"^{got}"):
        warm.fit(X, later)


def test_labels_of_a_row_are_zeros_and_ones_in_each_fit():
    model = classifier(warm_start=True).fit(X, MANY)
    with pytest.raises(ValueError, match=r"zeros and ones only, got \[0, 2\]"):
        model.fit(X, 2 * MANY)


@pytest.mark.parametrize("scoring", ["loss", "accuracy", "neg_log_loss"])
def test_labels_among_the_validation_rows_that_are_in_no_other(scoring):
    message = r"rows X_val, y_val: y contains the labels \['red'\].*classes \['blue', 'green'\]"
    train = LABELS != "red"
    with pytest.raises(ValueError, match=message):
        classifier(scoring=scoring).fit(X[train], LABELS[train], X_val=X, y_val=LABELS)


def test_text_is_no_number():
    with pytest.raises(ValueError, match=r"labels \['0', '1'\].*classes \[0, 1\]"):
        ClassTargets(np.array([0, 1])).codes(np.array(["0", "1"]))


CLASSES = {
    "none": ([], "one-dimensional array"),
    "two axes": ([["blue", "green", "red"]], "one-dimensional array"),
    "ragged": ([["blue"], ["green", "red"]], "one-dimensional array"),
    "a single text": ("red", "one-dimensional array"),
    "a set": ({"blue", "green", "red"}, "one-dimensional array"),
    "one twice": (["blue", "green", "red", "red"], r"each label once; \['red'\]"),
    "NaN": ([0.0, np.nan], "classes contains NaN"),
    "None": (["red", None], "classes must be all text or all numbers|classes contains NaN"),
    "text and numbers": (["red", 1], "classes must be all text or all numbers"),
    "real numbers": ([0.5, 1.0], "classes must be labels"),
    "bytes": ([b"red", b"blue"], "classes holds bytes"),
    "not all": (["red", "blue"], r"labels \['green'\].*classes \['blue', 'red'\]"),
}


@each(CLASSES, "case")
def test_classes_that_cannot_be_used(case):
    classes, message = case
    model = classifier(solver=GradientDescent(0.1))
    with pytest.raises(ValueError, match=message):
        model.partial_fit(X, LABELS, classes=classes)
    assert not hasattr(model, "params_")
    model.partial_fit(X, LABELS)
    with pytest.raises(ValueError, match=f"{message}|not the same as on last call"):
        model.partial_fit(X, LABELS, classes=classes)


def test_classes_of_several_labels_are_the_columns():
    model = classifier(solver=GradientDescent(0.1))
    with pytest.raises(ValueError, match="y has 3 columns.*Set it to None"):
        model.partial_fit(X, MANY, classes=[0, 1])
    model.partial_fit(X, MANY, classes=[2, 1, 0]).partial_fit(X, MANY, classes=[0, 1, 2])


# Classes that some rows do not hold.


@pytest.mark.parametrize(
    "scoring", ["neg_log_loss", "roc_auc_ovr", "roc_auc_ovo_weighted", "accuracy", "f1_macro"]
)
def test_a_scorer_on_rows_without_a_class(scoring):
    held_out = np.flatnonzero(LABELS != "red")[:40]
    train = np.setdiff1d(np.arange(N), held_out)
    model = classifier(scoring=scoring, max_iter=3)
    model.fit(X[train], LABELS[train], X_val=X[held_out], y_val=LABELS[held_out])
    rows, y = X[held_out], LABELS[held_out]
    P = model.predict_proba(rows)[:, :2]
    green = P[:, 1] / P.sum(axis=1)
    expected = {
        "neg_log_loss": -metrics.log_loss(y, green),
        "roc_auc_ovr": metrics.roc_auc_score(y == "green", green),
        "roc_auc_ovo_weighted": metrics.roc_auc_score(y == "green", green),
        "accuracy": metrics.accuracy_score(y, model.predict(rows)),
        "f1_macro": metrics.f1_score(y, model.predict(rows), average="macro"),
    }
    assert model.validation_curve_[-1] == pytest.approx(expected[scoring], rel=1e-6)
    assert model.classes_.tolist() == ["blue", "green", "red"]


def test_a_scorer_on_rows_without_one_class_of_four():
    rows, labels = np.tile(X, (2, 1)), np.tile(LABELS, 2)
    labels[::9] = "azure"
    kept = labels != "green"
    model = classifier(scoring="roc_auc_ovr").fit(
        rows, labels, X_val=rows[kept], y_val=labels[kept]
    )
    P = model.predict_proba(rows[kept])[:, [0, 1, 3]]
    expected = metrics.roc_auc_score(
        labels[kept], P / P.sum(axis=1, keepdims=True), multi_class="ovr"
    )
    assert model.validation_curve_[-1] == pytest.approx(expected, rel=1e-6)


def test_a_rare_class_among_the_rows_set_aside():
    labels = LABELS.astype(object)
    labels[:2] = "rare"
    for scoring in ("neg_log_loss", "roc_auc_ovr"):
        model = classifier(early_stopping=True, scoring=scoring).fit(X, labels)
        assert np.isfinite(model.validation_curve_).all() and len(model.classes_) == 4


def test_a_scorer_of_raw_outputs_receives_those_of_the_classes_present():
    labels, shapes = LABELS.astype(object), []
    labels[:2] = "rare"

    def score(estimator, rows, y):
        shapes.append(estimator.decision_function(rows).shape)
        return 0.0

    classifier(early_stopping=True, scoring=score).fit(X, labels)
    assert {shape[1] for shape in shapes} == {3}


def test_a_scorer_without_a_value_is_named():
    one = LABELS == "red"
    model = classifier(scoring="neg_log_loss")
    message = r"scoring='neg_log_loss' has no value.*1 of 3 classes, \['red'\]: use scoring='loss'"
    with pytest.raises(ValueError, match=message):
        model.fit(X, LABELS, X_val=X[one], y_val=LABELS[one])


@pytest.mark.parametrize(
    ("make", "y", "scoring", "remedy"),
    [
        (classifier, LABELS, "roc_auc", "use scoring='roc_auc_ovr'"),
        (classifier, LABELS, "f1", "use scoring='f1_macro'"),
        (classifier, MANY, "f1", "use scoring='f1_macro'"),
        (regressor, Y, "roc_auc", "or scoring='loss'"),
        (regressor, Y - 99, "neg_mean_squared_log_error", "or scoring='loss'"),
    ],
)
def test_a_scorer_for_other_targets_is_named(make, y, scoring, remedy):
    with pytest.raises(ValueError, match=f"scoring='{scoring}' does not suit .*{remedy}"):
        make(early_stopping=True, scoring=scoring).fit(X, y)


# One class, one label of a row that never changes.


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("n_estimators", [1, 3])
@pytest.mark.parametrize("solver", SOLVERS)
def test_one_class(solver, n_estimators, early_stopping):
    model = classifier(solver=solver, n_estimators=n_estimators, early_stopping=early_stopping)
    assert_predicts_one_class(model)


@pytest.mark.parametrize(
    "model",
    [TwoLayerClassifier(), TwoLayerClassifier(loss="squared_error", class_weight="balanced")]
    + [RBFNetwork(8, refine=refine) for refine in ("auto", None, "width+metric", "gradient")],
    ids=repr,
)
def test_one_class_by_default(model):
    assert_predicts_one_class(model.set_params(random_state=0))


def assert_predicts_one_class(model):
    y = np.full(N, "red")
    model.fit(X, y)
    assert model.classes_.tolist() == ["red"] and model.score(X, y) == 1
    np.testing.assert_array_equal(model.predict(X), y)
    np.testing.assert_array_equal(model.predict_proba(X), np.ones((N, 1)))
    np.testing.assert_array_equal(model.predict_log_proba(X), np.zeros((N, 1)))
    assert model.decision_function(X).shape == (N, 1)


@pytest.mark.parametrize("model", [classifier(), RBFNetwork(8, random_state=0)], ids=repr)
def test_constant_labels_in_compositions_of_scikit_learn(model):
    both = np.column_stack([MANY[:, 0], np.ones(N, dtype=int)])
    apart = MultiOutputClassifier(model).fit(X, both)
    assert (apart.predict(X)[:, 1] == 1).all()
    assert (ClassifierChain(model).fit(X, both).predict(X)[:, 1] == 1).all()
    half = np.arange(N) >= N / 2  # each fold trains on one class
    scores = cross_val_score(model, X, half, cv=KFold(2), error_score="raise")
    np.testing.assert_array_equal(scores, 0)


@pytest.mark.parametrize(
    "model",
    [classifier(max_iter=100), TwoLayerClassifier(random_state=0), RBFNetwork(random_state=0)],
    ids=repr,
)
def test_constant_columns_of_labels(model):
    labels = np.column_stack([MANY[:, 0], np.zeros(N, dtype=int), np.ones(N, dtype=int)])
    model.fit(X, labels)
    assert (model.predict(X)[:, 1:] == [0, 1]).all()
    assert (model.predict_proba(X)[:, 1] < 0.01).all()
    assert (model.predict_proba(X)[:, 2] > 0.99).all()


# Real targets given as classes.


def test_many_numbers_as_classes_are_warned_of():
    prices = np.round(1000 * Y).astype(int)
    with pytest.warns(
        UserWarning, match="different numbers in 90 rows.*TwoLayerRegressor"
    ) as all_:
        classifier(max_iter=1).fit(X, prices, X_val=X, y_val=prices)
    mine = [warning for warning in all_ if "different numbers" in str(warning.message)]
    assert len(mine) == 1 and mine[0].filename == __file__


def test_numbers_with_few_rows_each_are_warned_of():
    with pytest.warns(UserWarning, match="45 different numbers in 90 rows"):
        classifier(max_iter=1).fit(X, np.arange(N) // 2)


def test_many_texts_or_few_numbers_are_classes(recwarn):
    classifier(max_iter=1).fit(X, np.arange(N).astype(str))
    classifier(max_iter=1).fit(np.tile(X, (2, 1)), np.arange(2 * N) // 5)
    classifier(max_iter=1).fit(X[:10], np.arange(10))
    assert not [warning for warning in recwarn if "different numbers" in str(warning.message)]


# Weights that differ by more than numbers can.


@pytest.mark.parametrize("ratio", [1e-25, 1e-35, 1e-60, 1e-200, 1e-310, 5e-324])
@pytest.mark.parametrize("heavy", [slice(1), slice(1, None), slice(None, None, 2)], ids=repr)
def test_extreme_weights(ratio, heavy):
    weights = np.full(N, ratio)
    weights[heavy] = 1.0
    for model, y in (
        (regressor(n_estimators=3, solver="adam"), Y),
        (regressor(n_estimators=3, loss="absolute_error", blend="scale"), Y),
        (classifier(n_estimators=3, solver="adam"), LABELS),
        (RBFNetwork(8, random_state=0), LABELS),
        (RBFNetwork(8, task="regression", random_state=0), Y),
    ):
        model.fit(X, y, sample_weight=weights)
        assert np.isfinite(model.transform(X)).all() and np.isfinite(model.params_).all()
        assert len(model.predict(X)) == N


def test_a_weight_too_faint_to_count_is_none():
    weights = np.where(np.arange(N) % 3, 1.0, 1e-60)
    faint = regressor(n_estimators=2).fit(X, Y, sample_weight=weights)
    none = regressor(n_estimators=2).fit(X, Y, sample_weight=np.round(weights))
    np.testing.assert_array_equal(faint.predict(X), none.predict(X))


@pytest.mark.parametrize(
    "values", [(1.0, 1e-60), (1e308, 1e308), (1e-320, 1e-320), (1e308, 1e-308)]
)
def test_extreme_class_weights(values):
    y = LABELS == "red"
    model = classifier(n_estimators=3, solver="adam", class_weight=dict(enumerate(values)))
    ratio = classifier(
        n_estimators=3, solver="adam", class_weight={0: 1.0, 1: values[1] / values[0]}
    )
    P = model.fit(X, y).predict_proba(X)
    np.testing.assert_allclose(P, ratio.fit(X, y).predict_proba(X), atol=1e-6)


# Where predictions end.


def test_the_bound_is_half_an_interquartile_range_beyond_the_targets():
    model = regressor(embedding="linear", activation=None, n_units=2, max_iter=100).fit(X, Y)
    far = model.predict(np.vstack([1e6 * X, -1e6 * X]))
    low, high = np.quantile(Y, [0.25, 0.75], method="averaged_inverted_cdf")
    assert far.max() == pytest.approx(Y.max() + (high - low) / 2)
    assert far.min() == pytest.approx(Y.min() - (high - low) / 2)


@pytest.mark.parametrize("loss", REGRESSION_LOSSES)
def test_each_loss_has_bounds(loss):
    rows = np.exp(3 * X)
    model = regressor(loss=loss, input_map=None, n_estimators=2).fit(rows, Y)
    with np.errstate(all="raise", under="ignore"):
        far = model.predict(1e3 * rows)
    assert np.ptp(far) <= 2 * np.ptp(Y) and np.isfinite(far).all()


def test_linear_trends_are_extrapolated_by_a_fifth():
    x = np.linspace(0, 1, 200)[:, None]
    beyond = np.linspace(1, 1.2, 20)[:, None]
    model = TwoLayerRegressor("linear", n_units=1, solver="lbfgs", n_estimators=1, alpha=0.0)
    model.set_params(input_map=None, random_state=0).fit(x, 3 * x[:, 0])
    np.testing.assert_allclose(model.predict(beyond), 3 * beyond[:, 0], rtol=1e-2)


def test_an_outlier_among_the_inputs_does_not_ruin_the_score():
    rng = np.random.RandomState(0)
    rows = rng.normal(size=(300, 2))
    y = rows @ [1.0, 2.0]
    new = rng.normal(size=(300, 2))
    target = new @ [1.0, 2.0]
    new[0] = [0.0, 1e4]  # a slip of the pen
    for model in (regressor(max_iter=50, embedding="skip"), RBFNetwork(task="regression")):
        assert r2_score(target, model.fit(rows, y).predict(new)) > 0.5


def test_rows_of_no_weight_and_validation_rows_do_not_move_the_bounds():
    y = np.append(Y, 1e3)
    rows = np.vstack([X, X[:1]])
    weighted = regressor().fit(rows, y, sample_weight=np.append(np.ones(N), 0))
    validated = regressor().fit(X, Y, X_val=rows, y_val=y)
    plain = regressor().fit(X, Y)
    for model in (weighted, validated):
        np.testing.assert_array_equal(model.predict(100 * X), plain.predict(100 * X))


@pytest.mark.parametrize("method", ["partial_fit", "fit"])
def test_later_calls_move_the_bounds(method):
    model = regressor(warm_start=True, solver=GradientDescent(0.05, momentum=0.9), max_iter=300)
    call = getattr(model, method)
    call(X, Y)
    for _ in range(300 if method == "partial_fit" else 1):
        call(X, Y + 100)
    assert model.predict(X).min() > 90
    first = model._targets
    with pytest.raises(ValueError, match="must have shape"):
        call(X, np.column_stack([Y, Y]))
    assert model._targets is first


# Numbers at the edge.


@pytest.mark.parametrize("value", [0.0, 0.1, -1e8, 1.7e308, -LARGEST, 1e-310, 5e-324])
def test_a_constant_target_is_predicted_exactly(value):
    y = np.full(N, value)
    for model in (
        regressor(),
        regressor(solver="adam", n_estimators=3),
        regressor(loss="huber"),
        RBFNetwork(8, task="regression", random_state=0),
    ):
        np.testing.assert_array_equal(model.fit(X, y).predict(100 * X), y)
    both = regressor().fit(X, np.column_stack([y, Y])).predict(X)
    np.testing.assert_array_equal(both[:, 0], y)


@pytest.mark.parametrize("unit", [1e308 / Y.max(), 1e-300, 1e-310])
@pytest.mark.parametrize("loss", ["squared_error", "huber", "quantile"])
def test_the_unit_of_the_targets_does_not_matter(unit, loss):
    model = regressor(loss=loss, max_iter=20, n_estimators=2)
    expected = clone(model).fit(X, Y).predict(X)
    scaled = clone(model).fit(X, unit * Y).predict(X)
    np.testing.assert_allclose(scaled / unit, expected, rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_targets_whose_spread_overflows(dtype):
    sign = np.where(X[:, 0] > 0, 1.0, -1.0)
    targets = RegressionTargets(SquaredError(), LARGEST * sign, np.ones(N))
    with np.errstate(all="raise", under="ignore"):
        d = targets.encode(LARGEST * sign)
        back = targets.predict(d.astype(dtype))
    assert d.mean() == pytest.approx(0) and d.std() == pytest.approx(1)
    np.testing.assert_allclose(back / LARGEST, sign, rtol=1e-6)


def test_an_outlier_beyond_single_precision():
    y = np.append(Y, 1e300)
    rows = np.vstack([X, X[:1]])
    for loss in ("absolute_error", "huber", "log_cosh", "quantile"):
        model = regressor(loss=loss, solver="adam", max_iter=100).fit(rows.astype(np.float32), y)
        assert r2_score(Y, model.predict(X.astype(np.float32))) > 0.2


@pytest.mark.parametrize("loss", ["poisson", "gamma"])
@pytest.mark.parametrize("unit", [1e300, 1e-300])
def test_targets_that_a_logarithmic_link_cannot_reach(loss, unit):
    with pytest.raises(ValueError, match="sizes between 1e-30 and 1e.30.*rescale"):
        regressor(loss=loss).fit(X, unit * Y)


def test_later_targets_beyond_the_scale_of_the_first():
    model = regressor(warm_start=True).fit(X, Y)
    with pytest.raises(ValueError, match="too large compared with the targets of the first fit"):
        model.fit(X, 1e20 * Y)


def test_small_targets_stay_apart_in_single_precision():
    rows = X.astype(np.float32)
    model = regressor(max_iter=50).fit(rows, 1e-60 * Y)
    assert r2_score(1e-60 * Y * 1e60, 1e60 * model.predict(rows)) > 0.5


@pytest.mark.parametrize("model", [RBFNetwork(20, task="regression"), regressor()])
def test_targets_far_from_zero(model):
    rng = np.random.RandomState(0)
    rows = rng.normal(size=(300, 2))
    y = rows[:, 0] + 1e15  # in steps of an eighth
    model = clone(model).set_params(random_state=0).fit(rows[:200], y[:200])
    assert model.score(rows[200:], y[200:]) > 0.9


def test_scores_in_another_unit_and_of_wrong_targets():
    model = regressor().fit(X, 1e-300 * Y)
    assert model.score(X, Y) == pytest.approx(r2_score(Y, model.predict(X)))
    with pytest.raises(ValueError, match="number of output"):
        model.score(X, np.column_stack([Y, Y, Y]))


@pytest.mark.parametrize("unit", [1e-165, 1e300])
def test_scores_of_targets_in_any_unit(unit):
    rng = np.random.RandomState(0)
    rows, y, noise = rng.normal(size=(200, 3)), rng.normal(size=200), rng.normal(size=200)
    scores = []
    for factor in (1.0, unit):
        model = RBFNetwork(20, task="regression", random_state=0).fit(
            rows, factor * (rows[:, 0] + y)
        )
        scores.append([model.oof_score_, model.score(rows, factor * noise)])
    np.testing.assert_allclose(scores[1], scores[0], rtol=1e-6)
