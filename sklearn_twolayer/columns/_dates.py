"""Columns of dates, of times of the day and of spans of time."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import narwhals as nw
import numpy as np

from ._values import all_missing, pairs

#: Seconds per day, and parts of a second.
DAY = 86_400.0
UNITS = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}
#: The encoding of a date: days since 1970, and parts of the calendar.
DATE_PARTS = ("day", "month", "weekday", "hour")
#: That of a span of time.
SPAN = ("days",)


def is_date(values: Any) -> bool:
    """Return whether a column contains dates, times or durations by its type."""
    if isinstance(values, np.ndarray):
        return False
    if values.dtype == nw.Unknown:
        return hasattr(getattr(values.to_native(), "dtype", None), "tz")
    return values.dtype in (nw.Datetime, nw.Date, nw.Duration)


def as_dates(values: Any) -> Any:
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
    present = (value for value, missing in pairs(values) if not missing)
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
        return _in_utc(values)
    return nw.from_native(dates, series_only=True)


def _in_utc(values):
    """Return objects of several time zones as dates in UTC, if each has a time zone."""
    moments = [None if missing else value for value, missing in pairs(values)]
    if not all(each is None or getattr(each, "tzinfo", None) for each in moments):
        return values
    utc = [each and each.astimezone(UTC) for each in moments]
    dtype, backend = nw.Datetime("us", "UTC"), values.implementation
    return nw.new_series(values.name, utc, dtype, backend=backend)


def zone_of(values: Any) -> str | None:
    """Return the name of the time zone of a column of dates."""
    values = as_dates(values)
    if values.dtype == nw.Datetime:
        return values.dtype.time_zone
    return str(values.to_native().dt.tz) if values.dtype == nw.Unknown else None


def varying_parts(values: Any, name: Any, zone: str | None) -> tuple[str, ...]:
    """Return the names of the numbers that encode a column: parts that never vary say nothing."""
    dates = _all_parts(values, name, zone)
    if dates.shape[1] == 1:
        return SPAN
    known = dates[~np.isnan(dates[:, 0])]
    varies = np.ptp(known, axis=0) > 0 if len(known) else np.zeros(dates.shape[1], dtype=bool)
    varies[0] = True
    return tuple(part for part, keep in zip(DATE_PARTS, varies, strict=True) if keep)


def dates_of(values: Any, name: Any, zone: str | None, parts: tuple[str, ...]) -> np.ndarray:
    """Return the numbers that encode dates, shape (n_rows, n_parts); NaN for missing values."""
    values, is_span = as_dates(values), parts == SPAN
    if not is_date(values) and not all_missing(values):
        kind, where = ("spans of time", "") if is_span else ("dates", ", in one time zone")
        raise ValueError(
            f"Column {name!r} contained {kind} in fit, but is of type {values.dtype} now: convert "
            f"it to {kind}{where}."
        )
    dates = _all_parts(values, name, zone)
    if np.isnan(dates).all():
        return np.full((len(dates), len(parts)), np.nan)
    if is_span != (dates.shape[1] == 1):
        kinds = ("spans of time", "dates") if is_span else ("dates", "spans of time")
        raise ValueError(
            f"Column {name!r} contained {kinds[0]} in fit, but contains {kinds[1]} now."
        )
    return dates if is_span else dates[:, [DATE_PARTS.index(part) for part in parts]]


def _all_parts(values: Any, name: Any, zone: str | None) -> np.ndarray:
    """Return days, and for dates also the month, the day of the week and the hour."""
    values = as_dates(values)
    dtype = values.dtype
    if not is_date(values):  # all are missing, and nothing else shows the type
        return np.full((len(values), 1), np.nan)
    missing = values.is_null().to_numpy()
    if dtype == nw.Duration:
        known = values.fill_null(timedelta(0)) if missing.any() else values
        return _aside([known.cast(nw.Int64)], [UNITS[known.dtype.time_unit] * DAY], missing)
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


def _aside(parts, units, missing):
    floats = np.empty((len(missing), len(parts)))
    for j, (part, unit) in enumerate(zip(parts, units, strict=True)):
        filled = part.fill_null(0) if missing.any() else part
        floats[:, j] = np.asarray(filled.to_numpy(), dtype=np.float64) / unit
    floats[missing] = np.nan
    return floats


def _since_midnight(values):
    spans = [
        None if missing else datetime.combine(date.min, value.replace(tzinfo=None)) - datetime.min
        for value, missing in pairs(values)
    ]
    backend = values.implementation
    return nw.new_series(values.name, spans, nw.Duration("us"), backend=backend)
