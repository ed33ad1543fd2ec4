"""Centres, widths, shapes and distances; their gradients are in test_gradients."""

import tracemalloc
import warnings

import numpy as np
import pytest
from scipy import sparse
from scipy.spatial.distance import cdist, pdist
from sklearn.base import BaseEstimator, clone
from sklearn.cluster import DBSCAN, BisectingKMeans, KMeans

from sklearn_twolayer import Dense, Radial, TwoLayerClassifier, TwoLayerRegressor
from sklearn_twolayer._linalg import augmented
from sklearn_twolayer._moments import small_indices
from sklearn_twolayer.embeddings import as_embedding
from sklearn_twolayer.kernels import KERNELS
from sklearn_twolayer.network import Network
from sklearn_twolayer.radial import (
    WIDTHS,
    Clusters,
    check_squares,
    cluster_shapes,
    find_centers,
    find_widths,
    largest_distance,
    make_geometry,
    nearest,
)
from sklearn_twolayer.rows import Rows

rng = np.random.RandomState(0)
X = rng.normal(size=(200, 3))


def rows_of(X, weights=None):
    weights = np.ones(X.shape[0]) if weights is None else weights
    return Rows(X, None, np.dtype(float)).labelled(np.zeros((X.shape[0], 1)), weights)


def centers_of(X, n, rule, seed=0, weights=None):
    clusters, _ = find_centers(rows_of(X, weights), n, rule, np.random.RandomState(seed))
    return clusters.centers


# Distances.


def shapes_for(shape, shared, n_centers, d):
    if shape == "spherical":
        return None, [np.eye(d)] * n_centers
    if shape == "diagonal":
        A = rng.uniform(0.5, 2, size=d if shared else (n_centers, d))
        return A, [np.diag(a) for a in np.broadcast_to(A, (n_centers, d))]
    A = rng.normal(size=(d, d) if shared else (n_centers, d, d))
    return A, list(np.broadcast_to(A, (n_centers, d, d)))


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("shape", ["spherical", "diagonal", "full"])
def test_squared_distances(shape, shared, compressed):
    centers = rng.normal(size=(7, 3))
    A, matrices = shapes_for(shape, shared, 7, 3)
    expected = np.stack(
        [
            cdist(X @ a, (m @ a)[None], "sqeuclidean")[:, 0]
            for m, a in zip(centers, matrices, strict=True)
        ],
        axis=1,
    )
    given = sparse.csr_array(X) if compressed else X
    r2, _ = make_geometry(shape, shared).squared(given, centers, A)
    np.testing.assert_allclose(r2, expected, rtol=1e-10, atol=1e-12)


def test_distances_far_from_the_origin_do_not_cancel():
    far = X + 1e7
    r2, _ = make_geometry("spherical", True).squared(far, far[:5], None)
    np.testing.assert_allclose(r2, cdist(far, far[:5], "sqeuclidean"), atol=1e-6)


def test_no_array_for_rows_centres_and_inputs_at_once():
    wide, centers = rng.normal(size=(500, 200)), rng.normal(size=(100, 200))
    for shape, shared in (("diagonal", False), ("full", True)):
        A, _ = shapes_for(shape, shared, 100, 200)
        geometry = make_geometry(shape, shared)
        tracemalloc.start()
        r2, saved = geometry.squared(wide, centers, A)
        geometry.pullback(saved, r2)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 500 * 100 * 200 * 8 / 4


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("shape", ["spherical", "diagonal"])
def test_a_row_beyond_all_distances_is_infinitely_far(kind, shape, dtype):
    largest = np.finfo(dtype).max
    rows = np.array([[0, 1, 2], [largest, 0, 0], [-largest, largest, 9], [1, 1, 1]], dtype=dtype)
    centers = np.array([[0, 1, 2], [5, 5, -5], [largest, 0, 0]], dtype=dtype)
    A = None if shape == "spherical" else np.ones(3, dtype=dtype)
    r2, _ = make_geometry(shape, True).squared(kind(rows), centers[:2], A)
    assert (r2[1:3] == np.inf).all() and np.isfinite(r2[[0, 3]]).all()
    r2, _ = make_geometry(shape, True).squared(kind(rows), centers, A)
    assert not np.isnan(r2).any()


