"""The base of all solvers, and the cost that they minimise."""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import numpy as np

from .._documented import Documented


class Cost(Protocol):
    """A cost as solvers see it: a data term over rows plus a penalty.

    `params` is a stack of vectors, shape (n_networks, n_parameters), each with a cost of
    its own.
    """

    @property
    def n_rows(self) -> int:
        """Number of training rows."""
        ...

    @property
    def n_parameters(self) -> int:
        """Length of a vector of parameters."""
        ...

    @property
    def dtype(self) -> np.dtype:
        """The floating type of gradients."""
        ...

    @property
    def n_threads(self) -> int:
        """Number of threads that process blocks of rows."""
        ...

    @property
    def in_partitions(self) -> bool:
        """Whether the rows are in remote partitions, which networks visit in turn (`travel`)."""
        ...

    def lacks(self, capability: str) -> str | None:
        """Return why the cost lacks a capability, or None if it has it."""
        ...

    def networks(self, part: slice) -> "Cost":
        """Return the cost of some networks of the stack."""
        ...

    def loss_and_gradient(
        self,
        params: np.ndarray,
        index: np.ndarray | None = None,
        draw_mask: Callable | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return data terms, shape (n_networks,), and the gradients of the costs.

        With `index`, the mean over these rows stands for that over all rows;
        `draw_mask(shape, dtype)` returns factors of the embedding's outputs (dropout).
        """
        ...

    def penalty(self, params: np.ndarray) -> np.ndarray:
        """Return the penalties, shape (n_networks,)."""
        ...

    def data_term(self, params: np.ndarray) -> np.ndarray:
        """Return the data terms, shape (n_networks,)."""
        ...

    def input_weights(self, params: np.ndarray) -> np.ndarray:
        """Return the weights of the mapped inputs, a view of shape (n_networks, n_inputs, k)."""
        ...

    def input_columns(self) -> np.ndarray:
        """Return the column that each mapped input depends on, or a number of its own."""
        ...

    def normal_equations(self, vector: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the Gauss-Newton matrix and the gradient of the cost of one network."""
        ...

    def with_best_output(self, vector: np.ndarray) -> np.ndarray:
        """Return the parameters with the optimal output layer, if that is a linear problem."""
        ...

    def damped(self) -> np.ndarray:
        """Return ones for the parameters that `with_best_output` does not solve for."""
        ...


class Run(NamedTuple):
    """How long to minimise, and the callback to call.

    `on_iteration` is called with the parameters and the data term after each iteration
    (an epoch, for a solver that works on batches); it returns True to stop.
    """

    max_iter: int
    tol: float
    n_iter_no_change: int
    rng: np.random.RandomState
    on_iteration: Callable[[np.ndarray, float], bool]
    n_iter: int | None = None  # iterations of this call, out of max_iter in total
    has_end: bool = True  # whether there will be max_iter in total


class Outcome(NamedTuple):
    """The result: parameters, and whether and why they are final."""

    params: np.ndarray
    n_iter: int
    converged: bool
    message: str
    state: Any = None


class Solver(Documented):
    """Base of the solvers."""

    #: Whether `minimize` can continue from the state that it returned (partial_fit).
    incremental = False

    #: What a cost must provide in addition to gradients on all rows: "batches" of rows, or "normal
    #: equations" (see `Cost.lacks`).
    requires: tuple[str, ...] = ()

    def check_parameters(self) -> None:
        """Raise TypeError or ValueError if a hyperparameter is out of range."""

    def working_dtype(self, dtype: np.dtype) -> np.dtype:
        """Return the floating type used in training, for inputs of type `dtype`."""
        return dtype

    def default_max_iter(self, n_rows: int) -> int:
        """Return the default number of iterations."""
        return 200

    def check_cost(self, objective: Cost) -> None:
        """Raise ValueError if a cost lacks what this solver requires."""
        for capability in self.requires:
            reason = objective.lacks(capability)
            if reason is not None:
                raise ValueError(
                    f"solver={self!r} needs {capability} of the cost, but {reason}: use another "
                    "solver, such as 'lbfgs' or 'adam'."
                )

    def minimize(
        self, objective: Cost, params: np.ndarray, run: Run, state: Any = None
    ) -> Outcome:
        """Minimise the costs of a stack of networks.

        Parameters
        ----------
        objective : Cost
            What to minimise.
        params : ndarray of shape (n_networks, n_parameters)
            The starting point; not modified.
        run : Run
            How long to minimise, and the callback to call.
        state : object, optional
            The state of an earlier outcome, to continue from.

        Returns
        -------
        Outcome
            The parameters and how the run ended. They are finite if the start was.
        """
        raise NotImplementedError
