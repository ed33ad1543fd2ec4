"""Text that is a number or a date, and was probably not converted."""

import re
from collections import Counter
from datetime import date

#: More of the levels than this must be alike.
MOSTLY = 0.9
CURRENCY = "[$€£¥]"
GROUPS = r"\d{1,3}([,.' ]\d{3})+"
NUMBERS = (
    r"\d*[.,]\d+(e[-+]?\d+)?",  # 1.5
    rf"{GROUPS}([.,]\d+)?",  # 1,234.50
    rf"{CURRENCY} ?(\d+|{GROUPS})([.,]\d+)?",  # $1,234
    rf"(\d+|{GROUPS})([.,]\d+)? ?(%|{CURRENCY})",  # 12 %
)
MONTH = "(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
DATES = (
    r"\d{4}[-/.]\d\d?[-/.]\d\d?",  # 2020-01-31
    r"\d\d?[-/.]\d\d?[-/.](\d\d|\d{4})",  # 31.01.2020, 1/31/20
    rf"\d\d?[-/. ]+{MONTH}[-/., ]+(\d\d|\d{{4}})",  # 31 January 2020
    rf"{MONTH}[. ]+\d\d?, *\d{{4}}",  # Jan 31, 2020
)
PATTERNS = {
    "numbers": re.compile(rf"\s*[-+]?({'|'.join(NUMBERS)})\s*", re.IGNORECASE),
    "dates": re.compile(rf"\s*({'|'.join(DATES)})([T\s].*)?", re.IGNORECASE),
}


def quantity_in(levels: tuple) -> str | None:
    """Return what most levels are, "numbers" or "dates"; None if they are anything else.

    Whole numbers as text do not count: they are often codes.

    Examples
    --------
    >>> quantity_in(("2020-01-31", "2021-11-05 12:30"))
    'dates'
    >>> quantity_in(("$1,200", 3.5, "12 %"))
    'numbers'
    """
    quantity, count = Counter(map(_kind, levels)).most_common(1)[0]
    return quantity if count > MOSTLY * len(levels) else None


def _kind(level):
    if isinstance(level, str):
        return next((kind for kind in PATTERNS if PATTERNS[kind].fullmatch(level)), None)
    if isinstance(level, date):
        return "dates"
    return "numbers" if hasattr(level, "__float__") else None
