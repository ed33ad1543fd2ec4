"""Input maps: what they promise, whatever the map."""

from functools import partial

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn import config_context
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.compose import ColumnTransformer
from sklearn.datasets import make_regression
from sklearn.impute import SimpleImputer
from sklearn.kernel_approximation import Nystroem
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Binarizer, MaxAbsScaler, StandardScaler

from sklearn_twolayer import RBFNetwork, TwoLayerRegressor
from sklearn_twolayer._linalg import dense
from sklearn_twolayer._sample import Sample
from sklearn_twolayer.input_maps import (
    INPUT_MAPS,
    PiecewiseLinearMap,
    RobustMap,
    ScaledMap,
    StandardMap,
    as_input_map,
    fit_input_map,
    map_rows,
)
from sklearn_twolayer.rows import Rows

each = pytest.mark.parametrize("name", INPUT_MAPS)


@pytest.fixture
def X():
    return np.random.RandomState(0).standard_t(3, size=(200, 4)) * [1, 1e-3, 1e4, 1] + [0, 1, 5, 1]


@pytest.fixture
def weights():
    return np.random.RandomState(1).randint(1, 5, 200)


def sample(X, weights=None):
    n_rows = X.shape[0]
    return Sample(
        X, np.arange(n_rows), np.ones(n_rows) if weights is None else weights, np.arange(n_rows)
    )


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
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_constant_columns_become_zeros(name, dtype):
    info = np.finfo(dtype)
    sizes = [0.1, 1e6, 0.0, 1e22, 7 / 3, info.tiny, info.smallest_subnormal, info.max, info.min]
    X = np.array([sizes], dtype=dtype).repeat(300, axis=0)
    weights = np.random.RandomState(0).uniform(size=300)
    for sample_weight in (None, weights):
        fitted = INPUT_MAPS[name]().fit(X, sample_weight=sample_weight)
        np.testing.assert_array_equal(fitted.transform(X), np.zeros_like(X))
        np.testing.assert_array_equal(fitted.inverse_transform(np.zeros_like(X)), X)
        compressed = INPUT_MAPS[name]().fit(sparse.csr_array(X), sample_weight=sample_weight)
        same = compressed.transform(sparse.csr_array(X)).toarray()
        np.testing.assert_array_equal(same, same[:1].repeat(300, axis=0))
        assert np.abs(same).max() <= 1  # not centred, but no larger than a bias


@each
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_spread_that_is_rounding_is_none(name, dtype):
    steps = 1 + np.finfo(dtype).eps * np.random.RandomState(0).randint(0, 5, size=(300, 4))
    X = (steps * [1e22, -3.0, 1e-20, 1e30]).astype(dtype)
    fitted = INPUT_MAPS[name]().fit(X)
    np.testing.assert_array_equal(fitted.transform(X), np.zeros((300, 4)))
    # Another value than that of the training rows is seen, in units of the constant.
    assert (np.abs(fitted.transform(X * dtype(1.5)))[:, [0, 1, 3]] > 0.4).all()
    # Rows in the other type differ by the rounding of that one.
    other = np.float32 if dtype is np.float64 else np.float64
    np.testing.assert_array_equal(fitted.transform(X.astype(other)), np.zeros((300, 4)))


@each
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_columns_at_the_ends_of_the_range_of_floats(name, dtype):
    largest = np.finfo(dtype).max
    signs = np.where(np.random.RandomState(0).uniform(size=(60, 3)) < 0.4, -1, 1)
    X = (signs * largest).astype(dtype)
    X[:, 1] = np.where(signs[:, 1] > 0, largest, 0)
    X[:, 2] = -largest
    X[0, 2] = largest
    for rows in (X, sparse.csr_array(X)):
        mapped = INPUT_MAPS[name]().fit_transform(rows)
        mapped = mapped.toarray() if sparse.issparse(mapped) else mapped
        assert np.isfinite(mapped).all() and np.abs(mapped).max() < 10
        for k in range(3):  # one value for each value, in the same order
            assert len(np.unique(mapped[:, k])) == 2
            assert np.corrcoef(mapped[:, k], np.sign(X[:, k]))[0, 1] > 0.99


@each
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_spreads_of_the_smallest_numbers(name, dtype):
    X = np.zeros((300, 2), dtype=dtype)
    X[0] = np.finfo(dtype).smallest_subnormal  # whose standard deviation underflows
    X[::2, 1] = 8 * np.finfo(dtype).smallest_subnormal
    for rows in (X, sparse.csr_array(X)):
        mapped = INPUT_MAPS[name]().fit_transform(rows)
        mapped = mapped.toarray() if sparse.issparse(mapped) else mapped
        assert np.isfinite(mapped).all() and (mapped[0, :2] > mapped[1, :2]).all()