@pytest.mark.parametrize("normalize", [False, True])
@pytest.mark.parametrize("name", [name for name in KERNELS if KERNELS[name].positive])
def test_units_far_from_all_rows_are_no_nan(name, normalize):
    if not (KERNELS[name].decays or normalize):
        pytest.skip("grows without bound")
    network = Network(Radial(4, name, normalize=normalize), 3, 1)
    rows = rows_of(X)
    params = network.initialize(rows, np.random.RandomState(0))
    far = augmented(np.array([[1e200, 0, 0], [1e308, -1e308, 1e308]]), np.float64)
    y, _ = network.embed(network.views(params), far)
    assert np.isfinite(y).all()
    np.testing.assert_allclose(y.sum(axis=1), 1 if normalize else 0, atol=1e-12)


@pytest.mark.parametrize("rule", WIDTHS)
def test_distances_that_overflow_are_told(rule):
    for size, dtype in [(1e200, np.float64), (1e25, np.float32)]:
        clusters = Clusters((size * X[:9]).astype(dtype), (size * X).astype(dtype), np.ones(200))
        with pytest.raises(ValueError, match=f"overflow in {dtype.__name__}: scale the inputs"):
            find_widths(clusters, rule)


@pytest.mark.parametrize(("width", "what"), [(np.inf, "overflow"), (1e-200, "underflow")])
def test_learned_widths_whose_squares_no_float_holds(width, what):
    with pytest.raises(ValueError, match=f"learned widths {what} in float64: lower the learning"):
        check_squares(np.array([1.0, width]), np.float64, learned=True)


@pytest.mark.parametrize(("width", "what"), [(1e-30, "underflow"), (1e30, "overflow")])
def test_widths_that_single_precision_cannot_square(width, what):
    clusters = Clusters(X[:9].astype(np.float32), X.astype(np.float32), np.ones(200))
    with pytest.raises(ValueError, match=f"^width=.* has squares that {what} in float32"):
        find_widths(clusters, width)
    assert (find_widths(Clusters(X[:9], X, np.ones(200)), width) == width).all()


@pytest.mark.parametrize("shape", ["diagonal", "full"])
def test_the_size_of_the_inputs_changes_no_shape(shape):
    expected = cluster_shapes(Clusters(X[:3], X, np.ones(200)), shape, True)
    for size in (2.0**-530, 2.0**400):
        clusters = Clusters(size * X[:3], size * X, np.ones(200))
        np.testing.assert_allclose(cluster_shapes(clusters, shape, True), expected, rtol=1e-9)


# Centres.


def test_centers_are_those_of_kmeans():
    expected = KMeans(10, n_init=1, random_state=0).fit(X).cluster_centers_
    np.testing.assert_allclose(centers_of(X, 10, "kmeans"), expected, rtol=1e-12)


def test_centers_under_weights():
    weights = rng.randint(1, 5, 200).astype(float)
    expected = KMeans(10, n_init=1, random_state=0).fit(X, sample_weight=weights)
    found = centers_of(X, 10, "kmeans", weights=weights)
    np.testing.assert_allclose(found, expected.cluster_centers_, rtol=1e-8)


def test_random_and_all_rows():
    found = centers_of(X, 10, "random")
    assert len(found) == 10 and (cdist(found, X).min(axis=1) == 0).all()
    np.testing.assert_array_equal(centers_of(X, 10, "all"), np.unique(X, axis=0))
    heavy = np.where(np.arange(200) < 20, 1.0, 1e-12)
    assert (cdist(centers_of(X, 10, "random", weights=heavy), X[:20]).min(axis=1) == 0).all()


def test_other_clusterers_and_arrays():
    clusterer = BisectingKMeans(4, random_state=0)
    np.testing.assert_allclose(
        centers_of(X, 99, clusterer), clusterer.fit(X).cluster_centers_, rtol=1e-12
    )
    np.testing.assert_array_equal(centers_of(X, 99, X[:3]), X[:3])


class Unweighted(BaseEstimator):
    """A clusterer that knows no weights."""

    def fit(self, X):
        self.cluster_centers_ = X[:2]
        return self


def test_clusterers_without_weights():
    np.testing.assert_array_equal(centers_of(X, 99, Unweighted()), X[:2])


def test_many_rows_are_clustered_in_batches(monkeypatch):
    from sklearn_twolayer.radial import _centers

    monkeypatch.setattr(_centers, "MINIBATCH_SIZE", 100)
    monkeypatch.setattr(_centers, "MAX_ROWS", 150)
    monkeypatch.setattr(_centers, "ROWS_PER_CENTER", 2)
    clusters, index = find_centers(rows_of(X), 10, "kmeans", np.random.RandomState(0))
    centers, some, weights = clusters
    assert len(centers) <= 10 and len(some) == len(weights) == len(index) == 150
    np.testing.assert_array_equal(X[index], some)


