"""The rows of a fit in partitions: validated, sampled, and prepared for training."""

from copy import copy
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from dask.delayed import Delayed, delayed

from .._random_rows import random_part
from ._block import Block, joined, piece, scattered, spooled
from ._collections import Form
from ._engine import Engine
from ._partition import Partition, Survey, checked_partition, naming, sampled, stacked, surveyed
from ._recipe import Recipe, readings, task

#: Number of rows from which input maps, scales, centres, metrics and factors are learned.
SAMPLE_ROWS = 50_000
#: Number of partitions among which rows are shuffled at a time.
MOST_MIXED = 32
#: Partitions are shuffled if their means differ by more than this fraction of the variance.
DRIFT = 0.01


class Encoding(NamedTuple):
    """Converts partitions to blocks, with what was learned from the sample."""

    shell: Any  # an estimator that validates rows
    targets: Any
    class_weight: Any
    n_left_out: int  # networks that leave out rows, and the total number of folds
    n_folds: int

    def block(
        self, number: int, partition: Partition, some: np.ndarray, folds: np.ndarray
    ) -> Block | None:
        """Return a block; `some` of its rows are in the sample and have `folds` (-1: drop)."""
        n_rows = len(partition.weights)
        if not n_rows:
            return None
        with naming(number):
            X = self.shell._matrix(partition.X, reset=False)
            # No network leaves out a row that is not in the sample.
            own = self.n_left_out + np.arange(n_rows) % max(self.n_folds - self.n_left_out, 1)
            own[some] = folds
            weights = row_weights(self.targets, self.class_weight, partition)
            block = Block(X, self.targets.encode(partition.y), weights, own)
        keep = (own >= 0) & (weights > 0)
        return block if keep.all() else block.take(np.flatnonzero(keep)) if keep.any() else None


def row_weights(targets: Any, class_weight: Any, given: Partition) -> np.ndarray:
    """Return the weights of rows, including those of their classes."""
    if class_weight is None:
        return given.weights
    return given.weights * targets.class_weights(class_weight, given.y, given.weights)


