"""What suits a radial-basis network: asked of small ones, on rows that they have not seen."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ..blending import deal_folds
from ..embeddings import Radial
from ..input_maps import ScaledMap
from ..losses import SquaredError
from ..output_layer import JudgedLayer
from ..rows import Transformer, random_part
from ._dense_metric import Metric, dense_metric
from ._relevance import marginal_metric
from ._spec import RadialSpec, Table
from ._unsupervised import FirstLayer, unsupervised_stage
from ._width import TYPICAL_WIDTH, refine_width, relative_width

#: Rows of the small networks: a part of all, at least and at most so many.
PART, FEWEST_ROWS, MOST_ROWS = 0.2, 1000, 2500
#: Their centres, on the fewest rows; more in proportion.
N_CENTERS = 150
#: At least so many of the rows are such that are not judged, where there are any.
OTHERS = 0.25
#: Folds of rows, at least and at most. What is learned without one is judged there, in as many
#: folds as have so many rows.
N_FOLDS, MOST_FOLDS, N_JUDGED = 4, 20, 500
#: With fewer rows than this no metric is learned, and leave-one-out judges.
MIN_ROWS = 8
#: By how much the error has to fall for an input map that is not preferred, on the fewest rows.
#: On more it may be less: chance is, and the error of the preferred one falls more slowly.
GAIN = 0.04
#: And for a metric of a dense network, and for one of correlations, which knows of no others.
DENSE_GAIN, MARGINAL_GAIN = 0.02, 0.3
#: Correlations of many inputs with few targets may seem to help by chance: their gain has to be
#: larger by so many times one over the root of the number of rows.
MARGINAL_CHANCE = 1.2


class Inputs(NamedTuple):
    """What a radial network sees of a row, and a width that goes with it."""

    input_map: Transformer | None
    folds: np.ndarray
    n_judged: int = 0  # folds that layers are judged on which have not seen them; none: all rows
    metric: Metric | None = None
    relative_width: float = TYPICAL_WIDTH  # in typical distances between centres

    def whole(self) -> Transformer | None:
        """Return the map, and the metric of all rows."""
        if self.metric is None:
            return self.input_map
        return ScaledMap(self.input_map, self.metric.factors)

    def without(self, k: int) -> Transformer | None:
        """Return the map, and the metric learned without the targets of a fold."""
        if self.metric is None:
            return self.input_map
        return ScaledMap(self.input_map, self.metric.without[k])


def judged_layer(
    spec: RadialSpec, table: Table, inputs: Inputs, rng: np.random.RandomState
) -> tuple[JudgedLayer, FirstLayer]:
    """Return the first layer of the unsupervised stage, and what it is judged by.

    A judge has its centres among the rows outside of a fold, and the metric that is learned
    from them. Leave-one-out alone would not do: a row that lies apart is a centre itself,
    and seems to be predicted well. Where the rows of one fold are enough to judge, the layer
    itself can do without them.

    Parameters
    ----------
    spec : RadialSpec
        What is asked for.
    table : Table
        The training rows.
    inputs : Inputs
        What the network sees of them.
    rng : RandomState
        The source of random choices.

    Returns
    -------
    judged : JudgedLayer
        The layer learned from all rows, to be judged on rows that it has not seen.
    first : FirstLayer
        What else is known of it.
    """
    if inputs.n_judged == 1:
        is_judged = inputs.folds == 0
        others = np.flatnonzero(~is_judged)
        first = unsupervised_stage(spec, table, inputs.without(0), rng, others)
        return JudgedLayer(first.layer.judged_on(np.flatnonzero(is_judged)), spec.alpha), first
    first = unsupervised_stage(spec, table, inputs.whole(), rng)
    seed = rng.randint(2**31)
    judges = []
    for k in range(inputs.n_judged):
        own, is_own = np.random.RandomState(seed), inputs.folds == k
        judge = unsupervised_stage(spec, table, inputs.without(k), own, np.flatnonzero(~is_own))
        judges.append(judge.layer.judged_on(np.flatnonzero(is_own)))
    return JudgedLayer(first.layer, spec.alpha, tuple(judges)), first


class Candidate(NamedTuple):
    """A small network, and what it sees of rows."""

    inputs: Inputs
    judged: JudgedLayer
    radial: Radial


class MetricProbe:
    """Small radial networks of least squares, for classes too, on a part of the rows.

    Parameters
    ----------
    spec : RadialSpec
        What is asked for.
    table : Table
        The training rows.
    rng : RandomState
        The source of random choices.
    """

    def __init__(self, spec: RadialSpec, table: Table, rng: np.random.RandomState):
        self.n_rows = int(np.clip(PART * table.n_rows, FEWEST_ROWS, MOST_ROWS))
        n_centers = min(N_CENTERS * self.n_rows // FEWEST_ROWS, spec.n_centers)
        self.spec = replace(
            spec, n_centers=n_centers, centers="random", width="dmax", shape="spherical", steps=()
        )
        self.table = table
        n_folds = int(np.clip(table.n_rows // N_JUDGED, N_FOLDS, MOST_FOLDS))
        given = table.folds
        self.folds = deal_folds(table.targets, n_folds, rng) if given is None else given
        counts = np.cumsum(np.bincount(self.folds))
        self.n_judged = min(int(np.searchsorted(counts, N_JUDGED)) + 1, len(counts))
        self.index = self._some_rows(rng)
        self.few = replace(table.take(self.index), loss=SquaredError())
        self.rng = rng
        self.seed = rng.randint(2**31)  # the same choices for all candidates

    def _some_rows(self, rng):
        """Return the rows of the small networks, most of them rows that can be judged."""
        is_judged = self.folds < self.n_judged
        some, others = np.flatnonzero(is_judged), np.flatnonzero(~is_judged)
        n_others = min(int(OTHERS * self.n_rows), len(others))
        some = some[random_part(len(some), self.n_rows - n_others, rng)]
        others = others[random_part(len(others), self.n_rows - len(some), rng)]
        return np.sort(np.concatenate([some, others]))

    def find(self, input_maps: list[Transformer | None]) -> Inputs:
        """Return the best inputs of small networks, and the width that goes with them.

        Parameters
        ----------
        input_maps : list of fitted transformer or None
            One or two maps, the first of which is preferred.

        Returns
        -------
        Inputs
            Of the least error on rows that were left out.
        """
        n_judged = self.n_judged if self.table.n_rows >= MIN_ROWS else 0
        best, *others = (
            self._candidate(Inputs(each, self.folds, n_judged)) for each in input_maps
        )
        gain = GAIN * (FEWEST_ROWS / self.n_rows) ** 1.5
        for other in others:
            best = better(best, other, gain)
        if self.spec.learns_metric and n_judged:
            best = self._with_metric(best)
        relative = relative_width(best.judged.layer, best.radial)
        return best.inputs._replace(relative_width=relative)

    def _with_metric(self, plain):
        dense = self._scaled(plain.inputs, self._dense(plain.inputs))
        best = better(plain, dense, DENSE_GAIN)
        # Among many inputs of noise, the dense network is lost before these are left out.
        marginal = self._marginal(plain.inputs)
        screened = self._scaled(plain.inputs, marginal)
        n_rows = sum(len(judge.judged) for judge in plain.judged.judges)
        least = MARGINAL_GAIN + MARGINAL_CHANCE / np.sqrt(n_rows)
        if better(best, screened, least) is best:
            return best
        both = self._scaled(plain.inputs, self._dense(screened.inputs).after(marginal))
        return better(screened, both, DENSE_GAIN)

    def _dense(self, inputs):
        maps = [inputs.without(k) for k in range(self.n_judged)]
        return dense_metric(self.table, maps, self.folds, self.rng)

    def _marginal(self, inputs):
        folds, rows = self.folds[self.index], self.few.rows(inputs.input_map)
        without = tuple(
            marginal_metric(rows.take(np.flatnonzero(folds != k))) for k in range(self.n_judged)
        )
        return Metric(marginal_metric(rows), without)

    def _scaled(self, inputs, metric):
        return self._candidate(inputs._replace(metric=metric))

    def _candidate(self, inputs) -> Candidate:
        """Return the small network of the best width."""
        rng, few = np.random.RandomState(self.seed), inputs._replace(folds=self.folds[self.index])
        judged, first = judged_layer(self.spec, self.few, few, rng)
        return Candidate(inputs, refine_width(judged, first.radial, rng), first.radial)


def better(one: Candidate, other: Candidate, gain: float) -> Candidate:
    """Return the other candidate, if it lowers the error by this part, else the one."""
    return other if other.judged.error < (1 - gain) * one.judged.error else one
