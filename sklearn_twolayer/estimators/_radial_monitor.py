"""Progress and callbacks for the steps of a radial-basis network."""

from collections.abc import Callable

from .._progress import Progress
from ..model import Model, Part
from ..rbf import Watch
from ._callbacks import FitTasks

#: The step that consists of iterations.
GRADIENT = "gradient"


class RadialMonitor(Watch):
    """Prints the steps, and turns each into a task for scikit-learn's callbacks.

    Parameters
    ----------
    progress : Progress
        Prints the beginning of steps.
    tasks : callable
        Returns the tasks of the fit for a number of steps.
    max_iter : int
        Iterations of the gradient step.
    validate : callable or None
        Returns the validation loss of a model, if there are validation rows.

    Attributes
    ----------
    validation_curve : list of float
        The validation loss after each iteration.
    """

    def __init__(
        self,
        progress: Progress,
        tasks: Callable[[int], FitTasks],
        max_iter: int,
        validate: Callable[[Model], float] | None,
    ):
        self._progress = progress
        self._new_tasks = tasks
        self._max_iter = max_iter
        self._validate = validate
        self.validation_curve: list[float] = []

    def plan(self, steps):
        self._steps = steps
        self._tasks = self._new_tasks(len(steps))

    def begin(self, step):
        self._progress.begin("radial part", len(self._steps), self._steps.index(step))
        self._progress.enter(step)
        self._tasks.begin(step, self._max_iter if step == GRADIENT else 0)
        if step == GRADIENT:
            self._progress.begin(step, self._max_iter)

    def end(self, part):
        return self._tasks.end(None if part is None else lambda: Model.of(part()))

    def epoch(self, part: Callable[[], Part], loss: float) -> bool:
        detail = f"loss = {loss:.8f}"
        if self._validate is not None:
            self.validation_curve.append(self._validate(Model.of(part())))
            detail += f", validation = {self.validation_curve[-1]:.8f}"
        self._progress.step(detail)
        return self._tasks.iteration(lambda: Model.of(part()))

    def close(self) -> None:
        """Notify the callbacks that the estimator is fitted."""
        self._tasks.close()
