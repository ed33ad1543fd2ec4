"""Choice of the inputs of a radial-basis network, with small networks on held-out rows."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from .._random_rows import random_of_two
from ..embeddings import Radial
from ..input_maps import ScaledMap, without_codes
from ..losses import SquaredError
from ..output_layer import JudgedLayer
from ..rows import Transformer
from ._dense_metric import Metric, dense_metric
from ._folds import judged_folds
from ._spec import RadialSpec, Table
from ._unsupervised import FirstLayer, unsupervised_stage
from ._width import TYPICAL_WIDTH, refine_width, relative_width

#: Rows of the small networks: a fraction of all rows, with a minimum and a maximum.
PART, FEWEST_ROWS, MOST_ROWS = 0.2, 1000, 2500
#: Their centres on the minimum number of rows; more in proportion.
N_CENTERS = 150
#: Minimum fraction of rows that are not evaluated, if there are any.
OTHERS = 0.25
#: With fewer rows than this no metric is learned, and leave-one-out is used.
MIN_ROWS = 8
#: Required decrease of the error for an input map that is not preferred and for a metric from
#: dense networks, on the minimum number of rows. With more rows it is smaller, because there is
#: less chance, and errors fall more slowly.
MAP_GAIN, DENSE_GAIN = 0.04, 0.02
#: The same for target statistics of columns of numbers that are codes.
CODE_GAIN = 0.01
#: With few rows, errors fall by chance: added to the required decrease, divided by their number.
CHANCE = 6.0


class Inputs(NamedTuple):
    """The inputs of a radial network, and a suitable width."""

    input_map: Transformer | None
    folds: np.ndarray
    n_judged: int = 0  # folds on which layers learned without them are evaluated; none: all rows
    metric: Metric | None = None
    relative_width: float = TYPICAL_WIDTH  # in typical distances between centres
    place: int | None = None  # of the penalty of the small network

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
    """Return the first layer of the unsupervised stage with its judges, and further results.

    A judge has its centres among the rows outside of a fold, and the metric that is learned from
    them. Leave-one-out alone is not enough: an isolated row is a centre itself, and seems to be
    predicted well. If the rows of one fold are enough, the layer itself is learned without them.
    """
    if inputs.n_judged == 1:
        is_judged = inputs.folds == 0
        others = np.flatnonzero(~is_judged)
        first = unsupervised_stage(spec, table, inputs.without(0), rng, others)
        return JudgedLayer(first.layer.judged_on(np.flatnonzero(is_judged)), spec.alpha), first
    if not inputs.n_judged:  # leave-one-out needs centres that do not depend on targets
        spec = replace(spec, follows_targets=False)
    first = unsupervised_stage(spec, table, inputs.whole(), rng)
    seed = rng.randint(2**31)
    judges = []
    for k in range(inputs.n_judged):
        own, is_own = np.random.RandomState(seed), inputs.folds == k
        judge = unsupervised_stage(spec, table, inputs.without(k), own, np.flatnonzero(~is_own))
        judges.append(judge.layer.judged_on(np.flatnonzero(is_own)))
    return JudgedLayer(first.layer, spec.alpha, tuple(judges)), first


class SmallNetwork(NamedTuple):
    """A small network and its inputs."""

    inputs: Inputs
    judged: JudgedLayer
    radial: Radial


class MetricProbe:
    """Small least-squares radial networks, also for classes, on some of the rows."""

    def __init__(self, spec: RadialSpec, table: Table, rng: np.random.RandomState):
        self.n_rows = int(np.clip(PART * table.n_rows, FEWEST_ROWS, MOST_ROWS))
        n_centers = min(N_CENTERS * self.n_rows // FEWEST_ROWS, spec.n_centers)
        self.spec = replace(
            spec,
            n_centers=n_centers,
            centers="random",
            width="dmax",
            shape="spherical",
            steps=(),
            follows_targets=False,
        )
        self.table = table
        self.folds, self.n_judged = judged_folds(table, rng)
        self.index = self._some_rows(rng)
        self.few = replace(table.take(self.index), loss=SquaredError())
        self.rng = rng
        self.seed = rng.randint(2**31)  # the same choices for all candidates
        self.place: int | None = None  # of the penalty of the last candidate

    def _some_rows(self, rng):
        """Return the rows of the small networks, mostly rows that can be evaluated."""
        is_judged = self.folds < self.n_judged
        some, others = np.flatnonzero(is_judged), np.flatnonzero(~is_judged)
        return random_of_two(some, others, self.n_rows, int(OTHERS * self.n_rows), rng)

    def find(self, input_maps: list[Transformer | None]) -> Inputs:
        """Return the best inputs of small networks on held-out rows, and the corresponding width.

        There are one or two maps, the first of which is preferred.
        """
        plain = [without_codes(each) for each in input_maps]
        best = self._best_of(plain)
        chosen = input_maps[plain.index(best.inputs.input_map)]
        if chosen is not best.inputs.input_map:
            best = better(best, self._best_of([chosen]), self._required(CODE_GAIN))
        relative = relative_width(best.judged.layer, best.radial)
        return best.inputs._replace(relative_width=relative, place=best.judged.place)

    def _best_of(self, input_maps):
        n_judged = self.n_judged if self.table.n_rows >= MIN_ROWS else 0
        best, *others = (
            self._candidate(Inputs(each, self.folds, n_judged)) for each in input_maps
        )
        for other in others:
            best = better(best, other, self._required(MAP_GAIN))
        return self._with_metric(best) if self.spec.learns_metric and n_judged else best

    def _with_metric(self, plain):
        dense = self._candidate(plain.inputs._replace(metric=self._dense(plain.inputs)))
        return better(plain, dense, self._required(DENSE_GAIN))

    def _required(self, gain):
        return gain * (FEWEST_ROWS / self.n_rows) ** 1.5 + CHANCE / len(self.index)

    def _dense(self, inputs):
        maps = [inputs.without(k) for k in range(self.n_judged)]
        return dense_metric(self.table, maps, self.folds, self.rng)

    def _candidate(self, inputs) -> SmallNetwork:
        """Return the small network with the best width."""
        rng, few = np.random.RandomState(self.seed), inputs._replace(folds=self.folds[self.index])
        judged, first = judged_layer(self.spec, self.few, few, rng)
        refined = refine_width(judged, first.radial, rng, place=self.place)
        self.place = refined.place
        return SmallNetwork(inputs, refined, first.radial)


def better(one: SmallNetwork, other: SmallNetwork, gain: float) -> SmallNetwork:
    """Return the second candidate if it lowers the error by this fraction, else the first."""
    return other if other.judged.error < (1 - gain) * one.judged.error else one
