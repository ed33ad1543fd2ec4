"""What cannot work is refused by a message that helps, and leaves the estimator as it was."""

import re
import warnings

import joblib
import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_diabetes, make_regression
from sklearn.exceptions import ConvergenceWarning, DataConversionWarning, NotFittedError
from sklearn.preprocessing import OneHotEncoder

from sklearn_twolayer import RBFNetwork, TwoLayerClassifier, TwoLayerRegressor
from sklearn_twolayer.activations import ACTIVATIONS, ELU, LeakyReLU
from sklearn_twolayer.embeddings import PRESETS, Dense, Passthrough, Radial
from sklearn_twolayer.input_maps import INPUT_MAPS
from sklearn_twolayer.losses import (
    CLASSIFICATION_LOSSES,
    REGRESSION_LOSSES,
    Huber,
    Loss,
    Quantile,
)
from sklearn_twolayer.solvers import LBFGS, SOLVERS, Adam, GradientDescent, LeastSquares

N = 30
RNG = np.random.RandomState(0)
X = RNG.normal(size=(N, 3))
Y = X @ [1.0, -2.0, 0.5]
LABELS = np.digitize(Y, [-1.0, 1.0])
MANY = np.column_stack([LABELS > 0, LABELS > 1]).astype(int)
SOFT = RNG.dirichlet(np.ones(3), N)

SMALL = {
    "embedding": "dense",
    "n_units": 4,
    "activation": "tanh",
    "input_map": "standard",
    "n_estimators": 1,
    "max_iter": 3,
    "random_state": 0,
}
OWN = {"n_units": None, "activation": None}  # for an embedding that is no name


def regressor(**kwargs):
    return TwoLayerRegressor(**{**SMALL, "solver": GradientDescent(0.01), "tol": 0.0, **kwargs})


def classifier(**kwargs):
    return TwoLayerClassifier(**{**SMALL, "solver": GradientDescent(0.01), "tol": 0.0, **kwargs})


def changed(array, value, index=(3, 1)):
    array = np.array(array, dtype=float)
    array[index[: array.ndim]] = value
    return array


def each(cases):
    """Parametrize over a table of cases, by their names."""
    return pytest.mark.parametrize("case", cases.values(), ids=cases.keys())


ERRORS = (ValueError, TypeError, NotImplementedError)


def refused(estimator, message, *args, error=ERRORS, method="fit", **kwargs):
    """Assert that a call raises, in these words, and changes nothing of the estimator."""
    before = joblib.hash(vars(estimator))
    with pytest.raises(error, match=message) as caught:
        getattr(estimator, method)(*args, **kwargs)
    assert joblib.hash(vars(estimator)) == before
    return str(caught.value)


def refused_new_and_fitted(estimator, message, *args, **kwargs):
    refused(clone(estimator), message, *args, **kwargs)
    fitted = type(estimator)(**SMALL, solver=GradientDescent(0.01), tol=0.0)
    fitted.fit(X, Y if isinstance(estimator, TwoLayerRegressor) else LABELS)
    return refused(fitted.set_params(**estimator.get_params(deep=False)), message, *args, **kwargs)


pytestmark = pytest.mark.filterwarnings("ignore:The solver .* max_iter")

