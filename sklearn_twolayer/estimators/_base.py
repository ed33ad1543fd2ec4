"""What the estimators of two-layer networks share."""

import copy
from typing import Any, NamedTuple

import numpy as np
from joblib import effective_n_jobs
from sklearn.base import clone
from sklearn.metrics import get_scorer
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.metaestimators import available_if

from .._checks import check_choice, check_n_jobs, check_number
from .._compat import CallbackSupportMixin
from ..blending import blend_weights, deal_folds, left_out_outputs
from ..embeddings import as_embedding
from ..input_maps import StandardMap
from ..network import Network
from ..objective import Objective
from ..rows import Rows
from ..solvers import Run, as_solver
from ._blend import fit_radial, resolve_blend
from ._monitor import Monitor, validation_score
from ._network import BaseNetwork, Sample
from ._target_checks import check_given
from ._validation import validation_rows

#: Bound of the inputs beside a radial-basis network, in standard deviations.
CLIP = 3.0


class PartialFitState(NamedTuple):
    """What a call of partial_fit hands on to the next."""

    state: Any
    rng: np.random.RandomState
    asked: tuple  # the type of the solver, and the parameter max_iter
    max_iter: int


def _works_by_epochs(estimator) -> bool:
    if not as_solver(estimator.solver).incremental:
        raise AttributeError(
            f"partial_fit needs a solver that works by epochs, such as 'adam'; "
            f"solver={estimator.solver!r} does not."
        )
    if estimator.early_stopping:
        raise AttributeError("partial_fit has no rows to set aside: set early_stopping=False.")
    return True


