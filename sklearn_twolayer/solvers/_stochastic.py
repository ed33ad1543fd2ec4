"""The loop over epochs and batches that first-order solvers share."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ._base import Outcome, Run, Solver


class StochasticState(NamedTuple):
    """Where a first-order solver stands between two calls."""

    epoch: int
    best_loss: float
    epochs_without_gain: int
    moments: Any


class Stochastic(Solver):
    """Base of the solvers that step along gradients of batches.

    A subclass has `batch_size` (None for all rows) and defines `start`, which makes the
    moments, and `step`, which changes the parameters in place.
    """

    incremental = True

    #: Whether training ends when the loss no longer falls by `tol`.
    stops_on_plateau = True

    def start(self, params: np.ndarray) -> Any:
        """Return the moments to begin with."""
        raise NotImplementedError

    def mask_source(self, rng: np.random.RandomState) -> Callable | None:
        """Return what draws the factors of the embedding's outputs, None without dropout."""
        return None

    def step(
        self, params: np.ndarray, gradient: np.ndarray, moments: Any, progress: float
    ) -> Any:
        """Change `params` in place and return the new moments.

        Parameters
        ----------
        params, gradient : ndarray of shape (n_networks, n_parameters)
            The stack and its gradients, which may be overwritten.
        moments : object
            As `start` or the last step returned them; may be overwritten.
        progress : float
            The part of all iterations that is done, from 0 to 1.

        Returns
        -------
        object
            The moments for the next step.
        """
        raise NotImplementedError

    def minimize(self, objective, params, run: Run, state=None) -> Outcome:
        params = params.astype(objective.dtype)
        if state is None:
            state = StochasticState(0, np.inf, 0, self.start(params))
        first = state.epoch
        end = run.max_iter if run.n_iter is None else first + run.n_iter
        last = params.copy()
        for epoch in range(first, end):
            with np.errstate(over="ignore", invalid="ignore"):
                loss, moments = self._epoch(objective, params, state.moments, run, epoch)
            state = self._next_state(state, loss, moments, run)
            if not (np.isfinite(loss) and np.isfinite(params).all()):
                message = "the cost overflowed; the last finite weights are kept"
                return Outcome(last, epoch - first, False, message, state)
            last[...] = params
            if run.on_iteration(params, loss):
                return Outcome(params, epoch + 1 - first, True, "stopped on request", state)
            if self.stops_on_plateau and state.epochs_without_gain >= run.n_iter_no_change:
                return Outcome(params, epoch + 1 - first, True, "the loss no longer falls", state)
        message = "max_iter was reached before the loss stopped falling"
        return Outcome(params, end - first, not self.stops_on_plateau, message, state)

    def _epoch(self, objective, params, moments, run, epoch):
        n, total = objective.n_rows, 0.0
        if self.batch_size is None or self.batch_size >= n:
            batches = [None]
        else:
            batches = np.array_split(run.rng.permutation(n), -(-n // self.batch_size))
        draw_mask = self.mask_source(run.rng)
        for i, index in enumerate(batches):
            loss, gradient = objective.loss_and_gradient(params, index, draw_mask)
            progress = min((epoch + i / len(batches)) / run.max_iter, 1.0)
            moments = self.step(params, gradient, moments, progress)
            total += np.mean(loss) * (n if index is None else len(index))
        return total / n, moments

    @staticmethod
    def _next_state(state, loss, moments, run):
        gained = loss < state.best_loss - run.tol
        waited = 0 if gained else state.epochs_without_gain + 1
        return StochasticState(state.epoch + 1, min(loss, state.best_loss), waited, moments)
