"""Text with many rare levels: numbers for its parts, beside its code."""

import pickle
import uuid

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.metrics import log_loss

from sklearn_twolayer import RBFNetwork, TwoLayerClassifier, TwoLayerRegressor
from sklearn_twolayer.columns import learn_columns
from sklearn_twolayer.columns._text import learn_text

SMALL = {"n_units": 5, "max_iter": 3, "n_estimators": 2, "random_state": 0}
CARRIERS = np.array(["UW", "DL", "AA", "JB"])
EFFECTS = np.array([2.0, -1.0, 0.0, 1.0])


def planes(n=600, seed=0):
    """Return unique numbers of planes that end in the carrier, which rules the targets."""
    rng = np.random.RandomState(seed)
    carrier = rng.randint(4, size=n)
    numbers = rng.permutation(900)[:n] + 100
    names = [f"N{number}{CARRIERS[code]}" for number, code in zip(numbers, carrier, strict=True)]
    frame = pd.DataFrame({"seats": rng.normal(size=n), "tail": names})
    return frame, EFFECTS[carrier] + frame["seats"].to_numpy()


FRAME, Y = planes()


def test_numbers_are_those_of_latent_semantic_analysis():
    """As many as there are thirties of rare levels, orthogonal over the levels."""
    levels = tuple(sorted(FRAME["tail"]))
    text = learn_text(levels, np.ones(600, dtype=int))
    assert text.names == tuple(f"text{i}" for i in range(1, 21))
    numbers = text.numbers(list(levels)).astype(float)
    products = numbers.T @ numbers
    sizes = np.sqrt(np.diag(products))
    cosines = products / np.outer(sizes, sizes)
    np.testing.assert_allclose(cosines[:5, :5], np.eye(5), atol=1e-2)
    assert (np.diff(sizes)[:5] < 0).all()
    np.testing.assert_allclose(text.directions.T @ text.directions, np.eye(20), atol=1e-5)


@pytest.mark.parametrize(
    ("n_rare", "expected"), [(29, 0), (30, 1), (89, 2), (700, 9), (2000, 29), (2100, 30)]
)
def test_how_many_numbers_depends_on_rare_levels(n_rare, expected):
    levels = tuple(f"level {i:05d}" for i in range(2100))
    text = learn_text(levels, np.where(np.arange(2100) < n_rare, 4, 5))
    assert (0 if text is None else len(text.names)) == expected


def test_numbers_of_a_text_do_not_depend_on_those_beside_it():
    column = learn_columns(FRAME, "from_dtype")
    together = column.matrix(FRAME)
    for rows in (FRAME[7:8], FRAME[::-1][:300]):
        np.testing.assert_array_equal(column.matrix(rows), together[rows.index])


@pytest.mark.parametrize(
    "convert",
    [
        pl.from_pandas,
        lambda X: X.astype({"tail": "category"}),
        lambda X: pl.from_pandas(X).with_columns(pl.col("tail").cast(pl.Categorical)),
        lambda X: X.convert_dtypes(),
        lambda X: X.astype(object),
    ],
)
def test_the_same_bits_for_every_library_and_type(convert):
    expected = learn_columns(FRAME, "from_dtype").matrix(FRAME)
    other = convert(FRAME)
    np.testing.assert_array_equal(learn_columns(other, "from_dtype").matrix(other), expected)


def test_a_column_is_its_code_and_its_parts():
    columns = learn_columns(FRAME, "from_dtype")
    assert columns.names[:3] == ["seats", "tail", "tail_text1"]
    np.testing.assert_array_equal(np.flatnonzero(columns.is_category), [1])
    np.testing.assert_array_equal(columns.starts, [0, 1])
    assert "600 levels" in repr(columns)
    assert "20 numbers for parts of the text" in columns._repr_html_()


def test_missing_and_unknown_values():
    """A missing value is an empty text; one that was not seen has the numbers of its parts."""
    columns = learn_columns(FRAME, "from_dtype")
    new = pd.DataFrame({"seats": 0.0, "tail": [None, "", "N9999UW", 17]}, dtype=object)
    new["seats"] = 0.0
    found = columns.matrix(new)
    assert np.isnan(found[0, 1])
    np.testing.assert_array_equal(found[1:, 1], -1)
    np.testing.assert_array_equal(found[:2, 2:], 0)
    assert np.abs(found[2:, 2:]).max(axis=1).min() > 0
    assert columns.matrix(new[:0]).shape == (0, 22)


@pytest.mark.parametrize(
    "levels",
    [
        [chr(0x4E00 + i) for i in range(100)],
        ["", " ", *(" " * i for i in range(2, 60))],
        [f"{i:03d} " + "long text " * 1000 for i in range(60)],
        ["a" * i for i in range(1, 100)],
    ],
    ids=["one character", "blanks", "long", "one letter"],
)
@pytest.mark.filterwarnings("ignore:Nothing predicts", "ignore:Only .* distinct centres")
def test_odd_texts(levels):
    frame = pd.DataFrame({"q": levels})
    estimator = TwoLayerClassifier(**SMALL).fit(frame, np.arange(len(levels)) % 2)
    assert np.isfinite(estimator.predict_proba(frame)).all()


