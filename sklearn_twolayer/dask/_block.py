"""Blocks: the rows of one partition, ready to train on."""

import os
import uuid
from typing import NamedTuple

import numpy as np
from scipy import sparse

from ._recipe import task


class Block(NamedTuple):
    """Validated rows with encoded targets."""

    X: np.ndarray  # or CSR
    targets: np.ndarray  # (n_rows, n_outputs)
    weights: np.ndarray  # (n_rows,), those of classes in it
    folds: np.ndarray  # (n_rows,): the network that leaves out each row, or a larger number

    def take(self, index) -> "Block":
        """Return some of the rows."""
        return Block(*(array[index] for array in self))


def joined(blocks: list[Block]) -> Block:
    """Return the rows of some blocks, one after the other."""
    X, *others = zip(*blocks, strict=True)
    stack = sparse.vstack if sparse.issparse(X[0]) else np.concatenate
    return Block(stack(X), *map(np.concatenate, others))


def spooled(block: Block, folder: str) -> Block:
    """Return a block with arrays in memory-mapped files."""
    if sparse.issparse(block.X):
        return block
    path = os.path.join(folder, uuid.uuid4().hex)
    for name, array in block._asdict().items():
        np.save(f"{path}-{name}.npy", array)
    return Block(*(np.load(f"{path}-{name}.npy", mmap_mode="r") for name in Block._fields))


@task
def scattered(
    block: Block, n_parts: int, seed: int, folder: str | None
) -> tuple[Block, np.ndarray]:
    """Return the rows of a block in the order of their target parts, and where these begin."""
    to = np.random.RandomState(seed).randint(n_parts, size=len(block.weights))
    ends = np.cumsum(np.bincount(to, minlength=n_parts))
    block = block.take(np.argsort(to, kind="stable"))
    return block if folder is None else spooled(block, folder), np.append(0, ends)


def piece(block: Block, ends: np.ndarray, part: int) -> Block:
    """Return the rows of a scattered block that go to one part."""
    return block.take(slice(ends[part], ends[part + 1]))
