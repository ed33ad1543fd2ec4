"""Solvers on problems whose answer is known, by the little that they ask of an objective."""

import numpy as np
import pytest
from problems import Problem
from sklearn.base import clone

from sklearn_twolayer.embeddings import Dense, Passthrough, Radial
from sklearn_twolayer.links import SoftmaxLink
from sklearn_twolayer.losses import AbsoluteError, LogLoss, SquaredError
from sklearn_twolayer.rbf._gradient import OptimalOutput
from sklearn_twolayer.solvers import (
    LBFGS,
    SOLVERS,
    Adam,
    GradientDescent,
    LeastSquares,
    Run,
    as_solver,
)


class Regression:
    """½ mean (a_i·x - b_i)² + ½ α ‖x‖² for each vector x of a stack."""

    n_threads = 1
    in_partitions = False

    def __init__(self, A, b, alpha=0.0, dtype=np.float64):
        self.A, self.b, self.alpha = A.astype(dtype), b.astype(dtype), alpha
        self.n_rows, self.dtype = len(b), np.dtype(dtype)

    def networks(self, part):
        return self

    def input_weights(self, params):
        return params[:, :0]  # no inputs, hence no scales

    def loss_and_gradient(self, params, index=None, draw_mask=None):
        rows = slice(None) if index is None else index
        error = params @ self.A[rows].T - self.b[rows]
        gradient = error @ self.A[rows] / error.shape[1] + self.alpha * params
        return 0.5 * (error**2).mean(axis=1), gradient.astype(self.dtype)

    def data_term(self, params):
        return 0.5 * ((params @ self.A.T - self.b) ** 2).mean(axis=1)

    def penalty(self, params):
        return 0.5 * self.alpha * (params**2).sum(axis=1)

    def solution(self):
        n = self.A.shape[1]
        return np.linalg.solve(
            self.A.T @ self.A / self.n_rows + self.alpha * np.eye(n),
            self.A.T @ self.b / self.n_rows,
        )


def regression(**kwargs):
    rng = np.random.RandomState(0)
    A = rng.normal(size=(60, 4))
    return Regression(A, A @ [1.0, -2.0, 0.5, 0.0] + rng.normal(size=60), **kwargs)


def run_for(max_iter, *, tol=0.0, n_iter_no_change=10**9, seed=0, each=None, n_iter=None):
    each = each or (lambda params, loss: False)
    rng = np.random.RandomState(seed)
    return Run(max_iter, tol, n_iter_no_change, rng, each, n_iter)


FIRST_ORDER = {
    "gradient descent": GradientDescent(0.3, momentum=0.5),
    "gradient descent on batches": GradientDescent(0.1, batch_size=16),
    "adam": Adam(0.05, batch_size=16, dtype=None),
    "adam, constant": Adam(0.05, batch_size=None, schedule="constant", dtype=None),
}
WHOLE = {"lbfgs": LBFGS()}
each_solver = pytest.mark.parametrize(
    "solver", [*FIRST_ORDER.values(), *WHOLE.values()], ids=[*FIRST_ORDER, *WHOLE]
)
each_first_order = pytest.mark.parametrize("solver", FIRST_ORDER.values(), ids=FIRST_ORDER)
START = np.array([[3.0, 3.0, 3.0, 3.0], [-1.0, 0.0, 1.0, 2.0]])


@each_solver
def test_the_optimum_of_a_stack_is_found(solver):
    objective = regression(alpha=0.1)
    start = START.copy()
    outcome = solver.minimize(objective, start, run_for(1000))
    exact = isinstance(solver, LBFGS) or solver is FIRST_ORDER["gradient descent"]
    tolerance = 1e-6 if exact else 0.1
    np.testing.assert_allclose(outcome.params, [objective.solution()] * 2, atol=tolerance)
    np.testing.assert_array_equal(start, START)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_gradient_descent_step_by_step(momentum):
    objective = regression(alpha=0.1)
    outcome = GradientDescent(0.2, momentum=momentum).minimize(objective, START, run_for(7))
    params, velocity = START, 0.0
    for _ in range(7):
        velocity = momentum * velocity - 0.2 * objective.loss_and_gradient(params)[1]
        params = params + velocity
    np.testing.assert_allclose(outcome.params, params, rtol=1e-13)