@pytest.mark.parametrize("rule", ["kmeans", "random", "all"])
def test_copies_are_dropped(rule):
    few = np.repeat(X[:6], 10, axis=0)
    assert len(centers_of(few, 20, rule)) <= 6


NO_CENTERS = {
    "unknown name": ("kmean", "one of"),
    "number": (3, "shape"),
    "nothing": (None, "finite real numbers"),
    "one axis": (np.zeros(3), "shape"),
    "no centre": (X[:0], "at least one"),
    "no column": (X[:, :0], "at least one"),
    "other columns": (X[:4, :-1], "have 2 columns.*rows.*have 3"),
    "NaN": (np.full((2, 3), np.nan), "finite real numbers"),
    "complex numbers": (X[:2] + 1j, "finite real numbers"),
    "text": ([["a", "b", "c"]], "finite real numbers"),
    "ragged": ([[1.0, 2.0, 3.0], [1.0]], "finite real numbers"),
    "class": (KMeans, "instance"),
    "clusterer without centres": (DBSCAN(), r"DBSCAN\(\) has no cluster_centers_"),
}


@pytest.mark.parametrize(("rule", "message"), NO_CENTERS.values(), ids=NO_CENTERS)
def test_what_are_no_centers(rule, message):
    with pytest.raises(ValueError, match=f"^centers.*{message}"):
        centers_of(X, 5, rule)


def test_centres_beyond_single_precision():
    rows = Rows(X, None, np.dtype(np.float32))
    with pytest.raises(ValueError, match="exceed the range of float32"):
        find_centers(rows, 2, np.full((1, 3), 1e300), np.random.RandomState(0))


class Failing(Unweighted):
    def __init__(self, cluster_centers=None, error=None):
        self.cluster_centers = cluster_centers
        self.error = error

    def fit(self, X, sample_weight=None):
        if self.error is not None:
            raise self.error
        self.cluster_centers_ = self.cluster_centers
        return self


def test_what_goes_wrong_in_a_clusterer():
    with pytest.raises(TypeError, match="^my own fault$"):
        centers_of(X, 5, Failing(error=TypeError("my own fault")))
    with pytest.raises(ValueError, match="found no cluster"):
        centers_of(X, 5, Failing(X[:0]))
    with pytest.raises(ValueError, match="not finite: scale the inputs"):
        centers_of(X, 5, Failing(np.full((2, 3), np.inf)))
    for found in ([[1.0], [1, 2]], np.full((2, 3), "red"), np.float64(3.0), 3.0, X[:2] + 1j, X[0]):
        with pytest.raises(ValueError, match="^centers (must be|given as) an array"):
            centers_of(X, 5, Failing(found))


def test_warnings_of_a_clusterer_arrive():
    class Warned(Unweighted):
        def fit(self, X):
            warnings.warn("too few rows", UserWarning, stacklevel=1)
            return super().fit(X)

    with pytest.warns(UserWarning, match="too few rows"):
        centers_of(X, 5, Warned())


def test_a_clusterer_may_give_a_list():
    np.testing.assert_array_equal(centers_of(X, 99, Failing(X[:3].tolist())), X[:3])


def test_inputs_beyond_single_precision():
    rows = Rows(1e200 * X, None, np.dtype(np.float32))
    with pytest.raises(ValueError, match="inputs overflow in float32: scale them"):
        find_centers(rows, 2, "kmeans", np.random.RandomState(0))


@pytest.mark.parametrize("kind", [sparse.csr_array, sparse.csc_matrix, sparse.coo_array])
def test_sparse_centers_are_made_dense(kind):
    np.testing.assert_array_equal(centers_of(X, 99, kind(X[:3])), X[:3])
    np.testing.assert_array_equal(centers_of(X, 99, Failing(kind(X[:3]))), X[:3])


def test_a_clusterer_gets_its_seed():
    def found(clusterer, seed):
        return centers_of(X, 5, clusterer, seed)

    clusterer = KMeans(5, n_init=1, init="random", max_iter=1)
    np.testing.assert_array_equal(found(clusterer, 0), found(clusterer, 0))
    assert not np.array_equal(found(clusterer, 0), found(clusterer, 1))
    assert clusterer.random_state is None
    seeded = clone(clusterer).set_params(random_state=3)
    np.testing.assert_array_equal(found(seeded, 0), found(seeded, 1))