@pytest.mark.parametrize(
    "estimator", [TwoLayerRegressor(random_state=0), RBFNetwork(task="regression", random_state=0)]
)
def test_levels_that_were_not_seen_are_predicted_by_their_parts(estimator):
    fitted = clone(estimator).fit(FRAME[:400], Y[:400])
    assert fitted.score(FRAME[400:], Y[400:]) > 0.8
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.predict(FRAME[400:]), fitted.predict(FRAME[400:]))
    assert fitted.feature_importances_.shape == (2,)
    explanation = fitted.explain(FRAME[400:404])
    total = explanation.values.sum(axis=1) + explanation.base_values
    np.testing.assert_allclose(total, fitted.predict(FRAME[400:404]), rtol=1e-3)
    gradients = fitted.input_gradients(FRAME[400:404])
    assert np.isnan(gradients[:, 1]).all()
    assert np.isfinite(gradients[:, 0]).all()


def test_batches_with_new_text():
    estimator = TwoLayerRegressor(n_units=5, n_estimators=1, random_state=0)
    estimator.partial_fit(FRAME[:300], Y[:300]).partial_fit(FRAME[300:], Y[300:])
    assert np.isfinite(estimator.predict(FRAME)).all()


@pytest.mark.filterwarnings("ignore:Nothing predicts")
@pytest.mark.parametrize("make", [TwoLayerClassifier, RBFNetwork])
def test_random_identifiers_mislead_nobody(make):
    rng = np.random.RandomState(0)
    names = [str(uuid.UUID(bytes=rng.bytes(16))) for _ in range(1400)]
    frame = pd.DataFrame({"id": names, "x": rng.normal(size=1400)})
    y = rng.randint(2, size=1400)
    estimator = make(random_state=0).fit(frame[:400], y[:400])
    assert log_loss(y[400:], estimator.predict_proba(frame[400:])) < np.log(2) + 0.03


@pytest.mark.parametrize(
    ("level", "quantity"),
    [
        ("{:.2f}", "numbers"),
        ("-{:.2f}e-3", "numbers"),
        ("1,{:03.0f}.50", "numbers"),
        ("$1,{:03.0f}", "numbers"),
        ("{:.0f} %", "numbers"),
        ("{:.2f} €", "numbers"),
        ("{:.0f}", None),  # postcodes and other codes are integers, too
        ("1.{:.1f}", None),
        ("2020-{:.0f}", None),
        ("1{:03.0f}-11-03", "dates"),
        ("3/11/1{:03.0f} 12:30", "dates"),
        ("3.11.{:02.0f}", "dates"),
        ("3 November 1{:03.0f}", "dates"),
        ("Nov 3, 1{:03.0f}", "dates"),
    ],
)
def test_quantities_as_text_are_noted(level, quantity):
    levels = [level.format(i) for i in np.linspace(1, 99, 90)]
    if quantity is None:
        assert learn_columns(pd.DataFrame({"a": levels}), "from_dtype").columns[0].text
        return
    with pytest.warns(UserWarning, match=f"'a' holds {quantity} as text"):
        learn_columns(pd.DataFrame({"a": [*levels, "?", "unknown", None]}), "from_dtype")


@pytest.mark.parametrize("quantity", ["numbers", "dates"])
def test_quantities_beside_text_are_noted(quantity):
    numbers = np.linspace(1, 99, 90).tolist()
    dates = pd.date_range("2020", periods=90).tolist()
    levels = numbers if quantity == "numbers" else dates
    frame = pd.DataFrame({"a": pd.Series([*levels, "?", None], dtype=object)})
    with pytest.warns(UserWarning, match=rf"'a' holds {quantity} and text such as '\?'"):
        learn_columns(frame, "from_dtype")


def test_numbers_may_be_levels():
    frame = pd.DataFrame({"a": np.repeat(np.arange(90.0), 3)})
    assert len(learn_columns(frame, ["a"]).columns[0].levels) == 90


def test_skops_keeps_them():
    skops = pytest.importorskip("skops.io")
    fitted = TwoLayerRegressor(**SMALL).fit(FRAME, Y)
    data = skops.dumps(fitted)
    unknown = skops.get_untrusted_types(data=data)
    assert all(name.startswith("sklearn_twolayer.") for name in unknown)
    again = skops.loads(data, trusted=unknown)
    np.testing.assert_array_equal(again.predict(FRAME), fitted.predict(FRAME))


def test_onnx_names_the_column():
    pytest.importorskip("onnx")
    from sklearn_twolayer.onnx import to_onnx

    fitted = TwoLayerRegressor(**SMALL).fit(FRAME, Y)
    with pytest.raises(NotImplementedError, match=r"'tail' cannot.*categorical_features"):
        to_onnx(fitted)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_dask_learns_the_same_parts():
    dd = pytest.importorskip("dask.dataframe")
    from sklearn_twolayer.dask import DaskTwoLayerRegressor

    both = dd.from_pandas(FRAME.assign(y=Y), npartitions=3)
    options = {**SMALL, "blend": "mean", "solver": "lbfgs"}
    remote = DaskTwoLayerRegressor(**options).fit(both.drop(columns="y"), both["y"])
    local = TwoLayerRegressor(**options).fit(FRAME, Y)
    np.testing.assert_array_equal(remote.columns_.matrix(FRAME), local.columns_.matrix(FRAME))
    found = remote.predict(both.drop(columns="y")).compute()
    np.testing.assert_allclose(found, local.predict(FRAME), rtol=1e-3, atol=1e-3)
    remote.to_local().set_params(solver="adam").partial_fit(FRAME, Y)  # a copy
    np.testing.assert_array_equal(remote.predict(both.drop(columns="y")).compute(), found)
