"""The cost over rows in partitions: sums over partitions, and networks that visit them."""

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from dask.delayed import delayed

from .._interpolated import Bins
from ..input_maps import with_folds
from ..links import Link
from ..losses import Loss
from ..network import Network
from ..objective import Objective
from ..rows import Rows, Transformer
from ..solvers import Epoch, Lane, Stochastic
from ._block import Block
from ._partitioned_rows import PartitionedRows
from ._recipe import task


class CostOfBlock(NamedTuple):
    """A cost without its rows."""

    network: Network
    loss: Loss
    link: Link
    input_map: Transformer | None
    dtype: np.dtype
    n_folds: int  # for target statistics
    n_rows: int  # of all blocks
    total_weight: np.ndarray | float  # of all blocks, for each network if they leave out rows
    members: np.ndarray | None  # indices of the networks, if they leave out rows
    bins: Bins | None  # as in `Rows`

    def on(self, block: Block, alpha: float = 0.0) -> Objective:
        """Return the contribution of a block to the mean over all rows."""
        X = with_folds(block.X, self.input_map, np.minimum(block.folds, self.n_folds - 1))
        if self.members is None:
            weights = block.weights * (self.n_rows / self.total_weight)
        else:
            weights = np.where(block.folds == self.members[:, None], 0, block.weights)
            weights = weights * (self.n_rows / np.asarray(self.total_weight)[:, None])
        rows = Rows(
            X,
            self.input_map,
            self.dtype,
            n_jobs=1,
            targets=np.ascontiguousarray(block.targets, dtype=self.dtype),
            sample_weight=weights.astype(self.dtype),
            total_weight=float(self.n_rows),
            bins=self.bins,
        )
        if self.bins is None:  # else batches are mapped as fast as all rows, in less memory
            rows = rows.keep()
        return Objective(self.network, self.loss, self.link, rows, alpha)