#: Data that no estimator can use: X, y for a regressor, further arguments, and the message.
DATA = {
    "infinity in X": (changed(X, np.inf), Y, {}, "Input X contains infinity"),
    "NaN in sparse X": (
        sparse.csr_array(changed(X, np.nan)),
        Y,
        {},
        "X is sparse and contains NaN",
    ),
    "NaN in y": (X, changed(Y, np.nan), {}, "y contains NaN"),
    "infinity in y": (X, changed(Y, np.inf), {}, "y contains infinity"),
    "no rows": (X[:0], Y[:0], {}, r"0 sample\(s\)"),
    "no columns": (X[:, :0], Y, {}, r"0 feature\(s\)"),
    "X with one axis": (X[:, 0], Y, {}, "Reshape your data"),
    "X with three axes": (X[:, :, None], Y, {}, "dim 3"),
    "text in X": (np.full((N, 3), "red"), Y, {}, "name the columns that hold text"),
    "complex X": (X + 1j, Y, {}, "Complex data not supported"),
    "records": (np.zeros(N, dtype="f8,f8"), Y, {}, "X holds records: pass them as columns"),
    "fewer targets than rows": (X, Y[:-1], {}, "inconsistent numbers of samples"),
    "no targets": (X, None, {}, "requires y to be passed"),
    "negative weight": (X, Y, {"sample_weight": changed(np.ones(N), -1)}, "Negative values"),
    "NaN among the weights": (
        X,
        Y,
        {"sample_weight": changed(np.ones(N), np.nan)},
        "sample_weight contains NaN",
    ),
    "weights of zero": (X, Y, {"sample_weight": np.zeros(N)}, "at least one non-zero"),
    "fewer weights than rows": (X, Y, {"sample_weight": np.ones(N - 1)}, r"expected \(30,\)"),
    "weights with two axes": (X, Y, {"sample_weight": np.ones((N, 1))}, "must be 1D"),
    "X_val alone": (X, Y, {"X_val": X}, "X_val and y_val must be passed together"),
    "y_val alone": (X, Y, {"y_val": Y}, "X_val and y_val must be passed together"),
    "X_val of other columns": (X, Y, {"X_val": X[:, :2], "y_val": Y}, "2 features.* expecting 3"),
    "infinity in X_val": (X, Y, {"X_val": changed(X, np.inf), "y_val": Y}, "contains infinity"),
}


@each(DATA)
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize("estimator", [regressor(), classifier()], ids=["regressor", "classifier"])
def test_data(case, method, estimator):
    rows, y, kwargs, message = case
    if method == "partial_fit" and kwargs.keys() & {"X_val", "y_val"}:
        pytest.skip("takes no validation rows")
    if isinstance(estimator, TwoLayerClassifier) and y is not None and np.isfinite(y).all():
        y = (y > 0).astype(int)
        kwargs = {name: y if name == "y_val" else value for name, value in kwargs.items()}
    refused(clone(estimator), message, rows, y, method=method, **kwargs)


@each({name: case for name, case in DATA.items() if "row" not in name})
def test_data_for_a_fitted_estimator(case):
    rows, y, kwargs, message = case
    refused_new_and_fitted(regressor(), message, rows, y, **kwargs)


class Constant:
    """A function of anything that returns one value."""

    def __init__(self, value):
        self.value = value

    def __call__(self, *args):
        return self.value


def metric(y, predicted):
    return 1.0


def one_column(v):
    return v[..., :1]


def as_text(v):
    return v.astype(str)


def as_complex(v):
    return v + 1j


