"""The columns of a table, and their conversion to a matrix."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from html import escape
from typing import Any

import numpy as np

from .._sample import Codes
from ._dates import dates_of
from ._levels import codes_of, distinct_texts, levels_of, type_of
from ._numbers import numbers_of
from ._tables import columns_of, is_frame
from ._text import TextParts


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Parameters
    ----------
    name : object
        Its name, or its number in an array.
    kind : {"number", "category", "date"}
        The kind of its values.
    levels : tuple
        The levels of a category that were seen in fit, sorted.
    parts : tuple of str
        The numbers that encode a date: "day", "month", "weekday", "hour"; for a span of time,
        "days"; or those in addition to the code of a category, for text with many rare levels:
        "text1", "text2" and so on.
    text : TextParts or None
        Computes the latter.
    holds : {"numbers", "text"} or None
        What a category contained in fit; None if its type does not say so.
    zone : str or None
        The time zone of dates, in which days begin.
    is_code : bool
        Whether its numbers or days are codes, so that target statistics are used in addition.
    partners : tuple
        The names of other columns: pairs of its values and theirs have target statistics.
    """

    name: Any
    kind: str
    levels: tuple = ()
    parts: tuple[str, ...] = ()
    text: TextParts | None = field(default=None, repr=False, compare=False)
    holds: str | None = None
    zone: str | None = None
    is_code: bool = False
    partners: tuple = ()

    def __getstate__(self):
        # Not all levels can be keys of a dictionary in a file.
        return {name: value for name, value in vars(self).items() if name != "index"}

    @cached_property
    def index(self) -> dict:
        """The code of each level."""
        return {level: code for code, level in enumerate(self.levels)}

    @property
    def names(self) -> list[str]:
        """The names of its columns in the matrix."""
        itself = [] if self.kind == "date" else [str(self.name)]
        return itself + [f"{self.name}_{part}" for part in self.parts]

    @property
    def width(self) -> int:
        """Number of its columns in the matrix."""
        return len(self.names)

    def floats(self, values: Any) -> np.ndarray:
        """Return its values as floats: a vector, or a matrix if there are several columns."""
        if self.kind == "number":
            return numbers_of(values, self.name)
        if self.kind == "date":
            return dates_of(values, self.name, self.zone, self.parts)
        codes = codes_of(values, self.index, self.name)
        if not (codes >= 0).any():
            self._check_type(values)
        if self.text is None:
            return codes
        texts, places = distinct_texts(values)
        return np.column_stack([codes, self.text.numbers(texts)[places]])

    def _check_type(self, values):
        """Raise ValueError if text became numbers, or numbers text: no value can be a level."""
        now = type_of(values, levels_of(values, self.name))
        if None not in (self.holds, now) and self.holds != now:
            raise ValueError(
                f"Column {self.name!r} contained {self.holds} in fit, but contains {now} now: "
                "convert it to the type that it had."
            )


@dataclass(frozen=True, repr=False)
class Columns:
    """The columns of a table, in their order.

    Parameters
    ----------
    columns : tuple of Column
        The interpretation of each.
    dtype : str
        The name of the floating type of the matrix.
    of_array : bool
        Whether they are those of an array, and so without names.
    """

    columns: tuple[Column, ...]
    dtype: str
    of_array: bool = False

    def __repr__(self) -> str:
        return "\n".join(" | ".join(row) for row in self._rows())

    def _repr_html_(self) -> str:
        head = "<tr><th>column</th><th>kind</th><th>encoding</th></tr>"
        lines = ("".join(f"<td>{escape(cell)}</td>" for cell in row) for row in self._rows())
        return f"<table>{head}{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"

    def _rows(self):
        for each in self.columns:
            became = f"{len(each.levels)} levels: {', '.join(map(str, each.levels[:5]))}"
            if len(each.levels) > 5:
                became += ", ..."
            if each.parts:
                became += f"; {len(each.parts)} numbers for parts of the text"
            if each.kind != "category":
                became = ", ".join(each.parts) or "itself"
            means = ["each value"] * each.is_code
            means += [f"each pair with {name}" for name in each.partners]
            if means:
                became += f"; the mean target of {' and of '.join(means)}"
            yield str(each.name), each.kind, became

    def with_codes(self, codes: Codes) -> "Columns":
        """Return the columns, of which some hold codes, alone or in pairs."""
        at, columns = dict(zip(self.starts.tolist(), self.columns, strict=True)), []
        for start, column in at.items():
            pairs = [pair for pair in codes.pairs if start in pair]
            partners = tuple(at[two if start == one else one].name for one, two in pairs)
            is_code = bool(codes.is_code[start])
            columns.append(replace(column, is_code=is_code, partners=partners))
        return replace(self, columns=tuple(columns))

    @property
    def is_category(self) -> np.ndarray:
        """Which columns of the matrix hold codes, shape (n_inputs,)."""
        return self._are("category")

    @property
    def is_number(self) -> np.ndarray:
        """Which columns of the matrix are columns of numbers, or days, shape (n_inputs,)."""
        return self._are("number") | self._are("date")

    def _are(self, kind):
        flags = np.zeros(sum(each.width for each in self.columns), dtype=bool)
        flags[self.starts] = [each.kind == kind for each in self.columns]
        return flags

    @property
    def places(self) -> dict[Any, int]:
        """The first column of the matrix for each column, by its number and by its name."""
        starts = self.starts.tolist()
        by_name = {each.name: start for each, start in zip(self.columns, starts, strict=True)}
        return dict(enumerate(starts)) | by_name

    @property
    def starts(self) -> np.ndarray:
        """The position of the first number of each column in the matrix, shape (n_columns,)."""
        return np.cumsum([0, *(each.width for each in self.columns)])[:-1]

    @property
    def names(self) -> list[str]:
        """The names of the columns of the matrix."""
        return [name for each in self.columns for name in each.names]

    def matrix(self, X: Any) -> np.ndarray:
        """Return a table as floats, shape (n_rows, n_inputs); NaN where a value is missing.

        Parameters
        ----------
        X : data frame or ndarray of shape (n_rows, n_columns)
            A table of the same columns.

        Returns
        -------
        ndarray
            Numbers, codes of levels (-1 for a level that was not seen in fit), numbers for
            parts of text, and days.
        """
        names, values, n_rows = columns_of(X)
        expected = [each.name for each in self.columns]
        # Old releases of scikit-learn do not find the names of all kinds of data frames, and none
        # compares names that are not text.
        if names != expected and (
            all(isinstance(name, str) for name in names)
            or (not self.of_array and is_frame(X) and set(names) == set(expected))
        ):
            raise ValueError(
                "The feature names should match those that were passed during fit: expected "
                f"{expected}, got {names}."
            )
        matrix = np.empty((n_rows, len(self.is_category)), dtype=self.dtype)
        start = 0
        for column, some in zip(self.columns, values, strict=True):
            end = start + column.width
            matrix[:, start:end] = column.floats(some).reshape(n_rows, column.width)
            start = end
        return matrix
