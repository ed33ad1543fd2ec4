"""Rows by bin and fraction are multiplied with a matrix as their coordinates are."""

import numpy as np
import pytest

from sklearn_twolayer._linalg import augmented, product, transposed_product
from sklearn_twolayer.embeddings import Dense, Passthrough, Radial
from sklearn_twolayer.input_maps import MixedMap, PiecewiseLinearMap, ScaledMap
from sklearn_twolayer.links import LogisticLink
from sklearn_twolayer.losses import LogLoss
from sklearn_twolayer.model import Model, Part
from sklearn_twolayer.network import Network
from sklearn_twolayer.objective import Objective
from sklearn_twolayer.rows import MANY_ROWS, Rows


def uneven(n_rows, dtype=float, seed=0):
    """Return columns with many bins and with few, one that is binary and one constant."""
    rng = np.random.RandomState(seed)
    counted = [rng.poisson(3, n_rows), rng.randint(2, size=n_rows), np.full(n_rows, 7)]
    return np.column_stack([rng.standard_normal((n_rows, 3)), *counted]).astype(dtype)


#: The categories of `mixed`.
CATEGORIES = [False] * 6 + [True] * 3


def mixed(n_rows, seed=0):
    """Return numbers and codes of few and of many levels, some of them missing or unknown."""
    rng = np.random.RandomState(seed)
    codes = [rng.randint(n_levels, size=n_rows) for n_levels in (12, 4, 30)]
    X = np.column_stack([uneven(n_rows, seed=seed), *codes]).astype(float)
    X[rng.uniform(size=n_rows) < 0.1, 1] = X[rng.uniform(size=n_rows) < 0.1, 6] = np.nan
    X[rng.uniform(size=n_rows) < 0.1, 8] = -1
    return X


def fitted(dtype):
    return PiecewiseLinearMap(20).fit(uneven(500, dtype))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("lead", [(), (3,)])
def test_the_product_is_that_with_the_coordinates(dtype, lead):
    input_map = fitted(dtype)
    X = np.concatenate([100 * uneven(50, dtype, 1), uneven(50, dtype, 1), uneven(50, dtype)])
    dense = augmented(input_map.transform(X), dtype)
    bins = input_map.bins()
    rows = input_map.interpolate(X, bins).augmented()
    C = np.random.RandomState(0).standard_normal((*lead, dense.shape[1], 5)).astype(dtype)
    found = product(rows, bins.tabulate(C))
    assert rows.shape == dense.shape
    assert found.dtype == dtype
    expected = product(dense.astype(float), C.astype(float))
    np.testing.assert_allclose(found, expected, rtol=0, atol=100 * np.finfo(dtype).eps * 30)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("lead", [(), (3,)])
@pytest.mark.parametrize("columns", [slice(None), slice(3)], ids=["uneven", "even"])
def test_the_transposed_product_is_that_with_the_coordinates(dtype, lead, columns):
    input_map = PiecewiseLinearMap(20).fit(uneven(500, dtype)[:, columns])
    X = uneven(60, dtype, 1)[:, columns]
    dense = augmented(input_map.transform(X), dtype)
    rows = input_map.interpolate(X, input_map.bins()).augmented()
    some = np.random.RandomState(0).permutation(60)[:30]
    delta = np.random.RandomState(1).standard_normal((*lead, 30, 5)).astype(dtype)
    out = np.full((*lead, dense.shape[1], 5), np.nan, dtype=dtype)
    transposed_product(rows.take(some), delta, out)
    expected = dense[some].T.astype(float) @ delta.astype(float)
    np.testing.assert_allclose(out, expected, rtol=0, atol=300 * np.finfo(dtype).eps)


