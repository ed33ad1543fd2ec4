"""The comparison as lines of text."""

import numpy as np

from ._evaluation import MEASURES

WIDTHS = (22, 18, 22, 12)


def heading(task: str) -> str:
    """Return the names of the columns.

    Parameters
    ----------
    task : {"classification", "regression"}
        Chooses the measures.

    Returns
    -------
    str
        A line.
    """
    return _line("model", *MEASURES[task], "fit time")


def row(name: str, folds: np.ndarray) -> str:
    """Return a model's line: mean and standard deviation over the folds.

    Parameters
    ----------
    name : str
        The model.
    folds : ndarray of shape (n_folds, 3)
        Score, loss and fit time of each fold.

    Returns
    -------
    str
        A line.

    Examples
    --------
    >>> print(row("RidgeCV", np.array([[0.5, 52.1, 0.01], [0.4, 56.0, 0.03]])))
      RidgeCV                    0.450 ± 0.050          54.05 ± 1.95      0.02 s
    """
    score, loss, fit_time = folds.mean(axis=0)
    score_deviation, loss_deviation, _ = folds.std(axis=0)
    shape = _shape(loss)
    return _line(
        name,
        f"{score:.3f} ± {score_deviation:.3f}",
        f"{loss:{shape}} ± {loss_deviation:{shape}}",
        f"{fit_time:.2f} s",
    )


def failure(name: str, error: Exception) -> str:
    """Return the line of a model that could not be fitted.

    Parameters
    ----------
    name : str
        The model.
    error : Exception
        Why.

    Returns
    -------
    str
        A line.
    """
    reason = str(error).strip() or type(error).__name__
    return f"  {name:<{WIDTHS[0]}}  failed: {reason.splitlines()[0]}"


def _shape(value: float) -> str:
    """Return the format of a measure that may have any scale: three decimals, or four digits."""
    if not 0.01 <= abs(value) < 1e6:
        return ".2e"
    return f".{min(3, max(0, 3 - int(np.log10(abs(value)))))}f"


def _line(name: str, *cells: str) -> str:
    aligned = (f"{cell:>{width}}" for cell, width in zip(cells, WIDTHS[1:], strict=True))
    return f"  {name:<{WIDTHS[0]}}" + "".join(aligned)