def test_sparse_rows_with_long_indices():
    rows = sparse.csr_array(np.where(X > 0.5, X, 0))
    expected = centers_of(rows, 5, "kmeans")
    rows.indices, rows.indptr = rows.indices.astype(np.int64), rows.indptr.astype(np.int64)
    for rule in ("kmeans", KMeans(5, n_init=1, random_state=0)):
        np.testing.assert_allclose(centers_of(rows, 5, rule), expected)
    same = small_indices(rows)
    assert same.indices.dtype == same.indptr.dtype == np.int32
    np.testing.assert_array_equal(same.toarray(), rows.toarray())
    assert small_indices(same) is same


# Widths.


def clusters_of(n):
    return Clusters(centers_of(X, n, "kmeans"), X, np.ones(len(X)))


def test_the_textbook_rules():
    clusters = clusters_of(25)
    d_max = pdist(clusters.centers).max()
    assert largest_distance(clusters.centers) == pytest.approx(d_max, rel=1e-12)
    np.testing.assert_allclose(find_widths(clusters, "dmax"), d_max / 5, rtol=1e-12)
    np.testing.assert_allclose(
        find_widths(clusters, "dmax_dimension"), d_max / 25 ** (1 / 3), rtol=1e-12
    )


def test_widths_from_neighbours_and_clusters():
    clusters = clusters_of(25)
    between = np.sort(cdist(clusters.centers, clusters.centers), axis=1)
    expected = np.sqrt((between[:, 1:3] ** 2).mean(axis=1))
    np.testing.assert_allclose(find_widths(clusters, "nearest"), expected, rtol=1e-8)
    labels, r2 = nearest(X, clusters.centers)
    expected = [np.sqrt(r2[labels == j].mean()) for j in range(25)]
    found = find_widths(clusters, "cluster")
    alone = np.bincount(labels) == 1
    np.testing.assert_allclose(found[~alone], np.array(expected)[~alone], rtol=1e-8)
    assert (found > 0).all()


def test_given_widths():
    clusters = clusters_of(4)
    np.testing.assert_array_equal(find_widths(clusters, 0.3), np.full(4, 0.3))
    np.testing.assert_array_equal(find_widths(clusters, [1, 2, 3, 4]), [1, 2, 3, 4])


@pytest.mark.parametrize("rule", ["dmax", "dmax_dimension", "nearest", "cluster"])
def test_one_centre_takes_the_spread_of_the_rows(rule):
    one = Clusters(X.mean(axis=0, keepdims=True), X, np.ones(len(X)))
    spread = np.sqrt(X.var(axis=0).sum())
    np.testing.assert_allclose(find_widths(one, rule), spread, rtol=1e-8)
    constant = Clusters(np.ones((1, 2)), np.ones((5, 2)), np.ones(5))
    np.testing.assert_array_equal(find_widths(constant, rule), 1)


NO_WIDTHS = ["dmx", 0.0, -1.0, np.nan, [1.0, -1.0], None, [1.0, 2.0, 3.0]]
NO_WIDTHS += [[], ["a"], [[1], [2, 3]], 10**400, [10**400] * 2, True]


@pytest.mark.parametrize("width", NO_WIDTHS)
def test_what_are_no_widths(width):
    with pytest.raises((ValueError, TypeError), match="width"):
        find_widths(clusters_of(2), width)


# Shapes.


def test_shapes_of_many_rows_are_roots_of_precisions():
    many = rng.normal(size=(20000, 2)) @ np.array([[3.0, 0.0], [1.0, 0.5]])
    clusters = Clusters(many.mean(axis=0, keepdims=True), many, np.ones(len(many)))
    covariance = np.cov(many.T)
    A = cluster_shapes(clusters, "full", shared=True)
    np.testing.assert_allclose(np.linalg.det(A), 1, rtol=1e-8)
    expected = np.linalg.inv(covariance) * np.linalg.det(covariance) ** 0.5
    np.testing.assert_allclose(A @ A.T, expected, rtol=0.02)
    a = cluster_shapes(clusters, "diagonal", shared=True)
    np.testing.assert_allclose(np.prod(a), 1, rtol=1e-8)
    ratio = np.sqrt(covariance[1, 1] / covariance[0, 0])
    np.testing.assert_allclose(a[0] / a[1], ratio, rtol=0.02)


