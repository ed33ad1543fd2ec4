"""E and ∇E, for whatever the registries hold: a new entry is tested without a line here."""

import numpy as np
import pytest
from problems import Problem, targets_for
from scipy import sparse

from sklearn_twolayer import rows
from sklearn_twolayer.activations import ACTIVATIONS
from sklearn_twolayer.embeddings import PRESETS, Dense, Passthrough, Radial, as_embedding
from sklearn_twolayer.kernels import KERNELS
from sklearn_twolayer.links import IdentityLink, LogisticLink, SoftmaxLink
from sklearn_twolayer.losses import (
    CLASSIFICATION_LOSSES,
    REGRESSION_LOSSES,
    Huber,
    LogCosh,
    LogLoss,
    Loss,
    Quantile,
    SquaredError,
)


def preset(name):
    return as_embedding(name, 3, "tanh" if PRESETS[name].takes_activation else None)


NESTED = {
    "tail beside a gate": Passthrough() | Dense(3, "softmax") * Dense(3, "identity"),
    "gate of a sum": Dense(2, "sigmoid") * (Dense(2, "identity") + Dense(2, "relu")),
    "product of products": (Dense(2, "sin") * Dense(2)) * (Dense(2, "tanh") * Dense(2, "mish")),
    "sum with the input": Passthrough() + Dense(3, "gelu") | Dense(1, "elu"),
    "input times input": Passthrough() * Passthrough(),
    "branches three deep": (Dense(1) | Dense(2, "softmax")) * (Dense(2) | Dense(1, "selu")),
    "pair of callables": Dense(3, (np.arctan, lambda v: 1 / (1 + v * v))),
}
EMBEDDINGS = (
    {f"activation {name}": Dense(3, name) for name in ACTIVATIONS}
    | {f"preset {name}": preset(name) for name in PRESETS}
    | NESTED
)
RADIAL = {
    # Wide, so that kernels that grow do not overflow under the log link.
    f"kernel {name}": Radial(3, name, widths=3.0)
    for name in KERNELS
} | {
    "diagonal shape": Radial(3, shape="diagonal"),
    "full shape": Radial(3, "cauchy", shape="full"),
    "a diagonal shape each": Radial(2, "multiquadric", shape="diagonal", shared=False),
    "a full shape each": Radial(2, "inverse_multiquadric", shape="full", shared=False),
    "normalised": Radial(3, normalize=True),
    "normalised, of a power": Radial(3, "inverse_multiquadric", shape="full", normalize=True),
    "radial units beside a gate": Radial(2) | preset("gated"),
    "radial units with a tail": Radial(2, "laplace") | Passthrough(),
}
EMBEDDINGS |= RADIAL

LOSSES = {f"{name}": (loss(), loss.link) for name, loss in REGRESSION_LOSSES.items()}
LOSSES |= {
    f"{name}, {type(link).__name__}": (loss(), link)
    for name, loss in CLASSIFICATION_LOSSES.items()
    for link in (LogisticLink(), SoftmaxLink())
}
LOSSES |= {
    "Huber(0.1), SoftmaxLink": (Huber(0.1), SoftmaxLink()),
    "Quantile(0.9), LogisticLink": (Quantile(0.9), LogisticLink()),
    "Quantile([0.2, 0.7]), IdentityLink": (Quantile([0.2, 0.7]), IdentityLink()),
}

each_embedding = pytest.mark.parametrize("embedding", EMBEDDINGS.values(), ids=EMBEDDINGS)
each_loss = pytest.mark.parametrize(("loss", "link"), LOSSES.values(), ids=LOSSES)


def problem_of(embedding, **kwargs):
    return Problem(embedding, LogLoss(), SoftmaxLink(), n_outputs=3, **kwargs)


def assert_close(actual, expected, rtol):
    """Arrays agree up to a part of the largest entry."""
    np.testing.assert_allclose(actual, expected, rtol=0, atol=rtol * (1 + np.abs(expected).max()))


def finite_differences(cost, params, step=1e-5):
    """The gradient of the cost of one network, from one stack of displaced ones."""
    steps = step * np.eye(params.size)
    return (cost(params + steps) - cost(params - steps)) / (2 * step)


@each_loss
@each_embedding
def test_gradient_of_the_cost(embedding, loss, link):
    problem = Problem(embedding, loss, link, stack=2)
    objective = problem.objective(alpha=0.3)

    def cost(params):
        return objective.data_term(params) + objective.penalty(params)

    values, gradients = objective.loss_and_gradient(problem.params)
    np.testing.assert_allclose(values, objective.data_term(problem.params), rtol=1e-13)
    for params, gradient in zip(problem.params, gradients, strict=True):
        assert_close(gradient, finite_differences(cost, params), 1e-7)


