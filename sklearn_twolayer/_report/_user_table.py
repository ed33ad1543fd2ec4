"""A user's table: read it, and find out what is to be learned from it."""

import warnings
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial

import numpy as np
import pandas as pd

from ._columns import read_columns, without_marks
from ._table import CLASSIFICATION, REGRESSION, Table, TableError

#: Whole numbers with more distinct values than this are quantities, not classes.
MAX_INTEGER_CLASSES = 20
MIN_ROWS = 20
#: A larger part of rows that are copies is worth a note.
MANY_COPIES = 0.1


@dataclass(frozen=True)
class Request:
    """What the user asked for.

    Parameters
    ----------
    path : str
        The file.
    target : str
        The column to predict.
    task : {"classification", "regression"}, optional
        The kind of task; found out if None.
    n_folds : int
        Each class needs that many rows.
    max_rows : int
        Of a longer table, a random part of that size is used.
    seed : int
        Seed of the choice of rows.
    """

    path: str
    target: str
    task: str | None
    n_folds: int
    max_rows: int
    seed: int


def read_table(request: Request) -> Table:
    """Read a file and make it ready for the comparison.

    Parameters
    ----------
    request : Request
        What the user asked for.

    Returns
    -------
    Table
        Its rows, with a preparation that makes numbers of its columns.

    Raises
    ------
    TableError
        If there is no such file or column, or nothing that can be learned.
    """
    frame = _read(request.path)
    _check_target(frame, request)
    frame, notes = _select_rows(frame, request)
    y, task = _targets(frame[request.target], request)
    found = not request.task and task == CLASSIFICATION
    if found and y.dtype.kind in "if" and len(np.unique(y)) > 2:
        notes.append(f"the numbers of {request.target} read as classes; else --task regression")
    if task == CLASSIFICATION:
        frame, y = _drop_small_classes(frame, y, request, notes)
    columns = read_columns(frame.drop(columns=request.target))
    if not columns.frame.shape[1]:
        raise TableError(
            f"{request.path} has no column to learn {request.target!r} from "
            f"({'; '.join(columns.notes) or 'it is the only one'})"
        )
    notes += columns.notes
    n_copies = columns.frame.assign(**{"": y}).duplicated().sum()
    if n_copies > MANY_COPIES * len(y):
        notes.append(f"{n_copies:,} rows are copies of others: scores may flatter")
    return Table(request.path, columns.frame, y, task, columns.preparation(), tuple(notes))


def _read(path):
    try:
        frame = _parse(path)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error).strip().splitlines()[0]
        raise TableError(f"cannot read {path}: {reason}") from None
    frame.columns = [str(name).strip() for name in frame.columns]
    if not all(name.isprintable() for name in frame.columns):
        raise TableError(f"cannot read {path}: this is no table of text")
    if not frame.columns.is_unique:
        copies = frame.columns[frame.columns.duplicated()].unique()
        raise TableError(f"{path} has several columns of the name {', '.join(map(repr, copies))}")
    return frame


def _parse(path):
    """Read values that ',', ';', tab or '|' separates, with a point or a comma in numbers."""
    read = partial(
        pd.read_csv,
        path,
        na_values=["?"],
        encoding_errors="replace",
        low_memory=False,
        index_col=False,  # of lines that end with a separator
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pd.errors.ParserWarning)
        separator = max(",;\t|", key=lambda sep: read(sep=sep, nrows=0).shape[1])
        decimals = ".," if separator == ";" else "."
        frames = [read(sep=separator, decimal=decimal) for decimal in decimals]
    frame = max(frames, key=lambda frame: frame.select_dtypes("number").shape[1])
    # Beside decimal commas, commas within numbers could mean either.
    return frame if separator == ";" else frame.apply(without_marks)


def _check_target(frame, request):
    if request.target in frame.columns:
        return
    names = list(frame.columns)
    near = get_close_matches(request.target, names) or names[:20]
    more = ", …" if len(near) == 20 < len(names) else ""
    raise TableError(
        f"{request.path} has no column {request.target!r}; there is {', '.join(near)}{more}"
    )


def _select_rows(frame, request):
    """Leave out rows without a target, and choose some of very many."""
    notes = []
    target = frame[request.target]
    known = target.notna()
    if pd.api.types.is_float_dtype(target):
        known &= np.isfinite(target)
    if not known.any():
        raise TableError(f"every value of the target {request.target!r} is missing")
    if not known.all():
        notes.append(f"{(~known).sum():,} rows without a target left out")
        frame = frame[known]
    if len(frame) > request.max_rows:
        notes.append(f"{request.max_rows:,} rows taken at random, of {len(frame):,} (--max-rows)")
        frame = frame.sample(request.max_rows, random_state=request.seed)
    needed = max(MIN_ROWS, 2 * request.n_folds)
    if len(frame) < needed:
        raise TableError(
            f"{request.path} has {len(frame)} rows with a target; the comparison needs {needed}"
        )
    return frame, notes


def _targets(target, request):
    """Return the target's values, and the kind of task that they stand for."""
    is_number = pd.api.types.is_numeric_dtype(target) and not pd.api.types.is_bool_dtype(target)
    task = request.task or (_task_of_numbers(target) if is_number else CLASSIFICATION)
    if target.nunique() == 1:
        kind = "class" if task == CLASSIFICATION else "value"
        raise TableError(f"the target {request.target!r} has only one {kind}: {target.iloc[0]}")
    if task == CLASSIFICATION:
        return target.to_numpy(dtype=None if is_number else str), task
    try:
        return target.to_numpy(dtype=float), task
    except ValueError as error:
        raise TableError(
            f"the target {request.target!r} is no number ({error}); if it stands for classes, "
            "try --task classification"
        ) from None


def _task_of_numbers(target):
    distinct = target.unique()
    few = len(distinct) <= min(MAX_INTEGER_CLASSES, max(2, len(target) / 10))
    whole = bool((distinct == np.round(distinct.astype(float))).all())
    return CLASSIFICATION if few and whole else REGRESSION


def _drop_small_classes(frame, y, request, notes):
    """Leave out classes that cannot be in every fold."""
    classes, codes, counts = np.unique(y, return_inverse=True, return_counts=True)
    large = counts >= request.n_folds
    if large.sum() < 2 or counts[large].sum() < len(y) / 2:
        is_number = y.dtype.kind in "if"
        remedy = (
            "--task regression" if is_number else "another column, since this is text or dates"
        )
        raise TableError(
            f"most of the {len(classes)} classes of the target {request.target!r} have fewer "
            f"than {request.n_folds} rows, one for each fold; try {remedy}, or fewer --folds"
        )
    if not large.all():
        notes.append(
            f"classes with fewer than {request.n_folds} rows left out: "
            f"{', '.join(str(label) for label in classes[~large][:10])}"
        )
    keep = large[codes]
    return frame[keep], y[keep]
