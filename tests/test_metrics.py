"""What weighs the inputs of a radial-basis network, and what turns its outputs into odds."""

import numpy as np
import pytest
from problems import Problem
from scipy.special import softmax
from sklearn.base import clone
from sklearn.datasets import make_friedman1, make_moons
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import cross_val_score

from sklearn_twolayer import RBFNetwork
from sklearn_twolayer.embeddings import Dense
from sklearn_twolayer.links import IdentityLink, LogisticLink, SoftmaxLink
from sklearn_twolayer.losses import LogLoss, SquaredError
from sklearn_twolayer.output_layer._log_odds import log_odds
from sklearn_twolayer.rbf._relevance import metric_root, squared_gradient

WIDE = Dense(4, "tanh") | Dense(3, "sin")


@pytest.mark.parametrize(
    "loss, link",
    [(SquaredError(), IdentityLink()), (LogLoss(), LogisticLink()), (LogLoss(), SoftmaxLink())],
)
@pytest.mark.parametrize("temperature", [1.0, 3.0])
def test_the_squared_gradient_is_that_of_finite_differences(loss, link, temperature):
    problem = Problem(WIDE, loss, link, n_features=3)
    params = problem.params[0]
    views = problem.network.views(params)

    def predictions(X):
        z, _ = problem.network.forward(views, np.column_stack([X, np.ones(len(X))]))
        return link(z / temperature)

    step, expected = 1e-5, np.zeros(3)
    for k, direction in enumerate(step * np.eye(3)):
        slope = predictions(problem.X + direction) - predictions(problem.X - direction)
        squares = ((slope / (2 * step)) ** 2).sum(axis=1)
        expected[k] = np.average(squares, weights=problem.weights)
    found = squared_gradient(problem.objective(), params, temperature, np.random.RandomState(0))
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_the_squared_gradient_of_many_outputs_is_estimated(monkeypatch):
    problem = Problem(WIDE, LogLoss(), SoftmaxLink(), n_outputs=60, n_rows=3000)
    params = problem.params[0]

    def found(n_jobs=1):
        objective = problem.objective(n_jobs=n_jobs)
        return squared_gradient(objective, params, 1.0, np.random.RandomState(0))

    estimate = found()
    np.testing.assert_array_equal(found(n_jobs=2), estimate)
    monkeypatch.setattr("sklearn_twolayer.rbf._relevance.N_SUMS", 60)
    np.testing.assert_allclose(estimate, found(), rtol=0.03)


def test_inputs_that_say_nothing_weigh_alike():
    np.testing.assert_array_equal(metric_root(np.zeros(3)), 1)


def test_among_much_noise_the_inputs_that_matter_are_found():
    rng = np.random.RandomState(0)
    X, y = make_friedman1(200, noise=0.5, random_state=0)
    X = np.hstack([X, rng.uniform(size=(200, 200))])
    scores = [
        cross_val_score(RBFNetwork(task="regression", refine=refine, random_state=0), X, y).mean()
        for refine in ("auto", "width")
    ]
    assert scores[0] > 0.5 > 0.4 > scores[1]


@pytest.mark.parametrize("n_classes", [2, 3])
def test_log_odds_are_those_of_logistic_regression(n_classes):
    rng = np.random.RandomState(0)
    labels = rng.randint(n_classes, size=200)
    d = np.eye(n_classes)[labels] if n_classes > 2 else labels[:, None].astype(float)
    f = 0.3 * d + 0.2 * rng.normal(size=d.shape)
    weights = rng.uniform(0.5, 2, 200)
    link = SoftmaxLink() if n_classes > 2 else LogisticLink()
    found = log_odds(f, d, weights / weights.sum(), link)
    expected = log_loss(labels, link(found.scale * f + found.bias), sample_weight=weights)
    assert found.loss == pytest.approx(expected, rel=1e-6)
    if n_classes == 2:
        reference = LogisticRegression(C=np.inf, tol=1e-10).fit(f, labels, weights)
        assert found.scale == pytest.approx(reference.coef_[0, 0], rel=1e-3)
        assert found.bias[0] == pytest.approx(reference.intercept_[0], rel=1e-3)


@pytest.mark.parametrize("n_classes", [30, 150])
def test_log_odds_of_many_classes_take_a_few_passes(n_classes, monkeypatch):
    rng = np.random.RandomState(0)
    labels = np.r_[np.arange(n_classes), rng.randint(n_classes, size=10 * n_classes)]
    d = np.eye(n_classes)[labels]
    centers = rng.normal(size=(n_classes, 5))
    X = centers[labels] + 0.5 * rng.normal(size=(len(d), 5))
    f = 0.5 * softmax(-((X[:, None] - centers) ** 2).sum(axis=-1), axis=1)
    weights = np.full(len(d), 1 / len(d))
    passes, once = [], LogLoss.value_and_gradient
    monkeypatch.setattr(
        LogLoss, "value_and_gradient", lambda *args: passes.append(len(args[1])) or once(*args)
    )
    found = log_odds(f, d, weights, SoftmaxLink())
    assert sum(passes) < 40 * len(d)
    y = softmax(found.scale * f + found.bias, axis=1)
    # At the optimum classes have their shares, and what is left does not go with the outputs.
    np.testing.assert_allclose(weights @ y, weights @ d, rtol=0.02)
    assert abs(found.scale * (weights @ ((y - d) * f).sum(axis=1))) < 1e-3


def test_the_width_of_a_classifier_is_that_of_the_least_cross_entropy_of_rows_left_out():
    X, labels = make_moons(200, noise=0.3, random_state=0)
    options = {"input_map": "standard", "linear_tail": False, "random_state": 0}
    width = RBFNetwork(40, refine="width", **options).fit(X, labels).widths_[0]

    def cross_entropy(width):
        model = RBFNetwork(40, width=width, refine=None, **options).fit(X, labels)
        # The penalty of least squares on indicators, from which cross-entropy starts.
        least_squares = clone(model).set_params(task="regression").fit(X, 1.0 * labels)
        Phi = np.column_stack([model.transform(X), np.ones(200)])
        penalty = 200 * least_squares.alpha_ * np.diag([1.0] * 40 + [0.0])
        hat = Phi @ np.linalg.solve(Phi.T @ Phi + penalty, Phi.T)
        left_out = labels - (labels - hat @ labels) / (1 - np.diag(hat))
        link = LogisticRegression(C=np.inf).fit(left_out[:, None], labels)
        return log_loss(labels, link.predict_proba(left_out[:, None]))

    least = cross_entropy(width)
    assert all(least <= cross_entropy(factor * width) + 1e-6 for factor in (0.4, 0.625, 1.6, 2.5))