@pytest.mark.parametrize("lead", [(), (2,)])
def test_gradients_by_bin_are_those_by_coordinates(lead):
    X = mixed(400)
    input_map = MixedMap(PiecewiseLinearMap(30), CATEGORIES).fit(X)
    rng = np.random.RandomState(0)
    rows = Rows(X, input_map, np.dtype(float)).labelled(rng.uniform(size=(400, 1)), np.ones(400))
    network = Network(Dense(4) | Dense(3, "sin"), rows.n_features, 1)
    by_coordinate = Objective(network, LogLoss(), LogisticLink(), rows.keep(), 0.1)
    by_bin = by_coordinate.on(rows.interpolated().keep())
    assert rows.interpolated().bins is not None
    params = rng.standard_normal((*lead, network.n_parameters))
    for index in (None, rng.permutation(400)[:50]):
        expected = by_coordinate.loss_and_gradient(params, index)
        for found, right in zip(by_bin.loss_and_gradient(params, index), expected, strict=True):
            np.testing.assert_allclose(found, right, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize(
    "n_columns, n_bins, pays", [(12, 20, True), (12, 19, False), (3, 20, False)]
)
def test_rows_are_trained_by_bin_only_if_these_are_many(n_columns, n_bins, pays):
    X = np.random.RandomState(0).standard_normal((500, n_columns))
    rows = Rows(X, PiecewiseLinearMap(n_bins).fit(X), np.dtype(float))
    assert (rows.interpolated(in_training=True).bins is not None) == pays
    assert rows.interpolated().bins is not None


@pytest.mark.parametrize("kept", [True, False])
def test_rows_by_bin_have_the_type_of_the_training(kept):
    X = uneven(500)
    rows = Rows(X, PiecewiseLinearMap(20).fit(X), np.dtype("f4")).interpolated()
    block = (rows.keep() if kept else rows).augmented(np.arange(5))
    assert block.plain.dtype == block.shares.dtype == np.float32
    assert product(block, np.ones((block.shape[1], 2), dtype=np.float32)).dtype == np.float32


@pytest.mark.parametrize("lead", [(), (3,)])
@pytest.mark.parametrize("n_rows", [0, 1, 50])
def test_many_edges_and_few_rows(lead, n_rows, monkeypatch):
    monkeypatch.setattr("sklearn_twolayer._interpolated.FEW_EDGES", 3)
    input_map = fitted(float)
    X = uneven(50)[:n_rows]
    dense, bins = augmented(input_map.transform(X), float), input_map.bins()
    rows, rng = input_map.interpolate(X, bins).augmented(), np.random.RandomState(0)
    C = rng.standard_normal((*lead, dense.shape[1], 5))
    np.testing.assert_allclose(product(rows, C), dense @ C, atol=1e-11)
    delta, out = rng.standard_normal((*lead, n_rows, 5)), np.full(C.shape, np.nan)
    transposed_product(rows, delta, out)
    np.testing.assert_allclose(out, dense.T @ delta, atol=1e-11)


def test_edges_belong_to_either_bin():
    input_map = fitted(float)
    edges = np.unique(np.concatenate([input_map.starts_, input_map.starts_ + input_map.widths_]))
    X = np.repeat(edges[:, None], 6, axis=1)
    dense, bins = input_map.transform(X), input_map.bins()
    rows = input_map.interpolate(X, bins)
    C = np.random.RandomState(0).standard_normal((dense.shape[1], 4))
    np.testing.assert_allclose(product(rows, bins.tabulate(C)), dense @ C, atol=1e-11)


@pytest.mark.parametrize("data", [uneven, mixed])
def test_many_rows_have_the_outputs_of_few(data):
    X = data(400)
    numbers = PiecewiseLinearMap(20)
    input_map = numbers if data is uneven else MixedMap(numbers, CATEGORIES)
    input_map = input_map.fit(X)
    network = Network(Dense(4) | Dense(3, "sin"), input_map.transform(X).shape[1], 2)
    params = np.random.RandomState(0).standard_normal((2, network.n_parameters))
    model = Model.of(Part(input_map, network, params))
    X = data(3 * MANY_ROWS, seed=1)
    few = [model.raw_outputs(part) for part in np.array_split(X, 6)]
    np.testing.assert_allclose(model.raw_outputs(X), np.concatenate(few), atol=1e-11)


@pytest.mark.parametrize("n_bins, pays", [(20, True), (4, False)])
def test_few_bins_stay_coordinates(n_bins, pays):
    assert (PiecewiseLinearMap(n_bins).fit(uneven(500)[:, :3]).bins() is not None) == pays


def test_no_bins_at_all():
    binary = uneven(500)[:, 4:]
    assert PiecewiseLinearMap().fit(binary).bins() is None
    assert MixedMap(None, [False, False]).fit(binary).bins() is None


@pytest.mark.parametrize(
    "embedding",
    [
        Dense(3) | Dense(2, "sin"),
        (Dense(3) * Dense(3, "tanh")) | (Radial(4) | Passthrough()),
        Radial(4) | Dense(2, "softmax"),
    ],
    ids=repr,
)
@pytest.mark.parametrize("lead", [(), (2,)])
def test_outputs_without_a_way_back_are_the_same(embedding, lead):
    rng = np.random.RandomState(0)
    network = Network(embedding, 5, 3)
    views = network.views(rng.standard_normal((*lead, network.n_parameters)))
    X = augmented(rng.standard_normal((20, 5)), float)
    np.testing.assert_allclose(
        network.predictor(views, None)(X),
        network.forward(views, X)[0],
        rtol=1e-12,
        atol=1e-12,
    )


def test_parts_without_weight_do_not_count():
    network = Network(Dense(3), 5, 2)
    params = np.random.RandomState(0).standard_normal((1, network.n_parameters))
    part, constant = Part(None, network, params), np.array([1.0, 2.0])
    broken = Part(None, network, np.full_like(params, np.nan))
    model = Model((part, broken), np.array([2.0, 0.0]), constant)
    X = np.random.RandomState(1).standard_normal((4, 5))
    np.testing.assert_array_equal(
        model.raw_outputs(X), constant + 2 * Model.of(part).raw_outputs(X)
    )
    none = Model((broken,), np.zeros(1), constant)
    np.testing.assert_array_equal(none.raw_outputs(X), np.tile(constant, (4, 1)))


@pytest.mark.parametrize(
    "embedding",
    [
        Radial(5) | Passthrough(),
        Radial(5, "matern32", normalize=True) | (Dense(3) | Passthrough()),
        Radial(4, shape="diagonal") | Passthrough(),
        (Dense(3) + Dense(3, "tanh")) | Radial(3),
    ],
    ids=repr,
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_radial_units_and_tails_see_bins_and_fractions(embedding, dtype):
    X = mixed(400).astype(dtype)
    inner = MixedMap(PiecewiseLinearMap(20), CATEGORIES).fit(X)
    n_mapped = inner.transform(X).shape[1]
    rng = np.random.RandomState(0)
    input_map = ScaledMap(inner, rng.uniform(0.1, 1, n_mapped))
    network = Network(embedding, n_mapped, 2)
    params = 0.3 * rng.standard_normal((2, network.n_parameters)).astype(dtype)
    model = Model.of(Part(input_map, network, params))
    X = mixed(2 * MANY_ROWS, seed=1).astype(dtype)
    few = [model.raw_outputs(part) for part in np.array_split(X, 6)]
    tolerance = 300 * np.finfo(dtype).eps
    np.testing.assert_allclose(model.raw_outputs(X), np.concatenate(few), atol=tolerance)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_distances_from_centres(dtype):
    input_map = fitted(dtype)
    rng = np.random.RandomState(0)
    X = np.concatenate([100 * uneven(50, dtype, 1), uneven(50, dtype)])
    mapped = input_map.transform(X)
    factors = rng.uniform(0.1, 2, mapped.shape[1]).astype(dtype)
    scaled = ScaledMap(input_map, factors)
    rows = scaled.interpolate(X, scaled.bins()).augmented()
    centers = (mapped * factors)[::7]  # the distance of a row from itself is zero
    found = rows.squared_distances(scaled.bins().distances(centers))
    differences = (mapped * factors)[:, None].astype(float) - centers[None]
    expected = np.square(differences).sum(axis=-1)
    np.testing.assert_allclose(found, expected, atol=1000 * np.finfo(dtype).eps)
