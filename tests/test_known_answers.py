"""Networks whose answer is known: from closed forms, and from scikit-learn on the same problem."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import optimize, special
from sklearn.base import is_classifier
from sklearn.datasets import make_friedman1
from sklearn.decomposition import PCA
from sklearn.linear_model import (
    GammaRegressor,
    LinearRegression,
    LogisticRegression,
    PoissonRegressor,
    QuantileRegressor,
    Ridge,
)
from sklearn.metrics import mean_pinball_loss, r2_score
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import scale

from sklearn_twolayer import TwoLayerClassifier, TwoLayerRegressor
from sklearn_twolayer.embeddings import Dense, Passthrough
from sklearn_twolayer.losses import REGRESSION_LOSSES, Huber, Quantile
from sklearn_twolayer.model import Model
from sklearn_twolayer.solvers import LBFGS, Adam, GradientDescent, LeastSquares

#: How near to the optimum a solver came is what the tests are about.
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

N, ALPHA = 80, 0.05
RNG = np.random.RandomState(0)
X = RNG.normal(size=(N, 3)) * [1.0, 2.0, 0.5] + [0.0, 1.0, -1.0]
SIGNAL = X @ [1.0, -0.5, 2.0]
Y = 3 * SIGNAL + RNG.normal(size=N) + 10
LABELS = np.digitize(SIGNAL + 0.5 * RNG.normal(size=N), [-3.0, -1.0])
WEIGHTS = RNG.randint(0, 4, N).astype(float)

each_weighting = pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["equal", "weighted"])


def exact(kind=TwoLayerRegressor, embedding=None, **kwargs):
    """A network without input map, trained to the optimum; linear if nothing else is said."""
    embedding = Passthrough() if embedding is None else embedding
    settings = {"solver": "lbfgs", "alpha": ALPHA, "max_iter": 5000, "tol": 1e-10}
    settings |= {"n_iter_no_change": 200, "n_estimators": 1, "input_map": None, "random_state": 0}
    return kind(embedding, **(settings | kwargs))


def bounded(predicted, y, weights=None):
    """Return predictions no more than half an interquartile range beyond the targets."""
    index = np.arange(N) if weights is None else np.repeat(np.arange(N), weights.astype(int))
    low, high = np.quantile(y[index], [0.25, 0.75], axis=0, method="averaged_inverted_cdf")
    margin = (high - low) / 2
    return np.clip(predicted, y[index].min(axis=0) - margin, y[index].max(axis=0) + margin)


def total(weights):
    return N if weights is None else weights.sum()


@pytest.mark.parametrize(
    "solver", [LBFGS(), LeastSquares(), GradientDescent(0.2, momentum=0.9)], ids=repr
)
@each_weighting
def test_squared_loss_on_the_input_is_ridge_regression(solver, weights):
    targets = np.column_stack([Y, 1e-3 * SIGNAL**2])
    network = exact(solver=solver, tol=1e-12).fit(X, targets, sample_weight=weights)
    ridge = Ridge(ALPHA * total(weights)).fit(X, targets, sample_weight=weights)
    expected = bounded(ridge.predict(X), targets, weights)
    np.testing.assert_allclose(network.predict(X), expected, rtol=1e-5)


def test_a_linear_layer_without_penalty_is_linear_regression():
    network = exact(embedding=Dense(3, "identity"), alpha=0.0).fit(X, Y)
    expected = LinearRegression().fit(X, Y).predict(X)
    np.testing.assert_allclose(network.predict(X), expected, rtol=1e-6)


@pytest.mark.parametrize("solver", [LBFGS(), LeastSquares()], ids=repr)
@pytest.mark.parametrize("n_classes", [2, 3])
@each_weighting
def test_cross_entropy_on_the_input_is_logistic_regression(solver, n_classes, weights):
    y = np.minimum(LABELS, n_classes - 1)
    network = exact(TwoLayerClassifier, solver=solver).fit(X, y, sample_weight=weights)
    expected = LogisticRegression(C=1 / (ALPHA * total(weights)), tol=1e-10, max_iter=5000)
    expected = expected.fit(X, y, sample_weight=weights).predict_proba(X)
    np.testing.assert_allclose(network.predict_proba(X), expected, atol=1e-6)


@pytest.mark.parametrize("class_weight", ["balanced", {0: 3.0, 1: 1.0, 2: 0.5}])
def test_class_weights_are_those_of_logistic_regression(class_weight):
    network = exact(TwoLayerClassifier, class_weight=class_weight).fit(X, LABELS)
    balanced = class_weight == "balanced"
    mass = N if balanced else sum(class_weight[label] for label in LABELS)
    expected = LogisticRegression(
        C=1 / (ALPHA * mass), class_weight=class_weight, tol=1e-10, max_iter=5000
    )
    expected = expected.fit(X, LABELS).predict_proba(X)
    np.testing.assert_allclose(network.predict_proba(X), expected, atol=1e-6)


def test_several_labels_are_logistic_regressions_side_by_side():
    labels = np.column_stack([LABELS > 0, LABELS > 1, LABELS == 1]).astype(int)
    network = exact(TwoLayerClassifier).fit(X, labels)
    for j in range(3):
        expected = LogisticRegression(C=1 / (ALPHA * N), tol=1e-10, max_iter=5000)
        expected = expected.fit(X, labels[:, j]).predict_proba(X)[:, 1]
        np.testing.assert_allclose(network.predict_proba(X)[:, j], expected, atol=1e-6)


def test_a_distribution_counts_as_a_row_for_each_class():
    distributions = RNG.dirichlet(np.ones(3), N)
    network = exact(TwoLayerClassifier, soft_targets="multiclass").fit(X, distributions)
    expected = LogisticRegression(C=1 / (ALPHA * N), tol=1e-10, max_iter=5000).fit(
        np.repeat(X, 3, axis=0), np.tile(np.arange(3), N), sample_weight=distributions.ravel()
    )
    np.testing.assert_allclose(network.predict_proba(X), expected.predict_proba(X), atol=1e-6)


@pytest.mark.parametrize(
    ("loss", "reference"), [("poisson", PoissonRegressor), ("gamma", GammaRegressor)]
)
@each_weighting
def test_losses_with_a_log_link_are_generalised_linear_models(loss, reference, weights):
    y = 1.0 + np.random.RandomState(1).poisson(np.exp(0.3 * SIGNAL))
    network = exact(loss=loss).fit(X, y, sample_weight=weights)
    expected = reference(alpha=ALPHA, tol=1e-10, max_iter=5000).fit(X, y, sample_weight=weights)
    np.testing.assert_allclose(network.predict(X), expected.predict(X), rtol=1e-5)


@pytest.mark.parametrize(
    ("loss", "quantile"), [(Quantile(0.2), 0.2), (Quantile(0.8), 0.8), ("absolute_error", 0.5)]
)
@each_weighting
def test_pinball_loss_is_quantile_regression(loss, quantile, weights):
    solver = Adam(0.05, batch_size=None, dropout=0.0, dtype=None)
    network = exact(loss=loss, alpha=0.0, solver=solver, max_iter=1000)
    network.fit(X, Y, sample_weight=weights)
    best = QuantileRegressor(quantile=quantile, alpha=0.0).fit(X, Y, sample_weight=weights)
    reached, lowest = (
        mean_pinball_loss(Y, model.predict(X), alpha=quantile, sample_weight=weights)
        for model in (network, best)
    )
    assert lowest <= reached * (1 + 1e-9) and reached < 1.001 * lowest


@pytest.mark.parametrize(
    ("loss", "function"),
    [(Huber(0.3), lambda e: special.huber(0.3, e)), ("log_cosh", lambda e: np.log(np.cosh(e)))],
)
def test_smooth_robust_losses_by_a_general_minimiser(loss, function):
    network = exact(loss=loss).fit(X, Y)

    low, middle, high = np.quantile(Y, [0.25, 0.5, 0.75], method="averaged_inverted_cdf")
    spread = (high - low) / 1.349

    def cost(theta):  # of targets standardised by quartiles, as documented
        error = X @ theta[:3] + theta[3] - (Y - middle) / spread
        return function(error).mean() + ALPHA / 2 * theta[:3] @ theta[:3]

    best = optimize.minimize(cost, np.zeros(4), tol=1e-12).x
    expected = (X @ best[:3] + best[3]) * spread + middle
    np.testing.assert_allclose(network.predict(X), expected, atol=1e-4)


def test_least_squares_goes_at_least_as_far_as_lbfgs():
    """On most of several starts: each start has optima of its own around it."""
    rows, y = make_friedman1(150, n_features=5, noise=0.1, random_state=0)
    alpha, last = 1e-4, {LeastSquares(): [], LBFGS(): []}
    for seed in range(5):
        for solver, costs in last.items():
            network = exact(embedding=Dense(5, "tanh"), solver=solver, alpha=alpha, tol=1e-6)
            network.set_params(random_state=seed, max_iter=200, input_map="standard").fit(rows, y)
            parts = network.network_.penalized(network.network_.views(network.params_[0]))
            penalty = alpha / 2 * sum((part**2).sum() for part in parts)
            costs.append(network.loss_curve_[-1] + penalty)
    least_squares, lbfgs = map(np.median, last.values())
    assert least_squares <= lbfgs


@pytest.mark.parametrize(
    "loss", [name for name, loss in REGRESSION_LOSSES.items() if loss.scales_targets]
)
@pytest.mark.parametrize("factor", [1000.0, 1e-3])
def test_units_of_the_targets_do_not_matter(loss, factor):
    network = exact(embedding=Dense(4, "tanh"), loss=loss, max_iter=20)
    solver = GradientDescent(0.1)
    expected = network.set_params(solver=solver, tol=0.0).fit(X, Y).predict(X)
    other = network.fit(X, factor * Y + 5000).predict(X)
    np.testing.assert_allclose((other - 5000) / factor, expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [("relu", "relu"), ("tanh", "tanh"), ("sigmoid", "logistic"), ("identity", "identity")],
)
@pytest.mark.parametrize(
    ("kind", "reference", "y"),
    [
        (TwoLayerRegressor, MLPRegressor, scale(Y)),
        (TwoLayerClassifier, MLPClassifier, LABELS),
        (TwoLayerClassifier, MLPClassifier, LABELS > 1),
    ],
    ids=["regression", "classes", "two classes"],
)
def test_outputs_and_gradients_are_those_of_scikit_learn(kind, reference, y, ours, theirs):
    mlp = reference(
        hidden_layer_sizes=(4,),
        activation=theirs,
        solver="sgd",
        momentum=0.0,
        nesterovs_momentum=False,
        learning_rate_init=0.1,
        batch_size=N,
        alpha=N * ALPHA,  # which it divides by the number of rows
        random_state=0,
    )
    mlp.partial_fit(X, y, **({"classes": np.unique(y)} if is_classifier(mlp) else {}))
    network = exact(kind, embedding=Dense(4, ours), solver=GradientDescent(0.1))
    network.partial_fit(X, y)
    views = network.network_.views(network.params_[0])
    views.projections[...] = np.vstack([mlp.coefs_[0], mlp.intercepts_[0]])
    views.weights[...], views.bias[...] = mlp.coefs_[1], mlp.intercepts_[1]
    method = "predict_proba" if is_classifier(mlp) else "predict"
    for _ in range(2):  # before and after a step along the gradient
        expected = getattr(mlp, method)(X)
        if method == "predict":
            expected = bounded(expected, y)
        np.testing.assert_allclose(getattr(network, method)(X), expected, rtol=1e-9, atol=1e-12)
        mlp.partial_fit(X, y)
        network.partial_fit(X, y)


def test_a_product_of_inputs_is_learned_exactly():
    product = X[:, 0] * X[:, 2]
    embedding = Dense(2, "identity") * Dense(2, "identity")
    network = exact(embedding=embedding, alpha=0.0, solver="least_squares").fit(X, product)
    far = X.copy()
    far[:, 0] *= 10
    far[:, 2] /= 10  # targets stay in their range
    np.testing.assert_allclose(network.predict(far), product, atol=1e-4)


def test_a_softmax_gate_fits_a_piecewise_linear_function():
    x = np.linspace(-2, 2, 200)[:, None]
    y = np.interp(x[:, 0], [-2, -0.5, 0.5, 2], [1.0, -1.0, 2.0, 0.0])
    gated = Dense(3, "softmax") * Dense(3, "identity")
    network = exact(embedding=gated, alpha=0.0, solver="least_squares", max_iter=500)
    assert r2_score(y, network.fit(x, y).predict(x)) > 0.999


def test_a_narrow_linear_layer_recovers_the_principal_subspace():
    wide = scale(RNG.normal(size=(N, 6)) @ RNG.normal(size=(6, 6)))
    network = exact(embedding=Dense(2, "identity"), alpha=0.0).fit(wide, wide)
    pca = PCA(2).fit(wide)
    expected = pca.inverse_transform(pca.transform(wide))
    np.testing.assert_allclose(network.predict(wide), expected, atol=1e-4)


def test_an_average_of_networks_averages_their_raw_outputs():
    model = exact(TwoLayerClassifier, embedding=Dense(3), n_estimators=3, max_iter=20)
    model.set_params(blend="mean", tol=0.0).fit(X, LABELS)
    networks = model._model.parts[0]
    parts = [
        Model.of(replace(networks, params=vector[None])).raw_outputs(X) for vector in model.params_
    ]
    np.testing.assert_allclose(model.decision_function(X), np.mean(parts, axis=0), rtol=1e-10)


def test_friedman_function_is_learned():
    rows, y = make_friedman1(600, random_state=0)
    network = exact(embedding=Dense(10, "tanh"), solver="least_squares", alpha=1e-5)
    network.set_params(input_map="standard", max_iter=200, tol=1e-4).fit(rows[:300], y[:300])
    assert network.score(rows[300:], y[300:]) > 0.99