@each_embedding
def test_gradient_under_dropout(embedding):
    problem = problem_of(embedding, stack=2)
    objective = problem.objective(alpha=0.0)
    factors = np.random.RandomState(1).randint(0, 3, (problem.X.shape[0], problem.network.width))

    def draw_mask(shape, dtype):
        return np.broadcast_to(factors, shape).astype(dtype)

    def cost(params):
        return objective.loss_and_gradient(params, draw_mask=draw_mask)[0]

    _, gradients = objective.loss_and_gradient(problem.params, draw_mask=draw_mask)
    for params, gradient in zip(problem.params, gradients, strict=True):
        assert_close(gradient, finite_differences(cost, params), 1e-7)


@each_embedding
def test_networks_of_a_stack_are_independent(embedding):
    problem = problem_of(embedding, stack=3)
    objective = problem.objective()
    values, gradients = objective.loss_and_gradient(problem.params)
    for params, value, gradient in zip(problem.params, values, gradients, strict=True):
        alone = objective.loss_and_gradient(params)
        np.testing.assert_allclose(value, alone[0], rtol=1e-13)
        assert_close(gradient, alone[1], 1e-13)


@each_embedding
def test_sparse_rows_give_what_dense_ones_give(embedding):
    X = sparse.random(40, 3, density=0.4, format="csr", random_state=0)
    dense, compressed = problem_of(embedding, X=X.toarray()), problem_of(embedding, X=X)
    params = dense.params
    for one, other in zip(
        dense.objective().loss_and_gradient(params),
        compressed.objective().loss_and_gradient(params),
        strict=True,
    ):
        assert_close(one, other, 1e-13)


@each_embedding
def test_blocks_are_additive(embedding, monkeypatch):
    problem = problem_of(embedding, n_rows=1200, stack=2)
    results = []
    for numbers in (1, 10**9):
        monkeypatch.setattr(rows, "BLOCK_NUMBERS", numbers)
        results.append(problem.objective().loss_and_gradient(problem.params))
    for many, one in zip(*results, strict=True):
        assert_close(many, one, 1e-12)


def test_blocks_differ_as_the_last_test_means_them_to(monkeypatch):
    monkeypatch.setattr(rows, "BLOCK_NUMBERS", 1)
    assert len(rows.blocks(1200, rows.block_length(10))) > 16
    monkeypatch.setattr(rows, "BLOCK_NUMBERS", 10**9)
    assert len(rows.blocks(1200, rows.block_length(10))) == 1


@pytest.mark.parametrize("n_rows", [1, 63, 64, 65, 1000])
def test_blocks_cover_each_row_once(n_rows):
    covered = np.concatenate([np.arange(n_rows)[part] for part in rows.blocks(n_rows, 64)])
    np.testing.assert_array_equal(covered, np.arange(n_rows))


@each_loss
@each_embedding
def test_weights_are_repeated_rows(embedding, loss, link):
    problem = Problem(embedding, loss, link)
    weighted = problem.objective().loss_and_gradient(problem.params)
    repeated = problem.objective(repeat=True).loss_and_gradient(problem.params)
    for one, other in zip(weighted, repeated, strict=True):
        assert_close(one, other, 1e-12)


@each_embedding
def test_single_precision_is_near_double(embedding):
    problem = problem_of(embedding)
    double = problem.objective().loss_and_gradient(problem.params)
    single = problem.objective(dtype=np.float32).loss_and_gradient(problem.params)
    assert single[1].dtype == np.float32
    for one, other in zip(single, double, strict=True):
        assert_close(one, other, 2e-5)


@each_embedding
def test_threads_change_no_bit(embedding, monkeypatch):
    monkeypatch.setattr(rows, "BLOCK_NUMBERS", 1)
    problem = problem_of(embedding, n_rows=1200)
    one = problem.objective(n_jobs=1)
    many = problem.objective(n_jobs=3)
    for _ in range(3):
        for a, b in zip(
            one.loss_and_gradient(problem.params),
            many.loss_and_gradient(problem.params),
            strict=True,
        ):
            np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(one.data_term(problem.params), many.data_term(problem.params))


@each_embedding
def test_batches_add_up_to_the_whole(embedding):
    problem = problem_of(embedding, n_rows=45)
    objective = problem.objective()
    batches = np.array_split(np.random.RandomState(1).permutation(45), 3)
    parts = [objective.loss_and_gradient(problem.params, batch) for batch in batches]
    whole = objective.loss_and_gradient(problem.params)
    for terms, total in zip(zip(*parts, strict=True), whole, strict=True):
        assert_close(np.mean(terms, axis=0), total, 1e-13)


@each_embedding
def test_nothing_given_is_written_to(embedding):
    problem = problem_of(embedding)
    objective = problem.objective()
    held = problem.params, objective.rows.targets, objective.rows.augmented(slice(None))
    before = [array.copy() for array in held]
    first = objective.loss_and_gradient(problem.params)
    second = objective.loss_and_gradient(problem.params)
    for array, copy in zip(held, before, strict=True):
        np.testing.assert_array_equal(array, copy)
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)