#: Parameters or targets: the estimator, its targets, and the message.
CLASSES = {
    "real numbers as classes": (
        classifier(),
        Y,
        "Unknown label type: continuous.*use TwoLayerRegressor",
    ),
    "several columns of classes": (
        classifier(),
        np.column_stack([LABELS, LABELS]),
        "multiclass-multioutput.*zeros and ones.*soft_targets",
    ),
    "class_weight by an unknown name": (classifier(class_weight="even"), LABELS, "balanced"),
    "negative class_weight": (
        classifier(class_weight={0: -1.0}),
        LABELS,
        "class_weight.*negative",
    ),
    "class_weight of zeros": (
        classifier(class_weight=dict.fromkeys(range(3), 0.0)),
        LABELS,
        "class_weight.*zero to all rows",
    ),
    "class_weight that is not a number": (
        classifier(class_weight={0: np.nan}),
        LABELS,
        "class_weight.*non-finite",
    ),
    "soft targets above one": (
        classifier(soft_targets="multilabel"),
        changed(SOFT, 1.5),
        r"in \[0, 1\].*to 1.5",
    ),
    "soft targets below zero": (
        classifier(soft_targets="multiclass"),
        changed(SOFT, -0.1),
        r"in \[0, 1\].*from -0.1",
    ),
    "rows that are no distributions": (
        classifier(soft_targets="multiclass"),
        0.5 * SOFT,
        "sum to 1.*soft_targets='multilabel'",
    ),
    "soft targets with one axis": (
        classifier(soft_targets="multiclass"),
        LABELS,
        r"shape \(n_samples, n_outputs\)",
    ),
    "labels a row that are not zero and one": (
        classifier(),
        2 * MANY,
        r"zeros and ones only, got \[0, 2\]",
    ),
    "soft targets of one class": (
        classifier(soft_targets="multiclass"),
        np.ones((30, 1)),
        "at least 2 classes",
    ),
    "unknown soft_targets": (
        classifier(soft_targets="soft"),
        SOFT,
        "'multiclass', 'multilabel'.*'soft'",
    ),
    "class_weight beside soft targets": (
        classifier(soft_targets="multiclass", class_weight="balanced"),
        SOFT,
        "class_weight needs labels",
    ),
    "class_weight beside soft labels": (
        classifier(soft_targets="multilabel", class_weight={0: 2.0}),
        SOFT,
        "class_weight needs labels",
    ),
    "a factor of one network": (
        classifier(blend="scale"),
        LABELS,
        "n_estimators to 2 or more",
    ),
    "unknown blend": (classifier(blend="yes"), LABELS, "blend.*'auto'.*'yes'"),
    "radial units beside another loss": (
        classifier(blend="radial", n_estimators=2, loss="squared_error"),
        LABELS,
        "blend to 'scale' or 'mean'",
    ),
    "loss for regression": (classifier(loss="poisson"), LABELS, "'log_loss', 'squared_error'"),
    "loss with a link of its own": (
        classifier(loss=REGRESSION_LOSSES["gamma"]()),
        LABELS,
        "for regression only",
    ),
}
REALS = {
    "Poisson below zero": (regressor(loss="poisson"), Y, "non-negative.*'squared_error'"),
    "gamma of zero": (regressor(loss="gamma"), np.abs(changed(Y, 0)), "positive.*'poisson'"),
    "text as targets": (regressor(), np.full(N, "red"), "For labels, use a classifier"),
    "loss for classification": (
        regressor(loss=CLASSIFICATION_LOSSES["log_loss"]()),
        Y,
        "for classification only",
    ),
    "loss out of range": (regressor(loss=Quantile(1.0)), Y, r"quantile.*\(0, 1\).*1.0"),
    "loss that is a number": (regressor(loss=3), Y, "loss must be one of"),
    "another loss out of range": (regressor(loss=Huber(-1.0)), Y, r"delta.*\(0, inf\)"),
    "widths that differ in a sum": (
        regressor(embedding=Dense(2) + Dense(3), **OWN),
        Y,
        r"2 outputs.*right one 3.*Use \| for",
    ),
    "widths that differ in a nested product": (
        regressor(embedding=Dense(4) | (Dense(2) * Passthrough()), **OWN),
        Y,
        r"2 outputs.*right one 3.*Use \| for",
    ),
    "n_units beside an expression": (
        regressor(embedding=Dense(2), activation=None),
        Y,
        "n_units=4 is for an embedding given by name",
    ),
    "activation that the preset has not": (
        regressor(embedding="gated"),
        Y,
        "activation='tanh' is not used by embedding='gated'",
    ),
    "no units": (regressor(n_units=0), Y, r"n_units must be an integer in \[1, inf\)"),
    "half a unit": (regressor(n_units=1.5), Y, r"n_units must be an integer in \[1, inf\)"),
    "solver that is a class": (regressor(solver=Adam), Y, "solver must be one of"),
    "solver out of range": (regressor(solver=GradientDescent(0.0)), Y, "learning_rate must be"),
    "input map that is a class": (regressor(input_map=OneHotEncoder), Y, "input_map must be"),
    "network too large for the solver": (
        regressor(solver=LeastSquares(max_parameters=5)),
        Y,
        "max_parameters=5.*'lbfgs'",
    ),
    "no curvature for the solver": (
        regressor(solver="least_squares", loss="absolute_error"),
        Y,
        "AbsoluteError.*another solver",
    ),
    "too few rows to set aside": (
        regressor(early_stopping=True, validation_fraction=0.01),
        Y,
        "leaves no row",
    ),
    "all rows set aside": (
        regressor(early_stopping=True, validation_fraction=0.99),
        Y,
        "leaves no row",
    ),
    "unknown scorer": (regressor(scoring="acc"), Y, "acc"),
    "metric as a scorer": (
        regressor(scoring=metric, early_stopping=True),
        Y,
        "scoring must be the name of a scorer or a function of an estimator, X and y",
    ),
    "class as a scorer": (
        regressor(scoring=int, early_stopping=True),
        Y,
        "scoring must be the name of a scorer or a function of an estimator, X and y",
    ),
    "slope below zero": (
        regressor(activation=LeakyReLU(-1)),
        Y,
        r"negative_slope must be a number in \[0, inf\), got -1",
    ),
    "slope of text": (regressor(activation=LeakyReLU("1")), Y, "negative_slope must be"),
    "alpha of NaN": (
        regressor(embedding=Dense(2, ELU(np.nan)), **OWN),
        Y,
        r"alpha of ELU must be a number in \[0, inf\), got nan",
    ),
    "alpha of a dictionary": (
        regressor(embedding=Dense(3) | Dense(2, ELU({})), **OWN),
        Y,
        "alpha of ELU must be",
    ),
    "no threads": (regressor(n_jobs=0), Y, "n_jobs must not be 0"),
}


