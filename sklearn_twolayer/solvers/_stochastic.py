"""The loop over epochs and batches that first-order solvers share."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .._checks import check_number
from .._threads import map_in_threads
from ._base import Outcome, Run, Solver

#: Parameters of the networks of a stack that one thread trains together: as many as stay in the
#: cache of a core. A fixed number, so that the result does not depend on the number of threads.
LANE = 2**18


class StochasticState(NamedTuple):
    """The state of a first-order solver between two calls."""

    solver: type
    epoch: int
    best_cost: float
    epochs_without_gain: int
    moments: list  # one entry a lane
    params: np.ndarray | None = None  # with learned scales, if there are any


class Epoch(NamedTuple):
    """What all lanes of an epoch share."""

    batches: list  # index arrays; None for all rows
    start: float | None  # completed fraction of all epochs; None if not known
    end: float | None

    def progress(self, batch: int) -> float | None:
        """Return the fraction of all epochs that is complete before a batch."""
        if self.start is None or self.end is None:
            return None
        return self.start + (self.end - self.start) * batch / len(self.batches)


class Lane(NamedTuple):
    """Networks that are trained together: their cost, parameters (a view) and moments."""

    cost: Any
    params: np.ndarray
    moments: Any


class LastWeights:
    """The weights after the last two epochs, to return to if the cost overflows.

    The loss of an epoch is that of the weights during the epoch. Those at its end may overflow,
    which only the next epoch would show; after the last epoch, large weights are checked.
    """

    def __init__(self, objective, params: np.ndarray):
        self._objective = objective
        self._last, self._before = params.copy(), params.copy()
        # The cost is a square of the product of two layers and scales.
        self._safe = np.finfo(params.dtype).max ** 0.1

    def accept(self, params: np.ndarray, loss: float, is_final: bool) -> bool:
        """Keep the weights at the end of an epoch, unless the cost has overflowed."""
        if not (np.isfinite(loss) and np.isfinite(params).all()):
            return False
        if is_final and np.abs(params).max() > self._safe and not self._has_cost(params):
            return False
        self._last, self._before = self._before, self._last
        self._last[...] = params
        return True

    def finite(self) -> np.ndarray:
        """Return the latest weights with a finite cost."""
        return self._last if self._has_cost(self._last) else self._before

    @np.errstate(over="ignore", invalid="ignore")
    def _has_cost(self, params):
        return bool(np.isfinite(self._objective.data_term(params)).all())


class Stochastic(Solver):
    """Base of the solvers that step along gradients of batches.

    A subclass has `learning_rate` and `batch_size` (None for all rows), and defines
    `start`, which makes the moments, and `step`, which changes the parameters in place.
    A stack of networks is cut into lanes, which meet at the end of each epoch.
    """

    incremental = True
    requires = ("batches",)

    #: Whether training ends when the cost no longer decreases by `tol`.
    stops_on_plateau = True

    def check_parameters(self):
        check_number("learning_rate", self.learning_rate, "(0, inf)")
        if self.batch_size is not None:
            check_number("batch_size", self.batch_size, "[1, inf)", integer=True)

    def start(self, params: np.ndarray) -> Any:
        """Return the initial moments."""
        raise NotImplementedError

    def mask_source(self, rng: np.random.RandomState) -> Callable | None:
        """Return the function that draws dropout masks, or None without dropout."""
        return None

    def step(
        self, params: np.ndarray, gradient: np.ndarray, moments: Any, progress: float | None
    ) -> Any:
        """Change `params` in place and return the new moments.

        Parameters
        ----------
        params, gradient : ndarray of shape (n_networks, n_parameters)
            The stack and its gradients, which may be overwritten.
        moments : object
            As `start` or the last step returned them; may be overwritten.
        progress : float or None
            The completed fraction of all iterations, from 0 to 1; None if not known.

        Returns
        -------
        object
            The moments for the next step.
        """
        raise NotImplementedError

    def minimize(self, objective, params, run: Run, state=None) -> Outcome:
        params = params.astype(objective.dtype)
        slices = self._slices(params, objective.in_partitions)
        costs = [objective.networks(part) for part in slices]
        views = [params[part] for part in slices]
        state = self._own(state, params, slices)
        first, last = state.epoch, LastWeights(objective, params)
        end = run.max_iter if run.n_iter is None else first + run.n_iter

        def outcome(converged, message):
            return Outcome(params, state.epoch - first, converged, message, state)

        while state.epoch < end:
            penalty = self._penalty(objective, params)
            lanes = [Lane(*each) for each in zip(costs, views, state.moments, strict=True)]
            losses, moments = zip(*self._pass(objective, lanes, run, state.epoch), strict=True)
            with np.errstate(over="ignore"):
                loss = np.concatenate(losses).mean()
            if not last.accept(params, loss, state.epoch == end - 1):
                params = last.finite()
                state = state._replace(moments=[self.start(params[part]) for part in slices])
                return outcome(False, "the cost overflowed; the last finite weights are kept")
            state = self._next_state(state, loss + penalty, list(moments), run)
            if run.on_iteration(params, loss):
                return outcome(True, "stopped on request")
            if self.stops_on_plateau and state.epochs_without_gain >= run.n_iter_no_change:
                return outcome(True, "the cost no longer decreases")
        if run.has_end and end > run.max_iter and not self.stops_on_plateau:
            return outcome(False, "the learning rate has reached zero after max_iter epochs")
        converged = run.n_iter is not None or not self.stops_on_plateau
        return outcome(converged, "max_iter was reached while the cost was still decreasing")

    def _slices(self, params: np.ndarray, is_spread: bool) -> list[slice]:
        """Return which networks of the stack are in each lane."""
        n_networks, n_parameters = params.shape
        size = 1 if is_spread else max(LANE // n_parameters, 1)
        if self.batch_size is None:  # consistent with calls that have fewer rows than a batch
            size = n_networks
        return [slice(start, start + size) for start in range(0, n_networks, size)]

    def _own(self, state: Any, params: np.ndarray, lanes: list[slice]) -> StochasticState:
        """Return the state to continue from, or a new one if it is not that of these lanes."""
        is_own = state is not None and state.solver is type(self)
        if is_own and len(state.moments) == len(lanes):
            return state
        epoch, moments = state.epoch if is_own else 0, [self.start(params[lane]) for lane in lanes]
        return StochasticState(type(self), epoch, np.inf, 0, moments)

    @np.errstate(over="ignore")
    def _penalty(self, objective, params: np.ndarray) -> float:
        """Return the mean penalty, if the cost decides when training ends."""
        return objective.penalty(params).mean() if self.stops_on_plateau else 0.0

    def _pass(self, objective, lanes: list[Lane], run: Run, epoch: int) -> list:
        """Train for one epoch; return the losses and the moments of each lane."""
        start = end = None
        if run.has_end:
            start, end = (min(done / run.max_iter, 1.0) for done in (epoch, epoch + 1))
        if objective.in_partitions and self.batch_size is not None:
            return objective.travel(self, lanes, run.rng, (start, end))
        n_rows = objective.n_rows
        is_whole = self.batch_size is None or self.batch_size >= n_rows
        batches = [None] if is_whole else self.batches(n_rows, run.rng)
        rngs = [np.random.RandomState(run.rng.randint(2**31)) for _ in lanes]
        shared = Epoch(batches, start, end)
        # On all rows, the objective itself distributes the blocks over the threads.
        n_threads = 1 if is_whole else objective.n_threads
        return map_in_threads(
            lambda work: self.epoch(*work),
            [(lane, rng, shared) for lane, rng in zip(lanes, rngs, strict=True)],
            n_threads,
        )

    def batches(self, n_rows: int, rng: np.random.RandomState) -> list[np.ndarray]:
        """Return the rows of each batch of an epoch, in random order."""
        return np.array_split(rng.permutation(n_rows), -(-n_rows // self.batch_size))

    def epoch(
        self, lane: Lane, rng: np.random.RandomState, shared: Epoch
    ) -> tuple[np.ndarray, Any]:
        """Go through all batches; change parameters in place, return losses and moments."""
        objective, params, moments = lane
        total, draw_mask = np.zeros(len(params)), self.mask_source(rng)
        batches = shared.batches
        with np.errstate(over="ignore", invalid="ignore"):
            for i, index in enumerate(batches):
                loss, gradient = objective.loss_and_gradient(params, index, draw_mask)
                moments = self.step(params, gradient, moments, shared.progress(i))
                total = total + loss * (1 if index is None else len(index) / objective.n_rows)
        return total, moments

    @staticmethod
    def _next_state(state, cost, moments, run):
        gained = cost < state.best_cost - run.tol
        waited = 0 if gained else state.epochs_without_gain + 1
        return state._replace(
            epoch=state.epoch + 1,
            best_cost=min(cost, state.best_cost),
            epochs_without_gain=waited,
            moments=moments,
        )
