"""Losses and links against metrics of scikit-learn; their gradients are in test_gradients."""

import pickle

import numpy as np
import pytest
from problems import targets_for
from scipy import special
from sklearn import metrics
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_iris

from sklearn_twolayer import TwoLayerClassifier
from sklearn_twolayer.links import IdentityLink, LogisticLink, LogLink, SoftmaxLink
from sklearn_twolayer.losses import (
    CLASSIFICATION_LOSSES,
    FEW_CLASSES,
    REGRESSION_LOSSES,
    Gamma,
    Huber,
    LogLoss,
    Poisson,
    Quantile,
)

ALL = {**REGRESSION_LOSSES, **CLASSIFICATION_LOSSES}
CASES = [(loss(), loss.link) for loss in REGRESSION_LOSSES.values()]
CASES += [
    (loss(), link)
    for loss in CLASSIFICATION_LOSSES.values()
    for link in (LogisticLink(), SoftmaxLink())
]
LINKS = [IdentityLink(), LogLink(), LogisticLink(), SoftmaxLink()]
each_case = pytest.mark.parametrize(
    ("loss", "link"), CASES, ids=[f"{loss}, {type(link).__name__}" for loss, link in CASES]
)
each_link = pytest.mark.parametrize("link", LINKS, ids=lambda link: type(link).__name__)


def mean_of_outputs(metric, **kwargs):
    def total(d, y):
        return np.mean([metric(d[:, j], y[:, j], **kwargs) for j in range(d.shape[1])])

    return total


#: What the mean over rows and outputs has to be.
METRICS = {
    "squared_error": lambda d, y: metrics.mean_squared_error(d, y) / 2,
    "absolute_error": metrics.mean_absolute_error,
    "huber": lambda d, y: special.huber(1.35, y - d).mean(),
    "log_cosh": lambda d, y: np.log(np.cosh(y - d)).mean(),
    "quantile": lambda d, y: metrics.mean_pinball_loss(d, y, alpha=0.5),
    "poisson": lambda d, y: mean_of_outputs(metrics.mean_poisson_deviance)(d, y) / 2,
    "gamma": lambda d, y: mean_of_outputs(metrics.mean_gamma_deviance)(d, y) / 2,
}


@pytest.mark.parametrize("name", METRICS)
def test_regression_losses_are_the_known_metrics(name):
    rng = np.random.RandomState(0)
    loss = REGRESSION_LOSSES[name]()
    z, d = rng.normal(size=(50, 2)), targets_for(loss.link, 50, 2, rng)
    values, _ = loss.value_and_gradient(z, d, loss.link)
    np.testing.assert_allclose(values.mean() / 2, METRICS[name](d, loss.link(z)), rtol=1e-12)


@pytest.mark.parametrize("quantile", [0.1, 0.7])
def test_pinball_loss(quantile):
    y, d = np.random.RandomState(0).normal(size=(2, 50, 1))
    values, _ = Quantile(quantile).value_and_gradient(y, d, IdentityLink())
    expected = metrics.mean_pinball_loss(d, y, alpha=quantile)
    np.testing.assert_allclose(values.mean(), expected, rtol=1e-12)


@pytest.mark.parametrize("n_classes", [4, FEW_CLASSES, FEW_CLASSES + 1])
def test_log_loss_is_that_of_scikit_learn(n_classes):
    rng = np.random.RandomState(0)
    z, labels = rng.normal(size=(3, 500, n_classes)), rng.randint(0, n_classes, 500)
    labels[:n_classes] = np.arange(n_classes)
    d = np.eye(n_classes)[labels]
    values, slope = LogLoss().value_and_gradient(z.copy(), d, SoftmaxLink())
    y = special.softmax(z, axis=-1)
    expected = [metrics.log_loss(labels, network) for network in y]
    np.testing.assert_allclose(values.mean(axis=-1), expected, rtol=1e-12)
    np.testing.assert_allclose(slope, y - d, atol=1e-15)


def test_log_loss_of_two_classes_is_that_of_scikit_learn():
    rng = np.random.RandomState(0)
    z, labels = rng.normal(size=(50, 4)), rng.randint(0, 4, 50)
    binary = (labels > 1).astype(float)[:, None]
    values, _ = LogLoss().value_and_gradient(z[:, :1], binary, LogisticLink())
    expected = metrics.log_loss(binary, special.expit(z[:, :1]))
    np.testing.assert_allclose(values.mean(), expected, rtol=1e-12)


