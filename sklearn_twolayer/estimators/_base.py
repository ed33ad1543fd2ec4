"""The base of the estimators that are trained by a solver."""

import copy
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, NamedTuple

import joblib
import numpy as np
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import get_scorer
from sklearn.utils import check_random_state

from .._checks import check_choice, check_n_jobs, check_number, check_verbose
from .._compat import CallbackSupportMixin
from .._progress import Progress
from .._sample import Folds, Sample
from .._sizes import default_n_folds, default_n_networks
from .._warnings import warn_user
from ..blending import Candidate, Ensemble, Honest, blended, deal_folds, warn_if_useless
from ..embeddings import Embedding, as_embedding
from ..input_maps import StandardMap, fit_input_map, principal_map
from ..model import Model, Part
from ..network import Network
from ..objective import Objective
from ..rows import Rows, Transformer
from ..solvers import Outcome, Run, as_solver
from ._blend import PARTNERS, Blend, print_useless
from ._callbacks import FitTasks
from ._held_out import check_scorer, set_aside, validation
from ._monitor import Monitor
from ._network import BaseNetwork
from ._validation import FitInterrupted

#: Bound of the inputs in a blend with a radial-basis network, in standard deviations.
CLIP = 3.0

#: Loss on the training rows above which networks are useless, as a multiple of a constant's.
USELESS = 1.1


class PartialFitState(NamedTuple):
    """The state that a call of partial_fit passes to the next."""

    state: Any  # of the solver, in its own form
    rng: np.random.RandomState


class LeftOut(NamedTuple):
    """The rows that the networks of a warm start were not trained on."""

    folds: Folds
    rows: str  # a hash of the rows
    input_map: Transformer | None  # including the statistics of training rows


