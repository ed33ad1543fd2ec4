"""What happens after each iteration of a solver: curves, early stopping, callbacks."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from .._progress import Progress
from ..blending import Ensemble
from ..model import Model
from ._callbacks import FitTasks


@dataclass(eq=False)
class Monitor:
    """Records the curves and decides when to stop; solvers call it with their parameters.

    Parameters
    ----------
    networks : Ensemble
        The networks in training.
    validate : callable, optional
        Returns the validation value at some parameters.
    patience : int, optional
        Stop after this number of iterations without a better value; None for no stopping.
    tol : float
        The smallest improvement that counts.
    sign : {1, -1}
        1 if smaller values are better (a loss), -1 for scores.
    progress : Progress, optional
        Prints that an iteration is complete.
    tasks : FitTasks, optional
        Notifies callbacks of each iteration.
    loss_curve : list of float, optional
        A curve to continue.

    Attributes
    ----------
    loss_curve, validation_curve : list of float
        The data term and the validation value after each iteration.
    best_params : ndarray or None
        The parameters with the best validation value, for early stopping.
    last_params : ndarray or None
        The parameters after the last iteration.
    """

    networks: Ensemble
    validate: Callable[[np.ndarray], float] | None = None
    patience: int | None = None
    tol: float = 0.0
    sign: int = 1
    progress: Progress = field(default_factory=Progress)
    tasks: FitTasks | None = None
    loss_curve: list[float] = field(default_factory=list)
    validation_curve: list[float] = field(default_factory=list, init=False)
    best_params: np.ndarray | None = field(default=None, init=False)
    last_params: np.ndarray | None = field(default=None, init=False)
    _best: float = field(default=np.inf, init=False)
    _reference: float = field(default=np.inf, init=False)
    _waited: int = field(default=0, init=False)

    def __call__(self, params: np.ndarray, loss: float) -> bool:
        """Record an iteration; return True to stop."""
        self.loss_curve.append(float(loss))
        self.last_params = params.copy()  # which the solver may change in place
        stop = False
        if self.validate is not None:
            self.validation_curve.append(float(self.validate(params)))
            stop = self.patience is not None and self._impatient(params)
        self.progress.step(self._values())
        if self.tasks is not None:
            networks = self.networks.at(params)
            stop = self.tasks.iteration(lambda: Model.of(networks.part())) or stop
        return stop

    def close(self) -> None:
        """Notify the callbacks that the estimator is fitted."""
        if self.tasks is not None:
            self.tasks.close()

    def best(self, last: np.ndarray | None) -> Ensemble | None:
        """Return the networks with `best_params` if available, else the last; or None."""
        params = last if self.best_params is None else self.best_params
        return None if params is None else self.networks.at(params)

    def _impatient(self, params):
        value = self.sign * self.validation_curve[-1]  # NaN is never an improvement
        if value < self._best:
            self._best = value
            self.best_params = params.copy()
        if value < self._reference - self.tol:
            self._reference, self._waited = value, 0
        else:
            self._waited += 1
        return self._waited >= self.patience

    def _values(self):
        loss = f"loss = {self.loss_curve[-1]:.8f}"
        if not self.validation_curve:
            return loss
        return f"{loss}, validation = {self.validation_curve[-1]:.8f}"