@each_case
def test_a_perfect_prediction_is_the_minimum(loss, link):
    rng = np.random.RandomState(0)
    d = targets_for(link, 30, 3, rng)
    z = link.inverse(d)
    values, slope = loss.value_and_gradient(z.copy(), d, link)
    lowest = 0.0
    if isinstance(loss, LogLoss):  # the entropy of the targets
        lowest = special.entr(d).sum(axis=1)
        if isinstance(link, LogisticLink):
            lowest += special.entr(1 - d).sum(axis=1)
    np.testing.assert_allclose(values, lowest, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(slope, 0, atol=1e-9)
    elsewhere, _ = loss.value_and_gradient(z + rng.normal(size=z.shape), d, link)
    assert (elsewhere > values).all()


@each_case
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_far_out_there_is_no_nan_and_no_warning(loss, link, dtype):
    far = 80 if isinstance(link, LogLink) else 1e4
    z = np.array([[-far, far], [far, far], [0, -far]], dtype=dtype)
    d = np.array([[1, 0], [0, 1], [1, 0]], dtype=dtype) + (1 if isinstance(loss, Gamma) else 0)
    values, slope = loss.value_and_gradient(z.copy(), d, link)
    assert np.isfinite(values).all() and np.isfinite(slope).all()
    assert slope.dtype == dtype


@pytest.mark.parametrize("name", ALL)
def test_objects_survive_clone_and_pickle(name):
    loss = ALL[name]()
    y, d = np.full((1, 2), 0.25), np.full((1, 2), 0.5)
    for copy in (clone(loss), pickle.loads(pickle.dumps(loss))):
        one = copy.value_and_gradient(y, d, SoftmaxLink())
        for a, b in zip(one, loss.value_and_gradient(y, d, SoftmaxLink()), strict=True):
            np.testing.assert_array_equal(a, b)


@each_link
def test_links_have_an_inverse(link):
    y = targets_for(link, 20, 3, np.random.RandomState(0))
    np.testing.assert_allclose(link(link.inverse(y)), y, rtol=1e-9)


@each_link
def test_links_pull_back_by_their_jacobian(link):
    rng = np.random.RandomState(0)
    z, delta = rng.normal(size=(5, 3)), rng.normal(size=(5, 3))
    step = 1e-6
    expected = np.empty_like(z)
    for j in range(3):
        e = step * np.eye(3)[j]
        expected[:, j] = ((link(z + e) - link(z - e)) * delta).sum(axis=1) / (2 * step)
    np.testing.assert_allclose(link.pullback(link(z), delta.copy()), expected, atol=1e-8)


@pytest.mark.parametrize(
    ("loss", "bad", "good"),
    [(Poisson(), [-1.0, 2.0], [0.0, 0.0]), (Gamma(), [0.0, 2.0], [1e-9, 1.0])],
)
def test_targets_out_of_range_are_refused(loss, bad, good):
    with pytest.raises(ValueError, match="targets"):
        loss.check_targets(np.array(bad)[:, None])
    loss.check_targets(np.array(good)[:, None])


@pytest.mark.parametrize(
    "loss", [Quantile(0.0), Quantile(1.0), Quantile(np.nan), Huber(0.0), Huber(-1.0)]
)
def test_hyperparameters_out_of_range_are_refused(loss):
    with pytest.raises(ValueError, match="quantile|delta"):
        loss.check_parameters()


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_is_beyond_all_floats_gives_no_warning(name, dtype):
    """A cost that is infinite or NaN is for the solver to see."""
    loss, largest = ALL[name](), np.finfo(dtype).max
    z = np.array([0, 1, 800, 1e20, largest], dtype=dtype)
    z = np.stack([z, -z], axis=1)
    links = [LogisticLink(), SoftmaxLink()] if loss.link is None else [loss.link]
    for link in links:
        for size in (0.25, 1) if link.is_probability else (0.25, 1, largest):
            values, slope = loss.value_and_gradient(z.copy(), np.full_like(z, size), link)
            assert values.dtype == slope.dtype == dtype
            if size < largest:
                assert np.isfinite(values[:2]).all() and not np.isnan(slope).any()
            try:
                root = loss.curvature_root(z, np.full_like(z, size), link)
            except NotImplementedError:
                continue
            assert not np.isnan(root).any()


# The constant that training starts from.


@pytest.mark.parametrize("name", ALL)
def test_the_start_is_no_saturated_probability(name):
    loss, weights = ALL[name](), np.array([1.0, 1.0, 2.0, 1.0])
    d = np.array([[0.0, 1.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0]])
    mean = np.average(d, axis=0, weights=weights)
    for link in (LogisticLink(), SoftmaxLink()):
        np.testing.assert_allclose(link(loss.start(d, weights, link)), mean)


def test_the_start_of_numbers_is_the_best_constant():
    d, weights = np.array([[1.0], [2.0], [30.0]]), np.ones(3)
    for name, best in [("absolute_error", 2), ("squared_error", 11), ("poisson", np.log(11))]:
        loss = REGRESSION_LOSSES[name]()
        np.testing.assert_allclose(loss.start(d, weights, loss.link), [best])
    np.testing.assert_allclose(Quantile(0.9).start(d, weights, IdentityLink()), [30])


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize("load", [load_breast_cancer, load_iris])
@pytest.mark.parametrize(
    "name", [name for name in ALL if isinstance(ALL[name].link, IdentityLink | None)]
)
def test_classes_are_learned_under_every_loss(name, load, solver):
    rows, labels = load(return_X_y=True)
    model = TwoLayerClassifier(
        loss=ALL[name](), n_estimators=1, n_units=8, solver=solver, random_state=0
    )
    assert model.fit(rows, labels).score(rows, labels) > 0.95


def test_a_threshold_that_is_a_numpy_scalar_keeps_the_precision():
    y = np.array([[3.0], [0.1]], dtype=np.float32)
    results = Huber(np.float64(1)).pointwise(y, np.zeros_like(y))
    assert all(array.dtype == np.float32 for array in results)
