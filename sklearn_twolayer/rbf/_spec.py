"""What is asked of a radial-basis network, and the table that it is learned from."""

from dataclasses import dataclass, field, replace

import numpy as np

from .._linalg import Matrix
from ..curvature import has_closed_form
from ..embeddings import Embedding, Passthrough, Radial
from ..kernels import Kernel
from ..links import IdentityLink, Link
from ..losses import LogLoss, Loss, SquaredError
from ..model import Part
from ..objective import Objective
from ..output_layer import working_targets
from ..radial import WidthRule
from ..rows import Index, Rows, Transformer
from ..solvers import Solver
from ._watch import Watch

#: With more mapped inputs than this, "auto" leaves out the linear tail.
MAX_TAIL = 1000


@dataclass(frozen=True, eq=False)
class Table:
    """Rows with encoded targets, and how errors are counted.

    Parameters
    ----------
    X : {ndarray, CSR} of shape (n_rows, n_features)
        Validated inputs.
    targets : ndarray of shape (n_rows, n_outputs)
        Targets d.
    sample_weight : ndarray of shape (n_rows,)
        Positive weights.
    loss : Loss
        L(y, d).
    link : Link
        y = g(z).
    n_jobs : int or None
        Number of threads, as joblib counts.
    is_category : ndarray of bool, shape (n_features,), optional
        Which columns hold codes of levels.
    folds : ndarray of int, shape (n_rows,), optional
        Four folds, for what is to be judged on rows that others judge too.
    """

    X: Matrix
    targets: np.ndarray
    sample_weight: np.ndarray
    loss: Loss
    link: Link
    n_jobs: int | None = None
    is_category: np.ndarray | None = None
    folds: np.ndarray | None = None

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return self.X.shape[0]

    @property
    def is_linear(self) -> bool:
        """Whether least squares is what is asked for, or what its output layer starts from."""
        return isinstance(self.loss, LogLoss) or has_closed_form(self.loss, self.link)

    def for_squares(self) -> "Table":
        """Return the rows with targets of least squares, by which layers are judged."""
        if self.is_linear:
            return self
        targets = working_targets(self.targets, self.sample_weight, self.loss, self.link)
        return replace(self, targets=targets, loss=SquaredError(), link=IdentityLink())

    def cost(self, squares: Objective) -> Objective:
        """Return the cost that is asked for, where layers are judged by another."""
        if self.is_linear:
            return squares
        rows = squares.rows.labelled(self.targets, self.sample_weight)
        return replace(squares, rows=rows, loss=self.loss, link=self.link)

    def take(self, index: Index) -> "Table":
        """Return some of the rows."""
        return replace(
            self,
            X=self.X[index],
            targets=self.targets[index],
            sample_weight=self.sample_weight[index],
            folds=None if self.folds is None else self.folds[index],
        )

    def rows(self, input_map: Transformer | None, dtype: type = np.float64) -> Rows:
        """Return the rows through a map."""
        rows = Rows(self.X, input_map, np.dtype(dtype), self.n_jobs)
        return rows.labelled(self.targets, self.sample_weight).keep()


@dataclass(frozen=True, eq=False)
class RadialSpec:
    """The parameters of a radial-basis network, checked, with `refine` as a list of steps.

    They are those of `RBFNetwork`; `learns_metric` says whether the mapped inputs are
    rescaled by their importance, where that helps, and `centers` are mapped already. `watch`
    is told of the steps, and `start` is the network whose first layer the gradient goes on from.
    """

    n_centers: int
    kernel: str | Kernel
    centers: str | object
    width: str | WidthRule | float | np.ndarray
    shape: str
    shared: bool
    normalize: bool
    linear_tail: bool | str
    alpha: float | str
    steps: tuple[str, ...]
    learns_metric: bool
    has_tail_by_default: bool
    solver: Solver
    max_iter: int
    tol: float
    watch: Watch = field(default_factory=Watch)
    start: Part | None = None

    @property
    def width_rule(self) -> str | WidthRule | float | np.ndarray:
        """The rule for the widths, "dmax" where they are left to leave-one-out."""
        return "dmax" if self.finds_width else self.width

    @property
    def finds_width(self) -> bool:
        """Whether the widths are left to leave-one-out."""
        return isinstance(self.width, str) and self.width == "loo"

    def radial(self, n_units: int) -> Radial:
        """Return the radial units; a metric to be learned starts from spheres with a shape."""
        learns_shape = "metric" in self.steps and self.shape == "spherical"
        return Radial(
            n_units,
            self.kernel,
            widths=self.width_rule,
            shape="diagonal" if learns_shape else self.shape,
            shared=self.shared,
            normalize=self.normalize,
        )

    def embedding(self, radial: Radial, rows: Rows) -> Embedding:
        """Return the first layer: the radial units, and perhaps the mapped inputs."""
        tail = self.linear_tail
        if isinstance(tail, str):
            tail = self.has_tail_by_default and rows.n_features <= MAX_TAIL
        return radial | Passthrough() if tail else radial