@each(CLASSES | REALS)
def test_targets_and_parameters(case):
    estimator, y, message = case
    refused_new_and_fitted(estimator, message, X, y)


#: Pairs of functions: the one that returns another shape is named, and the shape.
PAIRS = {
    "sum": (
        (np.sum, np.cos),
        r"(activation|kernel) <function sum.*returned an array of shape \(\)",
    ),
    "length": ((len, np.cos), r"(activation|kernel) <built-in function len>.*shape \(\)"),
    "one column": ((one_column, np.cos), r"returned an array of shape \(1, 30, 1\)"),
    "None": ((Constant(None), np.cos), "returned None"),
    "sum of slopes": (
        (np.sin, np.sum),
        r"derivative of an? (activation|kernel) <function sum.*\(\)",
    ),
    "text": ((as_text, np.cos), "real numbers"),
    "complex": ((as_complex, np.cos), "real numbers"),
}


@each(PAIRS)
@pytest.mark.parametrize("units", [Dense, Radial])
def test_functions_that_return_another_shape(case, units):
    pair, message = case
    estimator = regressor(embedding=units(2, pair), **OWN)
    refused(estimator, message, X, Y)


class Summed(Loss):
    def pointwise(self, y, d):
        return np.sum(y - d), y - d


def test_a_loss_that_returns_another_shape():
    message = r"pointwise of Summed\(\) must return .*returned an array of shape \(\)"
    refused(regressor(loss=Summed()), message, X, Y)


@pytest.mark.parametrize("value", [None, "low", [1.0], np.ones(2), 1j, {"r2": 1.0}], ids=repr)
@pytest.mark.parametrize("make", [regressor, classifier])
def test_scorers_that_give_no_number(make, value):
    estimator = make(scoring=Constant(value), early_stopping=True)
    refused(estimator, "scoring=.* must return a number, got ", X, LABELS, error=TypeError)


@pytest.mark.parametrize("name", ["scoring", "soft_targets", "class_weight"])
@pytest.mark.parametrize("value", [np.array([1.0, 2.0]), np.array([])], ids=repr)
def test_arrays_in_the_place_of_names(name, value):
    for y in (LABELS, MANY):
        refused(classifier(**{name: value}), f"{name}.* (must be|expected)", X, y)


@pytest.mark.parametrize("value", [0.5, np.float32(0.5), np.array(0.5)], ids=repr)
def test_scorers_that_give_a_number(value):
    model = regressor(scoring=Constant(value), early_stopping=True).fit(X, Y)
    assert model.validation_curve_ == [0.5] * 3


