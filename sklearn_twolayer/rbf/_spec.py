"""The specification of a radial-basis network, and its training rows."""

from dataclasses import dataclass, field, replace

import numpy as np

from .._linalg import Matrix
from .._sample import Sample
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


def starts_from_squares(loss: Loss, link: Link) -> bool:
    """Return whether the output layer is that of least squares, or starts from it."""
    return isinstance(loss, LogLoss) or has_closed_form(loss, link)


@dataclass(frozen=True, eq=False)
class Table:
    """Rows with encoded targets, and the loss.

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
        Number of threads, as in joblib.
    is_category : ndarray of bool, shape (n_features,), optional
        Which columns contain codes of levels.
    folds : ndarray of int, shape (n_rows,), optional
        Four folds, if the evaluated rows are shared with other networks.
    in_blend : bool
        Whether the network is a part of a blend, which decides how much it counts.
    """

    X: Matrix
    targets: np.ndarray
    sample_weight: np.ndarray
    loss: Loss
    link: Link
    n_jobs: int | None = None
    is_category: np.ndarray | None = None
    folds: np.ndarray | None = None
    in_blend: bool = False

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return self.X.shape[0]

    def for_squares(self) -> "Table":
        """Return the rows with least-squares targets, by which layers are evaluated."""
        if starts_from_squares(self.loss, self.link):
            return self
        targets = working_targets(self.targets, self.sample_weight, self.loss, self.link)
        return replace(self, targets=targets, loss=SquaredError(), link=IdentityLink())

    def cost(self, squares: Objective) -> Objective:
        """Return the cost with the actual loss, if layers are evaluated by least squares."""
        if starts_from_squares(self.loss, self.link):
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

    def like(self, sample: Sample) -> "Table":
        """Return other rows with the same loss."""
        return replace(
            self, X=sample.X, targets=sample.targets, sample_weight=sample.weights, folds=None
        )

    def rows(self, input_map: Transformer | None, dtype: type = np.float64) -> Rows:
        """Return the rows through a map."""
        rows = Rows(self.X, input_map, np.dtype(dtype), self.n_jobs)
        return rows.labelled(self.targets, self.sample_weight).keep()


@dataclass(frozen=True, eq=False)
class RadialSpec:
    """The parameters of a radial-basis network, checked, with `refine` as a list of steps.

    They are those of `RBFNetwork`; `learns_metric` is True if the mapped inputs are rescaled by
    their importance when this helps. With `follows_targets`, there are more centres where targets
    are far from their mean. `centers` are already mapped. `watch` is notified of the steps, and
    `start` is the network from whose first layer the gradient continues.
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
    follows_targets: bool
    has_tail_by_default: bool
    solver: Solver
    max_iter: int
    tol: float
    watch: Watch = field(default_factory=Watch)
    start: Part | None = None

    def radial(self, n_units: int) -> Radial:
        """Return the radial units; to learn a metric, they start as spheres with a shape."""
        learns_shape = "metric" in self.steps and self.shape == "spherical"
        return Radial(
            n_units,
            self.kernel,
            widths=self.width,
            shape="diagonal" if learns_shape else self.shape,
            shared=self.shared,
            normalize=self.normalize,
        )

    def embedding(self, radial: Radial, rows: Rows) -> Embedding:
        """Return the first layer: the radial units, and possibly the mapped inputs."""
        tail = self.linear_tail
        if isinstance(tail, str):
            tail = self.has_tail_by_default and rows.n_features <= MAX_TAIL
        return radial | Passthrough() if tail else radial
