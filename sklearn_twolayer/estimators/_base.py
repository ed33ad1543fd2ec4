"""What the estimators of two-layer networks share."""

import copy
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, NamedTuple

import joblib
import numpy as np
from sklearn.base import clone
from sklearn.metrics import get_scorer
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.metaestimators import available_if

from .._checks import check_choice, check_n_jobs, check_number
from .._compat import CallbackSupportMixin
from .._progress import Progress
from .._sizes import default_n_folds, default_n_networks
from .._warnings import warn_user
from ..blending import Honest, blended, deal_folds, left_out_outputs
from ..embeddings import Embedding, as_embedding
from ..input_maps import StandardMap, with_folds
from ..model import Model, Part
from ..network import Network
from ..objective import Objective
from ..rows import Rows
from ..solvers import Run, as_solver
from ._blend import fit_radial_partner, fit_rectified, resolve_blend, takes_radial
from ._callbacks import FitTasks
from ._monitor import Monitor, check_scorer, validation_score
from ._network import BaseNetwork, Sample
from ._validation import FitInterrupted, validation_rows

#: Bound of the inputs beside a radial-basis network, in standard deviations.
CLIP = 3.0
#: With more columns than this, piecewise-linear inputs have no bins for rectified networks.
MOST_RECTIFIED = 1024
#: The parts beside the networks.
RECTIFIED, RADIAL = "rectified networks", "radial part"
#: A part with a smaller factor than this counts for nothing.
NO_WEIGHT = 0.02


class PartialFitState(NamedTuple):
    """What a call of partial_fit hands on to the next."""

    state: Any  # of the solver, which alone knows its form
    rng: np.random.RandomState