def test_each_network_of_a_stack_can_leave_out_rows_of_its_own():
    problem = problem_of(preset("skip"), stack=2)
    objective = problem.objective()
    left_out = np.arange(40) % 2 == np.arange(2)[:, None]
    objective = objective.without(left_out)
    values, gradients = objective.loss_and_gradient(problem.params)
    for k, params in enumerate(problem.params):
        whole = problem.objective()
        part = whole.on(whole.rows.weighted(np.where(left_out[k], 0.0, problem.weights)))
        value, gradient = part.loss_and_gradient(params)
        np.testing.assert_allclose(values[k], value, rtol=1e-13)
        assert_close(gradients[k], gradient, 1e-13)


def test_the_penalty_spares_biases():
    problem = problem_of(preset("gated"))
    objective, network = problem.objective(alpha=0.7), problem.network
    params = problem.params[0]
    C_left, C_right = np.split(network.views(params).projections[:-1], 2, axis=1)
    W = network.views(params).weights
    expected = 0.35 * ((C_left**2).sum() + (C_right**2).sum() + (W**2).sum())
    np.testing.assert_allclose(objective.penalty(params), expected, rtol=1e-13)


@pytest.mark.parametrize("scale", [0.01, 1, 100])
def test_the_cost_does_not_depend_on_the_scale_of_the_weights(scale):
    problem = Problem(preset("dense"), SquaredError(), SquaredError.link)
    expected = problem.objective().loss_and_gradient(problem.params)
    problem.weights *= scale
    for one, other in zip(
        problem.objective().loss_and_gradient(problem.params), expected, strict=True
    ):
        assert_close(one, other, 1e-13)


@each_loss
def test_biases_start_from_the_best_constant(loss, link):
    if isinstance(loss, Huber | LogCosh) or (
        link is not loss.link and not isinstance(loss, LogLoss)
    ):
        pytest.skip("no closed form: the start is only near the optimum")
    problem = Problem(Dense(2, "tanh"), loss, link, n_rows=41)
    objective, params = problem.objective(), np.zeros_like(problem.params[0])
    bias = problem.network.views(params).bias
    bias[...] = objective.best_constant()
    best = objective.data_term(params)
    for j in range(len(bias)):
        for shift in (-0.02, 0.02):
            bias[j] += shift
            assert objective.data_term(params) >= best - 1e-12
            bias[j] -= shift


def curved(loss):
    return type(loss).curvature_root is not Loss.curvature_root


@pytest.mark.parametrize(
    ("loss", "link"),
    [pair for pair in LOSSES.values() if curved(pair[0])],
    ids=[name for name, (loss, _) in LOSSES.items() if curved(loss)],
)
@each_embedding
def test_normal_equations(embedding, loss, link):
    """Their gradient is that of E; their matrix Jᵀ H J, by differences of the outputs z."""
    problem = Problem(embedding, loss, link)
    if embedding.n_parameters:
        pytest.skip("not for embeddings with parameters of their own")
    objective, params = problem.objective(alpha=0.3), problem.params[0]
    matrix, gradient = objective.normal_equations(params)
    assert_close(gradient, objective.loss_and_gradient(params)[1], 1e-12)

    X = objective.rows.augmented(slice(None))

    def outputs(stack):
        return problem.network.forward(problem.network.views(stack), X)[0]

    J = finite_differences(outputs, params)  # (n_parameters, n_rows, n_outputs)
    root = loss.curvature_root(outputs(params), problem.targets, link)
    weights = problem.weights / problem.weights.sum()
    R = np.einsum("r,rim,prm->pri", np.sqrt(weights), root, J).reshape(len(params), -1)
    penalized = np.zeros_like(params)
    for part in problem.network.penalized(problem.network.views(penalized)):
        part[...] = 0.3
    assert_close(matrix, R @ R.T + np.diag(penalized), 1e-6)


@each_loss
def test_curvature_is_the_derivative_of_the_slope(loss, link):
    if not curved(loss) or (isinstance(loss, SquaredError) and link is not loss.link):
        pytest.skip("no curvature, or that of Gauss and Newton")
    rng = np.random.RandomState(0)
    z, d = rng.normal(size=(20, 3)), targets_for(link, 20, 3, rng)
    root = loss.curvature_root(z, d, link)
    for j, step in enumerate(1e-5 * np.eye(3)):
        slopes = [loss.value_and_gradient(z + s, d, link)[1] for s in (step, -step)]
        column = (slopes[0] - slopes[1]) / 2e-5
        np.testing.assert_allclose((root.swapaxes(1, 2) @ root)[:, :, j], column, atol=1e-8)


@each_embedding
def test_the_best_output_layer(embedding):
    problem = Problem(embedding, SquaredError(), SquaredError.link)
    objective = problem.objective(alpha=0.3)
    best = objective.with_best_output(problem.params[0])
    slopes = problem.network.views(objective.loss_and_gradient(best)[1])
    np.testing.assert_allclose(slopes.weights, 0, atol=1e-10)
    np.testing.assert_allclose(slopes.bias, 0, atol=1e-10)
    before = problem.network.views(problem.params[0])
    np.testing.assert_array_equal(problem.network.views(best).projections, before.projections)
