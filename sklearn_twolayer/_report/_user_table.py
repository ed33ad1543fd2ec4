"""Preparation of a user's table."""

from typing import Any

import numpy as np
import pandas as pd

from ._columns import check_name, left_out, with_numbers
from ._files import read_frame
from ._names import listed
from ._table import CLASSIFICATION, REGRESSION, Table, TableError

#: Whole numbers with more distinct values than this are quantities, not classes.
MAX_INTEGER_CLASSES = 20
MIN_ROWS = 20
#: A larger fraction of copied rows is noted.
MANY_COPIES = 0.1


def read_table(options: Any) -> Table:
    """Read a file and prepare it for the comparison; raise TableError if it cannot be used.

    The options are those of the command: data, target, task, group, folds, max_rows and seed.
    """
    notes: list[str] = []
    try:
        return _prepared(options, notes)
    except TableError as error:
        raise TableError("; ".join([str(error), *notes])) from None


def _prepared(options, notes):
    """Return the table, and note the decisions, which errors need as well."""
    frame, code = read_frame(options.data)
    if options.group is not None and options.group == options.target:
        raise TableError(f"--group and --target name the same column, {options.target!r}")
    given = [name for name in (options.target, options.group) if name is not None]
    for name in given:
        check_name(name, list(frame.columns), options.data)
        if frame[name].map(np.ndim).any():
            raise TableError(f"the column {name!r} contains lists: choose another one")
    frame = with_numbers(frame, options.group, notes, code)
    frame = _select_rows(frame, options, notes, code)
    y, task = _targets(frame[options.target], options)
    if not options.task and task == CLASSIFICATION and y.dtype.kind in "if" and len(set(y)) > 2:
        notes.append(
            f"the numbers in {options.target} are treated as classes; else --task regression"
        )
    if y.dtype.kind == "U" and not all(isinstance(label, str) for label in frame[options.target]):
        code.append(f"frame = frame.astype({{{options.target!r}: str}})")
    if task == CLASSIFICATION:
        keep = _large_classes(y, options, notes, code)
        frame, y = frame[keep], y[keep]
    given += left_out(frame.drop(columns=given), notes)
    X = frame.drop(columns=given)
    if X.empty:
        raise TableError(f"no other column to predict {options.target!r} from")
    n_copies = X.assign(**{options.target: y}).duplicated().sum()
    if n_copies > MANY_COPIES * len(y):
        notes.append(f"{n_copies:,} rows are copies of others: scores may be optimistic")
    code.append(f"X, y = frame.drop(columns={given}), frame[{options.target!r}]")
    groups = None
    if options.group is not None:  # rows without a group form their own group
        groups = pd.factorize(frame[options.group], use_na_sentinel=False)[0]
        n_groups = len(np.unique(groups))
        notes.append(f"folds keep the {n_groups:,} values of {options.group} together")
    return Table(options.data, X, y, task, groups, tuple(notes), tuple(code))


def _select_rows(frame, options, notes, code):
    """Drop rows without a target, and select some if there are very many."""
    floats = frame.select_dtypes("float")
    n_infinite = np.isinf(floats.to_numpy(float, na_value=np.nan)).sum(axis=0)
    if counts := {name: n for name, n in zip(floats, n_infinite, strict=True) if n}:
        names = list(counts)
        shown = ", ".join(f"{name} ({n:,})" for name, n in counts.items())
        notes.append(f"infinities treated as missing: {shown}")
        frame = frame.copy()
        frame[names] = frame[names].replace([np.inf, -np.inf], np.nan)
        infinities = '[float("inf"), -float("inf")], float("nan")'
        code.append(f"frame[{names}] = frame[{names}].replace({infinities})")
    n_missing = frame[options.target].isna().sum()
    if n_missing:
        is_text = not pd.api.types.is_numeric_dtype(frame[options.target])
        of_csv = any("read_csv" in line for line in code)
        missing = " (cells such as NA or None are missing)" if is_text and of_csv else ""
        notes.append(f"{n_missing:,} rows without a target dropped{missing}")
        frame = frame.dropna(subset=[options.target])
        code.append(f"frame = frame.dropna(subset=[{options.target!r}])")
    if len(frame) > options.max_rows:
        notes.append(f"{options.max_rows:,} of {len(frame):,} rows, taken at random (--max-rows)")
        frame = frame.sample(options.max_rows, random_state=options.seed)
        code.append(f"frame = frame.sample({options.max_rows}, random_state={options.seed})")
    needed = max(MIN_ROWS, 2 * options.folds)
    if len(frame) < needed:
        remedy = f" for {options.folds} folds; try fewer --folds" if needed > MIN_ROWS else ""
        raise TableError(
            f"{len(frame)} rows have a target, but the comparison needs {needed}{remedy}"
        )
    return frame


