"""Blocks: the rows of one partition, ready to train on."""

import os
import uuid
from typing import NamedTuple

import numpy as np
from scipy import sparse

from ._recipe import Recipe, ready, task


class Block(NamedTuple):
    """Validated rows with encoded targets."""

    X: np.ndarray  # or CSR
    targets: np.ndarray  # (n_rows, n_outputs)
    weights: np.ndarray  # (n_rows,), those of classes in it
    folds: np.ndarray  # (n_rows,): the network that leaves out each row, or a larger number

    def take(self, index) -> "Block":
        """Return some of the rows."""
        return Block(*(array[index] for array in self))


def spooled(block: Block | None, folder: str | None) -> Block | Recipe | None:
    """Store a dense block in files of a folder, if given; return how to open them."""
    if folder is None or block is None or sparse.issparse(block.X):
        return block
    path = os.path.join(folder, uuid.uuid4().hex)
    for name, array in block._asdict().items():
        np.save(f"{path}-{name}.npy", array)
    return Recipe(opened, path)


def opened(path: str) -> Block:
    """Return a stored block with memory-mapped arrays."""
    return Block(*(np.load(f"{path}-{name}.npy", mmap_mode="r") for name in Block._fields))


@task
def scattered(
    block: Block, n_parts: int, seed: int, folder: str | None
) -> tuple[Block | Recipe | None, np.ndarray]:
    """Return the rows of a block in the order of their target parts, and where these begin."""
    to = np.random.RandomState(seed).randint(n_parts, size=len(block.weights))
    ends = np.cumsum(np.bincount(to, minlength=n_parts))
    ordered = block.take(np.argsort(to, kind="stable"))
    return spooled(ordered, folder), np.append(0, ends)


def piece(source: tuple, part: int) -> Block | Recipe:
    """Return the rows of a scattered block that go to one part, or how to read them."""
    block, ends = source
    index = slice(ends[part], ends[part + 1])
    return Recipe(Block.take, block, index) if isinstance(block, Recipe) else block.take(index)


def joined(pieces: list[Block | Recipe], folder: str | None) -> Block | Recipe | None:
    """Return the rows of all pieces as a block, stored in a folder, if given."""
    X, *others = zip(*map(ready, pieces), strict=True)
    stack = sparse.vstack if sparse.issparse(X[0]) else np.concatenate
    return spooled(Block(stack(X), *map(np.concatenate, others)), folder)