def test_a_huge_constant_column_does_not_disturb_a_network():
    rng = np.random.RandomState(0)
    X = np.column_stack([rng.normal(size=(200, 2)), np.full(200, 1e22)])
    model = TwoLayerRegressor(
        "dense", n_units=8, input_map="standard", n_estimators=1, solver="lbfgs", random_state=0
    )
    assert model.fit(X, X[:, 0] + X[:, 1]).score(X, X[:, 0] + X[:, 1]) > 0.99


@pytest.mark.parametrize("make", [StandardMap, RobustMap, lambda c: PiecewiseLinearMap(clip=c)])
@pytest.mark.parametrize("clip", [0, -1.0, np.nan, "3", None, True, 10**400])
def test_bounds_that_are_none(make, clip, X):
    with pytest.raises((ValueError, TypeError), match="^clip "):
        make(clip).fit(X)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("clip", [1e-320, 1e-30, 1, 1e30, 1e300, np.inf])
def test_bounds_of_any_size(clip, dtype, X):
    mapped = RobustMap(clip).fit_transform(X.astype(dtype))
    assert np.isfinite(mapped).all() and mapped.dtype == dtype
    assert float(np.abs(mapped).max()) <= 1.000001 * max(clip, float(np.finfo(dtype).tiny))
    fitted = RobustMap(clip).fit(X.astype(dtype))
    assert np.isfinite(fitted.pullback(X.astype(dtype), np.ones_like(mapped))).all()
    fitted.inverse_transform(mapped)  # without warnings


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


# Maps of a user.


class Returning(TransformerMixin, BaseEstimator):
    """A transformer that returns what a function makes of the rows."""

    def __init__(self, function):
        self.function = function

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return self.function(X)


BAD_RESULTS = {
    "NaN": (lambda X: np.full_like(X, np.nan), "returned NaN or infinity"),
    "infinity": (lambda X: sparse.csr_array(X * np.inf), "returned NaN or infinity"),
    "one axis": (lambda X: X[:, 0], r"array of shape \(200,\)"),
    "three axes": (lambda X: X[:, :, None], r"array of shape \(200, 4, 1\)"),
    "fewer rows": (lambda X: X[1:], r"array of shape \(199, 4\)"),
    "no columns": (lambda X: X[:, :0], r"array of shape \(200, 0\)"),
    "a ragged list": (lambda X: [[1.0]] * 199 + [[]], "type list that is not an array of real"),
    "complex numbers": (lambda X: X + 1j, "type ndarray that is not an array of real"),
    "sparse complex numbers": (lambda X: sparse.csr_array(X + 1j), "not an array of real"),
    "text": (lambda X: X.astype(str), "not an array of real"),
    "objects": (lambda X: np.full(X.shape, None), "returned NaN|not an array of real"),
    "nothing": (lambda X: None, r"array of shape \(\)"),
}


@pytest.mark.parametrize(("function", "message"), BAD_RESULTS.values(), ids=BAD_RESULTS)
def test_what_a_map_must_not_return(function, message, X):
    message = rf"^input_map=Returning\(.*one row for each of the 200 input rows.*{message}"
    with pytest.raises(ValueError, match=message):
        map_rows(Returning(function), X)


def test_a_map_must_not_change_its_width(X):
    model = TwoLayerRegressor(
        input_map=Returning(lambda X: X[:, : 1 + (len(X) > 100)]), n_estimators=1, max_iter=2
    ).fit(X, X[:, 0])
    for method in (model.predict, model.transform, model.input_gradients):
        with pytest.raises(ValueError, match="returned 1 columns for these rows, but 2 in fit"):
            method(X[:50])


