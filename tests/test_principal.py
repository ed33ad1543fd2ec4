"""The principal components that stand for the columns of wide tables."""

import numpy as np
import pytest
from scipy import sparse
from scipy.spatial.distance import pdist
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from sklearn_twolayer import RBFNetwork, TwoLayerClassifier
from sklearn_twolayer._sizes import default_n_components
from sklearn_twolayer.input_maps import PiecewiseLinearMap, PrincipalMap, StandardMap

N_WIDE = 1100


@pytest.fixture
def numbers():
    rng = np.random.RandomState(0)
    return rng.normal(size=(40, 70)) * np.exp(rng.normal(size=70)) + 10 * rng.normal(size=70)


@pytest.fixture
def counts():
    """Sparse rows; one column is empty and one has no zeros."""
    X = sparse.random(60, 90, density=0.1, random_state=0).toarray()
    X[:, 0], X[:, 1] = 0, 5 + X[:, 1]
    return X


def wide(n_rows=80):
    rng = np.random.RandomState(0)
    X = rng.normal(size=(n_rows, N_WIDE)) * (rng.uniform(size=(n_rows, N_WIDE)) < 0.08)
    y = (X[:, :30].sum(axis=1) + 0.1 * rng.normal(size=n_rows) > 0).astype(int)
    return X, y


def topics(n_rows=300, n_words=2000, seed=0):
    """Rows of texts of two topics, as TF-IDF."""
    rng = np.random.RandomState(seed)
    common = 1 / np.arange(1, n_words + 1)
    chances = common * np.exp(1.5 * rng.normal(size=(2, n_words)))
    y = rng.randint(2, size=n_rows)
    X = [rng.multinomial(60, chances[k] / chances[k].sum()) for k in y]
    return sparse.csr_array(TfidfTransformer().fit_transform(sparse.csr_matrix(X))), y


def test_all_components_keep_distances(numbers):
    fitted = PrincipalMap().fit(numbers)
    assert fitted.components_.shape == (70, 39)
    found, expected = pdist(fitted.transform(numbers)), pdist(fitted.columns_.transform(numbers))
    np.testing.assert_allclose(found / expected, found[0] / expected[0], rtol=1e-9)


def test_the_components_are_those_of_scikit_learn(numbers):
    found = PrincipalMap(5, clip=np.inf).fit_transform(numbers)
    expected = PCA(5).fit_transform(StandardScaler().fit_transform(numbers))
    length = np.sqrt((expected**2).sum(axis=1).mean())
    np.testing.assert_allclose(np.abs(found), np.abs(expected) / length / 4, atol=1e-12)


@pytest.mark.parametrize("n_components", [10, 256])
def test_dense_and_sparse_rows_are_mapped_to_the_same(counts, n_components):
    rows = sparse.csr_array(counts)
    fits = [PrincipalMap(n_components).fit(each) for each in (counts, rows)]
    expected = fits[0].transform(counts)
    for fitted in fits:
        for each in (counts, rows):
            np.testing.assert_allclose(fitted.transform(each), expected, atol=1e-9)


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_integer_weights_are_repeated_rows(counts, container):
    weights = np.random.RandomState(0).randint(1, 4, len(counts))
    weighted = PrincipalMap(8).fit(container(counts), sample_weight=weights.astype(float))
    repeated = PrincipalMap(8).fit(container(np.repeat(counts, weights, axis=0)))
    found, expected = (pdist(each.transform(counts)) for each in (weighted, repeated))
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_columns_with_zeros_share_a_unit():
    rng = np.random.RandomState(0)
    is_present = np.arange(100)[:, None] % 10 == np.arange(5)
    X = np.hstack([is_present * [1.0, 1.0, 1.0, 2.0, 100.0], 1000 * rng.normal(size=(100, 1))])
    columns = PrincipalMap(clip=np.inf).fit(X).columns_.transform(X)
    sizes = columns.max(axis=0)[:5]
    np.testing.assert_allclose(sizes / sizes[0], [1, 1, 1, 2, 4])
    assert columns[:, 5].std() == pytest.approx(1)


@pytest.mark.parametrize(
    "rows", [np.full((5, 3), 7.0), np.zeros((1, 3)), sparse.csr_array((4, 3))]
)
def test_equal_rows_are_mapped_to_zero(rows):
    mapped = PrincipalMap().fit_transform(rows)
    assert mapped.shape == (rows.shape[0], 1)
    np.testing.assert_allclose(mapped, 0, atol=1e-12)


def test_the_type_is_kept_and_rows_come_back(numbers):
    single = PrincipalMap().fit(numbers.astype(np.float32))
    assert single.transform(numbers.astype(np.float32)).dtype == np.float32
    fitted = PrincipalMap().fit(numbers)
    back = fitted.inverse_transform(fitted.transform(numbers))
    np.testing.assert_allclose(back, numbers, rtol=1e-6, atol=1e-6)


def test_gradients_are_those_of_differences(numbers):
    fitted, rows = PrincipalMap(6).fit(numbers), numbers[:3]
    G = np.random.RandomState(0).normal(size=(3, 6))
    expected = super(PrincipalMap, fitted).pullback(rows, G)
    np.testing.assert_allclose(fitted.pullback(rows, G), expected, rtol=1e-5, atol=1e-8)


def test_wide_tables_alone_have_components():
    assert default_n_components(75, 1024) == 0
    assert default_n_components(2000, 2000) == 0
    assert default_n_components(2000, 2001) == 256
    X, y = wide()
    settings = {"max_iter": 2, "random_state": 0}
    one = TwoLayerClassifier(n_estimators=1, **settings)
    assert isinstance(clone(one).fit(X, y).input_map_, PrincipalMap)
    assert isinstance(clone(one).fit(X[:, :1000], y).input_map_, PiecewiseLinearMap)
    assert isinstance(clone(one).fit(X + 1, y).input_map_, PiecewiseLinearMap)
    assert isinstance(clone(one).partial_fit(X, y).input_map_, PiecewiseLinearMap)
    assert isinstance(
        clone(one).set_params(input_map="standard").fit(X, y).input_map_, StandardMap
    )
    X[0, 0] = np.nan
    assert not isinstance(clone(one).fit(X, y).input_map_, PrincipalMap)


@pytest.mark.parametrize(
    "model", [TwoLayerClassifier(n_estimators=2, max_iter=3), RBFNetwork(20)], ids=repr
)
def test_dense_and_sparse_rows_give_the_same_default_model(model):
    X, y = wide(40)
    model.set_params(random_state=0)
    expected = clone(model).fit(X, y).predict_proba(X)
    model.fit(sparse.csr_array(X), y)
    for rows in (X, sparse.csr_array(X)):
        found = model.predict_proba(rows)
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_a_few_relevant_columns_are_found():
    X = np.random.RandomState(0).normal(size=(400, N_WIDE))
    y = (X[:, :3].sum(axis=1) > 0).astype(int)
    model = RBFNetwork(50, random_state=0).fit(X[:200], y[:200])
    linear = LogisticRegression().fit(X[:200], y[:200])
    assert model.score(X[200:], y[200:]) > linear.score(X[200:], y[200:]) + 0.05


def test_a_network_on_text_is_as_good_as_a_linear_model():
    X, y = topics(1500)
    model = TwoLayerClassifier(n_estimators=1, random_state=0).fit(X[:500], y[:500])
    linear = LogisticRegression().fit(X[:500], y[:500])
    assert model.score(X[500:], y[500:]) > linear.score(X[500:], y[500:]) - 0.02