def _targets(target, options):
    """Return the values of the target, and the task."""
    is_number = target.dtype != bool and pd.api.types.is_numeric_dtype(target)
    task = options.task or (_task_of_numbers(target) if is_number else CLASSIFICATION)
    if target.astype(str).nunique() == 1:
        raise TableError(f"the target {options.target!r} has only one value: {target.iloc[0]}")
    if task == CLASSIFICATION:
        y = target.to_numpy()
        return y if y.dtype.kind in "biuf" else np.asarray(target.astype(str), dtype=str), task
    try:
        if target.dtype.kind in "mM":
            raise TypeError("it contains dates or spans of time")
        return target.to_numpy(dtype=float), task
    except (TypeError, ValueError) as error:
        raise TableError(
            f"the target {options.target!r} is not numeric ({error}); if it stands for classes, "
            "try --task classification"
        ) from None


def _task_of_numbers(target):
    distinct = target.unique()
    few = len(distinct) <= min(MAX_INTEGER_CLASSES, max(2, len(target) / 10))
    return CLASSIFICATION if few and (distinct == distinct.round()).all() else REGRESSION


def _large_classes(y, options, notes, code):
    """Return which rows have a class that can be in every fold."""
    classes, codes, counts = np.unique(y, return_inverse=True, return_counts=True)
    large = counts >= options.folds
    if not _are_enough(counts, options.folds):
        few = [f"{label} ({n})" for label, n in zip(classes[~large], counts[~large], strict=True)]
        raise TableError(
            f"{len(few):,} of the {len(classes):,} classes of the target {options.target!r} "
            f"{'has' if len(few) == 1 else 'have'} fewer than {options.folds} rows, one per fold: "
            f"{listed(few, 5)}; try {_remedy(y, counts)}"
        )
    if small := classes[~large].tolist():
        dropped = listed(list(map(str, small)), 10)
        notes.append(f"classes with fewer than {options.folds} rows dropped: {dropped}")
        code.append(f"frame = frame[~frame[{options.target!r}].isin({small})]")
    return large[codes]


def _are_enough(counts, n_folds):
    """Return whether there are two classes for the folds, with at least half of the rows."""
    large = counts[counts >= n_folds]
    return len(large) > 1 and large.sum() >= counts.sum() / 2


def _remedy(y, counts):
    """Return what helps if classes have too few rows for the folds."""
    most = max((n for n in np.unique(counts) if _are_enough(counts, n)), default=1)
    remedies = [f"--folds {most}{' or fewer' if most > 2 else ''}"] if most > 1 else []
    if y.dtype.kind in "iuf":
        remedies.append("--task regression")
    if remedies:
        return ", or ".join(remedies)
    if len(counts) <= MAX_INTEGER_CLASSES:
        return "another column"
    words = y[np.isnan(pd.to_numeric(y, errors="coerce"))]
    example = str((words if len(words) else y)[0])
    return f"another column, since this one is text, such as {example!r}"