def test_batches_are_steps_of_their_own():
    """Where all rows are equal, it does not matter which ones make a batch."""
    objective = Regression(np.ones((12, 4)), np.ones(12))
    batches = GradientDescent(0.1, batch_size=3).minimize(objective, START, run_for(5))
    whole = GradientDescent(0.1).minimize(objective, START, run_for(20))
    np.testing.assert_allclose(batches.params, whole.params, rtol=1e-13)
    assert batches.n_iter == 5 and whole.n_iter == 20


def test_each_row_is_in_one_batch_of_an_epoch():
    seen = []

    class Recording(Regression):
        def loss_and_gradient(self, params, index=None, draw_mask=None):
            seen.append(index)
            return super().loss_and_gradient(params, index)

    objective = Recording(np.ones((50, 4)), np.ones(50))
    GradientDescent(batch_size=16).minimize(objective, START, run_for(2))
    first, second = np.concatenate(seen[:4]), np.concatenate(seen[4:])
    assert len(seen) == 8 and max(map(len, seen)) <= 16
    for order in (first, second):
        np.testing.assert_array_equal(np.sort(order), np.arange(50))
    assert not np.array_equal(first, second)


def test_adam_step_by_step():
    objective = regression(alpha=0.1)
    solver = Adam(
        0.1, batch_size=None, beta_1=0.8, beta_2=0.9, epsilon=1e-3, schedule="constant", dtype=None
    )
    outcome = solver.minimize(objective, START, run_for(9))
    params, m, v = START, 0.0, 0.0
    for t in range(1, 10):  # Kingma & Ba (2015), algorithm 1
        gradient = objective.loss_and_gradient(params)[1]
        m = 0.8 * m + 0.2 * gradient
        v = 0.9 * v + 0.1 * gradient**2
        params = params - 0.1 * (m / (1 - 0.8**t)) / (np.sqrt(v / (1 - 0.9**t)) + 1e-3)
    np.testing.assert_allclose(outcome.params, params, rtol=1e-12)


def steps_of_adam(n_epochs, **kwargs):
    """Return the lengths of the steps where each is the learning rate: a constant slope."""

    class Slope(Regression):
        def loss_and_gradient(self, params, index=None, draw_mask=None):
            return np.zeros(len(params)), np.ones_like(params)

    positions = [0.0]
    solver = Adam(0.1, batch_size=None, epsilon=1e-12, dtype=None, **kwargs)
    each = lambda params, loss: positions.append(params[0, 0])  # noqa: E731
    solver.minimize(
        Slope(np.ones((3, 1)), np.ones(3)), np.zeros((1, 1)), run_for(n_epochs, each=each)
    )
    return -np.diff(positions)


def test_cosine_schedule_rises_then_falls_to_zero():
    steps = steps_of_adam(1000, schedule="cosine", warmup=0.1)
    assert (np.diff(steps[:100]) > 0).all() and (np.diff(steps[101:]) < 0).all()
    assert steps[0] < 2e-3
    np.testing.assert_allclose([steps[100], steps[550], steps[-1]], [0.1, 0.05, 0], atol=1e-3)


def test_constant_schedule_is_constant():
    np.testing.assert_allclose(steps_of_adam(20, schedule="constant"), 0.1, rtol=1e-9)


def test_weight_decay_shrinks_without_a_gradient():
    objective = Regression(np.zeros((3, 4)), np.ones(3))
    solver = Adam(0.1, batch_size=None, weight_decay=0.5, schedule="constant", dtype=None)
    outcome = solver.minimize(objective, START, run_for(6))
    np.testing.assert_allclose(outcome.params, START * 0.95**6, rtol=1e-12)


def test_dropout_keeps_the_mean():
    draw = Adam(dropout=0.25).mask_source(np.random.RandomState(0))
    mask = draw((200, 300), np.dtype(np.float32))
    assert mask.dtype == np.float32
    assert sorted(set(mask.ravel())) == pytest.approx([0, 4 / 3])
    assert mask.mean() == pytest.approx(1, abs=0.01)
    assert Adam(dropout=0.0).mask_source(np.random.RandomState(0)) is None