class BaseTwoLayer(CallbackSupportMixin, BaseNetwork):
    """Training by a solver, whatever the kind of targets."""

    def _fit(self, X, y, sample_weight, X_val, y_val):
        self._check_parameters()
        rng = check_random_state(self.random_state)
        goes_on = self.warm_start and hasattr(self, "params_")
        sample = self._validate(X, y, sample_weight, reset=not goes_on)
        sample = self._begin(sample, goes_on)
        held_out = self._held_out(X_val, y_val)
        if held_out is None and self.early_stopping:
            sample, held_out = self._split(sample, rng)
        loss, link = self._resolve_loss(), self._targets.link
        blend = resolve_blend(self.blend, self.n_estimators, loss, link)
        if sample.X.shape[0] == 1:
            blend = "mean"
        if not goes_on:
            self.input_map_ = self._fit_input_map(sample, self._resolve_input_map(blend))
        objective = self._objective(sample)
        start = self._last(objective) if goes_on else self._initial(objective, rng)
        self._forget_blend()
        folds = None if blend == "mean" else self._leave_out(objective, rng)
        monitor = self._monitor(objective, held_out, sample)
        run = self._run(objective, monitor, rng)
        outcome = monitor.best(as_solver(self.solver).minimize(objective, start, run))
        self._warn_unless_converged(outcome)
        if folds is None:
            vars(self).pop("_folds", None)
        else:
            left_out = left_out_outputs(objective, outcome.params, folds)
            radial = fit_radial(self, sample, rng) if blend == "radial" else None
            self._blend(objective, sample, left_out, radial)
        vars(self).pop("_solver_state", None)
        return self._keep(objective, outcome, monitor)

    def _partial_fit(self, X, y, sample_weight):
        self._check_parameters()
        goes_on = hasattr(self, "params_")
        sample = self._validate(X, y, sample_weight, reset=not goes_on)
        sample = self._begin(sample, goes_on)
        # Copies: what fails half-way, or a copy of the estimator, must not change them.
        last = copy.deepcopy(getattr(self, "_solver_state", None))
        rng = check_random_state(self.random_state) if last is None else last.rng
        if not goes_on:
            self.input_map_ = self._fit_input_map(sample, self._resolve_input_map("mean"))
        objective = self._objective(sample)
        start = self._last(objective) if goes_on else self._initial(objective, rng)
        monitor = Monitor(loss_curve=self.loss_curve_ if goes_on else None)
        run = self._run(objective, monitor, rng)._replace(n_iter=1)
        solver, state = as_solver(self.solver), None
        asked = type(solver), self.max_iter
        if last is not None:
            state = last.state
            if last.asked == asked:
                run = run._replace(max_iter=last.max_iter)  # not that of the rows of this call
        outcome = solver.minimize(objective, start, run, state)
        self._solver_state = PartialFitState(outcome.state, rng, asked, run.max_iter)
        self._forget_blend()  # that of other weights
        vars(self).pop("_folds", None)  # all rows are seen from here on
        self._warn_unless_converged(outcome)
        return self._keep(objective, outcome, monitor)

    # Steps of fit, in their order.

    def _check_parameters(self):
        self._check_input_map()
        check_number("alpha", self.alpha, "[0, inf)")
        if self.max_iter is not None:
            check_number("max_iter", self.max_iter, "[1, inf)", integer=True)
        check_number("tol", self.tol, "[0, inf)")
        check_number("n_iter_no_change", self.n_iter_no_change, "[1, inf)", integer=True)
        check_number("n_estimators", self.n_estimators, "[1, inf)", integer=True)
        check_number("validation_fraction", self.validation_fraction, "(0, 1)")
        check_choice("early_stopping", self.early_stopping, (True, False))
        check_choice("warm_start", self.warm_start, (True, False))
        check_n_jobs(self.n_jobs)
        if isinstance(self.scoring, str) and self.scoring != "loss":
            get_scorer(self.scoring)
        as_solver(self.solver).check_parameters()
        self._resolve_loss().check_parameters()

    def _held_out(self, X_val, y_val) -> Sample | None:
        if X_val is None and y_val is None:
            return None
        if X_val is None or y_val is None:
            raise ValueError("X_val and y_val must be given together.")
        with validation_rows():
            check_given(y_val)
            held_out = self._validate(X_val, y_val, None, reset=False)
            self._targets.encode(held_out.y)  # for its checks
            return self._weighted(held_out)

    def _split(self, sample, rng):
        n = sample.X.shape[0]
        labels = self._stratification(sample)
        fraction = self.validation_fraction
        if labels is not None:
            _, counts = np.unique(labels, return_counts=True)
            if counts.min() < 2 or min(fraction, 1 - fraction) * n < len(counts):
                labels = None
        if n * fraction < 1 or n - np.ceil(n * fraction) < 1:
            raise ValueError(
                f"early_stopping=True with validation_fraction={fraction} leaves no row to train "
                f"or to validate on, of {n} in all; give more data or another fraction."
            )
        train, val = train_test_split(
            np.arange(n), test_size=fraction, random_state=rng, stratify=labels
        )
        return sample.take(train), sample.take(val)

    def _stratification(self, sample):
        return None

    def _resolve_input_map(self, blend):
        if not isinstance(self.input_map, str) or self.input_map != "auto":
            return self.input_map
        # A radial-basis network sees bins itself, and other inputs err in other ways.
        return StandardMap(CLIP) if blend == "radial" else "piecewise_linear"

    def _objective(self, sample) -> Objective:
        """Set up the network and its cost over the rows."""
        dtype = as_solver(self.solver).working_dtype(sample.X.dtype)
        targets = self._targets.encode(sample.y)
        rows = Rows(sample.X, self.input_map_, dtype, targets, sample.weights).keep()
        embedding = clone(as_embedding(self.embedding, self.n_units, self.activation))
        self.network_ = Network(embedding, rows.n_features, self._targets.n_outputs)
        return Objective(
            self.network_,
            self._resolve_loss(),
            self._targets.link,
            rows,
            alpha=self.alpha,
            n_threads=effective_n_jobs(self.n_jobs),
        )

    def _last(self, objective) -> np.ndarray:
        """Return the fitted parameters, to go on from."""
        shape = (self.n_estimators, objective.network.n_parameters)
        if self.params_.shape != shape:
            raise ValueError(
                f"Going on from the last fit (warm_start or partial_fit) needs the same network: "
                f"the last one has parameters of shape {self.params_.shape}, the new one {shape}."
            )
        last, loss = getattr(self._targets, "loss", objective.loss), objective.loss
        if type(last.link) is not type(loss.link):
            raise ValueError(
                f"Going on from the last fit (warm_start or partial_fit) needs a loss of the same "
                f"link: the last one was {last!r}, the new one is {loss!r}."
            )
        return self.params_

    def _initial(self, objective, rng) -> np.ndarray:
        network, rows = objective.network, objective.rows
        params = np.stack([network.initialize(rows, rng) for _ in range(self.n_estimators)])
        network.views(params).bias[...] = objective.best_constant()
        return params

    def _forget_blend(self):
        for name in ("blend_weights_", "_blend_constant", "radial_"):
            vars(self).pop(name, None)

    def _leave_out(self, objective, rng):
        """Let each network leave out a fold of the rows, and return the fold of each row."""
        folds = vars(self).pop("_folds", None)
        if folds is None or len(folds) != objective.n_rows or folds.max() >= self.n_estimators:
            folds = deal_folds(objective.n_rows, self.n_estimators, rng)
        if self.warm_start:
            self._folds = folds  # for the next fit: what a network has seen is not left out
        objective.leave_out(folds == np.arange(self.n_estimators)[:, None])
        return folds

    def _blend(self, objective, sample, left_out, radial):
        """Keep the radial-basis network, if there is one, and the factors of the parts."""
        parts, index = [left_out], slice(None)
        if radial is not None:
            self.radial_, index = radial.model, radial.index
            parts = [left_out[index], radial.left_out]
        targets, weights = objective.rows.targets[index], sample.weights[index]
        self.blend_weights_, self._blend_constant = blend_weights(
            parts, targets, weights, objective.loss, objective.link
        )

    def _monitor(self, objective, held_out, sample) -> Monitor:
        notify = self._callback_bridge(objective, sample)
        if held_out is None:
            return Monitor(verbose=self.verbose, notify=notify)
        if self.scoring == "loss":
            targets = self._targets.encode(held_out.y)
            rows = Rows(held_out.X, self.input_map_, objective.dtype, targets, held_out.weights)
            held_out_objective = copy.copy(objective)
            held_out_objective.rows, held_out_objective.n_rows = rows.keep(), rows.n_rows

            def validate(params):
                return held_out_objective.data_term(params).mean()
        else:
            score = validation_score(self, self._targets, held_out)

            def validate(params):
                return score(self._with_params(params, held_out.X.dtype))

        return Monitor(
            validate,
            patience=self.n_iter_no_change if self.early_stopping else None,
            tol=self.tol,
            sign=1 if self.scoring == "loss" else -1,
            verbose=self.verbose,
            notify=notify,
        )

    def _with_params(self, params, dtype):
        """Return a copy that predicts with these parameters."""
        fitted = copy.copy(self)
        fitted.params_ = params.astype(dtype)
        fitted._forget_blend()
        vars(fitted).pop("feature_names_in_", None)  # the rows it will see have lost theirs
        return fitted

    def _callback_bridge(self, objective, sample):
        """Return what tells scikit-learn's callbacks of an iteration, or None."""
        if not getattr(self, "_skl_callbacks", None):
            return None
        root = self._init_callback_context(max_subtasks=self._iterations(objective))
        data = {"X": sample.X, "y": sample.y, "metadata": {"sample_weight": sample.weights}}
        root.call_on_fit_task_begin(estimator=self, **data)
        self._callback_root = root, data

        def notify(params):
            attributes = {"params_": params.astype(sample.X.dtype)}
            task = root.subcontext(task_name="iteration")
            task.call_on_fit_task_begin(estimator=self, **data)
            return task.call_on_fit_task_end(
                estimator=self, reconstruction_attributes=attributes, **data
            )

        return notify

    def _iterations(self, objective) -> int:
        if self.max_iter is not None:
            return self.max_iter
        return as_solver(self.solver).default_max_iter(objective.n_rows)

    def _run(self, objective, monitor, rng) -> Run:
        max_iter = self._iterations(objective)
        return Run(max_iter, self.tol, self.n_iter_no_change, rng, monitor)

    def _raw_outputs(self, X):
        rows = self._rows(X)
        z = self._part_outputs(rows)
        if not hasattr(self, "blend_weights_"):
            return z
        factors = self.blend_weights_.astype(z.dtype)
        z = z * factors[0] + self._blend_constant.astype(z.dtype)
        if hasattr(self, "radial_"):
            z += factors[1] * self.radial_._part_outputs(self._radial_rows(rows))
        return z

    def transform(self, X):
        """Map rows to the embedding y_E.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray of shape (n_samples, n_estimators * N_E + n_radial)
            The outputs of the first layer: those of the first network, of the second and
            so on, and of `radial_`, where there is one.
        """
        rows = self._rows(X)
        y = self._embeddings(rows)
        if not hasattr(self, "radial_"):
            return y
        return np.hstack([y, self.radial_._embeddings(self._radial_rows(rows))])

    def _radial_rows(self, rows):
        return rows.mapped_by(self.radial_.input_map_)

    @property
    def _n_features_out(self):
        radial = getattr(self, "radial_", None)
        return super()._n_features_out + (radial._n_features_out if radial else 0)

    def _keep(self, objective, outcome, monitor):
        self.params_ = outcome.params.astype(objective.rows.input_dtype)
        self.n_iter_ = max(1, len(monitor.loss_curve))  # none, where the start is the optimum
        self.loss_curve_ = monitor.loss_curve
        if monitor.validate is not None:
            self.validation_curve_ = monitor.validation_curve
        elif hasattr(self, "validation_curve_"):
            del self.validation_curve_
        root, data = self.__dict__.pop("_callback_root", (None, None))
        if root is not None:
            root.call_on_fit_task_end(estimator=self, reconstruction_attributes={}, **data)
        return self


partial_fit_available = available_if(_works_by_epochs)
