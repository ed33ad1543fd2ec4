"""The other kinds of networks in a blend, and the meaning of `blend`."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from sklearn.base import is_regressor

from .._checks import check_choice
from .._random_rows import random_part
from .._sample import Sample
from .._sizes import MOST_COLUMNS, RectifiedSize
from ..blending import NO_WEIGHT, Candidate, Ensemble, Honest
from ..embeddings import Dense
from ..input_maps import PiecewiseLinearMap, fit_input_map
from ..model import Model
from ..rbf import LocalAverage, folds_to_judge, starts_from_squares
from ..solvers import Adam, Run
from ._rbf_network import RBFNetwork

if TYPE_CHECKING:
    from ._base import BaseTwoLayer

BLENDS = ("auto", "mean", "scale", "radial", "mixed")
#: The other parts of a blend.
RECTIFIED, RADIAL = "rectified networks", "radial part"
#: What the radial part adds if it helps.
LOCAL = "local average"
#: Maximum number of rows for the radial-basis network; of more, a random subset is used.
MAX_ROWS = 10_000
#: Maximum number of other rows on which the local average is evaluated.
MAX_EVALUATED = 5_000


class Blend(NamedTuple):
    """The number of networks, and the other parts of a blend."""

    kind: str  # "mean", "scale", "radial" or "mixed"
    n_networks: int
    partners: tuple[str, ...] = ()  # in the order in which they are fitted
    on_all_rows: bool = True  # rather than on those of the first of several calls

    @classmethod
    def of(cls, owner: "BaseTwoLayer", sample: Sample, n_networks: int) -> "Blend":
        """Return the meaning of the parameter `blend` for an estimator and its rows.

        ValueError is raised if it does not exist, or is incompatible with the other parameters.
        """
        check_choice("blend", owner.blend, BLENDS)
        kind, loss = owner.blend, owner._resolve_loss()
        has_radial = starts_from_squares(loss, owner._targets.link)
        if kind == "auto":
            kind = "mixed" if n_networks > 1 else "mean"
        if kind != "mean" and n_networks == 1:
            raise ValueError(
                f"blend={kind!r} needs several networks, each of which leaves out a fold: set "
                "n_estimators to 2 or more."
            )
        if kind == "radial" and not has_radial:
            raise ValueError(
                "blend='radial' is for cross-entropy, and in a regression for the squared error, "
                f"not for loss={loss!r}: set blend to 'scale' or 'mean'."
            )
        if sample.n_rows == 1:
            return cls("mean", n_networks)
        partners = []
        # With more columns, piecewise-linear inputs have no bins.
        if kind == "mixed" and sample.X.shape[1] <= MOST_COLUMNS:
            partners.append(RECTIFIED)
        if kind in ("mixed", "radial") and has_radial:
            partners.append(RADIAL)
        return cls(kind, n_networks, tuple(partners))


def fit_rectified(
    owner: "BaseTwoLayer", sample: Sample, rng: np.random.RandomState
) -> list[Candidate]:
    """Fit the networks of rectified units on piecewise-linear inputs.

    They can follow steps and kinks in single columns, unlike the smooth units of other parts. The
    sample has the folds that they leave out.
    """
    assert sample.folds is not None
    size = RectifiedSize.of(owner._n_rows(sample))
    by_name = isinstance(owner.input_map, str)
    input_map = PiecewiseLinearMap(size.n_bins) if by_name else owner.input_map
    solver = Adam(size.learning_rate, batch_size=size.batch_size)
    objective = owner._objective(
        sample,
        fit_input_map(input_map, sample, rng),
        Dense(size.n_units),
        solver.working_dtype(sample.X.dtype),
        by_bins=True,
    )
    size = size.for_inputs(objective.network.n_features)
    objective = objective.with_embedding(Dense(size.n_units), size.relative_alpha * owner.alpha)
    folds = sample.folds._replace(n_left_out=min(size.n_networks, sample.folds.n_folds))
    networks = Ensemble.random(objective, folds.n_left_out, folds, rng)
    max_iter = size.max_iter if owner.max_iter is None else min(size.max_iter, owner.max_iter)
    owner._progress.begin(RECTIFIED, max_iter)
    run = Run(max_iter, 0.0, max_iter, rng, owner._progress.epoch)
    trained = networks.at(solver.minimize(networks.cost, networks.params, run).params)
    return [Candidate(trained.part(RECTIFIED), trained.left_out())]


def fit_radial_partner(
    owner: "BaseTwoLayer", sample: Sample, rng: np.random.RandomState
) -> list[Candidate]:
    """Fit the radial-basis network of a blend, as `radial_` of its owner, and a local average.

    The sample has the folds that other networks leave out.
    """
    assert sample.folds is not None
    owner.radial_ = radial = RBFNetwork(
        task="regression" if is_regressor(owner) else "classification",
        # Columns that a user's transformer drops must stay dropped.
        input_map="auto" if isinstance(owner.input_map, str) else owner.input_map,
        categorical_features=owner.categorical_features,
        soft_targets=getattr(owner, "soft_targets", None),
        n_jobs=owner.n_jobs,
    )
    # With many rows, those that other networks leave out can be left out here, too.
    if np.count_nonzero(~sample.folds.left_out) >= MAX_ROWS:
        return _fitted_on_others(owner, sample, rng)
    index = np.arange(sample.n_rows)[random_part(sample.n_rows, MAX_ROWS, rng)]
    folds = folds_to_judge(sample.folds.numbers[index], sample.folds.n_left_out)
    fit = radial._fit_as_part(sample.take(index), owner, folds, rng)
    (rows, outputs), table, inputs = fit.honest, fit.table, fit.inputs
    del fit  # with its activations
    network = Candidate(radial._model.parts[0], Honest(index[rows], outputs))
    return [network, *_local_average(table, inputs, index, rng)]


def _fitted_on_others(owner, sample, rng):
    """Fit on rows that no other network leaves out, and evaluate on those that some do."""
    index = np.flatnonzero(~sample.folds.left_out)
    index = index[random_part(len(index), MAX_ROWS, rng)]
    radial = owner.radial_
    fit = radial._fit_as_part(sample.take(index), owner, None, rng)
    table, inputs = fit.table, fit.inputs
    del fit  # with its activations
    left_out = np.flatnonzero(sample.folds.left_out)
    outputs = radial._model.raw_outputs(sample.X[left_out], owner.n_jobs)
    network = Candidate(radial._model.parts[0], Honest(left_out, outputs))
    # Those of the first folds, which all parts leave out.
    order = np.lexsort([rng.uniform(size=len(left_out)), sample.folds.numbers[left_out]])
    few = np.sort(left_out[order[:MAX_EVALUATED]])
    return [network, *_local_average(table, inputs, few, rng, table.like(sample.take(few)))]


def _local_average(table, inputs, index, rng, evaluated=None):
    """Return the average, if there are rows of the given indices to evaluate it, in a list."""
    if inputs is None or not inputs.n_judged:
        return []
    part, (rows, outputs) = LocalAverage(table, inputs, rng, evaluated).fit(LOCAL)
    return [Candidate(part, Honest(index[rows], outputs), is_optional=True)]


#: How the other parts of a blend are fitted.
PARTNERS = {RECTIFIED: fit_rectified, RADIAL: fit_radial_partner}


def print_useless(model: Model) -> None:
    """Print which parts have no weight, if others have."""
    pairs = zip(model.parts, model.factors, strict=True)
    without = [part.name for part, factor in pairs if factor < NO_WEIGHT]
    if 0 < len(without) < len(model.parts):
        print(f"Parts without weight, because the others predict better: {', '.join(without)}.")
