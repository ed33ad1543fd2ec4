"""What a fit learns of the columns of a table."""

from dataclasses import replace
from typing import Any

import numpy as np

from .._checks import shown
from .._warnings import warn_user
from ._columns import Column, Columns
from ._dates import as_dates, is_date, varying_parts, zone_of
from ._kinds import kind_of
from ._levels import codes_of, levels_of, type_of
from ._numbers import float_type
from ._quantities import quantity_in
from ._tables import columns_of, is_frame
from ._text import LEVELS_PER_NUMBER, learn_text

#: With more levels than this, and than this part of the rows, a column is no category.
MANY_LEVELS, MOSTLY_UNIQUE = 50, 0.9


def learn_columns(
    X: Any,
    categorical_features: Any,
    exact: type = np.float32,
    rows: np.ndarray | None = None,
) -> Columns:
    """Return the interpretation of the columns of a table.

    Parameters
    ----------
    X : data frame or ndarray of shape (n_rows, n_columns)
        The training rows.
    categorical_features : "from_dtype", array-like or None
        Columns that hold categories: those with a matching type; a mask, positions or names; none.
    exact : floating type
        The type for categories, booleans and small integers, which have the same values in all of
        them; not for an array of floats, which has its own.
    rows : ndarray of int, optional
        The rows that count, if not all do.

    Returns
    -------
    Columns
        Their kinds and levels.
    """
    names, values, n_rows = columns_of(X)
    chosen = _chosen(categorical_features, names)
    columns, dtypes = [], []
    counted = values
    if rows is not None and len(rows) < n_rows:
        counted, n_rows = [some[rows] for some in values], len(rows)
    if not is_frame(X) and X.dtype in (np.float32, np.float64):
        exact = X.dtype.type
    for name, whole, some, is_chosen in zip(names, values, counted, chosen, strict=True):
        kind = "category" if is_chosen else kind_of(whole, name)
        if kind == "category":
            if is_chosen is False:
                raise ValueError(
                    f"Column {name!r} holds text or categories, and categorical_features="
                    f"{shown(categorical_features)} does not name it: add it there, or leave "
                    "the parameter at 'from_dtype'."
                )
            columns.append(_category(name, some, n_rows))
            dtypes.append(exact)
        elif kind == "date":
            dtypes.append(np.float64)
            zone = zone_of(whole)
            columns.append(Column(name, kind, parts=varying_parts(some, name, zone), zone=zone))
        else:
            dtypes.append(float_type(some, exact))
            columns.append(Column(name, kind))
    return Columns(tuple(columns), np.result_type(*(dtypes or [exact])).name, not is_frame(X))


def _category(name, values, n_rows):
    levels = levels_of(values, name)
    column = Column(name, "category", levels, holds=type_of(values, levels))
    if len(levels) < LEVELS_PER_NUMBER:
        return column
    if all(isinstance(level, str) for level in levels):
        codes = codes_of(values, column.index, name)
        counts = np.bincount(codes[~np.isnan(codes)].astype(int), minlength=len(levels))
        text = learn_text(levels, counts)
        if text is None:
            return column
        if quantity := quantity_in(levels):
            warn_user(
                f"Column {name!r} holds {quantity} as text, so their order is lost: convert it to "
                "numbers or dates."
            )
        return replace(column, parts=text.names, text=text)
    marks = [level for level in levels if isinstance(level, str)]
    if marks and (quantity := quantity_in(levels)):
        warn_user(
            f"Column {name!r} holds {quantity} and text such as {marks[0]!r}, so it is a category "
            "and their order is lost: replace the text by missing values."
        )
        return column
    is_chosen = is_date(as_dates(values))  # not a category by itself
    if not is_chosen and not marks and quantity_in(levels) == "dates":
        warn_user(
            f"Column {name!r} is a category of dates, so their order is lost: pass a data frame "
            "with dates in one time zone."
        )
    elif len(levels) > max(MANY_LEVELS, MOSTLY_UNIQUE * n_rows):
        kinds = "dates" if is_chosen else "numbers or as text"
        warn_user(
            f"Column {name!r} has {len(levels)} levels in {n_rows} rows: an identifier says "
            f"little as a category. Leave it out, or pass it as {kinds}."
        )
    return column


def _chosen(categorical_features, names):
    """Return True or False for each column, or None if its type decides."""
    if isinstance(categorical_features, str) and categorical_features == "from_dtype":
        return [None] * len(names)
    if categorical_features is None:
        return [False] * len(names)
    given = np.asarray(categorical_features)
    expected = (
        "categorical_features must be 'from_dtype', None, a mask of one boolean per column, or "
        "positions (integers) or names (text) of columns"
    )
    if given.ndim != 1 or (given.size and given.dtype.kind not in "biuOU"):
        raise ValueError(f"{expected}, got {shown(categorical_features)}.")
    if given.dtype.kind == "b":
        if len(given) != len(names):
            raise ValueError(f"{expected}; the mask has {len(given)} entries for {len(names)}.")
        return [bool(flag) for flag in given]
    if given.dtype.kind in "iu":
        wrong = [int(i) for i in given if not 0 <= i < len(names)]
        named = {int(i) for i in given}
        found = [i in named for i in range(len(names))]
    else:
        wrong = [name for name in given.tolist() if name not in names]
        named = set(given.tolist())
        found = [name in named for name in names]
    if wrong:
        which = "called" if given.dtype.kind not in "iu" else "at the positions, from 0 on,"
        raise ValueError(f"{expected}; X has {len(names)} columns, but none {which} {wrong}.")
    return found