@pytest.mark.parametrize(
    "n_networks, n_rows, dropout",
    [(1, 4, 0.1), (1, 5000, 0.1), (3, 4, 0.4), (3, 1000, 0.2), (3, 5000, 0.0)],
)
def test_several_networks_have_a_dropout_that_falls_with_the_rows(n_networks, n_rows, dropout):
    seen = []

    class Watched(Regression):
        def loss_and_gradient(self, params, index=None, draw_mask=None):
            seen.append(draw_mask)
            return super().loss_and_gradient(params, index, draw_mask)

    objective, solver = Watched(np.ones((n_rows, 4)), np.ones(n_rows)), Adam()
    solver.minimize(objective, np.ones((n_networks, 4)), run_for(1))
    if not dropout:
        assert set(seen) == {None}
    else:
        share = (seen[0]((1000, 100), np.dtype(np.float32)) == 0).mean()
        assert share == pytest.approx(dropout, abs=0.01)
    assert solver.dropout is None
    seen.clear()
    solver.minimize(objective, np.ones((n_networks, 4)), run_for(1)._replace(n_iter=1))
    assert (seen[0] is None) == (n_networks > 1)  # in partial_fit, more rows are to come


@each_first_order
def test_a_run_can_be_continued_epoch_by_epoch(solver):
    objective, run, state = regression(), run_for(6, n_iter=1), None
    params = START
    for _ in range(6):
        outcome = solver.minimize(objective, params, run, state)
        params, state = outcome.params, outcome.state
    whole = solver.minimize(objective, START, run_for(6))
    np.testing.assert_array_equal(params, whole.params)


@each_solver
def test_the_working_type_is_that_of_the_objective(solver):
    outcome = solver.minimize(regression(dtype=np.float32), START.astype(np.float32), run_for(5))
    assert outcome.params.dtype == np.float32


@each_solver
def test_the_listener_hears_of_each_iteration_and_can_stop(solver):
    heard = []

    def each(params, loss):
        heard.append((params.copy(), loss))
        return len(heard) == 3

    outcome = solver.minimize(regression(alpha=0.1), START, run_for(100, each=each))
    assert outcome.n_iter == len(heard) == 3 and outcome.converged
    np.testing.assert_array_equal(outcome.params, heard[-1][0])
    assert np.isscalar(heard[0][1]) or heard[0][1].shape == ()


def test_lbfgs_reports_the_mean_data_term():
    heard = []
    objective = regression(alpha=0.5)
    each = lambda params, loss: heard.append((loss, objective.loss_and_gradient(params)[0].mean()))  # noqa: E731
    LBFGS().minimize(objective, START, run_for(5, each=each))
    reported, expected = np.transpose(heard)
    np.testing.assert_allclose(reported, expected, rtol=1e-10)


@pytest.mark.parametrize(
    "solver", [GradientDescent(0.3), Adam(0.1, schedule="constant", dtype=None), LBFGS()]
)
def test_convergence_is_said_and_so_is_its_absence(solver):
    long = solver.minimize(regression(), START, run_for(5000, tol=1e-6, n_iter_no_change=5))
    short = solver.minimize(regression(), START, run_for(2, tol=1e-6, n_iter_no_change=5))
    assert long.converged and long.n_iter < 5000
    assert not short.converged and short.n_iter == 2


def test_a_loss_that_rises_while_the_penalty_falls_is_no_plateau():
    """The start fits the data best, and the optimum of the cost is far from it."""
    objective = regression(alpha=1.0)
    start = np.linalg.lstsq(objective.A, objective.b, rcond=None)[0][None]
    run = run_for(1000, tol=1e-12, n_iter_no_change=2)
    outcome = GradientDescent(0.1).minimize(objective, start, run)
    assert outcome.converged
    np.testing.assert_allclose(outcome.params[0], objective.solution(), atol=1e-4)