@pytest.mark.parametrize("shape", ["diagonal", "full"])
def test_shapes_of_few_rows_are_finite(shape):
    clusters = Clusters(X, X, np.ones(len(X)))  # one row each
    shapes = cluster_shapes(clusters, shape, shared=False)
    assert len(shapes) == len(X) and np.isfinite(shapes).all()
    constant = Clusters(np.ones((1, 3)), np.ones((4, 3)), np.ones(4))
    assert np.isfinite(cluster_shapes(constant, shape, shared=True)).all()


def test_shapes_of_rows_at_the_edge_of_floats():
    largest = np.finfo(float).max
    X = np.random.RandomState(0).choice([-1.0, 1.0], (40, 2))
    weights = np.ones(40)
    expected = cluster_shapes(Clusters(X[:1], X, weights), "full", shared=True)
    found = cluster_shapes(Clusters(largest * X[:1], largest * X, weights), "full", shared=True)
    np.testing.assert_allclose(found, expected)


# The embedding.


def embed(embedding, X):
    rows = rows_of(X)
    network = Network(embedding, rows.n_features, 1)
    views = network.views(network.initialize(rows, np.random.RandomState(0)))
    return network.embed(views, rows.augmented(slice(None)))[0], views


@pytest.mark.parametrize("name", KERNELS)
def test_activations(name):
    y, views = embed(Radial(5, name, widths=[1.0, 0.5, 2.0, 1.0, 3.0]), X)
    centers, h = views.own[0], np.exp(views.own[1])
    kernel = KERNELS[name]()
    expected = h**kernel.power * kernel.value(cdist(X, centers, "sqeuclidean") / h**2)
    np.testing.assert_allclose(y, expected, rtol=1e-7, atol=1e-9)


def test_the_formulas_of_the_source():
    for name, formula in {
        "gaussian": lambda r, h: np.exp(-(r**2) / (2 * h**2)),  # TWO.32
        "multiquadric": lambda r, h: np.sqrt(r**2 + h**2),  # TWO.33
        "inverse_multiquadric": lambda r, h: 1 / np.sqrt(r**2 + h**2),
    }.items():
        y, views = embed(Radial(5, name, widths=0.7), X)
        np.testing.assert_allclose(y, formula(cdist(X, views.own[0]), 0.7), rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("name", [name for name in KERNELS if KERNELS[name].positive])
def test_normalised_activations(name):
    y, _ = embed(Radial(5, name, normalize=True), X)
    plain, _ = embed(Radial(5, name), X)
    np.testing.assert_allclose(y, plain / plain.sum(axis=1, keepdims=True), rtol=1e-6)
    far, _ = embed(Radial(5, name, centers=X[:5], widths=1.0, normalize=True), 1e4 + X)
    np.testing.assert_allclose(far.sum(axis=1), 1)


def test_what_cannot_be_normalised():
    with pytest.raises(ValueError, match="positive everywhere"):
        Radial(5, "wendland", normalize=True).parameters(3)


def test_fewer_distinct_rows_than_units_are_told():
    few = np.repeat(X[:3], 10, axis=0)
    with pytest.warns(UserWarning, match="Only 3 distinct centres"):
        y, _ = embed(Radial(5), few)
    assert y.shape == (30, 5) and np.isfinite(y).all()
    with pytest.raises(ValueError, match="set n_units to 200"):
        embed(Radial(5, centers="all"), X)


@pytest.mark.parametrize("solver", ["adam", "lbfgs", "gradient_descent"])
@pytest.mark.parametrize(
    "embedding",
    [
        as_embedding("rbf", 12),
        Radial(6, "cauchy", shape="diagonal") | Dense(3, "tanh"),
        Radial(6, shape="full") * Dense(6, "identity"),
        Radial(6, "laplace") + Dense(6, "identity"),
    ],
    ids=["rbf", "or", "times", "plus"],
)
def test_in_all_estimators(embedding, solver):
    y = np.sin(2 * X[:, 0]) + X[:, 1]
    settings = {"solver": solver, "input_map": "standard", "max_iter": 30, "random_state": 0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # these few iterations do not converge
        regressor = TwoLayerRegressor(embedding, **settings).fit(X, y)
        classifier = TwoLayerClassifier(embedding, **settings).fit(X, y > 0)
    assert regressor.loss_curve_[-1] < 0.95 * regressor.loss_curve_[0]
    assert classifier.score(X, y > 0) > 0.8