@dataclass(eq=False)
class PartitionedRows:
    """All rows of a fit.

    Parameters
    ----------
    engine : Engine
        Where tasks run.
    partitions : list of Delayed or Recipe
        The validated partitions, or how to read them.
    survey : list of Survey
        Their statistics.
    """

    engine: Engine
    partitions: list
    survey: list[Survey]
    index: list[np.ndarray] = field(default_factory=list)  # of the sample in each partition
    blocks: list[Delayed] = field(default_factory=list)
    counts: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=int))
    total_weight: float = 0.0
    sample_weight: np.ndarray = field(default_factory=lambda: np.empty(0))
    n_folds: int = 1
    drifts: bool = False
    seed: int = 0
    _folder: str | None = None
    _mixed: tuple | None = None

    @classmethod
    def read(cls, engine: Engine, given: list, form: Form, local: Any) -> "PartitionedRows":
        """Validate all partitions, for an estimator on partitions."""
        validate_y = copy(local)._validate_y  # of the estimator as it is before the fit
        check = partial(checked_partition, form, validate_y)
        sources = None if engine.client is None else readings(given)
        if sources is not None:
            partitions: list = [Recipe(check, *each) for each in enumerate(sources)]
        else:
            partitions = [delayed(check)(*each) for each in enumerate(given)]
            partitions = partitions if engine.client is None else engine.keep(partitions)
        survey = engine.run([delayed(surveyed)(each, local.has_labels) for each in partitions])
        if not sum(each.n_rows for each in survey):
            raise ValueError("X has no rows with a weight, in any of its partitions.")
        return cls(engine, partitions, survey)

    @property
    def n_rows(self) -> int:
        """Number of rows with a positive weight."""
        return sum(each.n_rows for each in self.survey)

    @property
    def masses(self) -> dict:
        """The weight of each label."""
        total: dict = {}
        for each in self.survey:
            for label, mass in each.masses.items():
                total[label] = total.get(label, 0.0) + mass
        return total

    def sample(self, rng: np.random.RandomState) -> Partition:
        """Return random rows, or all rows in their order if there are few."""
        counts = [each.n_rows for each in self.survey]
        chosen = np.arange(self.n_rows)[random_part(self.n_rows, SAMPLE_ROWS, rng)]
        ends = np.cumsum(counts)
        bounds = np.searchsorted(chosen, np.append(0, ends))
        starts = np.append(0, ends)[:-1]
        self.index = [
            chosen[first:last] - start
            for first, last, start in zip(bounds[:-1], bounds[1:], starts, strict=True)
        ]
        if self.n_rows > SAMPLE_ROWS:
            self.seed = rng.randint(2**31)
        pairs = zip(self.partitions, self.index, strict=True)
        found = self.engine.run([delayed(sampled)(*pair) for pair in pairs if len(pair[1])])
        X, *others = zip(*found, strict=True)
        return Partition(stacked(X), *map(np.concatenate, others))

    def prepare(self, encoding: Encoding, folds: np.ndarray) -> None:
        """Convert all partitions to blocks; `folds` are those of the rows of the sample."""
        ends = np.cumsum([len(index) for index in self.index])[:-1]
        self.n_folds = encoding.n_folds
        numbers = range(len(self.partitions))
        each = list(zip(numbers, self.partitions, self.index, np.split(folds, ends), strict=True))
        self._folder = self.engine.folder_for(self.n_rows * encoding.shell.n_features_in_ * 8)
        if isinstance(self.partitions[0], Recipe) and self._folder is None:
            recipes = [Recipe(encoding.block, *args) for args in each]
            blocks = [delayed(recipe, traverse=False) for recipe in recipes]
        else:
            shared = delayed(encoding, traverse=False)
            blocks = [delayed(block_of)(shared, self._folder, *args) for args in each]
        blocks = self.engine.keep(blocks)
        self._adopt(blocks)
        self.partitions = []  # replaced by the blocks

    def _adopt(self, blocks):
        sizes = self.engine.run([delayed(size_of)(block) for block in blocks])
        pairs = [pair for pair in zip(blocks, sizes, strict=True) if pair[1][0]]
        self.blocks = [block for block, _ in pairs]
        self.counts = np.array([count for _, (count, _) in pairs])
        self.total_weight = float(np.sum([weight for _, (_, weight) in pairs]))

    def to_visit(self) -> tuple[list[Delayed], np.ndarray]:
        """Return blocks for batches, and their sizes; rows are shuffled if partitions differ."""
        if not self.drifts or len(self.blocks) == 1:
            return self.blocks, self.counts
        if self._mixed is None:
            self._mixed = self._mix()
        return self._mixed

    def _mix(self):
        rng, blocks, held = np.random.RandomState(self.seed), self.blocks, []
        for groups in groupings(len(blocks)):
            mixed: list = [None] * len(blocks)
            for group in np.unique(groups):
                own = np.flatnonzero(groups == group)
                sources = self._scattered([blocks[i] for i in own], rng)
                held.append((blocks, sources))  # until the results are available
                for part, i in enumerate(own):
                    pieces = [delayed(piece)(source, part) for source in sources]
                    mixed[i] = delayed(joined)(pieces, self._folder)
            blocks = self.engine.keep(mixed)
        sizes = self.engine.run([delayed(size_of)(block) for block in blocks])
        kept = [i for i, (count, _) in enumerate(sizes) if count]
        return [blocks[i] for i in kept], np.array([sizes[i][0] for i in kept])

    def _scattered(self, blocks, rng):
        n, folder = len(blocks), self._folder
        tasks = [delayed(scattered)(block, n, int(rng.randint(2**31)), folder) for block in blocks]
        return self.engine.keep(tasks)


def groupings(n_blocks: int) -> list[np.ndarray]:
    """Return the groups in which blocks are shuffled: all, or rows and columns of a square."""
    if n_blocks <= MOST_MIXED:
        return [np.zeros(n_blocks, dtype=int)]
    side = int(np.ceil(n_blocks**0.5))
    return [np.arange(n_blocks) // side, np.arange(n_blocks) % side]


@task
def block_of(
    encoding: Encoding, folder: str | None, number: int, *arrays: Any
) -> Block | Recipe | None:
    """Return the block of a partition, stored in a folder, if given; None if it is empty."""
    return spooled(encoding.block(number, *arrays), folder)


@task
def size_of(block: Block | None) -> tuple[int, float]:
    """Return the number of rows and their weight."""
    return (0, 0.0) if block is None else (len(block.weights), float(block.weights.sum()))


def drifts(values: np.ndarray, numbers: np.ndarray) -> bool:
    """Return whether the means of some columns differ between partitions.

    That is so if the fraction of the variance between partitions exceeds `DRIFT`, beyond chance,
    for any column. `values` are rows of a sample, with NaN for missing ones, and `numbers` their
    partitions.
    """
    counts = np.bincount(numbers)
    present = counts > 0
    n, groups = len(numbers), int(present.sum())
    if groups < 2 or n <= groups:
        return groups > 1
    for column in values.T:
        column = np.where(np.isfinite(column), column, 0.0)
        with np.errstate(over="ignore", invalid="ignore"):
            column = column - column.mean()
            total = column @ column
            sums = np.bincount(numbers, column)[present]
            between = (sums**2 / counts[present]).sum()
            within = (total - between) / (n - groups)
            if (between - (groups - 1) * within) > DRIFT * total:
                return True
    return False
