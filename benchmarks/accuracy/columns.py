"""The columns of a table, and the preprocessing that turns them into numbers for all models.

The command of the package uses libraries for this; the benchmark has its own code, so that its
figures do not change with other libraries.
"""

import re
import warnings
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import OneHotEncoder

#: A text column with a larger fraction of distinct values is treated as names or free text.
MOSTLY_DISTINCT = 0.9
#: Levels of a category with fewer rows than this share one column.
RARE_LEVEL = 5
MAX_LEVELS = 30

_DATE = re.compile(r"\s*\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}")
_DAY_AND_MONTH = r"^\s*(\d{1,2})([-/.])(\d{1,2})[-/.]\d{2,4}\b"
_IDENTIFIER = re.compile(r"(?i:(^|[\s_.-])(id|index)$|^unnamed: \d+$)|[a-z](Id|ID)$")


class Columns(NamedTuple):
    """The columns of a table, ready for a `ColumnTransformer`.

    Parameters
    ----------
    frame : DataFrame
        Numbers as floats with NaN, categories as text; other columns are dropped.
    numbers : list of str
        Numerical columns.
    categories : list of str
        The others.
    notes : list of str
        Dropped and converted columns.
    """

    frame: pd.DataFrame
    numbers: list[str]
    categories: list[str]
    notes: list[str]

    def preparation(self) -> ColumnTransformer:
        """Return the preprocessing of all models.

        Missing numbers are replaced by the median, with an indicator column. A category has one
        column for each level, and one for all rare and new levels.
        """
        imputer = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
        encoder = OneHotEncoder(
            handle_unknown="infrequent_if_exist",
            min_frequency=RARE_LEVEL,
            max_categories=MAX_LEVELS,
            sparse_output=False,
        )
        return ColumnTransformer(
            [("numbers", imputer, self.numbers), ("categories", encoder, self.categories)]
        )


def read_columns(raw: pd.DataFrame) -> Columns:
    """Decide what each column is: a number, a date, a category, or uninformative.

    Except for the choice of dropped columns, and whether dates begin with the day, all decisions
    concern single rows, so that no information leaks from test rows.

    Examples
    --------
    >>> raw = pd.DataFrame({"id": [7, 8, 9], "size": [1.5, None, 2], "of": ["a", "b", "a"]})
    >>> columns = read_columns(raw)
    >>> columns.numbers, columns.categories, columns.notes
    (['size'], ['of'], ['left out, an identifier: id'])
    """
    numbers, categories, left_out = {}, {}, {}  # type: dict, dict, dict
    dates = []
    for name, column in raw.items():
        if reason := _nothing_to_learn(name, column):
            left_out.setdefault(reason, []).append(name)
        elif _is_number(column):
            numbers[name] = _as_floats(column)
        elif (moments := _as_dates(column, day_first := _day_first(column))) is not None:
            dates.append(f"{name} (the day first)" if day_first else name)
            numbers |= _date_parts(name, moments)
        elif column.nunique() > max(20, MOSTLY_DISTINCT * column.count()):
            left_out.setdefault("names or free text", []).append(name)
        else:
            categories[name] = column.astype(object).where(column.notna(), "(missing)").map(str)
    notes = [f"left out, {reason}: {', '.join(names)}" for reason, names in left_out.items()]
    if dates:
        notes.append(f"read as dates: {', '.join(dates)}")
    frame = pd.DataFrame(numbers | categories, index=raw.index)
    return Columns(frame, list(numbers), list(categories), notes)


def _nothing_to_learn(name, column) -> str | None:
    if column.nunique() == 0:
        return "empty"
    if column.nunique(dropna=False) == 1:
        return "constant"
    if column.is_unique and not pd.api.types.is_float_dtype(column):
        if _IDENTIFIER.search(name):
            return "an identifier"
        if pd.api.types.is_integer_dtype(column) and len(column) > 2:
            counts_rows = column.diff().iloc[1:].eq(1).all()
            return "an identifier" if counts_rows else None
    return None


def _is_number(column) -> bool:
    return pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column)


def _as_floats(column):
    return column.astype(float).replace([np.inf, -np.inf], np.nan)


def _day_first(column) -> bool:
    """Return whether days precede months: if one is above 12, else if there is a point."""
    parts = column.astype(str).str.extract(_DAY_AND_MONTH).dropna()
    if parts.empty:
        return False
    if (parts[0].astype(int) > 12).any():
        return True
    return bool((parts[1] == ".").all() and not (parts[2].astype(int) > 12).any())


def _as_dates(column, day_first):
    """Return a text column as dates, or None if it contains anything else."""
    given = column.dropna().astype(str)
    if not given.head(100).str.match(_DATE).all():
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # dates in the other order
        moments = pd.to_datetime(column, errors="coerce", format="mixed", utc=True)
        if day_first:  # but years may come first in other rows
            some = column.where(column.astype(str).str.match(_DAY_AND_MONTH))
            swapped = pd.to_datetime(
                some, errors="coerce", format="mixed", utc=True, dayfirst=True
            )
            moments = moments.where(some.isna(), swapped)
    return moments if moments.count() >= 0.95 * len(given) else None


def _date_parts(name, moments):
    epoch = pd.Timestamp(0, tz="UTC").as_unit("s")  # in nanoseconds, old dates overflow
    days = (moments - epoch) / pd.Timedelta(days=1)
    parts = {"day": days, "month": moments.dt.month, "weekday": moments.dt.day_of_week}
    if (moments.dt.hour.fillna(0) != 0).any():
        parts["hour"] = moments.dt.hour
    return {f"{name} ({part})": values.astype(float) for part, values in parts.items()}
