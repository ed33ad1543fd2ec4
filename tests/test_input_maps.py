"""Input maps: what they promise, whatever the map."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.preprocessing import Binarizer, StandardScaler

from sklearn_twolayer.input_maps import (
    INPUT_MAPS,
    PiecewiseLinearMap,
    RobustMap,
    ScaledMap,
    StandardMap,
    as_input_map,
)

each = pytest.mark.parametrize("name", INPUT_MAPS)


@pytest.fixture
def X():
    return np.random.RandomState(0).standard_t(3, size=(200, 4)) * [1, 1e-3, 1e4, 1] + [0, 1, 5, 1]


@pytest.fixture
def weights():
    return np.random.RandomState(1).randint(1, 5, 200)


@pytest.fixture
def counts():
    """Sparse rows: most of each column is zero, and one column is empty."""
    X = sparse.random(300, 5, density=0.3, format="csr", random_state=0)
    X.data = np.ceil(9 * X.data)
    return sparse.csr_array(sparse.hstack([X, sparse.csr_array((300, 1))], format="csr"))


@each
def test_integer_weights_are_repeated_rows(name, X, weights):
    weighted = INPUT_MAPS[name]().fit(X, sample_weight=weights.astype(float)).transform(X)
    repeated = INPUT_MAPS[name]().fit(np.repeat(X, weights, axis=0)).transform(X)
    np.testing.assert_allclose(weighted, repeated, rtol=1e-11, atol=1e-12)


@each
def test_the_scale_of_the_weights_is_none(name, X, weights):
    fits = [INPUT_MAPS[name]().fit(X, sample_weight=c * weights) for c in (0.5, 4.0)]
    np.testing.assert_allclose(*[fit.transform(X) for fit in fits], rtol=1e-12, atol=1e-13)


@each
def test_rows_are_mapped_one_by_one(name, X):
    fitted = INPUT_MAPS[name]().fit(X)
    whole = fitted.transform(X)
    np.testing.assert_array_equal(fitted.transform(X[7:30]), whole[7:30])
    np.testing.assert_array_equal(fitted.transform(X[[5, 3, 5]]), whole[[5, 3, 5]])


@each
def test_sparse_rows_differ_from_dense_ones_by_a_constant_of_the_column(name, counts):
    mapped = INPUT_MAPS[name]().fit(counts).transform(counts)
    dense = INPUT_MAPS[name]().fit(counts.toarray()).transform(counts.toarray())
    assert sparse.issparse(mapped) and mapped.format == "csr"
    difference = dense - mapped.toarray()
    np.testing.assert_allclose(difference, difference[:1].repeat(300, axis=0), atol=1e-12)


@each
def test_sparse_rows_stay_sparse(name, counts):
    mapped = INPUT_MAPS[name]().fit(counts).transform(counts)
    assert mapped.indices.dtype == counts.indices.dtype
    rows_of_zeros = np.diff(counts.indptr) == 0
    assert rows_of_zeros.any()
    assert (np.diff(mapped.indptr)[rows_of_zeros] == 0).all()
    part = INPUT_MAPS[name]().fit(counts).transform(counts[10:20])
    np.testing.assert_array_equal(part.toarray(), mapped[10:20].toarray())


@each
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_floating_type_is_kept(name, X, counts, dtype):
    for rows in (X.astype(dtype), counts.astype(dtype)):
        assert INPUT_MAPS[name]().fit_transform(rows).dtype == dtype


@each
def test_constant_columns_become_zeros(name):
    X = np.array([[0.1, 1e6, 0.0]]).repeat(7, axis=0)
    for values in (X, X.astype(np.float32)):
        mapped = INPUT_MAPS[name]().fit_transform(values)
        np.testing.assert_allclose(mapped, np.zeros((7, 3)), atol=1e-9)
        same = INPUT_MAPS[name]().fit_transform(sparse.csr_array(values)).toarray()
        np.testing.assert_array_equal(same, same[:1].repeat(7, axis=0))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_array])
@each
def test_the_size_of_a_column_does_not_matter(name, kind, dtype, X):
    """Not even where squares overflow, or vanish."""
    X = X.astype(dtype)
    expected = INPUT_MAPS[name]().fit_transform(kind(X))
    for power in (-1, 1):
        factor = dtype(2.0) ** (power * np.finfo(dtype).maxexp // 4 * 3)
        mapped = INPUT_MAPS[name]().fit_transform(kind(factor * X))
        np.testing.assert_allclose(
            *(m.toarray() if sparse.issparse(m) else m for m in (mapped, expected)), rtol=1e-4
        )


@each
def test_the_units_of_a_column_do_not_matter(name, X):
    other = 1024 * X + 512
    np.testing.assert_allclose(
        INPUT_MAPS[name]().fit_transform(X), INPUT_MAPS[name]().fit_transform(other), atol=1e-9
    )


@pytest.mark.parametrize("input_map", [RobustMap(clip=2.0), PiecewiseLinearMap(clip=2.0)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_outliers_are_clipped_however_far(input_map, X, dtype):
    X = X.astype(dtype)
    X[0], X[1] = np.finfo(dtype).max, np.finfo(dtype).min
    input_map.fit(X)
    for rows in (X, sparse.csr_array(X)):
        mapped = input_map.transform(rows)
        mapped = mapped.toarray() if sparse.issparse(mapped) else mapped
        assert np.isfinite(mapped).all() and abs(mapped).max() <= 2
        np.testing.assert_allclose(mapped[:2, :4], np.array([[2.0], [-2.0]]).repeat(4, axis=1))


def test_robust_map_by_its_formula(X):
    low, middle, high = np.quantile(X, [0.25, 0.5, 0.75], axis=0, method="averaged_inverted_cdf")
    scaled = (X - middle) / (high - low)
    np.testing.assert_allclose(RobustMap(clip=np.inf).fit_transform(X), scaled, rtol=1e-12)
    clipped = scaled / np.sqrt(1 + (scaled / 3) ** 2)
    np.testing.assert_allclose(RobustMap(clip=3.0).fit_transform(X), clipped, rtol=1e-12)


def test_a_column_of_few_other_values_is_scaled_by_its_range():
    X = np.zeros((9, 1))
    X[0] = 4.0
    assert RobustMap(clip=np.inf).fit_transform(X).max() == 2.0


def test_standard_map_is_the_scaler_of_scikit_learn(X, counts, weights):
    expected = StandardScaler().fit(X, sample_weight=weights).transform(X)
    mapped = StandardMap().fit(X, sample_weight=weights).transform(X)
    np.testing.assert_allclose(mapped, expected, atol=1e-10)
    expected = StandardScaler(with_mean=False).fit_transform(counts)
    np.testing.assert_allclose(
        StandardMap().fit_transform(counts).toarray(), expected.toarray(), atol=1e-12
    )


def test_coordinates_span_the_piecewise_linear_functions_of_a_column(X):
    x = X[:, :1]
    edges = np.quantile(x, np.linspace(0, 1, 5), method="averaged_inverted_cdf")
    wanted = np.interp(x[:, 0], edges, [3.0, -1.0, 2.0, 2.0, 7.0])
    coordinates = PiecewiseLinearMap(n_bins=4).fit_transform(x)[:, 1:]
    assert coordinates.shape[1] == 4
    design = np.hstack([coordinates, np.ones((200, 1))])
    solution = np.linalg.lstsq(design, wanted, rcond=None)[0]
    np.testing.assert_allclose(design @ solution, wanted, atol=1e-9)
    np.testing.assert_allclose(solution, [-4, 3, 0, 5, 3], atol=1e-9)  # steps, and the start


def test_columns_of_one_bin_have_no_coordinates(X):
    X[:, 1] = X[:, 1] > 1
    X[:, 2] = 3.0
    fitted = PiecewiseLinearMap(n_bins=8).fit(X)
    assert set(fitted.columns_) == {0, 3}
    assert fitted.transform(X).shape == (200, 4 + 2 * 8)


@each
def test_names_and_transformers_are_input_maps(name):
    assert isinstance(as_input_map(name), INPUT_MAPS[name])
    scaler = StandardScaler()
    assert as_input_map(scaler) is scaler
    assert as_input_map(None) is None
    assert repr(clone(as_input_map(name))) == repr(as_input_map(name))


@pytest.mark.parametrize(
    ("value", "error"), [("robsut", ValueError), (3, TypeError), (StandardScaler, TypeError)]
)
def test_what_is_no_input_map(value, error):
    with pytest.raises(error, match="input_map") as caught:
        as_input_map(value)
    assert all(repr(name) in str(caught.value) for name in INPUT_MAPS)


def test_many_columns_have_fewer_bins():
    wide = np.random.RandomState(0).normal(size=(50, 20))
    counts = [
        PiecewiseLinearMap(max_coordinates=most).fit(wide).transform(wide).shape[1]
        for most in (20 * 16, 20 * 4, 20)
    ]
    assert counts == [20 * 17, 20 * 5, 20]


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_a_scaled_map_scales_what_comes_out(container, counts):
    fitted = StandardMap().fit(container(counts.toarray()))
    factors = np.linspace(0.1, 1, counts.shape[1])
    scaled = ScaledMap(fitted, factors)
    mapped = scaled.transform(container(counts.toarray()))
    expected = fitted.transform(container(counts.toarray()))
    dense = [Z.toarray() if sparse.issparse(Z) else Z for Z in (mapped, expected)]
    np.testing.assert_allclose(dense[0], dense[1] * factors)
    np.testing.assert_allclose(
        scaled.inverse_transform(dense[0]), fitted.inverse_transform(dense[1])
    )
    assert sparse.issparse(mapped) == sparse.issparse(expected)


def test_a_scaled_map_has_an_inverse_where_its_map_has_one(X):
    factors = np.array([1.0, 2.0, 0.5, 0.1])
    plain = ScaledMap(None, factors)
    np.testing.assert_allclose(plain.inverse_transform(plain.transform(X)), X)
    assert not hasattr(ScaledMap(Binarizer().fit(X), factors), "inverse_transform")