#: Targets that no score can be computed of, for two columns of probabilities.
SCORED = {
    "a dictionary": ({"a": 1}, "y must contain numbers"),
    "None": (None, "contains NaN"),
    "text": (np.full(N, "red"), "y must contain numbers"),
    "NaN": (np.full((N, 2), np.nan), "contains NaN"),
    "other columns": (np.ones((N, 3)), r"shape \(n_samples, 2\).*got \(30, 3\)"),
    "three axes": (np.ones((N, 2, 2)), r"shape \(n_samples, 2\).*got \(30, 2, 2\)"),
    "beyond one": (np.full((N, 2), 7.0), r"in \[0, 1\], got values from 7 to 7"),
    "ragged": ([[1], [0, 1]] * (N // 2), "same number of values in each row"),
    "complex": (np.full((N, 2), 1j), "complex"),
}


@each(SCORED)
@pytest.mark.parametrize("soft_targets", ["multiclass", "multilabel"])
def test_scores_of_what_are_no_soft_targets(case, soft_targets):
    y, message = case
    model = classifier(soft_targets=soft_targets).fit(X, np.column_stack([Y > 0, Y <= 0]))
    refused(model, message, X, y, method="score")


def test_scores_of_soft_targets():
    model = classifier(soft_targets="multiclass", max_iter=50).fit(X, SOFT)
    likely = SOFT.argmax(axis=1)
    expected = (model.predict(X) == likely).mean()
    for y in (SOFT, SOFT.tolist(), sparse.csr_array(SOFT), likely, likely.tolist()):
        assert model.score(X, y) == expected
    model = classifier(soft_targets="multilabel", max_iter=50).fit(X, SOFT)
    expected = (model.predict(X) == (SOFT > 0.5)).all(axis=1).mean()
    for y in (SOFT, SOFT.tolist(), sparse.csr_array(SOFT)):
        assert model.score(X, y) == expected


#: Parameters with a range: values outside it, and how the message names the range.
RANGES = {
    "alpha": ([-1.0, np.nan, np.inf, "1", True, np.ones(2)], r"\[0, inf\)"),
    "max_iter": ([0, 2.5, "3"], r"an integer in \[1, inf\)"),
    "tol": ([-1.0, np.nan, None], r"\[0, inf\)"),
    "n_iter_no_change": ([0, 1.5], r"an integer in \[1, inf\)"),
    "n_estimators": ([0, 1.5], r"an integer in \[1, inf\)"),
    "validation_fraction": ([0.0, 1.0, -0.1, "half"], r"\(0, 1\)"),
    "n_jobs": (["2", 1.5], r"an integer in \(-inf, inf\)"),
    "verbose": ([-1, "yes", np.ones(2)], r"an integer in \[0, inf\)"),
}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, (values, _) in RANGES.items() for value in values]
)
@pytest.mark.parametrize("make", [regressor, classifier])
def test_parameters_out_of_range(make, name, value):
    message = f"{name} must be .*{RANGES[name][1]}, got {re.escape(repr(value))}"
    refused(make(**{name: value}), message, X, LABELS)


@pytest.mark.parametrize("name", ["alpha", "max_iter", "tol", "n_units", "n_estimators", "n_jobs"])
@pytest.mark.parametrize("make", [regressor, classifier])
def test_numbers_that_are_too_large_to_compute_with(make, name):
    message = f"{name} is too large a number: got (1000000000|a value of type int)"
    for number in (10**400, 10**5000):
        refused(make(**{name: number}), message, X, LABELS)
    if name not in ("alpha", "tol"):
        refused(make(**{name: 10**30}), message, X, LABELS)


@pytest.mark.parametrize("name", ["early_stopping", "warm_start", "blend", "loss", "solver"])
@pytest.mark.parametrize("make", [regressor, classifier])
def test_an_array_in_the_place_of_a_choice(make, name):
    estimator = make(**{name: np.array([1, 2])})
    refused(estimator, rf"{name} must be one of .* got array\(\[1, 2\]\)", X, LABELS)
    assert name in estimator._repr_html_()


@pytest.mark.parametrize("name", ["early_stopping", "warm_start"])
@pytest.mark.parametrize("make", [regressor, classifier])
def test_switches_are_on_or_off(make, name):
    refused(make(**{name: "no"}), f"{name} must be one of True, False, got 'no'", X, LABELS)


#: What a parameter may name; the known names are in the message.
NAMES = {
    "embedding": PRESETS,
    "activation": ACTIVATIONS,
    "solver": SOLVERS,
    "input_map": INPUT_MAPS,
}


