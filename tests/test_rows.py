"""Rows by blocks, predictions over blocks, and the small helpers of every room."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse
from sklearn.preprocessing import FunctionTransformer

from sklearn_twolayer import rows as rows_module
from sklearn_twolayer._checks import check_choice, check_number
from sklearn_twolayer._linalg import (
    add_multiple,
    augmented,
    product,
    transposed_product,
    without_ones,
)
from sklearn_twolayer._moments import weighted_quantiles
from sklearn_twolayer._registry import resolve
from sklearn_twolayer.activations import ACTIVATIONS, Activation, Tanh
from sklearn_twolayer.embeddings import Dense, Radial
from sklearn_twolayer.input_maps import INPUT_MAPS
from sklearn_twolayer.model import Model, Part
from sklearn_twolayer.network import Network
from sklearn_twolayer.rows import Rows

RNG = np.random.RandomState(0)
X = RNG.normal(size=(300, 3)) * (RNG.uniform(size=(300, 3)) < 0.6)
KINDS = {"dense": np.asarray, "sparse": sparse.csr_array}

each_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "part", [np.s_[:], np.s_[:, :-1], np.s_[:, :, 1:], np.s_[:, 4:], np.s_[0]]
)
def test_a_multiple_is_added_in_place(part, dtype):
    total, addend = RNG.normal(size=(2, 2, 4, 3)).astype(dtype)
    wanted = total.copy()
    wanted[part] += dtype(0.5) * addend[part]
    add_multiple(total[part], addend[part], 0.5)
    np.testing.assert_allclose(total, wanted, rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_a_multiple_is_added_whatever_the_order(dtype):
    total = np.asfortranarray(np.ones((2, 3), dtype=dtype))
    add_multiple(total, np.ones((2, 3), dtype=dtype), 2.0)
    np.testing.assert_array_equal(total, 3)
    add_multiple(total[0, ::2], np.ones(2, dtype=dtype), 1.0)
    np.testing.assert_array_equal(total, [[4, 3, 4], [3, 3, 3]])


def dense(array):
    return array.toarray() if sparse.issparse(array) else array


@each_kind
@pytest.mark.parametrize("name", [None, *INPUT_MAPS])
def test_kept_rows_are_those_that_are_mapped_each_time(kind, name, monkeypatch):
    input_map = None if name is None else INPUT_MAPS[name]().fit(kind(X))
    kept = Rows(kind(X), input_map, np.dtype(float)).keep()
    monkeypatch.setattr(rows_module, "CACHE_BYTES", 0)
    mapped = Rows(kind(X), input_map, np.dtype(float)).keep()
    for index in (slice(None), slice(10, 80), np.array([7, 3, 7])):
        np.testing.assert_array_equal(dense(mapped.augmented(index)), dense(kept.augmented(index)))
        np.testing.assert_array_equal(
            dense(mapped.inputs(index)), dense(kept.augmented(index))[:, :-1]
        )
    assert mapped.n_features == kept.n_features


@each_kind
def test_whether_rows_are_kept_depends_on_their_size(kind, monkeypatch):
    calls = []

    class Counting:
        def transform(self, block):
            calls.append(block.shape[0])
            return block

    for limit, expected in ((10**9, 0), (0, 3)):
        monkeypatch.setattr(rows_module, "CACHE_BYTES", limit)
        rows = Rows(kind(X), Counting(), np.dtype(np.float32)).keep()
        del calls[:]
        for _ in range(3):
            rows.augmented(slice(0, 100))
        assert len(calls) == expected


@each_kind
def test_some_of_the_rows(kind):
    weights = RNG.uniform(1, 2, size=300)
    all_rows = Rows(kind(X), None, np.dtype(float)).labelled(X[:, :1], weights).keep()
    for index in (slice(None, None, 3), np.array([5, 2])):
        some = all_rows.take(index)
        np.testing.assert_array_equal(dense(some.inputs(slice(None))), X[index])
        np.testing.assert_array_equal(some.targets, X[index, :1])
        expected = weights[index] / weights[index].mean()
        np.testing.assert_allclose(some.sample_weight, expected)


def test_weights_are_scaled_to_a_mean_of_one():
    weights = np.array([[1.0, 3.0, 0.0], [2.0, 2.0, 2.0]])
    rows = Rows(X[:3], None, np.dtype(np.float32)).labelled(np.zeros((3, 1)), weights)
    np.testing.assert_allclose(rows.sample_weight, [[0.75, 2.25, 0.0], [1.0, 1.0, 1.0]])
    assert rows.sample_weight.dtype == rows.targets.dtype == np.float32


@each_kind
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_predictions_do_not_depend_on_blocks_and_threads(kind, n_jobs, monkeypatch):
    rows, network = Rows(kind(X), None, np.dtype(float)), Network(Dense(4, "tanh"), 3, 2)
    params = np.stack([network.initialize(rows, RNG) for _ in range(3)])
    model = Model.of(Part(None, network, params))
    z, y = model.raw_outputs(kind(X)), model.embeddings(kind(X))
    assert z.shape == (300, 2) and y.shape == (300, 12) and model.width == 12
    weights = network.views(params).weights.reshape(12, 2)
    bias = network.views(params).bias.mean(axis=0)
    np.testing.assert_allclose(z, y @ weights / 3 + bias, rtol=1e-10, atol=1e-12)
    monkeypatch.setattr(rows_module, "BLOCK_NUMBERS", 1)
    np.testing.assert_allclose(model.raw_outputs(kind(X), n_jobs), z, rtol=1e-12)
    np.testing.assert_allclose(model.embeddings(kind(X), n_jobs), y, rtol=1e-12)


def test_a_model_is_a_sum_of_parts_times_factors_and_a_constant():
    rows, doubled = Rows(X, None, np.dtype(float)), FunctionTransformer(lambda X: 2 * X)
    one, two = Network(Dense(4, "tanh"), 3, 2), Network(Dense(3, "relu"), 3, 2)
    parts = (
        Part(None, one, np.stack([one.initialize(rows, RNG) for _ in range(2)])),
        Part(doubled, two, two.initialize(rows, RNG)[None]),
    )
    model = Model(parts, np.array([0.5, 2.0]), np.array([1.0, -1.0]))
    first, second = (Model.of(part) for part in parts)
    expected = 0.5 * first.raw_outputs(X) + 2 * second.raw_outputs(X) + [1, -1]
    np.testing.assert_allclose(model.raw_outputs(X), expected, rtol=1e-12)
    embeddings = np.hstack([first.embeddings(X), second.embeddings(X)])
    np.testing.assert_array_equal(model.embeddings(X), embeddings)
    assert model.width == 2 * 4 + 3 and first.is_plain and not model.is_plain


def test_the_rows_of_a_part_of_a_table_know_the_weight_of_the_whole():
    weights = RNG.uniform(1, 2, size=300)
    whole = Rows(X, None, np.dtype(float)).labelled(X[:, :1], weights)
    parts = [
        replace(whole, raw=X[i], targets=X[i, :1], sample_weight=whole.sample_weight[i])
        for i in (slice(0, 100), slice(100, 300))
    ]
    terms = [
        rows.sum(lambda part, rows=rows: (rows.shares(part) @ rows.raw[part],), 1)[0]
        for rows in parts
    ]
    np.testing.assert_allclose(sum(terms), np.average(X, axis=0, weights=weights), rtol=1e-12)


@each_kind
@pytest.mark.parametrize("stack", [(), (2,)])
def test_products_of_dense_and_sparse_rows(kind, stack):
    X_a = augmented(kind(X), np.float64)
    C, delta = RNG.normal(size=(*stack, 4, 5)), RNG.normal(size=(*stack, 300, 5))
    full = np.hstack([X, np.ones((300, 1))])
    np.testing.assert_array_equal(dense(X_a), full)
    np.testing.assert_array_equal(without_ones(X_a), X)
    np.testing.assert_allclose(product(X_a, C), full @ C, rtol=1e-12, atol=1e-12)
    out = np.empty_like(C)
    transposed_product(X_a, delta, out)
    np.testing.assert_allclose(out, full.T @ delta, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("most", [1, 3])  # the largest weight
@pytest.mark.parametrize("n_rows", [1, 2, 9, 50])
def test_weighted_quantiles_are_those_of_repeated_rows(n_rows, most):
    rng = np.random.RandomState(n_rows)
    columns = np.column_stack([rng.normal(size=n_rows), rng.randint(0, 4, n_rows)])
    weights = rng.randint(1, most + 1, n_rows)
    probabilities = np.array([0, 0.1, 0.25, 0.5, 0.77, 1])
    expected = np.quantile(
        columns.repeat(weights, axis=0), probabilities, axis=0, method="averaged_inverted_cdf"
    )
    actual = weighted_quantiles(columns, probabilities, weights.astype(float))
    np.testing.assert_allclose(actual, expected, rtol=1e-12)
    assert weighted_quantiles(columns.astype("f4"), probabilities, weights).dtype == np.float32


@pytest.mark.parametrize(
    ("interval", "inside", "outside"),
    [
        ("[0, 1]", [0, 0.5, 1], [-0.1, 1.1]),
        ("(0, 1)", [0.5], [0, 1]),
        ("[0, 1)", [0], [1]),
        ("(0, 1]", [1], [0]),
        ("[1, inf)", [1, 1e300], [0, np.inf, np.nan]),
    ],
)
def test_numbers_and_their_ranges(interval, inside, outside):
    for value in inside:
        check_number("size", value, interval)
        check_number("size", np.float32(value), interval) if value < 1e38 else None
    for value in outside:
        with pytest.raises(ValueError, match="^size must be a number in"):
            check_number("size", value, interval)
    for value in ("1", None, True, [1], 1j):
        with pytest.raises(TypeError, match="^size must be a number in"):
            check_number("size", value, interval)


def test_integers():
    check_number("count", np.int64(3), "[1, inf)", integer=True)
    with pytest.raises(TypeError, match="count must be an integer"):
        check_number("count", 3.0, "[1, inf)", integer=True)


def test_choices():
    for value in ("a", None, 1):
        check_choice("kind", value, ("a", None, 1))
    with pytest.raises(ValueError, match="kind must be one of 'a', None, got 'b'"):
        check_choice("kind", "b", ("a", None))


def test_registry():
    own = Tanh()
    assert isinstance(resolve("tanh", ACTIVATIONS, Activation, "activation"), Tanh)
    assert resolve(own, ACTIVATIONS, Activation, "activation") is own
    for value, error in (("reluu", ValueError), (Tanh, TypeError), (3, TypeError)):
        with pytest.raises(error, match="activation.*'elu'.*'tanh'"):
            resolve(value, ACTIVATIONS, Activation, "activation")


def test_outputs_of_rows_beyond_squares_are_finite():
    rows = Rows(X, None, np.dtype(float))
    network = Network(Radial(3, "multiquadric") | Dense(2), 3, 1)
    params = network.initialize(rows.labelled(X[:, :1], np.ones(300)), RNG)[None]
    model = Model.of(Part(None, network, params))
    for far in (np.full((2, 3), 1.7e308), np.array([[1e300, -1e300, 0.0]])):
        assert np.isfinite(model.raw_outputs(far)).all()
        assert np.isfinite(model.embeddings(far)).all()
    single = np.full((1, 3), 3e38, dtype=np.float32)
    assert np.isfinite(model.raw_outputs(single)).all()
    moderate = np.float32(1e10) * np.ones((1, 3), dtype=np.float32)
    expected = model.raw_outputs(moderate.astype(float))
    np.testing.assert_allclose(model.raw_outputs(moderate), expected, rtol=1e-4)
