"""The values of one column: their kind, and their conversion to floats."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

import narwhals as nw
import numpy as np

from .._checks import is_missing

#: Number of values that are looked up at a time.
BLOCK = 2**16
#: Seconds per day.
DAY = 86_400.0
#: Types of dates and spans of time.
DATES = (nw.Datetime, nw.Date, nw.Duration)
#: The encoding of a date: days since 1970, and parts of the calendar.
DATE_PARTS = ("day", "month", "weekday", "hour")


def kind_of(values: Any, name: Any) -> str:
    """Return "number", "category" or "date".

    Parameters
    ----------
    values : Series or ndarray of shape (n_rows,)
        A column.
    name : object
        Its name, for messages.

    Returns
    -------
    str
        The kind that its type suggests.

    Raises
    ------
    TypeError
        If it contains anything but numbers, text, categories or dates.
    """
    if isinstance(values, np.ndarray):
        return _kind_of_objects(values, name) if values.dtype.kind in "OUS" else "number"
    dtype = values.dtype
    if dtype.is_numeric() or dtype == nw.Boolean:
        return "number"
    if dtype in (nw.String, nw.Categorical, nw.Enum):
        return "category"
    if _is_date(values) or dtype == nw.Time:
        return "date"
    if dtype in (nw.Object, nw.Unknown):
        return "date" if _is_date(_with_dates(values)) else _kind_of_objects(values, name)
    raise TypeError(
        f"Column {name!r} is of type {dtype}: only numbers, booleans, text, categories and dates "
        "are supported. Drop it, or convert it to several columns."
    )


def _kind_of_objects(values, name):
    is_number = True
    for value, missing in _pairs(values):
        if missing or isinstance(value, bool | np.bool_):
            continue
        if isinstance(value, str):
            is_number = False
        elif not hasattr(value, "__float__"):
            if hasattr(value, "__len__") or isinstance(value, complex | np.complexfloating):
                raise TypeError(
                    f"Column {name!r} holds an object of type {type(value).__name__}: only "
                    "numbers, booleans, text, categories and dates are supported. Drop it, or "
                    "convert it to several columns."
                )
            is_number = False
    return "number" if is_number else "category"


def _pairs(values: Any) -> Iterator[tuple[Any, bool]]:
    """Yield each value, and whether it is missing."""
    for start in range(0, len(values), BLOCK):
        some = values[start : start + BLOCK]
        if isinstance(some, np.ndarray):
            listed = some.tolist()
            null = list(map(is_missing, listed)) if some.dtype == object else [False] * len(some)
        else:
            listed, null = some.to_list(), some.is_null().to_list()
        for value, is_null in zip(listed, null, strict=True):
            missing = is_null or value is None or (isinstance(value, float) and value != value)
            yield value, missing


def all_missing(values: Any) -> bool:
    """Return whether a column has no values, whatever its type."""
    return all(missing for _, missing in _pairs(values))


def type_of(values: Any, levels: tuple) -> str | None:
    """Return "numbers" or "text" if all levels are, and the type of their column says so."""
    if values.dtype in (np.dtype(object), nw.Object) or not levels:
        return None
    if all(isinstance(level, str) for level in levels):
        return "text"
    return "numbers" if all(hasattr(level, "__float__") for level in levels) else None


def levels_of(values: Any, name: Any) -> tuple:
    """Return the levels of a category, in an order that does not depend on the order of rows."""
    levels: dict[Any, None] = {}
    try:
        for value, missing in _pairs(_unique(values)):
            if not missing:
                levels.setdefault(value)
    except TypeError as error:
        raise TypeError(
            f"Column {name!r} contains values that cannot be levels: {error}"
        ) from error
    try:
        return tuple(sorted(levels))
    except TypeError:  # text and numbers
        return tuple(sorted(levels, key=lambda level: (type(level).__name__, str(level))))


def _unique(values):
    if isinstance(values, np.ndarray) or values.dtype in (nw.Object, nw.Unknown):
        return values
    return values.unique()


def codes_of(values: Any, index: dict, name: Any) -> np.ndarray:
    """Return the position of each value among the levels; -1 for others, NaN for missing."""
    values, index = _in_one_precision(values, index)
    codes = (np.nan if missing else index.get(value, -1) for value, missing in _pairs(values))
    try:
        return np.fromiter(codes, dtype=np.float64, count=len(values))
    except TypeError as error:
        raise TypeError(
            f"Column {name!r} contains values that cannot be levels: {error}"
        ) from error


def _in_one_precision(values, index):
    """Round levels, or values, to single precision if the other ones are."""
    dtype = values.dtype
    if dtype in (np.float32, nw.Float32):
        rounded = {_single(level): i for level, i in index.items() if isinstance(level, float)}
        return values, rounded | index
    if dtype in (np.float64, nw.Float64):
        floats = [level for level in index if isinstance(level, float)]
        is_single = all(_single(level) == level for level in floats)
        if is_single and not all(level.is_integer() for level in floats):
            is_array = isinstance(values, np.ndarray)
            with np.errstate(over="ignore"):
                single = values.astype(np.float32) if is_array else values.cast(nw.Float32)
            return single, index
    return values, index


def _single(value):
    with np.errstate(over="ignore"):
        return float(np.float32(value))


def distinct_texts(values: Any) -> tuple[list[str], np.ndarray]:
    """Return the distinct values as text, and the place of each among them.

    A missing value is the empty text.
    """
    index: dict[str, int] = {}
    texts = ("" if missing else str(value) for value, missing in _pairs(values))
    places = (index.setdefault(text, len(index)) for text in texts)
    array = np.fromiter(places, dtype=np.intp, count=len(values))
    return list(index), array


def numbers_of(values: Any, name: Any) -> np.ndarray:
    """Return numbers as floats, with NaN for missing values.

    Parameters
    ----------
    values : Series or ndarray of shape (n_rows,)
        A column.
    name : object
        Its name, for messages.

    Returns
    -------
    ndarray of shape (n_rows,)
        In the precision of the column, single or double.

    Raises
    ------
    ValueError
        If some are not numbers, or infinite.
    """
    try:
        numbers = _floats(values)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"Column {name!r} contains values that are not numbers ({error}). It was numeric in "
            "fit, or categorical_features does not include it."
        ) from error
    if np.isinf(numbers).any():
        raise ValueError(
            f"Column {name!r} of X contains infinity or a value too large for {numbers.dtype}: "
            "drop these rows, or replace the values by NaN."
        )
    return numbers


#: Types whose values are exact in single precision.
EXACT = (nw.Boolean, nw.Int8, nw.Int16, nw.UInt8, nw.UInt16)


#: Types that may have more digits than a float.
INTEGERS = (nw.Int64, nw.UInt64)


def float_type(values: Any, exact: type = np.float32) -> type:
    """Return the floating type for the numbers of a column, given that for small integers."""
    if isinstance(values, np.ndarray):
        return np.float32 if values.dtype == np.float32 else np.float64
    if values.dtype in EXACT:
        return exact
    return np.float32 if values.dtype == nw.Float32 else np.float64


def _floats(values):
    is_array = isinstance(values, np.ndarray)
    if is_array and values.dtype != object:
        return values.astype(float_type(values), copy=False)
    if is_array or values.dtype in (nw.Object, nw.Unknown, nw.Decimal):
        pairs = _pairs(values)
        return np.array([np.nan if missing else float(value) for value, missing in pairs])
    if values.dtype in (nw.String, nw.Categorical, nw.Enum) or _is_date(values):
        if all_missing(values):  # None alone has the type of text
            return np.full(len(values), np.nan, dtype=np.float32)
        raise ValueError("dates" if _is_date(values) else "text")
    kind = float_type(values)
    if values.dtype in INTEGERS:  # a cast of Arrow refuses those of more than 53 bits
        missing = values.is_null().to_numpy()
        return np.where(missing, kind(np.nan), values.fill_null(0).to_numpy().astype(kind))
    numbers = values.cast(nw.Float32 if kind is np.float32 else nw.Float64)
    return np.asarray(numbers.to_numpy(), dtype=kind)


def zone_of(values: Any) -> str | None:
    """Return the name of the time zone of a column of dates."""
    values = _with_dates(values)
    if values.dtype == nw.Datetime:
        return values.dtype.time_zone
    return str(values.to_native().dt.tz) if values.dtype == nw.Unknown else None


def _in_zone(values, zone, name):
    """Return dates in the time zone of those in fit."""
    now = zone_of(values)
    if now == zone:
        return values
    if None not in (now, zone):
        try:
            if values.dtype != nw.Unknown:
                return values.dt.convert_time_zone(zone)
            native = values.to_native().dt.tz_convert(zone)
            return nw.from_native(native, series_only=True)
        except Exception:  # of each library: it does not know the zone by name
            pass
    before, now = ("no time zone" if each is None else each for each in (zone, now))
    raise ValueError(
        f"Column {name!r} contained dates in another time zone in fit, {before}, than now, {now}: "
        "convert them to that of fit."
    )


def dates_of(values: Any, name: Any, zone: str | None) -> np.ndarray:
    """Return dates in days, and parts of the calendar.

    Parameters
    ----------
    values : Series of dates, times or durations
        A column.
    name : object
        Its name, for messages.
    zone : str or None
        The time zone in which days begin.

    Returns
    -------
    ndarray of shape (n_rows, n_parts)
        Days; for dates also the month, the day of the week and the hour. NaN for missing values.
    """
    values = _with_dates(values)
    dtype = values.dtype
    if not _is_date(values):
        if all_missing(values):  # nothing else shows the type
            return np.full((len(values), 1), np.nan)
        raise ValueError(
            f"Column {name!r} contained dates in fit, but is of type {dtype} now: convert it to "
            "dates, in one time zone."
        )
    missing = values.is_null().to_numpy()
    if dtype == nw.Duration:
        return _aside([values.dt.total_microseconds()], [1e6 * DAY], missing)
    if not missing.all():
        values = _in_zone(values, zone, name)
        dtype = values.dtype
    moment = values.cast(nw.Datetime("us")) if dtype == nw.Date else values
    local = moment
    if dtype == nw.Unknown:  # a time zone whose name narwhals does not parse
        native = values.to_native()
        moment = nw.from_native(native.dt.tz_convert("UTC"), series_only=True)
        local = nw.from_native(native.dt.tz_localize(None), series_only=True)
    parts = [moment.dt.timestamp("us"), local.dt.month(), local.dt.weekday()]
    parts += [local.dt.hour(), local.dt.minute()]
    floats = _aside(parts, [1e6 * DAY, 1, 1, 1, 60], missing)
    floats[:, 3] += floats[:, 4]
    return floats[:, :4]


def _is_date(values):
    """Return whether a column contains dates, times or durations by its type."""
    if isinstance(values, np.ndarray):
        return False
    if values.dtype == nw.Unknown:
        return hasattr(getattr(values.to_native(), "dtype", None), "tz")
    return values.dtype in DATES


def _with_dates(values):
    """Return a column as one of dates or spans of time, if it can be read so.

    Those are date objects, periods, and times of the day, which are spans since midnight.
    """
    if isinstance(values, np.ndarray):
        return values
    if values.dtype == nw.Time:
        return _since_midnight(values)
    if values.dtype not in (nw.Object, nw.Unknown):
        return values
    native = values.to_native()
    if str(native.dtype).startswith("period["):
        return nw.from_native(native.dt.to_timestamp(), series_only=True)
    if values.dtype == nw.Unknown:
        return values
    present = (value for value, missing in _pairs(values) if not missing)
    first = next(present, None)
    kind = time if isinstance(first, time) else date | timedelta
    if not isinstance(first, kind) or not all(isinstance(value, kind) for value in present):
        return values
    if kind is time:
        return _since_midnight(values)
    try:
        dates = native.infer_objects()  # with a time zone
        if dates.dtype == object:
            dates = dates.astype("datetime64[us]")
    except (AttributeError, TypeError, ValueError):  # several time zones, or not from pandas
        return values
    return nw.from_native(dates, series_only=True)


def _since_midnight(values):
    spans = [
        None if missing else datetime.combine(date.min, value.replace(tzinfo=None)) - datetime.min
        for value, missing in _pairs(values)
    ]
    backend = values.implementation
    return nw.new_series(values.name, spans, nw.Duration("us"), backend=backend)


def _aside(parts, units, missing):
    floats = np.empty((len(missing), len(parts)))
    for j, (part, unit) in enumerate(zip(parts, units, strict=True)):
        filled = part.fill_null(0) if missing.any() else part
        floats[:, j] = np.asarray(filled.to_numpy(), dtype=np.float64) / unit
    floats[missing] = np.nan
    return floats