@pytest.mark.parametrize("name", [*NAMES, "loss"])
@pytest.mark.parametrize(
    ("make", "losses"), [(regressor, REGRESSION_LOSSES), (classifier, CLASSIFICATION_LOSSES)]
)
def test_unknown_names(make, losses, name):
    estimator = make(**{name: "reluu"})
    for value in ("reluu", 7):
        message = refused_new_and_fitted(estimator.set_params(**{name: value}), name, X, LABELS)
        known = losses if name == "loss" else NAMES[name]
        assert all(repr(each_name) in message for each_name in known)
        assert repr(value) in message


@pytest.mark.parametrize(
    ("estimator", "remedy"),
    [
        (regressor(solver=LBFGS()), "such as 'adam'"),
        (regressor(solver=LeastSquares()), "such as 'adam'"),
        (regressor(early_stopping=True), "early_stopping=False"),
    ],
)
def test_partial_fit_needs_epochs_on_all_rows(estimator, remedy):
    assert not hasattr(estimator, "partial_fit")
    with pytest.raises(AttributeError) as caught:
        estimator.partial_fit(X, Y)
    assert remedy in str(caught.value.__cause__)


#: Going on from a fit with data or a network that do not match it.
GOING_ON = {
    "more columns": (regressor(), (np.hstack([X, X]), Y), "6 features.*expecting 3"),
    "more outputs": (
        regressor(),
        (X, np.column_stack([Y, Y])),
        r"shape \(n_samples,\).* got \(30, 2\)",
    ),
    "more units": (regressor(n_units=7), (X, Y), "the same network"),
    "more networks": (regressor(n_estimators=2), (X, Y), "the same network"),
    "an unknown label": (classifier(), (X, LABELS + 1), r"labels \[3\].*classes \[0, 1, 2\]"),
}


@each(GOING_ON)
@pytest.mark.parametrize("method", ["partial_fit", "fit"])
def test_going_on_with_what_does_not_match(case, method):
    changes, data, message = case
    make = type(changes)
    estimator = make(**SMALL, solver=GradientDescent(0.01), tol=0.0, warm_start=method == "fit")
    getattr(estimator, method)(X, Y if make is TwoLayerRegressor else LABELS)
    parameters = {**changes.get_params(deep=False), "warm_start": estimator.warm_start}
    refused(estimator.set_params(**parameters), message, *data, method=method)


@pytest.mark.parametrize(
    ("soft_targets", "y"),
    [(None, np.hstack([MANY, MANY])), ("multilabel", SOFT), ("multiclass", SOFT)],
)
def test_validation_targets_of_another_width(soft_targets, y):
    estimator = classifier(soft_targets=soft_targets)
    width = y.shape[1]
    message = rf"shape \(n_samples, {width}\).* got \(30, {width - 1}\)"
    refused(estimator, message, X, y, X_val=X, y_val=y[:, 1:])


def test_other_classes_in_a_later_call_of_partial_fit():
    estimator = classifier().partial_fit(X, LABELS, classes=[0, 1, 2, 3])
    refused(estimator, "not the same as on last call", X, LABELS, [0, 1, 2], method="partial_fit")
    refused(estimator, r"labels \[9\]", X, changed(LABELS, 9).astype(int), method="partial_fit")


@pytest.mark.parametrize("method", ["predict", "predict_proba", "transform", "decision_function"])
def test_prediction_from_what_does_not_match(method):
    with pytest.raises(NotFittedError, match="not fitted yet"):
        getattr(classifier(), method)(X)
    estimator = classifier().fit(X, LABELS)
    refused(estimator, "2 features.*expecting 3", X[:, :2], method=method)
    refused(estimator, "contains infinity", changed(X, np.inf), method=method)


class Breaking:
    """A scorer that raises at every third call."""

    n_calls = 0

    def __init__(self, error):
        self.error = error

    def __call__(self, estimator, rows, y):
        Breaking.n_calls += 1
        if Breaking.n_calls % 3 == 0:
            raise self.error
        return 0.0


def test_a_fit_that_ends_half_way_leaves_the_last_one():
    error, validation = ZeroDivisionError, {"X_val": X, "y_val": Y}
    breaking = regressor(scoring=Breaking(error))
    refused(breaking, None, X, Y, error=error, **validation)
    fitted = regressor().fit(X, Y, **validation).set_params(scoring=Breaking(error))
    for warm_start in (False, True):
        fitted.set_params(warm_start=warm_start)
        refused(fitted, None, X, -Y, error=error, **validation)


