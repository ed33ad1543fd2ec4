"""The columns of a user's table."""

import re

import numpy as np
import pandas as pd
from skrub import Cleaner

from ._files import header_hint, read_frame
from ._names import MOST_NAMES, suggested
from ._table import TableError

#: Text that stands for a missing number.
MARKS = r"(?i:[^\w]*|n[./]?a\.?|nan|none|null|missing|unknown)"

#: A number with separators of thousands, a decimal comma, a currency, a percent sign or a unit.
_NUMBER = re.compile(
    r"[-+]?[$€£¥₹]?\s?[-+]?\d+([.,'’\s]\d{3})*([.,]\d+)?(\s?[$€£¥₹%]|\s[^\W\d]{1,4})?"
)
_IDENTIFIER = re.compile(
    r"(?i:(^|[\s_.-])((gu|u|uu)?id|index|idx|no|nr|row([\s_.-]?(num|number|names?))?)\.?$"
    r"|^unnamed: \d+$|^#$)|[a-z](Id|ID|No|Nr)$"
)


def list_columns(path: str) -> str:
    """Return a line for each column of a file, for the choice of a target."""
    frame, _ = read_frame(path)
    lines = [f"{path}: {len(frame):,} rows, {frame.shape[1]:,} columns{header_hint(frame, path)}"]
    for name, column in frame.iloc[:, :MOST_NAMES].items():
        missing = f", {column.isna().mean():.0%} missing" if column.isna().any() else ""
        distinct = column.dropna().astype(str).nunique()
        lines.append(f"  {name}: {column.dtype}, {distinct:,} distinct{missing}")
    more = frame.shape[1] - MOST_NAMES
    return "\n".join([*lines, f"  and {more:,} more"] if more > 0 else lines)


def check_name(wanted: str, names: list[str], path: str) -> None:
    """Raise a TableError if a file has no column of that name."""
    if wanted not in names:
        hint = header_hint(names, path)
        raise TableError(f"{path} has no column {wanted!r}; {suggested(wanted, names)}{hint}")


def with_numbers(
    frame: pd.DataFrame, group: str | None, notes: list[str], code: list[str]
) -> pd.DataFrame:
    """Return a frame with columns of numbers that are stored as text as numbers, and note it."""
    marks: set[str] = set()
    names, kept = [], []
    for name, column in frame.items():
        cells = column.dropna()
        if (
            name == group
            or not _may_hold_text(column)
            or cells.empty
            or not cells.map(_is_text_or_number).all()
        ):
            continue
        texts = cells.astype(str).str.strip()
        others = texts[pd.to_numeric(texts, errors="coerce").isna()]
        # Codes may begin with zeros, or have more digits than a float.
        is_code = texts.str.fullmatch(r"[-+]?(0\d.*|\d{16,})").any()
        most = len(texts) / 2
        numbers = others[[bool(_NUMBER.fullmatch(text)) for text in others]]
        if len(others) <= most and others.str.fullmatch(MARKS).all() and not is_code:
            names.append(name)
            marks.update(others)
        elif len(numbers) and len(others) - len(numbers) <= most and not is_code:
            kept.append(f"{name} ({numbers.iloc[0]!r})")
    if kept:
        remedy = "write them like 1234.5, without other signs"
        notes.append(f"numbers kept as text: {', '.join(kept)}; {remedy}")
    if names:
        more = f"; missing: {', '.join(map(repr, sorted(marks)[:5]))}" if marks else ""
        notes.append(f"text read as numbers: {', '.join(names)}{more}")
        frame = frame.copy()
        frame[names] = frame[names].apply(pd.to_numeric, errors="coerce")
        code.append(f"frame[{names}] = frame[{names}].apply(pd.to_numeric, errors='coerce')")
    return frame


def _is_text_or_number(cell):
    return isinstance(cell, str | int | float) and not isinstance(cell, bool)


def left_out(X: pd.DataFrame, notes: list[str]) -> list[str]:
    """Return uninformative columns, and note the reasons."""
    nested = [name for name in X if X[name].dtype == object and X[name].map(np.ndim).any()]
    reasons: dict[str, list[str]] = {"lists": nested} if nested else {}
    X = X.drop(columns=nested)
    cleaned = Cleaner().fit_transform(X)
    for name in X:
        reason = _nothing_to_learn(name, cleaned[name]) if name in cleaned else "empty"
        if reason:
            reasons.setdefault(reason, []).append(name)
    notes += [f"dropped, {reason}: {', '.join(names)}" for reason, names in reasons.items()]
    dropped = [name for names in reasons.values() for name in names]
    if counts := [name for name in X if name not in dropped and _counts_rows(X[name])]:
        remedy = "remove them from the file if they only number the rows"
        notes.append(f"consecutive numbers, kept: {', '.join(counts)}; {remedy}")
    is_date = {name: cleaned[name].dtype.kind == "M" != X[name].dtype.kind for name in cleaned}
    if dates := [name for name in cleaned if is_date[name]]:
        notes.append(f"read as dates: {', '.join(dates)}")
    return dropped


def _may_hold_text(column):
    return column.dtype == object or pd.api.types.is_string_dtype(column)


def _nothing_to_learn(name, column) -> str | None:
    n_distinct = column.nunique()
    if n_distinct == 1 and column.notna().all():
        return "constant"
    is_label = _may_hold_text(column) or pd.api.types.is_integer_dtype(column)
    return "identifiers" if is_label and column.is_unique and _IDENTIFIER.search(name) else None


def _counts_rows(column):
    return pd.api.types.is_integer_dtype(column) and column.diff().iloc[1:].eq(1).all()