class LeftOut(NamedTuple):
    """Which rows the networks of a warm start have not seen."""

    folds: np.ndarray  # the network that has left out each row
    rows: str  # a hash of the rows


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
        goes_on = self.warm_start and hasattr(self, "_model")
        given = self._validate(X, y, sample_weight, reset=not goes_on)
        sample = self._begin(given, goes_on)
        held_out = self._held_out(X_val, y_val)
        if held_out is None and self.early_stopping:
            train, val = self._split(sample, rng)
            sample, held_out = sample.take(train), sample.take(val)
        last = self._model if goes_on else None
        self._n_networks = self._resolve_n_networks(sample, last)
        blend = self._blend_mode(sample)
        folds = self._deal(sample, blend, goes_on, rng)
        objective = self._objective(sample, last, blend, rng, folds)
        start = self._last(objective) if goes_on else self._initial(objective, rng)
        cost = objective
        if folds is not None:
            cost = objective.without(folds == np.arange(self._n_networks)[:, None])
        self._progress = Progress(self.verbose, self._stages(objective, sample, folds))
        monitor = self._monitor(objective, held_out, sample)
        solver = as_solver(self.solver)
        solver.check_cost(cost)
        run = self._run(objective, monitor, rng)
        self._keep_out_of_fold(given, sample, None)
        self._keep_background(sample, rng)
        with self._interruptible(objective, monitor, last):
            outcome = monitor.best(solver.minimize(cost, start, run))
            self._warn_unless_converged(outcome)
            networks = Part.of(objective.rows, objective.network, outcome.params)
            if folds is None:
                self._model, honest = self._going_on(networks, last), None
            else:
                honest = left_out_outputs(objective, outcome.params, folds)
                self._model, honest = self._blended(
                    networks, honest, objective, sample, folds, rng
                )
        self._keep_out_of_fold(given, sample, honest)
        return self._keep(monitor)

    def _partial_fit(self, X, y, sample_weight):
        self._check_parameters()
        goes_on = hasattr(self, "_model")
        sample = self._validate(X, y, sample_weight, reset=not goes_on)
        sample = self._begin(sample, goes_on)
        # Copies: what fails half-way, or a copy of the estimator, must not change them.
        last = copy.deepcopy(getattr(self, "_solver_state", None))
        rng = check_random_state(self.random_state) if last is None else last.rng
        model = self._model if goes_on else None
        self._n_networks = self._resolve_n_networks(sample, model)
        objective = self._objective(sample, model, "mean", rng)
        start = self._last(objective) if goes_on else self._initial(objective, rng)
        self._progress = Progress(self.verbose)
        curve = self.loss_curve_ if goes_on else []
        monitor = Monitor(loss_curve=curve, progress=self._progress)
        # How many calls there will be is known only if the user says so.
        has_end = self.max_iter is not None
        run = self._run(objective, monitor, rng)._replace(n_iter=1, has_end=has_end)
        solver = as_solver(self.solver)
        solver.check_cost(objective)
        n_calls = run.max_iter if has_end else len(curve) + 1
        self._progress.begin("networks", n_calls, len(curve))
        outcome = solver.minimize(objective, start, run, None if last is None else last.state)
        self._warn_unless_converged(outcome)
        self._model = self._going_on(
            Part.of(objective.rows, objective.network, outcome.params), model
        )
        self._keep_out_of_fold(sample, sample, None)
        if not goes_on:
            self._keep_background(sample, rng)
        self.__dict__.pop("_left_out", None)  # all rows are seen from here on
        self._keep(monitor)
        self._solver_state = PartialFitState(outcome.state, rng)
        return self

    # Steps of fit, in their order.

    def _check_parameters(self):
        self._check_input_map()
        check_number("alpha", self.alpha, "[0, inf)")
        if self.max_iter is not None:
            check_number("max_iter", self.max_iter, "[1, inf)", integer=True)
        check_number("tol", self.tol, "[0, inf)")
        check_number("n_iter_no_change", self.n_iter_no_change, "[1, inf)", integer=True)
        if self.n_estimators is not None:
            check_number("n_estimators", self.n_estimators, "[1, inf)", integer=True)
        check_number("validation_fraction", self.validation_fraction, "(0, 1)")
        check_choice("early_stopping", self.early_stopping, (True, False))
        check_choice("warm_start", self.warm_start, (True, False))
        check_n_jobs(self.n_jobs)
        if isinstance(self.scoring, str) and self.scoring != "loss":
            get_scorer(self.scoring)
        check_scorer(self.scoring)
        as_solver(self.solver).check_parameters()
        self._resolve_loss().check_parameters()

    def _held_out(self, X_val, y_val) -> Sample | None:
        if X_val is None and y_val is None:
            return None
        if X_val is None or y_val is None:
            raise ValueError("X_val and y_val must be given together.")
        with validation_rows():
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
                f"or to validate on, with n_samples={n}; give more data or another fraction."
            )
        return train_test_split(
            np.arange(n), test_size=fraction, random_state=rng, stratify=labels
        )

    def _n_rows(self, sample: Sample) -> int:
        """Return how many rows are trained on, which sizes depend on."""
        return sample.X.shape[0]

    def _stratification(self, sample):
        return None

    def _resolve_input_map(self, blend):
        if not isinstance(self.input_map, str) or self.input_map != "auto":
            return self.input_map
        # A radial-basis network sees bins itself, and other inputs err in other ways.
        return StandardMap(CLIP) if blend in ("radial", "mixed") else "piecewise_linear"

    def _blend_mode(self, sample: Sample) -> str:
        loss, link = self._resolve_loss(), self._targets.link
        blend = resolve_blend(self.blend, self._n_networks, loss, link)
        return "mean" if sample.X.shape[0] == 1 else blend

    def _resolve_n_networks(self, sample: Sample, last: Model | None) -> int:
        if last is None:
            return self.n_estimators or default_n_networks(self._n_rows(sample))
        if self.n_estimators not in (None, len(self.params_)):
            raise ValueError(
                "Going on from the last fit (warm_start or partial_fit) needs the same network: "
                f"the last fit had {len(self.params_)} networks, n_estimators={self.n_estimators}."
            )
        return len(self.params_)

    def _objective(
        self, sample: Sample, last: Model | None, blend: str, rng, folds: np.ndarray | None = None
    ) -> Objective:
        """Set up the network and its cost over the rows."""
        if last is not None:
            input_map = last.parts[0].input_map
        else:
            input_map = self._fit_input_map(sample, self._resolve_input_map(blend), rng, folds)
        dtype = as_solver(self.solver).working_dtype(sample.X.dtype)
        embedding = clone(as_embedding(self.embedding, self.n_units, self.activation))
        return self._on_rows(sample, input_map, embedding, dtype, folds)

    def _on_rows(self, sample, input_map, embedding: Embedding, dtype, folds) -> Objective:
        """Return the cost of an embedding behind a fitted map."""
        X = with_folds(sample.X, input_map, folds)
        rows = self._labelled(Rows(X, input_map, dtype, self.n_jobs), sample)
        network = Network(embedding, rows.n_features, self._targets.n_outputs)
        return Objective(network, self._resolve_loss(), self._targets.link, rows, self.alpha)

    def _labelled(self, rows: Rows, sample: Sample) -> Rows:
        return rows.labelled(self._targets.encode(sample.y), sample.weights).keep()

    def _last(self, objective) -> np.ndarray:
        """Return the fitted parameters, to go on from."""
        shape = (self._n_networks, objective.network.n_parameters)
        if self.params_.shape != shape:
            raise ValueError(
                f"Going on from the last fit (warm_start or partial_fit) needs the same network: "
                f"the last one has parameters of shape {self.params_.shape}, the new one {shape}."
            )
        return self.params_

    def _initial(self, objective, rng) -> np.ndarray:
        network, rows = objective.network, objective.rows
        params = np.stack([network.initialize(rows, rng) for _ in range(self._n_networks)])
        network.views(params).bias[...] = objective.best_constant()
        return params

    def _deal(self, sample, blend, goes_on, rng) -> np.ndarray | None:
        """Return which network leaves out each row; None if all see all rows."""
        last = self.__dict__.pop("_left_out", None)
        if blend == "mean":
            return None
        rows = joblib.hash(tuple(sample)) if self.warm_start else ""
        if not goes_on:
            n_folds = default_n_folds(len(sample.y), self._n_networks)
            folds = deal_folds(self._targets.encode(sample.y), n_folds, rng)
        elif last is None or last.rows != rows:
            warn_user(
                "warm_start=True goes on with other rows than the last fit, so that the networks "
                "cannot be weighted on rows that they have not seen: the factors and the "
                "radial-basis network of the last fit are kept. Set warm_start=False to fit anew, "
                "or blend='mean' to average the networks."
            )
            return None
        else:
            folds = last.folds
        if self.warm_start:
            self._left_out = LeftOut(folds, rows)  # for the next fit
        return folds

    def _going_on(self, networks: Part, last: Model | None) -> Model:
        """Return the networks alone, or in the blend that they were a part of."""
        if last is None or self.blend == "mean":
            self.__dict__.pop("radial_", None)
            return Model.of(networks)
        return replace(last, parts=(networks, *last.parts[1:]))

    def _blended(
        self, networks: Part, honest: Honest, objective: Objective, sample: Sample, folds, rng
    ) -> tuple[Model, Honest]:
        """Return the networks, and perhaps those of other kinds, with honest factors."""
        self.__dict__.pop("radial_", None)
        parts, outputs = [networks], [honest]
        stages = self._stages(objective, sample, folds)
        if RECTIFIED in stages:
            part, left_out = fit_rectified(self, sample, folds, rng)
            parts, outputs = [*parts, part], [*outputs, left_out]
        if RADIAL in stages:
            self.radial_, left_out = fit_radial_partner(self, sample, folds, rng)
            self.radial_._background = self._background
            parts, outputs = [*parts, *self.radial_._model.parts], [*outputs, left_out]
        self._progress.begin("blend")
        model, together = blended(parts, outputs, objective, sample.weights)
        self._warn_of_no_weight(model)
        return model, together

    def _stages(self, objective: Objective, sample: Sample, folds) -> list[str]:
        """Return what is fitted one after the other, and at the end put together."""
        if folds is None:
            return ["networks"]
        stages, blend = ["networks"], self._blend_mode(sample)
        if blend == "mixed" and sample.X.shape[1] <= MOST_RECTIFIED:
            stages.append(RECTIFIED)
        if blend in ("mixed", "radial") and takes_radial(objective.loss, objective.link):
            stages.append(RADIAL)
        return [*stages, "blend"]

    @contextmanager
    def _interruptible(self, objective: Objective, monitor: Monitor, last: Model | None):
        """Keep the networks so far where a new fit, or one that goes on, is interrupted."""
        was_new = not hasattr(self, "_model")
        try:
            yield
        except KeyboardInterrupt as interrupt:
            params = monitor.last_params if monitor.best_params is None else monitor.best_params
            if params is None or not (was_new or last is not None):
                raise
            self._model = Model.of(Part.of(objective.rows, objective.network, params))
            self.__dict__.pop("radial_", None)
            self._keep(monitor)
            raise FitInterrupted(self.n_iter_) from interrupt

    def _warn_of_no_weight(self, model):
        pairs = zip(model.parts, model.factors, strict=True)
        without = [part.name for part, factor in pairs if factor < NO_WEIGHT]
        if len(without) == len(model.parts):
            warn_user(
                "Nothing predicts rows that it has not seen better than a constant does: "
                "predictions are nearly constant."
            )
        elif without and self.verbose:
            print(f"Without weight, since the other parts predict better: {', '.join(without)}.")

    @property
    def blend_weights_(self) -> np.ndarray:
        """The factors of the parts, where the networks are not just averaged."""
        model = self._model
        if model.is_plain:
            raise AttributeError("Networks that are averaged have no blend_weights_.")
        return model.factors

    def _monitor(self, objective, held_out, sample) -> Monitor:
        notify = self._callback_bridge(objective, sample)
        self._progress.begin("networks", self._iterations(objective))
        if held_out is None:
            return Monitor(progress=self._progress, notify=notify)
        if self.scoring == "loss":
            rows = Rows(held_out.X, objective.rows.input_map, objective.dtype, self.n_jobs)
            on_held_out = objective.on(self._labelled(rows, held_out))

            def validate(params):
                return on_held_out.data_term(params).mean()
        else:
            score = validation_score(self, self._targets, held_out)

            def validate(params):
                return score(
                    self._with_networks(Part.of(objective.rows, objective.network, params))
                )

        return Monitor(
            validate,
            patience=self.n_iter_no_change if self.early_stopping else None,
            tol=self.tol,
            sign=1 if self.scoring == "loss" else -1,
            progress=self._progress,
            notify=notify,
        )

    def _with_networks(self, networks: Part):
        """Return a copy that predicts with these networks alone."""
        fitted = copy.copy(self)
        fitted._model = Model.of(networks)
        fitted.__dict__.pop("feature_names_in_", None)  # the rows it will see have lost theirs
        return fitted

    def _callback_bridge(self, objective, sample):
        """Return what tells scikit-learn's callbacks of an iteration, or None."""
        self._tasks = tasks = FitTasks(self, sample, self._iterations(objective))

        def notify(params):
            tasks.begin("iteration")
            return tasks.end(lambda: Model.of(Part.of(objective.rows, objective.network, params)))

        return notify if tasks.wanted else None

    def _iterations(self, objective) -> int:
        if self.max_iter is not None:
            return self.max_iter
        return as_solver(self.solver).default_max_iter(objective.n_rows)

    def _run(self, objective, monitor, rng) -> Run:
        max_iter = self._iterations(objective)
        return Run(max_iter, self.tol, self.n_iter_no_change, rng, monitor)

    def _keep(self, monitor):
        self.n_iter_ = max(1, len(monitor.loss_curve))  # none, where the start is the optimum
        self.loss_curve_ = monitor.loss_curve
        if monitor.validate is not None:
            self.validation_curve_ = monitor.validation_curve
        elif hasattr(self, "validation_curve_"):
            del self.validation_curve_
        self.__dict__.pop("_solver_state", None)
        self.__dict__.pop("_progress", None)
        if "_tasks" in vars(self):
            vars(self).pop("_tasks").close()
        return self


partial_fit_available = available_if(_works_by_epochs)
