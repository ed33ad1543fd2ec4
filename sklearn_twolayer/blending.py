"""Blends of several networks, by factors that are fitted on held-out rows.

The rows are split into folds, and each network is trained without its own fold. Its outputs there
are honest, and so are the leave-one-out outputs of a radial-basis network. The sum of all parts,
each multiplied by a non-negative factor, is again a two-layer network. The factors minimise the
loss on the honest outputs (stacking: Wolpert, 1992; Breiman, 1996). This weights each part by its
out-of-fold performance and corrects the over-confidence of probabilities. All rows are used, and
no network is trained twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize

from ._sample import Folds
from ._warnings import warn_user
from .links import Link
from .losses import Loss, informative
from .model import Model, Part
from .objective import Objective
from .rows import Index

#: The largest factor.
MAX_WEIGHT = 2.0
#: Only the part of a gain beyond this multiple of the gain expected by chance counts.
PRICE = 2.0
#: How many rows the expectation is worth that all parts contribute equally.
PRIOR_ROWS = 64
#: An optional part is not worth its time if it lowers the loss by a smaller fraction than this.
WORTH = 0.02
#: Step of the factors for the curvature of the loss; wider if its slope jumps between rows.
STEP, WIDE_STEP = 0.02, 0.2
#: The factor of all parts if none predicts better than a constant.
FAINT = 0.01
#: Parts with a smaller factor than this are considered useless.
NO_WEIGHT = 0.02


class Honest(NamedTuple):
    """Raw outputs for some rows, from networks that were trained without their targets."""

    rows: np.ndarray  # indices of rows, ascending
    outputs: np.ndarray  # (n_some, n_outputs)

    @classmethod
    def nothing(cls, n_outputs: int) -> "Honest":
        """Return outputs for no rows."""
        return cls(np.empty(0, dtype=int), np.empty((0, n_outputs)))

    def at(self, rows: np.ndarray) -> np.ndarray:
        """Return the outputs for some of the rows."""
        return self.outputs[np.searchsorted(self.rows, rows)]


class Candidate(NamedTuple):
    """A part of a blend, with its outputs on held-out rows."""

    part: Part
    honest: Honest
    is_optional: bool = False  # used only if it lowers the loss by more than chance would


def deal_folds(
    targets: np.ndarray, n_folds: int, rng: np.random.RandomState, n_evaluated: int | None = None
) -> np.ndarray:
    """Return the fold of each row; folds differ in size by one row at most.

    Rows are dealt in the order of their targets, so that the folds have the same mean. Otherwise a
    fit without a fold would be biased towards the other rows, especially with few rows. If only
    the first `n_evaluated` folds are evaluated, rows of rare classes are among them: no other rows
    could tell how well these are predicted.
    """
    n_rows = len(targets)
    order = rng.permutation(n_rows)
    order = order[np.lexsort(targets[order].T)]
    folds = np.empty(n_rows, dtype=np.int16)
    for start in range(0, n_rows, n_folds):
        some = order[start : start + n_folds]
        folds[some] = rng.permutation(n_folds)[: len(some)]
    if n_evaluated is not None and n_rows >= n_folds:
        _swap_rare(folds, targets, n_evaluated, rng)
    return folds


def _swap_rare(folds, targets, n_evaluated, rng):
    """Swap folds so that no target is the same in all evaluated rows but not in the others."""
    for column in targets.T:
        evaluated = np.flatnonzero(folds < n_evaluated)
        seen = column[evaluated]
        others = np.flatnonzero(column != seen[0])
        if len(others) > 1 and (seen == seen[0]).all():
            pair = [rng.choice(others), rng.choice(evaluated)]
            folds[pair] = folds[pair[::-1]]


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Networks of the same form that are trained together, each possibly without its own fold.

    Parameters
    ----------
    objective : Objective
        The cost over all rows.
    params : ndarray of shape (n_networks, n_parameters)
        Their parameters.
    folds : Folds or None
        The folds that they leave out; None if all use all rows.
    """

    objective: Objective
    params: np.ndarray
    folds: Folds | None = None

    @classmethod
    def random(
        cls, objective: Objective, n_networks: int, folds: Folds | None, rng: np.random.RandomState
    ) -> "Ensemble":
        """Return networks with random weights, and biases for the best constant."""
        network, rows = objective.network, objective.rows
        params = np.stack([network.initialize(rows, rng) for _ in range(n_networks)])
        network.views(params).bias[...] = objective.best_constant()
        return cls(objective, params, folds)

    @property
    def cost(self) -> Objective:
        """The cost that they minimise; not kept, since weights take memory."""
        return self.objective.without(self.folds.by_network) if self.folds else self.objective

    def at(self, params: np.ndarray) -> "Ensemble":
        """Return the networks with other parameters."""
        return replace(self, params=params)

    def part(self, name: str = "networks") -> Part:
        """Return the networks as a part of a model."""
        return Part.of(self.objective.rows, self.objective.network, self.params, name)

    def left_out(self) -> Honest:
        """Return the outputs for each row from the network that left it out."""
        assert self.folds is not None
        network, rows = self.objective.network, self.objective.rows
        outputs = np.empty(rows.targets.shape, dtype=rows.dtype)
        for k, vector in enumerate(self.params.astype(rows.dtype, copy=False)):
            views = network.views(vector)
            own = np.flatnonzero(self.folds.numbers == k)
            for part in np.array_split(own, len(own) // 1024 + 1):
                with np.errstate(over="ignore", invalid="ignore"):  # overflow: no factor
                    outputs[part] = network.forward(views, rows.augmented(part))[0]
        left_out = np.flatnonzero(self.folds.left_out)
        return Honest(left_out, outputs[left_out])


def blended(
    candidates: list[Candidate], objective: Objective, weights: np.ndarray
) -> tuple[Model, Honest]:
    """Return the weighted sum of some parts, and its outputs for the rows that all parts left out.

    The factors are fitted to the honest outputs for these rows. The last part may be optional, and
    is left out if it does not help.
    """
    parts, honest, is_optional = zip(*candidates, strict=True)
    rows = reduce(np.intersect1d, [each.rows for each in honest])
    outputs = [each.at(rows) for each in honest]
    factors, constant = blend_weights(
        outputs, objective, rows, weights[rows], is_last_optional=is_optional[-1]
    )
    if is_optional[-1] and not factors[-1]:
        return blended(candidates[:-1], objective, weights)
    used = [f * each for f, each in zip(factors, outputs, strict=True) if f]  # others may overflow
    return Model(parts, factors, constant), Honest(rows, sum(used) + constant)


@np.errstate(over="ignore", invalid="ignore", divide="ignore")  # intermediate factors
def blend_weights(
    parts: list[np.ndarray],
    objective: Objective,
    rows: Index,
    weights: np.ndarray | None = None,
    *,
    is_last_optional: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the factors of some raw outputs that minimise the loss of their sum.

    The best constant is one more part, so that classes keep their frequencies if nothing else
    helps. A few rows tell little about which part is better, so a prior favours parts that
    contribute equally. All parts may seem to gain by chance: the smaller their gain beyond that
    expected by chance, the closer the sum is to the constant, much as James and Stein (1961)
    shrink a mean. An optional part shrinks in the same way towards zero, and is left out if its
    gain is small or within its standard error. An output with the same target in all of these
    rows, such as a class that none of them has, tells nothing about the parts: its target is the
    best constant.

    Parameters
    ----------
    parts : list of ndarray of shape (n_rows, n_outputs)
        Raw outputs on held-out rows.
    objective : Objective
        The loss, and all training rows, for which the constant is best.
    rows : slice or ndarray of int
        The held-out ones among them.
    weights : ndarray of shape (n_rows,), optional
        Weights of the held-out rows, by default those of the objective.
    is_last_optional : bool, default=False
        Whether the last part is optional.

    Returns
    -------
    factors : ndarray of shape (n_parts,)
        From zero to `MAX_WEIGHT`; not all of them zero.
    constant : ndarray of shape (n_outputs,)
        Raw outputs of the best constant, times its factor.
    """
    loss, link = objective.loss, objective.link
    targets, own_weights = objective.rows.targets_and_weights(rows)
    weights = own_weights if weights is None else weights
    constant = objective.best_constant().astype(np.float64)
    targets = informative(targets, link(constant), loss, link)
    Z = np.stack([*parts, np.broadcast_to(constant, targets.shape)])
    stacking = Stacking(Z, targets, weights / weights.sum(), loss, link)
    n_certain = len(parts) - is_last_optional
    factors = stacking.best(n_certain)
    if is_last_optional:
        with_last = stacking.shrunk(stacking.best(len(parts)), factors)
        if stacking.is_clearly_better(with_last, factors):
            factors = with_last
    factors = stacking.shrunk(factors, np.append(np.zeros(len(parts)), 1.0))
    if not factors[:-1].any():
        # A pure constant could not rank the rows.
        factors[:n_certain], factors[-1] = FAINT, max(factors[-1] - FAINT * n_certain, 0)
    return factors[:-1], factors[-1] * constant


def warn_if_useless(factors: Sequence[float] | np.ndarray, targets: np.ndarray) -> None:
    """Warn if no part predicts better than a constant, unless a constant is right."""
    if max(factors) < NO_WEIGHT and np.ptp(targets, axis=0).any():
        warn_user(
            "No part predicts held-out rows better than a constant: predictions are nearly "
            "constant."
        )


class Stacking(NamedTuple):
    """The loss of a sum of raw outputs, as a function of their factors."""

    Z: np.ndarray  # (n_parts + 1, n_rows, n_outputs), the last one constant
    targets: np.ndarray
    weights: np.ndarray  # their sum is one
    loss: Loss
    link: Link

    @property
    def n_rows(self) -> float:
        """The effective number of rows."""
        return 1 / (self.weights @ self.weights)

    def losses(self, factors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the loss of each row, and its gradient for the raw outputs."""
        z = np.tensordot(factors, self.Z, axes=1)
        return self.loss.value_and_gradient(z, self.targets, self.link)

    def cost(self, factors: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        """Return the mean loss, its gradient, and the gradient's terms for each row."""
        values, delta = self.losses(factors)
        terms = np.einsum("krm,rm->kr", self.Z, delta * self.weights[:, None])
        return self.weights @ values, terms.sum(axis=1), terms

    def curvature(self, factors: np.ndarray, directions: np.ndarray) -> np.ndarray:
        """Return the second derivative of the mean loss along directions of the factors."""
        size = STEP if self.loss.has_curvature else WIDE_STEP
        slope = self.cost(factors)[1]
        changes = [self.cost(factors + size * each)[1] - slope for each in directions]
        H = np.stack(changes) @ directions.T / size
        return 0.5 * (H + H.T)

    def penalty(self, factors: np.ndarray, used: np.ndarray) -> np.ndarray:
        """Return the second derivative of a penalty on parts that contribute unequally.

        The contribution of a part is its factor times the root of the curvature along it in place
        of the constant, which grows with the distance of its outputs from the constant. The
        penalty is the squared distance of the contributions from their mean (compare the g-prior:
        Zellner, 1986). It counts as much as `PRIOR_ROWS` rows that no part predicts, and less if
        the factors leave only a fraction of the loss.
        """
        single = np.eye(len(factors))
        left = self.cost(factors)[0] / self.cost(single[-1])[0]
        rows = PRIOR_ROWS * min(np.nan_to_num(left), 1.0)
        curvature = np.diag(self.curvature(factors, single[used] - single[-1]))
        size = np.sqrt(np.maximum(np.nan_to_num(curvature, posinf=0), 0))
        from_mean = np.eye(len(used)) - 1 / len(used)
        return rows / self.n_rows * size[:, None] * from_mean * size

    def best(self, n_parts: int) -> np.ndarray:
        """Return the most likely factors of the first parts, up to `MAX_WEIGHT`."""
        penalty = np.zeros((n_parts, n_parts))
        if n_parts > 1:
            penalty = self.penalty(self._minimum(penalty), np.arange(n_parts))
        return self._minimum(penalty)

    def _minimum(self, penalty):
        """Return the best factors of the first parts with a penalty of this second derivative."""
        n_parts, n_others = len(penalty), len(self.Z) - 1 - len(penalty)
        start = np.concatenate([np.full(n_parts, 1 / n_parts), np.zeros(n_others + 1)])
        size = self.cost(start)[0]  # the solver's tolerances are for costs of about one
        size = size if size and np.isfinite(size) else 1.0

        def cost(factors):
            value, slope, _ = self.cost(factors)
            pull = penalty @ factors[:n_parts]
            slope[:n_parts] += pull
            return (value + 0.5 * factors[:n_parts] @ pull) / size, slope / size

        limits = [(0, MAX_WEIGHT)] * n_parts + [(0, 0)] * n_others + [(0, MAX_WEIGHT)]
        return minimize(cost, start, jac=True, method="L-BFGS-B", bounds=limits).x

    def shrunk(self, factors: np.ndarray, base: np.ndarray) -> np.ndarray:
        """Return factors closer to others, by the part of their gain that may be chance."""
        gain = self.cost(base)[0] - self.cost(factors)[0]
        if not gain > 0:
            return base
        chance = max(self.optimism(factors) - self.optimism(base), 0.0)
        kept = max(1 - PRICE * chance / gain, 0)
        return kept * factors + (1 - kept) * base

    def is_clearly_better(self, factors: np.ndarray, base: np.ndarray) -> bool:
        """Return whether factors lower the loss by enough, and by more than its standard error."""
        before = self.losses(base)[0]
        gains = before - self.losses(factors)[0]
        gain = self.weights @ gains
        error = np.sqrt(np.square(self.weights) @ np.square(gains - gain))
        return bool(gain > max(error, WORTH * (self.weights @ before)))

    def optimism(self, factors: np.ndarray) -> float:
        """Return the expected gain of these parts if they are useless.

        It is ½ tr(J H⁻¹), with J the covariance of the mean gradient and H its derivative and that
        of the penalty (Takeuchi's criterion). J is corrected for the factors, which make gradients
        small (MacKinnon & White, 1985), by the effective number of rows.
        """
        used = np.flatnonzero(factors[:-1])
        if not len(used):
            return 0.0
        terms = self.cost(factors)[2]
        J = terms[used] @ terms[used].T
        H = self.curvature(factors, np.eye(len(factors))[used]) + self.penalty(factors, used)
        trace = np.trace(J @ np.linalg.pinv(H, hermitian=True))
        correction = self.n_rows / max(self.n_rows - len(used), 1.0)
        return max(0.5 * float(trace) * correction, 0.0)
