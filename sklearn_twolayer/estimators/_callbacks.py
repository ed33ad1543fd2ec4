"""The tasks of a fit, for scikit-learn's callbacks."""

from collections.abc import Callable
from typing import Any

from .._compat import rows_of
from .._sample import Sample
from ..model import Model


class FitTasks:
    """Notifies the callbacks of an estimator of its fit and of the nested tasks in it.

    Parameters
    ----------
    estimator : estimator
        The estimator, which may have no callbacks.
    sample : Sample
        The training rows.
    n_tasks : int
        Maximum number of tasks of the fit.
    """

    def __init__(self, estimator: Any, sample: Sample, n_tasks: int):
        self._estimator = estimator
        self._open: list[Any] = []
        self.wanted = bool(getattr(estimator, "_skl_callbacks", None))
        if self.wanted:
            is_given = sample.table is not None
            X = rows_of(sample.table, sample.origin) if is_given else sample.X
            self._data = {"X": X, "y": sample.y, "metadata": {"sample_weight": sample.weights}}
            self._enter(estimator._init_callback_context(max_subtasks=n_tasks))

    def begin(self, name: str, n_tasks: int = 0) -> None:
        """Begin a task within the open one, with a maximum number of subtasks."""
        if self.wanted:
            self._enter(self._open[-1].subcontext(task_name=name, max_subtasks=n_tasks))

    def end(self, model: Callable[[], Model] | None) -> bool:
        """End the open task, with the result so far, if any; return True to stop."""
        if not self.wanted:
            return False
        return self._leave(None if model is None else lambda: {"_model": model()})

    def iteration(self, model: Callable[[], Model]) -> bool:
        """Notify of an iteration of a solver as a task; return True to stop."""
        self.begin("iteration")
        return self.end(model)

    def close(self) -> None:
        """End all open tasks, the fit last: the estimator is fitted."""
        while self._open:
            self._leave({})

    def _leave(self, attributes):
        return self._open.pop().call_on_fit_task_end(
            estimator=self._estimator, reconstruction_attributes=attributes, **self._data
        )

    def _enter(self, context):
        context.call_on_fit_task_begin(estimator=self._estimator, **self._data)
        self._open.append(context)
