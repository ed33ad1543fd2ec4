"""The columns of a table, with their kinds and levels, as one matrix of floats.

The matrix has a column for each number, codes for the levels of a category, a few numbers
for a date and for the parts of text, and NaN where a value is missing. Input maps widen it,
block by block.
"""

from ._columns import Column, Columns
from ._learn import learn_columns
from ._tables import array_of, is_frame, whole

__all__ = ["Column", "Columns", "array_of", "is_frame", "learn_columns", "whole"]