def test_a_schedule_that_ends_has_converged():
    assert Adam(schedule="cosine").minimize(regression(), START, run_for(2)).converged


@pytest.mark.parametrize("batch_size", [None, 16])
@pytest.mark.parametrize("kind", [GradientDescent, Adam])
def test_the_last_finite_weights_outlive_an_overflow(kind, batch_size):
    """The cost is finite until the third epoch is over."""

    class Brittle(Regression):
        calls = 0

        def loss_and_gradient(self, params, index=None, draw_mask=None):
            self.calls += 1
            loss, gradient = super().loss_and_gradient(params, index)
            broken = self.calls > 3 * (1 if index is None else 4)
            return loss, gradient * (np.nan if broken else 1)

    kept = []
    solver = kind(0.01, batch_size=batch_size)
    each = lambda params, loss: kept.append(params.copy())  # noqa: E731
    objective = Brittle(regression().A, regression().b)
    outcome = solver.minimize(objective, START, run_for(9, each=each))
    assert not outcome.converged and "overflow" in outcome.message
    assert outcome.n_iter == len(kept) == 3
    np.testing.assert_array_equal(outcome.params, kept[-1])
    after = solver.minimize(regression(), outcome.params, run_for(9, n_iter=1), outcome.state)
    assert np.isfinite(after.params).all() and "overflow" not in after.message


def test_a_mean_loss_that_overflows_gives_no_numpy_warning():
    class Huge(Regression):
        def loss_and_gradient(self, params, index=None, draw_mask=None):
            loss, gradient = super().loss_and_gradient(params, index)
            return np.full_like(loss, 1e308), gradient

    starts = np.repeat(START, 3, axis=0)
    objective = Huge(regression().A, regression().b)
    outcome = GradientDescent(0.01).minimize(objective, starts, run_for(2))
    assert "overflow" in outcome.message
    np.testing.assert_array_equal(outcome.params, starts)


def test_weights_of_an_infinite_cost_are_not_kept():
    """The third step leads out of range: finite weights, whose cost is not."""

    class Edge(Regression):
        def loss_and_gradient(self, params, index=None, draw_mask=None):
            return self.data_term(params), -np.ones_like(params)

        def data_term(self, params):
            return np.where(params > 25, np.inf, 1.0)[:, 0]

    start = np.zeros((1, 1))
    outcome = GradientDescent(10.0).minimize(Edge(start, start[0]), start, run_for(9))
    assert not outcome.converged and "overflow" in outcome.message
    np.testing.assert_array_equal(outcome.params, [[20.0]])


def test_least_squares_outlives_an_overflow():
    problem = Problem(Dense(3, "tanh"), SquaredError(), SquaredError.link)
    problem.targets[0] = 1e300
    outcome = LeastSquares().minimize(problem.objective(), problem.params, run_for(9))
    assert not outcome.converged and "overflow" in outcome.message
    np.testing.assert_array_equal(outcome.params, problem.params)


def test_lbfgs_outlives_an_overflow():
    class Cliff(Regression):
        def loss_and_gradient(self, params, index=None, draw_mask=None):
            loss, gradient = super().loss_and_gradient(params)
            return loss * np.nan, gradient

    outcome = LBFGS().minimize(Cliff(np.ones((3, 4)), np.ones(3)), START, run_for(9))
    assert not outcome.converged and "overflow" in outcome.message
    np.testing.assert_array_equal(outcome.params, START)


def test_least_squares_needs_one_step_for_a_linear_problem():
    problem = Problem(Passthrough(), SquaredError(), SquaredError.link)
    objective = problem.objective()
    outcome = LeastSquares().minimize(objective, problem.params, run_for(10, tol=1e-10))
    assert outcome.converged and outcome.n_iter <= 2
    np.testing.assert_allclose(objective.loss_and_gradient(outcome.params)[1], 0, atol=1e-9)