@pytest.mark.parametrize(
    "function",
    [
        lambda X: X.tolist(),
        lambda X: X.astype(object),
        lambda X: X.astype(np.longdouble),
        lambda X: sparse.coo_matrix(X),
        lambda X: pd.DataFrame(X),
        lambda X: pl.DataFrame(X),
    ],
    ids=["list", "objects", "long doubles", "sparse matrix", "pandas", "polars"],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_a_map_may_return(function, dtype, X):
    X = X.astype(dtype)
    mapped = map_rows(Returning(function), X)
    if sparse.issparse(mapped):
        assert isinstance(mapped, sparse.csr_array)
        mapped = mapped.toarray()
    assert type(mapped) is np.ndarray and mapped.dtype in (np.float32, np.float64)
    np.testing.assert_allclose(mapped, X, rtol=1e-6)


@each
@pytest.mark.parametrize("scale", [2.0**-1000, 1e-310])
def test_sparse_columns_that_are_nearly_zero(name, scale, X):
    X = np.where(np.abs(X) > 0.5, X, 0)
    rng = np.random.RandomState(0)
    expected = fit_input_map(name, sample(sparse.csr_array(X)), rng)
    tiny = fit_input_map(name, sample(sparse.csr_array(X * scale)), rng)
    found, mapped = (
        sparse.csr_array(map_rows(fitted, sparse.csr_array(rows))).toarray()
        for fitted, rows in [(tiny, X * scale), (expected, X)]
    )
    np.testing.assert_allclose(found, mapped, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("output", ["pandas", "polars"])
def test_a_map_under_another_kind_of_output(output, X):
    plain = fit_input_map(StandardScaler(), sample(X), np.random.RandomState(0))
    expected = map_rows(plain, X)
    with config_context(transform_output=output):
        fitted = fit_input_map(StandardScaler(), sample(X), np.random.RandomState(0))
        np.testing.assert_array_equal(map_rows(fitted, X), expected)
        kept = map_rows(MaxAbsScaler().fit(X), sparse.csr_array(X))
        scaled = ScaledMap(fitted, np.full(4, 0.5)).transform(X)
        np.testing.assert_array_equal(scaled, 0.5 * expected)
    np.testing.assert_allclose(kept.toarray(), X / np.abs(X).max(axis=0), rtol=1e-12)


def test_a_map_is_fitted_under_weights_if_it_takes_them(X, weights):
    fit = partial(fit_input_map, sample=sample(X, weights), rng=np.random.RandomState(0))
    expected = StandardScaler().fit(X, sample_weight=weights)
    np.testing.assert_array_equal(fit(StandardScaler()).mean_, expected.mean_)
    assert fit(None) is None and isinstance(fit("robust"), RobustMap)
    assert fit(Returning(abs)).function is abs
    template = StandardScaler()
    assert fit(template) is not template and not hasattr(template, "mean_")


def test_a_map_that_selects_columns_by_name_says_where_it_belongs(X):
    by_name = ColumnTransformer([("scaled", StandardScaler(), ["age"])])
    with pytest.raises(ValueError) as caught:
        fit_input_map(by_name, sample(X), np.random.RandomState(0))
    assert "without column names" in caught.value.__notes__[0]
    assert "in front of this estimator in a pipeline" in caught.value.__notes__[0]


def test_a_map_gets_its_seed_from_the_estimator(X):
    def components(seed, **parameters):
        nystroem = Nystroem(n_components=3, **parameters)
        pipeline = make_pipeline(StandardScaler(), nystroem)
        rng = np.random.RandomState(seed)
        fitted = fit_input_map(pipeline, sample(X), rng)
        assert nystroem.random_state == parameters.get("random_state")
        return fitted[-1].component_indices_.tolist(), rng.randint(1000)

    assert components(0) == components(0)
    assert components(0) != components(1)
    # Where the user gave a seed it stays, and nothing is drawn.
    kept, drawn = components(0, random_state=5)
    assert kept == components(1, random_state=5)[0]
    assert drawn == np.random.RandomState(0).randint(1000)


def test_an_imputer_as_a_map():
    """Its `statistics_` are not target statistics."""
    X, y = make_regression(60, 3, random_state=0)
    for estimator in (TwoLayerRegressor(max_iter=3), RBFNetwork(task="regression")):
        estimator.set_params(input_map=SimpleImputer(), random_state=0)
        assert estimator.fit(X, y).score(X, y) > 0.9


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_beyond_the_training_rows_piecewise_linear_inputs_stay_what_they_are(container):
    rng = np.random.RandomState(0)
    X = rng.normal(size=(300, 2)) * (rng.uniform(size=(300, 2)) < 0.5)
    fitted = PiecewiseLinearMap(24).fit(container(X))
    ends = np.stack([X.max(axis=0), X.min(axis=0)])
    beyond = ends + np.sign(ends)
    mapped = [dense(fitted.transform(container(rows))) for rows in (ends, beyond)]
    np.testing.assert_array_equal(*mapped)
    if container is np.asarray:
        assert not fitted.pullback(beyond, np.ones_like(mapped[0])).any()
        rows = Rows(np.repeat(beyond, 200, axis=0), fitted, np.dtype(float)).interpolated()
        found = rows.augmented(slice(None)).product(np.eye(mapped[0].shape[1] + 1))
        np.testing.assert_allclose(found[::200, :-1], mapped[0])


def test_sparse_columns_without_zeros_are_continuous_at_zero():
    X = 5 + np.random.RandomState(0).uniform(size=(200, 1))
    fitted = PiecewiseLinearMap().fit(sparse.csr_array(X))
    nearly = sparse.csr_array(np.array([[1e-9]]))
    np.testing.assert_allclose(fitted.transform(nearly).toarray(), 0, atol=1e-6)


def test_rows_beyond_the_training_rows_are_predicted_about_as_well_as_claimed():
    claimed, true = [], []
    for seed in range(3):
        rng = np.random.RandomState(seed)
        X = rng.normal(size=(4300, 3))
        y = X.sum(axis=1) / 3**0.5 + np.sin(2 * X[:, 0]) + 0.05 * rng.normal(size=4300)
        model = RBFNetwork(task="regression", random_state=seed).fit(X[:300], y[:300])
        claimed.append(model.oof_score_)
        true.append(model.score(X[300:], y[300:]))
    assert np.mean(true) > np.mean(claimed) - 0.005