@dataclass(frozen=True, eq=False)
class PartitionedObjective(Objective):
    """E over all rows; `rows` are those of their sample, for the initial parameters.

    Parameters
    ----------
    network, loss, link, rows, alpha
        As in `Objective`.
    all_rows : PartitionedRows
        All rows, in partitions.
    total_weight : ndarray or float
        The weight of all rows, for each network if they leave out rows.
    members : ndarray of int or None
        The indices of the networks, if they leave out rows.
    """

    all_rows: Any = None
    total_weight: Any = 0.0
    members: np.ndarray | None = None

    in_partitions = True

    @classmethod
    def of(cls, local: Objective, all_rows: PartitionedRows) -> "PartitionedObjective":
        """Return the cost over all rows that corresponds to a cost over the sample."""
        parts = local.network, local.loss, local.link, local.rows, local.alpha
        return cls(*parts, all_rows, all_rows.total_weight)

    @property
    def n_rows(self) -> int:
        return int(self.all_rows.counts.sum())

    def on(self, rows: Rows) -> Objective:
        """Return the cost over local rows."""
        return Objective(self.network, self.loss, self.link, rows, self.alpha)

    def without(self, rows: np.ndarray) -> "PartitionedObjective":
        """Return the cost of networks that each leave out different rows of the sample."""
        left_out = rows @ self.all_rows.sample_weight
        return replace(
            self,
            total_weight=self.all_rows.total_weight - left_out,
            members=np.arange(len(left_out)),
        )

    def networks(self, part: slice) -> "PartitionedObjective":
        if self.members is None:
            return self
        return replace(self, members=self.members[part], total_weight=self.total_weight[part])

    def loss_and_gradient(
        self,
        params: np.ndarray,
        index: np.ndarray | None = None,
        draw_mask: Callable | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the data term and the gradient of E, as sums over the partitions."""
        if draw_mask is not None:
            raise ValueError(
                "Steps on all rows of a Dask collection do not support dropout: set dropout=0 "
                "or a batch_size."
            )
        params = params.astype(self.dtype, copy=False)
        loss, gradient = self.total(Objective.loss_and_gradient, params)
        self.add_slopes_of_penalty(self.network.views(gradient), self.network.views(params))
        return loss, gradient

    def data_term(self, params: np.ndarray) -> np.ndarray:
        """Return the data term alone, the weighted mean of L over all rows."""
        return self.total(_data_term, params)[0]

    def gauss_newton(self, vector: np.ndarray) -> tuple[np.ndarray, ...]:
        """Return the Gauss-Newton matrix and the gradient of the data term."""
        return self.total(Objective.gauss_newton, vector)

    def design(self, vector: np.ndarray) -> tuple[np.ndarray, ...]:
        """Return the sums for the best output layer."""
        return self.total(Objective.design, vector)

    def travel(
        self,
        solver: Stochastic,
        lanes: list[Lane],
        rng: np.random.RandomState,
        progress: tuple[float, float],
    ) -> list:
        """Let networks visit all partitions, and return the loss and the moments of each lane.

        Each lane has its own order; its parameters are changed in place. `rng` determines orders
        and batches, and `progress` is the completed fraction of all epochs before and after
        this one.
        """
        blocks, counts = self.all_rows.to_visit()
        how = delayed((solver, self.alpha), traverse=False)
        start, span = progress[0], progress[1] - progress[0]
        # One random cycle of partitions, with the lanes as far apart as possible, so that no two
        # need the same partition at a time.
        circle, ends = rng.permutation(len(blocks)), []
        for number, lane in enumerate(lanes):
            cost = delayed(lane.cost.of_block, traverse=False)
            state = delayed(
                (lane.params, lane.moments, np.zeros(len(lane.params))), traverse=False
            )
            done = 0
            for i in np.roll(circle, number * len(blocks) // len(lanes)):
                share = counts[i] / counts.sum()
                stretch = start + span * done, start + span * (done + share)
                seed = int(rng.randint(2**31))
                state = delayed(visited)(blocks[i], state, cost, how, seed, stretch)
                done += share
            ends.append(state)
        results, ended = [], self.all_rows.engine.run(ends)
        for lane, (params, moments, loss) in zip(lanes, ended, strict=True):
            lane.params[...] = params
            results.append((loss, moments))
        return results

    @property
    def of_block(self) -> CostOfBlock:
        """What a worker needs."""
        return CostOfBlock(
            network=self.network,
            loss=self.loss,
            link=self.link,
            input_map=self.rows.input_map,
            dtype=self.dtype,
            n_folds=self.all_rows.n_folds,
            n_rows=self.n_rows,
            total_weight=self.total_weight,
            members=self.members,
            bins=self.rows.bins,
        )

    def total(self, terms: Callable, argument: Any) -> tuple:
        """Return the sums over all blocks of the output of `terms` for a cost and an argument."""
        cost = delayed(self.of_block, traverse=False)
        argument = delayed(argument, traverse=False)
        tasks = [delayed(terms_of)(block, cost, terms, argument) for block in self.all_rows.blocks]
        return self.all_rows.engine.total(tasks)


@task
def terms_of(block: Block, cost: CostOfBlock, terms: Callable, argument: Any) -> tuple:
    """Return the contribution of a block to a sum."""
    with np.errstate(over="ignore", invalid="ignore"):
        return terms(cost.on(block), argument)


@task
def visited(
    block: Block, state: tuple, cost: CostOfBlock, how: tuple, seed: int, stretch: tuple
) -> tuple:
    """Return parameters, moments and the loss after all batches of a block."""
    params, moments, total = copy.deepcopy(state)  # a task may be repeated
    solver, alpha = how
    rng = np.random.RandomState(seed)
    objective = cost.on(block, alpha)
    batches = solver.batches(objective.n_rows, rng)
    lane = Lane(objective, params, moments)
    loss, moments = solver.epoch(lane, rng, Epoch(batches, *stretch))
    return params, moments, total + loss * (objective.n_rows / cost.n_rows)


def _data_term(objective, params):
    return (objective.data_term(params),)