# What is odd, and works.

ODD = {
    "a constant column": (changed(X, 7.0, (slice(None), 1)), Y),
    "nothing but constant columns": (np.ones((N, 3)), Y),
    "a constant target": (X, np.full(N, 5.0)),
    "a huge constant target": (X, np.full(N, 1e8)),
    "two rows": (X[:2], Y[:2]),
    "one column": (X[:, :1], Y),
    "more columns than rows": (RNG.normal(size=(5, 20)), Y[:5]),
    "a huge column": (X * [1.0, 1e30, 1.0], Y),
    "a column near the end of the range": (X * [1.0, 1e300, 1.0], Y),
    "a tiny column": (X * [1.0, 1e-300, 1.0], Y),
    "huge targets": (X, 1e200 * Y),
    "integers": ((10 * X).astype(int), (10 * Y).astype(int)),
    "booleans": (X > 0, Y > 0),
    "objects": (X.astype(object), Y.astype(object)),
    "lists": (X.tolist(), Y.tolist()),
    "a sparse matrix": (sparse.coo_matrix(X), Y),
}


#: Each solver on the simplest map, and each map with one solver.
ODD_WAYS = [
    *((solver, "standard") for solver in SOLVERS),
    *(("lbfgs", name) for name in INPUT_MAPS),
]


@each(ODD)
@pytest.mark.parametrize("solver, input_map", dict.fromkeys(ODD_WAYS))
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_odd_data_work(case, solver, input_map):
    rows, y = case
    solver = GradientDescent(0.01) if solver == "gradient_descent" else solver
    parameters = {"solver": solver, "input_map": input_map}
    model = regressor(**parameters).fit(rows, y)
    size = np.abs(np.asarray(y, dtype=float)).max()
    assert (np.abs(model.predict(rows)) <= 10 * size).all()
    labels = (np.asarray(y, dtype=float) > np.median(np.asarray(y, dtype=float))).astype(str)
    if len(np.unique(labels)) == 2:
        model = classifier(**parameters).fit(rows, labels)
        np.testing.assert_allclose(model.predict_proba(rows).sum(axis=1), 1)


@each(ODD)
@pytest.mark.slow
def test_odd_data_work_in_a_blend(case):
    rows, y = case
    labels = np.asarray(y, dtype=float) > np.median(np.asarray(y, dtype=float))
    model = classifier(n_estimators=2).fit(rows, labels)
    np.testing.assert_allclose(model.predict_proba(rows).sum(axis=1), 1)


