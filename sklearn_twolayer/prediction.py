"""Outputs of a fitted network over blocks of rows."""

from collections.abc import Callable
from typing import Any

import numpy as np
from joblib import effective_n_jobs

from ._linalg import single_threaded_blas
from ._threads import map_in_threads
from .network import Network
from .rows import Rows, block_length, blocks


def raw_outputs(network: Network, params: np.ndarray, rows: Rows, n_jobs: Any) -> np.ndarray:
    """Return z, averaged over a stack of networks.

    An average of two-layer networks is a two-layer network: its embedding is theirs,
    side by side.

    Parameters
    ----------
    network : Network
        The two layers.
    params : ndarray of shape (n_networks, n_parameters)
        The stack.
    rows : Rows
        The inputs.
    n_jobs : int or None
        Number of threads that walk the blocks, as joblib counts.

    Returns
    -------
    ndarray of shape (n_rows, n_outputs)
        Raw outputs, in the dtype of the rows.
    """
    views = network.views(params.astype(rows.dtype, copy=False))

    def block_outputs(index):
        z, _ = network.forward(views, rows.augmented(index))
        return np.add.reduce(z, axis=0) / len(z)  # for a single row, np.mean is slow

    return fill_blocks(block_outputs, network.n_outputs, network, rows, n_jobs)


def embeddings(network: Network, params: np.ndarray, rows: Rows, n_jobs: Any) -> np.ndarray:
    """Return y_E of all networks of a stack, side by side.

    Parameters
    ----------
    network, params, rows, n_jobs
        As for `raw_outputs`.

    Returns
    -------
    ndarray of shape (n_rows, n_networks * width)
        The embeddings, in the dtype of the rows.
    """
    views = network.views(params.astype(rows.dtype, copy=False))

    def block_embeddings(index):
        y, _ = network.embed(views, rows.augmented(index))
        return np.concatenate(y, axis=-1)

    return fill_blocks(block_embeddings, len(params) * network.width, network, rows, n_jobs)


def fill_blocks(function: Callable, n_columns: int, network: Network, rows: Rows, n_jobs: Any):
    """Return an array, shape (n_rows, n_columns), that `function` gives the blocks of."""
    result = np.empty((rows.n_rows, n_columns), dtype=rows.dtype)
    parts = blocks(rows.n_rows, block_length(network.numbers_per_row))

    def fill(index):
        result[index] = function(index)

    if len(parts) == 1:
        fill(parts[0])
        return result
    with single_threaded_blas():
        map_in_threads(fill, parts, effective_n_jobs(n_jobs))
    return result
