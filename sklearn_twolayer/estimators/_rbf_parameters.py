"""The parameters of `RBFNetwork`: their checks, and their meaning for a table."""

import numpy as np

from .._checks import as_array, check_choice, check_n_jobs, check_number, check_verbose, shown
from .._sizes import default_n_centers
from ..columns import is_frame
from ..embeddings import Radial
from ..losses import LogLoss, Loss
from ..radial import WIDTHS, WidthRule
from ..rbf import RadialSpec
from ..solvers import as_solver
from ._network import BaseNetwork
from ._targets import resolve_regression_loss
from ._validation import prefixed

TASKS = ("classification", "regression")
STEPS = ("width", "metric", "gradient")
FLAGS = {
    "shared": (True, False),
    "normalize": (True, False),
    "linear_tail": (True, False, "auto"),
}
#: Parameters that are part of the specification unchanged.
GIVEN = ("kernel", "shape", "shared", "normalize", "linear_tail", "alpha", "max_iter", "tol")


class RBFParameters(BaseNetwork):
    """Checks of the parameters, and the specification that they stand for."""

    def _check_parameters(self) -> None:
        check_choice("task", self.task, TASKS)
        for name in ("soft_targets", "class_weight"):
            if self.task == "regression" and getattr(self, name) is not None:
                raise ValueError(f"{name} is for task='classification': set it to None.")
        if self.n_centers is not None:
            check_number("n_centers", self.n_centers, "[1, inf)", integer=True)
        self._check_input_map()
        for name, choices in FLAGS.items():
            check_choice(name, getattr(self, name), choices)
        if isinstance(self.width, str):
            check_choice("width", self.width, ("loo", *WIDTHS))
        Radial(
            1,
            self.kernel,
            centers="kmeans" if self._has_table_of_centers else self.centers,
            widths=self._first_width,
            shape=self.shape,
            shared=self.shared,
            normalize=self.normalize,
        ).parameters(1)
        if not isinstance(self.alpha, str):
            check_number("alpha", self.alpha, "[0, inf)")
        elif self.alpha != "loo":
            raise ValueError(f"alpha must be 'loo' or a number in [0, inf), got {self.alpha!r}.")
        check_number("max_iter", self.max_iter, "[1, inf)", integer=True)
        check_number("tol", self.tol, "[0, inf)")
        check_n_jobs(self.n_jobs)
        self._resolve_loss().check_parameters()
        check_choice("warm_start", self.warm_start, (True, False))
        check_verbose(self.verbose)
        if self.warm_start and "gradient" not in self._steps():
            raise ValueError(
                "warm_start=True continues from centres, widths and shapes that the solver has "
                "learned: include 'gradient' in refine, or set warm_start=False."
            )
        solver, steps = as_solver(self.solver), self._steps()
        solver.check_parameters()
        if "gradient" in steps and "normal equations" in solver.requires:
            raise ValueError(
                "solver='least_squares' is for dense units: use 'lbfgs' or 'adam' for "
                "refine='gradient'."
            )

    def _resolve_loss(self) -> Loss:
        if self.task == "regression":
            return resolve_regression_loss("squared_error" if self.loss is None else self.loss)
        is_named = isinstance(self.loss, str) and self.loss == "log_loss"
        if self.loss is None or is_named or isinstance(self.loss, LogLoss):
            return LogLoss()
        raise ValueError(
            f"loss={shown(self.loss)} is for task='regression': for classification, set it to "
            "None (cross-entropy)."
        )

    def _steps(self):
        """Return the refinements, in their order."""
        named = self._named_steps
        if self._refines_by_itself:
            named = ["width"] if self._has_width_rule else []
        if not all(isinstance(step, str) and step in STEPS for step in named):
            raise ValueError(
                "refine must be 'auto', None, or steps among 'width', 'metric' and 'gradient', "
                f"such as 'width+metric', got {self.refine!r}."
            )
        if self._finds_width:
            named.append("width")
        if "metric" in named and (self.normalize or not self.shared):
            raise ValueError(
                "refine='metric' learns one metric for all centres, from activations that are "
                "not normalised: set shared=True and normalize=False."
            )
        return [step for step in STEPS if step in named]

    @property
    def _named_steps(self):
        if isinstance(self.refine, str):
            return self.refine.split("+")
        if self.refine is None or isinstance(self.refine, list | tuple):
            return list(self.refine or ())
        return [self.refine]  # refused by the check

    @property
    def _refines_by_itself(self):
        # Not by ==, which is not a single truth value if one step is an array.
        named = self._named_steps
        return len(named) == 1 and isinstance(named[0], str) and named[0] == "auto"

    @property
    def _has_width_rule(self):
        return isinstance(self.width, str | WidthRule)

    @property
    def _finds_width(self):
        return isinstance(self.width, str) and self.width == "loo"

    @property
    def _first_width(self):
        return "dmax" if self._finds_width else self.width

    def _spec(self, n_rows: int) -> RadialSpec:
        return RadialSpec(
            n_centers=self.n_centers or default_n_centers(n_rows),
            centers=self._centers_to_find(),
            width=self._first_width,
            steps=tuple(self._steps()),
            learns_metric=self._learns_metric(),
            follows_targets=self._follows_targets(),
            has_tail_by_default=self.refine is not None,
            solver=as_solver(self.solver),
            **{name: getattr(self, name) for name in GIVEN},
        )

    @property
    def _has_table_of_centers(self):
        """Whether centres may hold more than numbers, which are checked with the rows."""
        is_of_objects = isinstance(self.centers, np.ndarray) and self.centers.dtype == object
        return is_of_objects or is_frame(self.centers)

    def _centers_to_find(self):
        """Return the rule for centres, or given ones in units of the input, as a matrix."""
        columns, is_table = self._columns, is_frame(self.centers)
        if isinstance(self.centers, str) or (hasattr(self.centers, "fit") and not is_table):
            return self.centers
        if columns is not None and (is_table or self._reads_columns):
            names = [repr(each.name) for each in columns.columns if each.kind != "number"]
            if not (is_table or columns.of_array):
                raise ValueError(
                    "centers must be a data frame with the columns of X, because X has columns "
                    f"that are not numbers: {', '.join(names)}."
                )
            with prefixed("centers"):
                return self._matrix(self.centers, reset=False)
        centers = as_array("centers", self.centers)
        if centers.ndim != 2 or not len(centers) or centers.shape[1] != self.n_features_in_:
            raise ValueError(
                f"centers given as an array must have shape (n_centers, {self.n_features_in_}), "
                f"got {centers.shape}."
            )
        return centers

    def _learns_metric(self):
        is_plain = self.shape == "spherical" and self.shared and not self.normalize
        # Widths given as numbers are in units that another metric would change.
        return self._refines_by_itself and self._has_width_rule and is_plain

    def _follows_targets(self):
        by_default = isinstance(self.centers, str) and self.centers == "kmeans"
        return self._refines_by_itself and by_default and self.task == "regression"