def test_classes_of_one_row_each():
    model = classifier(solver="lbfgs", max_iter=200, alpha=0.0, tol=1e-3, early_stopping=False)
    rows = X[:6]
    labels = np.array(list("fedcba"))
    assert (model.fit(rows, labels).predict(rows) == labels).all()
    split = clone(model).set_params(early_stopping=True, validation_fraction=0.3)
    assert split.fit(X[:9], np.arange(9) // 2).predict_proba(rows).shape == (6, 5)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("make", [regressor, classifier])
@pytest.mark.parametrize("blend", ["mean", "scale", "radial"])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_one_row_of_any_weight(make, solver, blend):
    model = make(solver=solver, n_estimators=3, blend=blend)
    model.fit(X, LABELS, sample_weight=np.arange(N) == 7)
    assert model.predict(X).shape == (N,) and np.isfinite(model.params_).all()


@pytest.mark.parametrize("n_rows", [2, 3, 5])
def test_more_networks_than_rows(n_rows):
    labels = np.arange(n_rows) % 2
    model = classifier(n_estimators=8).fit(X[:n_rows], labels)
    assert np.isfinite(model.predict_proba(X)).all() and (model.blend_weights_ >= 0).all()
    assert np.isfinite(regressor(n_estimators=8).fit(X[:n_rows], Y[:n_rows]).predict(X)).all()


def test_a_column_of_classes_is_warned_of():
    model = classifier()
    expected = model.fit(X, LABELS).predict(X)
    with pytest.warns(DataConversionWarning, match="column-vector"):
        model.fit(X, LABELS[:, None])
    np.testing.assert_array_equal(model.predict(X), expected)


def test_a_column_of_targets_is_predicted_as_a_column():
    expected = regressor().fit(X, Y).predict(X)
    np.testing.assert_array_equal(regressor().fit(X, Y[:, None]).predict(X), expected[:, None])


@pytest.mark.parametrize(
    "solver", [GradientDescent(1e9), GradientDescent(1e9, batch_size=8), Adam(1e25)], ids=repr
)
def test_an_overflow_ends_the_training_with_a_message(solver):
    model = regressor(solver=solver, activation="relu", max_iter=50)
    message = "overflowed.*last finite weights.*Scale the inputs.*lower the learning rate"
    with pytest.warns(ConvergenceWarning, match=message):
        model.fit(X, Y)
    assert np.isfinite(model.params_).all() and model.n_iter_ < 50
    assert np.isfinite(model.loss_curve_).all()
    assert np.isfinite(model.predict(X)).all()


@pytest.mark.parametrize("solver", [GradientDescent(10), Adam(10), Adam(10, schedule="constant")])
@pytest.mark.parametrize("early_stopping", [False, True])
def test_networks_that_are_worse_than_a_constant_are_warned_of(solver, early_stopping):
    x, y = load_diabetes(return_X_y=True)
    model = TwoLayerRegressor(n_estimators=1, early_stopping=early_stopping, random_state=0)
    model.set_params(solver=solver, max_iter=60)
    with pytest.warns(ConvergenceWarning, match="more than that of a constant.*learning rate"):
        model.fit(x, y)
    assert model.score(x, y) < -0.1


@pytest.mark.parametrize("solver", ["adam", "lbfgs", GradientDescent(0.01)])
@pytest.mark.parametrize("alpha", [1e-4, 100.0])
def test_networks_on_noise_are_not_worse_than_a_constant(solver, alpha):
    rng = np.random.RandomState(0)
    x, y = rng.normal(size=(100, 3)), rng.standard_t(2, size=100)
    model = TwoLayerRegressor(n_estimators=1, solver=solver, alpha=alpha, random_state=0)
    model.set_params(warm_start=True, max_iter=500, tol=1e-3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.fit(x, y).fit(x, y)


@pytest.mark.parametrize("learning_rate", [1e40, 1e60])
def test_parameters_beyond_single_precision_give_no_other_warning(learning_rate):
    rows = np.random.RandomState(0).standard_normal((40, 3)).astype(np.float32)
    model = RBFNetwork(
        task="classification", n_centers=2, linear_tail=True, refine="gradient", max_iter=4
    )
    model.set_params(solver=Adam(learning_rate), random_state=0)
    with pytest.warns(ConvergenceWarning, match="overflowed"):
        model.fit(rows, (rows[:, 0] > 0).astype(int))
    assert np.isfinite(model.predict_proba(rows)).all()


@pytest.mark.parametrize("max_iter", range(4, 12))
def test_weights_that_overflow_at_the_very_end_are_not_kept(max_iter):
    rows, y = make_regression(42, n_targets=5, random_state=42)
    solver = GradientDescent(0.8, momentum=0.9)
    model = TwoLayerRegressor(
        "dense", n_units=6, n_estimators=1, solver=solver, max_iter=max_iter, random_state=0
    )
    model.set_params(input_map="standard", alpha=0.01)
    with pytest.warns(ConvergenceWarning):
        model.fit(rows, y)
    assert np.isfinite(model.predict(rows)).all()  # and no warning


@pytest.mark.parametrize("name", ["params_", "network_", "blend_weights_", "centers_"])
def test_what_exists_only_after_a_fit(name):
    estimator = RBFNetwork() if name == "centers_" else TwoLayerClassifier()
    assert not hasattr(estimator, name)
    with pytest.raises(NotFittedError, match="is not fitted yet"):
        getattr(estimator, name)


def test_a_classifier_with_a_given_penalty_has_no_out_of_fold_predictions():
    network = RBFNetwork(5, alpha=0.1, random_state=0).fit(X, LABELS)
    with pytest.raises(AttributeError, match="alpha='loo'"):
        _ = network.oof_score_