@pytest.mark.parametrize(
    ("loss", "link"), [(SquaredError(), SquaredError.link), (LogLoss(), SoftmaxLink())]
)
def test_least_squares_ends_where_the_gradient_is_zero(loss, link):
    problem = Problem(Dense(3, "tanh"), loss, link, stack=2)
    objective = problem.objective(alpha=0.05)
    outcome = LeastSquares().minimize(objective, problem.params, run_for(500, tol=1e-9))
    assert outcome.converged
    np.testing.assert_allclose(objective.loss_and_gradient(outcome.params)[1], 0, atol=1e-6)
    best = LBFGS().minimize(objective, outcome.params, run_for(50))
    np.testing.assert_allclose(best.params, outcome.params, atol=1e-4)


def test_least_squares_refuses_large_networks():
    problem = Problem(Dense(3), SquaredError(), SquaredError.link)
    with pytest.raises(ValueError, match="max_parameters=10"):
        LeastSquares(max_parameters=10).check_cost(problem.objective())


@pytest.mark.parametrize(
    "embedding, loss, reason",
    [
        (Dense(3), AbsoluteError(), r"the loss AbsoluteError\(\) has no second derivative"),
        (
            Radial(3) | Dense(2),
            SquaredError(),
            "the embedding .* does not consist of dense branches",
        ),
    ],
)
def test_a_solver_says_what_a_cost_lacks(embedding, loss, reason):
    cost = Problem(embedding, loss, SquaredError.link).objective()
    with pytest.raises(ValueError, match=f"needs normal equations of the cost, but {reason}"):
        LeastSquares().check_cost(cost)
    for solver in (LBFGS(), Adam(), GradientDescent()):
        solver.check_cost(cost)


def test_batches_are_refused_where_the_output_layer_is_always_optimal():
    cost = OptimalOutput(Problem(Dense(3), SquaredError(), SquaredError.link).objective())
    with pytest.raises(ValueError, match="needs batches of the cost, but the output layer"):
        Adam().check_cost(cost)
    LBFGS().check_cost(cost)


def test_least_squares_tells_of_the_networks_of_a_stack_together():
    problem = Problem(Dense(3, "tanh"), SquaredError(), SquaredError.link, stack=3)
    objective, heard = problem.objective(), []
    outcome = LeastSquares().minimize(
        objective,
        problem.params,
        run_for(4, each=lambda params, loss: heard.append((params.copy(), loss))),
    )
    assert outcome.n_iter == len(heard) == 4
    for params, loss in heard:
        np.testing.assert_allclose(loss, objective.data_term(params).mean(), rtol=1e-12)
    assert (heard[0][0] != problem.params).any(axis=1).all()


@pytest.mark.parametrize("name", SOLVERS)
def test_names_and_objects_are_solvers(name):
    solver = as_solver(name)
    assert isinstance(solver, SOLVERS[name]) and as_solver(solver) is solver
    solver.check_parameters()
    assert repr(clone(solver)) == repr(solver)


@pytest.mark.parametrize(
    ("value", "error"), [("adma", ValueError), (None, TypeError), (Adam, TypeError)]
)
def test_what_is_no_solver(value, error):
    with pytest.raises(error, match="solver") as caught:
        as_solver(value)
    assert all(repr(name) in str(caught.value) for name in SOLVERS)


@pytest.mark.parametrize(
    "solver",
    [
        GradientDescent(0.0),
        GradientDescent(np.nan),
        GradientDescent("fast"),
        GradientDescent(batch_size=0),
        GradientDescent(batch_size=2.5),
        GradientDescent(momentum=1.0),
        Adam(-0.1),
        Adam(beta_1=1.0),
        Adam(beta_2=-0.1),
        Adam(epsilon=0.0),
        Adam(dropout=1.0),
        Adam(weight_decay=-1.0),
        Adam(schedule="cos"),
        Adam(warmup=2.0),
        Adam(dtype="int8"),
        LBFGS(memory=0),
        LBFGS(memory=10**9),
        LeastSquares(damping=0.0),
        LeastSquares(max_parameters=None),
    ],
    ids=repr,
)
def test_hyperparameters_out_of_range(solver):
    changed = [k for k, v in solver.get_params().items() if v != type(solver)().get_params()[k]]
    with pytest.raises((ValueError, TypeError), match=f"^{changed[0]} must be"):
        solver.check_parameters()
