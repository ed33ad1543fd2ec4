"""The stages of a radial-basis network, one after the other."""

from typing import Any

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import type_of_target

from .._checks import check_choice, check_n_jobs, check_number
from .._warnings import warn_user
from ..embeddings import Radial
from ..losses import LogLoss, SquaredError
from ..radial import WIDTHS, WidthRule, nearest
from ..solvers import LeastSquares, Run, as_solver
from ..stages import (
    TYPICAL_WIDTH,
    Density,
    Trial,
    fit_cross_entropy,
    refine_gradient,
    refine_metric,
    refine_width,
    rows_without_unit,
)
from ._class_targets import class_factors, class_targets, validate_labels
from ._monitor import Monitor
from ._network import BaseNetwork, Sample
from ._probe import Finding, Probe
from ._radial_start import Start, is_loo, unsupervised_stage
from ._targets import RegressionTargets

TASKS = ("classification", "regression")
STEPS = ("width", "metric", "gradient")
FLAGS = {
    "shared": (True, False),
    "normalize": (True, False),
    "linear_tail": (True, False, "auto"),
}
#: A larger part of the rows without a unit is worth a warning.
MANY_DEAD = 0.05


class BaseRBFNetwork(BaseNetwork):
    """Training of a radial-basis network; a subclass stores the parameters."""

    def _fit(self, X, y, sample_weight):
        steps = self._check_parameters()
        rng = check_random_state(self.random_state)
        sample = self._begin(self._validate(X, y, sample_weight, reset=True), False)
        start, trial = self._first_layer(sample, steps, rng)
        clusters = start.clusters
        labels, _ = nearest(clusters.X, clusters.centers)
        self._density = Density(sample.X[start.index], labels, clusters.weights)
        if not steps:
            self._warn_of_dead_units(trial, start.radial)
        self._keep(trial, rng)
        return self

    def _fit_part(self, sample: Sample, targets: Any, rng) -> tuple[Any, np.ndarray]:
        """Fit as a part of another estimator, with its targets.

        Returns
        -------
        index : slice or ndarray of int, shape (n_used,)
            Rows.
        left_out : ndarray of shape (n_used, n_outputs)
            Their raw outputs by output layers fitted without them.
        """
        self._targets, self.n_features_in_ = targets, sample.X.shape[1]
        if self.task == "classification":
            self.classes_ = targets.classes
        _, trial = self._first_layer(sample, self._steps(), rng)
        return self._keep(trial, rng)

    # Steps of fit.

    def _check_parameters(self) -> list[str]:
        check_choice("task", self.task, TASKS)
        for name in ("soft_targets", "class_weight"):
            if self.task == "regression" and getattr(self, name) is not None:
                raise ValueError(f"{name} is for task='classification': leave it at None.")
        check_number("n_centers", self.n_centers, "[1, inf)", integer=True)
        self._check_input_map()
        for name, choices in FLAGS.items():
            check_choice(name, getattr(self, name), choices)
        if isinstance(self.width, str):
            check_choice("width", self.width, ("loo", *WIDTHS))
        if not is_loo(self.width):
            Radial(1, self.kernel, centers=self.centers, widths=self.width).parameters(1)
        Radial(1, self.kernel, shape=self.shape, normalize=self.normalize).parameters(1)
        if not isinstance(self.alpha, str):
            check_number("alpha", self.alpha, "[0, inf)")
        elif self.alpha != "loo":
            raise ValueError(f"alpha must be 'loo' or a number in [0, inf), got {self.alpha!r}.")
        check_number("max_iter", self.max_iter, "[1, inf)", integer=True)
        check_number("tol", self.tol, "[0, inf)")
        check_n_jobs(self.n_jobs)
        solver, steps = as_solver(self.solver), self._steps()
        solver.check_parameters()
        if "gradient" in steps and isinstance(solver, LeastSquares):
            raise ValueError(
                "solver='least_squares' is for dense units: use 'lbfgs' or 'adam' for "
                "refine='gradient'."
            )
        return steps

    def _steps(self):
        """Return the refinements, in their order."""
        named = self._named_steps
        if self._refines_by_itself:
            named = ["width"] if self._has_width_rule else []
        if not all(step in STEPS for step in named):
            raise ValueError(
                "refine must be 'auto', None, or steps out of 'width', 'metric' and 'gradient', "
                f"such as 'width+metric', got {self.refine!r}."
            )
        if is_loo(self.width):
            named.append("width")
        if "metric" in named and (self.normalize or not self.shared):
            raise ValueError(
                "refine='metric' learns one metric for all centres, from activations as they are: "
                "leave shared at True and normalize at False."
            )
        return [step for step in STEPS if step in named]

    @property
    def _named_steps(self):
        if isinstance(self.refine, str):
            return self.refine.split("+")
        if self.refine is None or isinstance(self.refine, list | tuple):
            return list(self.refine or ())
        return [self.refine]  # for the check to refuse

    @property
    def _refines_by_itself(self):
        return self._named_steps == ["auto"]

    @property
    def _has_width_rule(self):
        return isinstance(self.width, str | WidthRule)

    def _first_layer(self, sample, steps, rng) -> tuple[Start, Trial]:
        """Choose all but the output layer; return what the unsupervised stage gave too."""
        found = self._probe(sample)
        self.input_map_ = found.input_map
        start = unsupervised_stage(self, sample, self._loss(), rng, "metric" in steps)
        self.kmeans_widths_ = np.exp(start.objective.network.views(start.vector).own[1])
        trial = Trial(start.objective, start.vector, self.alpha)
        return start, self._refine(trial, start.radial, steps, found.relative_width, rng)

    def _probe(self, sample) -> Finding:
        """Choose the input map, and what goes with it, where that is left to this class."""
        maps, with_metric = self._input_maps(sample), self._learns_metric()
        if len(maps) == 1 and not with_metric:
            return Finding(maps[0], TYPICAL_WIDTH)
        return Probe(self, sample).find(maps, self._loss() if with_metric else None)

    def _input_maps(self, sample):
        """Return the maps to choose from, fitted; the first is preferred."""
        if not isinstance(self.input_map, str) or self.input_map != "auto":
            return [self._fit_input_map(sample, self.input_map)]
        if self.refine is None:
            return [self._fit_input_map(sample, "standard")]
        wide = self._fit_input_map(sample, "piecewise_linear")
        return [wide, wide.robust_] if len(wide.columns_) else [wide.robust_]

    def _learns_metric(self):
        is_plain = self.shape == "spherical" and self.shared and not self.normalize
        # Numbers for the widths are in units that another metric would change.
        return self._refines_by_itself and self._has_width_rule and is_plain

    def _loss(self):
        return SquaredError() if self.task == "regression" else LogLoss()

    def _refine(self, trial, radial, steps, relative_width, rng):
        monitor = Monitor()
        if "width" in steps:
            trial = refine_width(trial, radial, relative_width)
        if "metric" in steps:
            trial = refine_metric(trial, radial)
        if "gradient" in steps:
            run = Run(self.max_iter, self.tol, 10, rng, monitor)
            trial, outcome = refine_gradient(trial, as_solver(self.solver), run)
            self._warn_unless_converged(outcome)
        self.loss_curve_ = monitor.loss_curve
        self.n_iter_ = max(1, len(monitor.loss_curve))
        return trial

    def _warn_of_dead_units(self, trial, radial):
        dead = rows_without_unit(trial, radial)
        if dead > MANY_DEAD:
            warn_user(
                f"{dead:.0%} of the training rows are so far from all centres that no unit sees "
                "them, and only the bias predicts there. Use refine='width', or a wider rule "
                "such as width='dmax_dimension' or width='nearest'."
            )

    def _keep(self, trial, rng):
        """Fit the output layer and keep all; return some rows and their outputs left out."""
        if self.task == "classification":
            weights, bias, self.alpha_, *left_out = fit_cross_entropy(trial, rng)
        else:
            (weights, bias), self.alpha_ = trial.output, trial.alpha
            left_out = slice(None), trial.left_out
        network, rows = trial.objective.network, trial.objective.rows
        vector = trial.vector.copy()
        views = network.views(vector)
        views.weights[...], views.bias[...] = weights, bias
        self.network_ = network
        self.params_ = vector[None].astype(rows.input_dtype)
        self._keep_units(views.own)
        self.cond_ = trial.loo.condition(trial.alpha)
        residuals = rows.targets - trial.left_out
        if self.task == "regression":
            residuals = residuals * self._targets.scale
        with np.errstate(over="ignore"):
            squares = (residuals**2).mean(axis=1)
        self.loo_error_ = float(np.average(squares, weights=rows.sample_weight))
        return left_out

    def _keep_units(self, own):
        centers, log_widths, *shapes = own
        inverse = getattr(self.input_map_, "inverse_transform", None)
        self.centers_ = centers.copy() if inverse is None else inverse(centers)
        self.n_centers_ = len(centers)
        self.widths_ = np.exp(log_widths)
        self.shapes_ = shapes[0].copy() if shapes else None

    # Targets, by task.

    def _validate_y(self, y):
        if self.task == "regression":
            return np.asarray(y, dtype=np.float64)
        if self.soft_targets is None and type_of_target(y).startswith("continuous"):
            raise ValueError(
                f"Unknown label type: {type_of_target(y)}. y holds real numbers, not labels: set "
                "task='regression', or soft_targets if they are probabilities."
            )
        return validate_labels(y, self.soft_targets)

    def _make_targets(self, sample):
        if self.task == "regression":
            vars(self).pop("classes_", None)
            return RegressionTargets(SquaredError(), sample.y, sample.weights)
        targets = class_targets(sample.y, self.soft_targets)
        self.classes_ = targets.classes
        return targets

    def _row_factors(self, sample):
        if self.task == "regression":
            return 1.0
        return class_factors(self._targets, self.class_weight, sample)
