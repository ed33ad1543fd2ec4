"""The radial-basis network as an estimator: checks, targets and fitted attributes."""

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils import check_random_state

from .._compat import CallbackSupportMixin
from .._progress import Progress
from .._sample import Codes, Sample
from .._warnings import warn_user
from ..blending import warn_if_useless
from ..input_maps import MixedMap, fit_input_map, has_codes, principal_map, with_folds
from ..model import Model, Part
from ..radial import check_squares
from ..rbf import RadialFit, Table, fit_radial, rows_without_unit
from ..rows import Transformer
from ._callbacks import FitTasks
from ._radial_monitor import RadialMonitor
from ._rbf_parameters import RBFParameters
from ._validation import FitInterrupted

if TYPE_CHECKING:
    from ._base import BaseTwoLayer

#: A larger fraction of rows without an active unit causes a warning.
MANY_DEAD = 0.05


class BaseRBFNetwork(CallbackSupportMixin, RBFParameters):
    """Training of a radial-basis network; a subclass stores the parameters."""

    # In single precision, weights must not be large, as they can be if targets have no noise.
    _exact = np.float64
    _regression = "task='regression'"
    _is_part = False  # of a blend

    def _fit(self, X, y, sample_weight, X_val, y_val):
        self._check_parameters()
        rng = check_random_state(self.random_state)
        self._is_part = False
        last = self._model.parts[0] if self.warm_start and hasattr(self, "_model") else None
        keeps_weights = last is not None or not hasattr(self, "_model")  # if interrupted
        given = self._validate(X, y, sample_weight, reset=last is None)
        sample = self._begin(given, last is not None)
        sample = self._with_statistics(sample, rng)
        held_out = self._held_out(X_val, y_val)
        monitor = self._monitor(sample, held_out, Progress(self.verbose))
        fit = self._learn(sample, rng, monitor=monitor, last=last)
        self.__dict__.pop("validation_curve_", None)
        if held_out is not None:
            self.validation_curve_ = monitor.validation_curve
        if self._codes is not None and not has_codes(fit.part.input_map):
            self._forget_codes()
        self._keep_out_of_fold(given, sample, fit.honest)
        self._keep_background(sample, rng)
        monitor.close()
        if fit.interrupted:
            raise FitInterrupted(self.n_iter_) if keeps_weights else KeyboardInterrupt
        if fit.outcome is not None:
            self._warn_unless_converged(fit.outcome)
        warn_if_useless([fit.factor], sample.targets)
        if not self._steps():
            self._warn_of_dead_units(fit, rng)
        return self

    def _fit_as_part(
        self, sample: Sample, owner: "BaseTwoLayer", folds: np.ndarray | None, rng
    ) -> RadialFit:
        """Fit on the validated rows of another estimator, with its targets and folds."""
        self._is_part = True
        self._targets, self.n_features_in_ = owner._targets, owner.n_features_in_
        names = "classes_", "feature_names_in_", "_columns", "_fill", "_codes", "_background"
        for name in names:
            if hasattr(owner, name):
                setattr(self, name, getattr(owner, name))
        sample = self._with_folds(sample, rng)
        monitor = self._monitor(sample, None, owner._progress)
        return self._learn(sample, rng, monitor=monitor, folds=folds)

    def _monitor(
        self, sample: Sample, held_out: Sample | None, progress: Progress
    ) -> RadialMonitor:
        return RadialMonitor(
            progress,
            lambda n: FitTasks(self, sample, n),
            self.max_iter,
            None if held_out is None else partial(self._validation_loss, held_out),
        )

    def _learn(
        self,
        sample: Sample,
        rng,
        *,
        monitor: RadialMonitor,
        folds: np.ndarray | None = None,
        last: Part | None = None,
    ) -> RadialFit:
        maps = [last.input_map] if last else self._input_maps(sample, rng)
        table = Table(
            X=with_folds(sample.X, maps[0], sample.fold_numbers),
            targets=sample.targets,
            sample_weight=sample.weights,
            loss=self._resolve_loss(),
            link=self._targets.link,
            n_jobs=self.n_jobs,
            is_category=sample.is_category,
            folds=folds,
            in_blend=self._is_part,
        )
        spec = replace(self._spec(table.n_rows), watch=monitor, start=last)
        fit = fit_radial(spec, table, maps, rng)
        self._keep(fit, sample.weights)
        return fit

    def _validation_loss(self, held_out: Sample, model: Model) -> float:
        return self._mean_loss(model.raw_outputs(held_out.X, self.n_jobs), held_out)

    def _held_out(self, X_val, y_val) -> Sample | None:
        held_out = super()._held_out(X_val, y_val)
        if held_out is not None and "gradient" not in self._steps():
            raise ValueError(
                "X_val and y_val are for the iterations of a solver: include 'gradient' in "
                "refine, or omit them."
            )
        return held_out

    # Steps of fit.

    def _forget_codes(self):
        """Treat codes as numbers, if the network does not use their statistics."""
        if self._columns is not None:
            self._columns = self._columns.with_codes(Codes(np.zeros_like(self._codes.is_code)))
        self._codes = None

    def _input_maps(self, sample: Sample, rng) -> list[Transformer | None]:
        """Return the fitted maps to choose from; the first is preferred."""
        if not isinstance(self.input_map, str) or self.input_map != "auto":
            return [fit_input_map(self.input_map, sample, rng)]
        if self.refine is None:
            return [fit_input_map("standard", sample, rng)]
        of_wide = principal_map(sample, sample.n_rows)
        if of_wide is not None:
            return [fit_input_map(of_wide, sample, rng)]
        wide: Any = fit_input_map("piecewise_linear", sample, rng)
        is_mixed = isinstance(wide, MixedMap)
        numbers = wide.numbers_ if is_mixed else wide
        if numbers is None:
            return [wide]
        robust = wide.with_numbers(numbers.robust_) if is_mixed else numbers.robust_
        return [wide, robust] if len(numbers.columns_) else [robust]

    def _warn_of_dead_units(self, fit, rng):
        dead = rows_without_unit(fit.layer, fit.radial, rng)
        if dead > MANY_DEAD:
            warn_user(
                f"{dead:.0%} of the training rows are so far from all centres that all units are "
                "nearly zero there, and only the bias predicts. Use refine='width', or a wider "
                "rule such as width='dmax_dimension' or width='nearest'."
            )

    def _keep(self, fit: RadialFit, weights):
        with np.errstate(over="ignore"):  # reported by the check
            widths = np.exp(fit.layer.own[1])
        is_learned = "gradient" in self._steps()
        check_squares(widths, fit.part.params.dtype, learned=is_learned)
        self._model = Model.of(replace(fit.part, name="radial-basis network"))
        self.alpha_, self.cond_ = fit.alpha, fit.condition
        self.loss_curve_ = fit.loss_curve
        self.n_iter_ = max(1, len(fit.loss_curve))
        if fit.density is not None:
            self._density, self.kmeans_widths_ = fit.density, fit.start_widths
        self.n_centers_ = len(widths)
        self.loo_error_ = self._mean_square(fit.residuals, weights)

    def _mean_square(self, residuals, weights) -> float:
        """Return the mean squared leave-one-out error, in squared units of y."""
        if not len(residuals.rows):
            return np.nan
        scale = self._targets.scale if self.task == "regression" else 1.0
        with np.errstate(over="ignore"):
            squares = ((residuals.outputs * scale) ** 2).mean(axis=1)
        return float(np.average(squares, weights=weights[residuals.rows]))

    def _why_not_out_of_fold(self) -> str:
        if self._is_part:
            return (
                "this network is part of a blend, and only the blend as a whole has them. Use "
                "model.oof_score_ rather than model.radial_.oof_score_, or fit an RBFNetwork on "
                "its own."
            )
        return (
            "refine='gradient' fits the first layer to the targets of all rows, and a classifier "
            "calibrates nothing with a given penalty. Fit without 'gradient' in refine, and with "
            "alpha='loo'."
        )

    # Learned attributes, as views of the parameters.

    @property
    def _own(self) -> tuple[np.ndarray, ...]:
        return self.network_.views(self.params_[0]).own

    @property
    def centers_(self) -> np.ndarray:
        """The centres, in units of the input if the map has an inverse."""
        inverse = getattr(self.input_map_, "inverse_transform", None)
        return self._own[0].copy() if inverse is None else inverse(self._own[0])

    @property
    def widths_(self) -> np.ndarray:
        """The width of each centre."""
        return np.exp(self._own[1])

    @property
    def shapes_(self) -> np.ndarray | None:
        """The shapes of the centres; None if they are spheres."""
        shapes = self._own[2:]
        return shapes[0].copy() if shapes else None