class BaseTwoLayer(CallbackSupportMixin, BaseNetwork):
    """Training by a solver, for any kind of targets."""

    _progress: Progress  # during a fit
    _left_out: LeftOut | None = None  # for the next fit of a warm start
    _solver_state: PartialFitState | None = None  # for the next call of partial_fit

    def _fit(self, X, y, sample_weight, X_val, y_val):
        self._check_parameters()
        rng = check_random_state(self.random_state)
        last = self._model if self.warm_start and hasattr(self, "_model") else None
        given = self._validate(X, y, sample_weight, reset=last is None)
        sample = self._begin(given, last is not None)
        held_out = self._held_out(X_val, y_val)
        if held_out is None and self.early_stopping:
            sample, held_out = set_aside(self, sample, rng)
        blend = Blend.of(self, sample, self._resolve_n_networks(sample, last))
        sample = self._dealt(sample, blend, last, rng)
        networks = self._networks(sample, blend, last, rng)
        stages = ["networks", *blend.partners, "blend"] if sample.left_out_folds else ["networks"]
        self._progress = Progress(self.verbose, stages)
        monitor = self._monitor(networks, sample, held_out)
        self._keep_background(sample, rng)
        with self._interruptible(monitor, last):
            outcome = self._minimize(networks, self._run(monitor, rng))
            networks = monitor.best(outcome.params)
            if sample.left_out_folds is None:
                if outcome.converged:  # otherwise, there is a warning already
                    self._warn_unless_useful(networks, monitor)
                self._model, honest = self._going_on(networks.part(), last), None
            else:
                self._model, honest = self._blended(networks, blend, sample, rng)
        self._keep_out_of_fold(given, sample, honest)
        return self._keep(monitor)

    def _partial_fit(self, X, y, sample_weight):
        self._check_parameters()
        last = getattr(self, "_model", None)
        given = self._validate(X, y, sample_weight, reset=last is None)
        sample = self._begin(given, last is not None)
        # Copies: neither a failed fit nor a copy of the estimator may change them.
        begun = copy.deepcopy(self._solver_state)
        state, rng = begun or (None, check_random_state(self.random_state))
        n_networks = self._resolve_n_networks(sample, last)
        blend = Blend("mean", n_networks, on_all_rows=False)
        networks = self._networks(sample, blend, last, rng)
        curve = [] if last is None else list(self.loss_curve_)
        self._progress = Progress(self.verbose)
        monitor = Monitor(networks, loss_curve=curve, progress=self._progress)
        # The number of calls is known only if max_iter is given.
        has_end = self.max_iter is not None
        run = self._run(monitor, rng)._replace(n_iter=1, has_end=has_end)
        self._progress.begin("networks", run.max_iter if has_end else len(curve) + 1, len(curve))
        outcome = self._minimize(networks, run, state)
        self._model = self._going_on(networks.at(outcome.params).part(), last)
        if last is None:
            self._keep_background(sample, rng)
        self._left_out = None  # from here on, all rows have been used
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
        check_verbose(self.verbose)
        check_n_jobs(self.n_jobs)
        if isinstance(self.scoring, str) and self.scoring != "loss":
            get_scorer(self.scoring)
        check_scorer(self.scoring)
        as_solver(self.solver).check_parameters()
        self._resolve_loss().check_parameters()

    def _n_rows(self, sample: Sample) -> int:
        """Return the number of training rows, on which sizes depend."""
        return sample.n_rows

    def _resolve_n_networks(self, sample: Sample, last: Model | None) -> int:
        if last is None:
            return self.n_estimators or default_n_networks(self._n_rows(sample))
        if self.n_estimators not in (None, len(self.params_)):
            raise ValueError(
                "Continuing from the last fit (warm_start or partial_fit) needs the same "
                f"network: the last fit had {len(self.params_)} networks, "
                f"n_estimators={self.n_estimators}."
            )
        return len(self.params_)

    def _dealt(self, sample: Sample, blend: Blend, last: Model | None, rng) -> Sample:
        """Return the rows with folds, which target statistics need, too."""
        folds = self._deal(sample, blend, last, rng)
        if folds is not None:
            return self._with_codes(sample.dealt(folds), goes_on=last is not None)
        return self._with_statistics(sample, rng)

    def _deal(self, sample: Sample, blend: Blend, last: Model | None, rng) -> Folds | None:
        """Return which network leaves out each row; None if all use all rows."""
        known, self._left_out = self._left_out, None
        if blend.kind == "mean":
            return None
        rows = _hash(sample) if self.warm_start else ""
        if last is None:
            n = blend.n_networks
            n_folds = default_n_folds(sample.n_rows, n)
            folds = Folds(deal_folds(sample.targets, n_folds, rng, n), n)
            input_map = None
        elif known is None or known.rows != rows:
            warn_user(
                "warm_start=True continues with other rows than the last fit, or from one with "
                "warm_start=False, so the factors of the networks cannot be fitted on held-out "
                "rows: the factors and the radial-basis network of the last fit are kept. Set "
                "warm_start=False for a new fit, or blend='mean' to average the networks."
            )
            return None
        else:
            folds, input_map = known.folds, known.input_map
        if self.warm_start:
            self._left_out = LeftOut(folds, rows, input_map)
        return folds

    def _networks(self, sample: Sample, blend: Blend, last: Model | None, rng) -> Ensemble:
        """Set up the networks and their cost over the rows."""
        solver = as_solver(self.solver)
        if last is None:
            input_map = fit_input_map(self._resolve_input_map(blend, sample), sample, rng)
            if self._left_out is not None:
                self._left_out = self._left_out._replace(input_map=input_map)
        elif sample.left_out_folds and self._left_out:
            input_map = self._left_out.input_map
        else:
            input_map = last.parts[0].input_map
        embedding = clone(as_embedding(self.embedding, self.n_units, self.activation))
        dtype = solver.working_dtype(sample.X.dtype)
        objective = self._objective(sample, input_map, embedding, dtype)
        if last is None:
            networks = Ensemble.random(objective, blend.n_networks, sample.left_out_folds, rng)
        else:
            networks = Ensemble(objective, self._last(objective), sample.left_out_folds)
        solver.check_cost(networks.cost)
        return networks

    def _resolve_input_map(self, blend: Blend, sample: Sample):
        if not isinstance(self.input_map, str) or self.input_map != "auto":
            return self.input_map
        of_wide = principal_map(sample, self._n_rows(sample))
        if of_wide is not None and blend.on_all_rows:
            return of_wide
        # A radial-basis network uses bins itself; other inputs make different errors.
        return StandardMap(CLIP) if blend.kind in ("radial", "mixed") else "piecewise_linear"

    def _objective(
        self, sample: Sample, input_map, embedding: Embedding, dtype, *, by_bins: bool = False
    ) -> Objective:
        """Return the cost of an embedding behind a fitted map.

        With `by_bins`, rows are mapped by bin and fraction if this is faster: only for `Dense` and
        solvers that need nothing but gradients.
        """
        rows = Rows.of_sample(sample, input_map, dtype, self.n_jobs)
        rows = (rows.interpolated(in_training=True) if by_bins else rows).keep()
        network = Network(embedding, rows.n_features, self._targets.n_outputs)
        return Objective(network, self._resolve_loss(), self._targets.link, rows, self.alpha)

    def _last(self, objective: Objective) -> np.ndarray:
        """Return the fitted parameters, to continue from."""
        shape = (len(self.params_), objective.network.n_parameters)
        if self.params_.shape != shape:
            raise ValueError(
                "Continuing from the last fit (warm_start or partial_fit) needs the same "
                f"network: the last one has parameters of shape {self.params_.shape}, the new "
                f"one {shape}."
            )
        return self.params_

    def _monitor(self, networks: Ensemble, sample: Sample, held_out: Sample | None) -> Monitor:
        n_iter = self._iterations(networks.objective)
        tasks = FitTasks(self, sample, n_iter)
        self._progress.begin("networks", n_iter)
        return Monitor(
            networks,
            None if held_out is None else validation(self, networks, held_out),
            patience=self.n_iter_no_change if self.early_stopping else None,
            tol=self.tol,
            sign=1 if self.scoring == "loss" else -1,
            progress=self._progress,
            tasks=tasks,
        )

    def _iterations(self, objective: Objective) -> int:
        if self.max_iter is not None:
            return self.max_iter
        return as_solver(self.solver).default_max_iter(objective.n_rows)

    def _run(self, monitor: Monitor, rng) -> Run:
        max_iter = self._iterations(monitor.networks.objective)
        return Run(max_iter, self.tol, self.n_iter_no_change, rng, monitor)

    def _minimize(self, networks: Ensemble, run: Run, state: Any = None) -> Outcome:
        outcome = as_solver(self.solver).minimize(networks.cost, networks.params, run, state)
        self._warn_unless_converged(outcome)
        return outcome

    def _warn_unless_useful(self, networks: Ensemble, monitor: Monitor) -> None:
        """Warn if networks fit the training rows clearly worse than a constant would."""
        objective, curve = networks.objective, monitor.loss_curve
        of_constant = objective.term_of_constant()
        # The loss of the last iteration is free, but that with dropout may be larger.
        if not curve or curve[-1] < USELESS * of_constant:
            return
        loss = objective.data_term(networks.params).mean()
        if loss > USELESS * of_constant > 0:
            warn_user(
                f"The loss on the training rows is {loss:.3g}, more than that of a constant, "
                f"{of_constant:.3g}. Lower the learning rate of the solver, increase max_iter, or "
                "scale the inputs (input_map).",
                ConvergenceWarning,
            )

    @contextmanager
    def _interruptible(self, monitor: Monitor, last: Model | None):
        """Keep the networks so far if a first fit or a warm start is interrupted."""
        keeps_weights = last is not None or not hasattr(self, "_model")
        try:
            yield
        except KeyboardInterrupt as interrupt:
            networks = monitor.best(monitor.last_params)
            if networks is None or not keeps_weights:
                raise
            self._model = self._alone(networks.part())
            self._keep(monitor)
            raise FitInterrupted(self.n_iter_) from interrupt

    def _blended(
        self, networks: Ensemble, blend: Blend, sample: Sample, rng
    ) -> tuple[Model, Honest]:
        """Return the networks and their partners, with honest factors."""
        self.__dict__.pop("radial_", None)
        candidates = [Candidate(networks.part(), networks.left_out())]
        for name in blend.partners:
            candidates += PARTNERS[name](self, sample, rng)
        self._progress.begin("blend")
        model, honest = blended(candidates, networks.objective, sample.weights)
        warn_if_useless(model.factors, sample.targets)
        if self.verbose:
            print_useless(model)
        return model, honest

    def _going_on(self, networks: Part, last: Model | None) -> Model:
        """Return the networks alone, or in the blend that they belong to."""
        if last is None or self.blend == "mean":
            return self._alone(networks)
        return replace(last, parts=(networks, *last.parts[1:]))

    def _alone(self, networks: Part) -> Model:
        self.__dict__.pop("radial_", None)
        return Model.of(networks)

    def _keep(self, monitor: Monitor):
        self.n_iter_ = max(1, len(monitor.loss_curve))  # none, if the start is the optimum
        self.loss_curve_ = monitor.loss_curve
        self.__dict__.pop("validation_curve_", None)
        if monitor.validate is not None:
            self.validation_curve_ = monitor.validation_curve
        self._solver_state = None
        del self._progress
        monitor.close()
        return self

    @property
    def blend_weights_(self) -> np.ndarray:
        """The factors of the parts, unless the networks are averaged."""
        model = self._fitted
        if model.is_plain:
            raise AttributeError("An average of networks has no blend_weights_.")
        return model.factors


def _hash(sample: Sample) -> str:
    """Return a hash of rows that does not depend on the order of their values in memory."""
    X = sample.X if sparse.issparse(sample.X) else np.ascontiguousarray(sample.X)
    return joblib.hash((X, np.ascontiguousarray(sample.y), sample.weights))
