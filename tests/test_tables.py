"""Data frames: what columns are taken for, and what becomes of them."""

import datetime
import decimal
import uuid
import zoneinfo

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV
from sklearn.preprocessing import OneHotEncoder

from sklearn_twolayer import RBFNetwork, TwoLayerClassifier, TwoLayerRegressor
from sklearn_twolayer.columns import learn_columns
from sklearn_twolayer.input_maps import MixedMap, StandardMap, with_folds

N = 160
SMALL = {"n_units": 5, "max_iter": 3, "random_state": 0}
pytestmark = pytest.mark.filterwarnings("ignore:Only .* distinct centres")


def table(n=N, seed=0):
    rng = np.random.RandomState(seed)
    frame = pd.DataFrame(
        {
            "size": rng.normal(size=n),
            "color": rng.choice(["red", "green", "blue"], n),
            "kind": pd.Categorical(rng.choice(["u", "v"], n)),
            "count": pd.array(rng.randint(0, 5, n), dtype="Int64"),
            "flag": rng.uniform(size=n) > 0.5,
            "day": pd.date_range("2020-01-01", periods=n, freq="7h"),
            "city": rng.choice([f"city {i}" for i in range(30)], n),
        }
    )
    frame.loc[::7, "size"] = np.nan
    frame.loc[::11, "count"] = pd.NA
    frame.loc[5, "color"] = None
    return frame, (frame["color"] == "red").to_numpy() ^ frame["flag"].to_numpy()


FRAME, LABELS = table()
ESTIMATORS = [
    TwoLayerClassifier(**SMALL),
    TwoLayerClassifier(n_estimators=1, **SMALL),
    TwoLayerRegressor(**SMALL),
    RBFNetwork(8, random_state=0),
]


def test_kinds_of_columns():
    columns = learn_columns(FRAME, "from_dtype").columns
    kinds = {column.name: (column.kind, column.levels) for column in columns}
    assert kinds["size"] == kinds["count"] == kinds["flag"] == ("number", ())
    assert kinds["color"] == ("category", ("blue", "green", "red"))
    assert kinds["kind"] == ("category", ("u", "v"))
    assert columns[5].parts == ("day", "month", "weekday", "hour")


@pytest.mark.parametrize("convert", [pl.from_pandas, lambda X: X.convert_dtypes(), pd.DataFrame])
def test_the_matrix_is_the_same_for_every_library(convert):
    expected = learn_columns(FRAME, "from_dtype").matrix(FRAME)
    other = convert(FRAME)
    np.testing.assert_array_equal(learn_columns(other, "from_dtype").matrix(other), expected)


def test_dates_are_days_and_parts_of_the_calendar():
    dates = pd.DataFrame({"t": pd.to_datetime(["1970-01-02 00:00", "2024-03-05 18:30", None])})
    columns = learn_columns(dates, "from_dtype")
    found = columns.matrix(dates)
    assert columns.names == ["t_day", "t_month", "t_weekday", "t_hour"]
    days = (datetime.datetime(2024, 3, 5, 18, 30) - datetime.datetime(1970, 1, 1)).total_seconds()
    np.testing.assert_allclose(found[:2], [[1, 1, 5, 0], [days / 86_400, 3, 2, 18.5]])
    assert np.isnan(found[2]).all()


@pytest.mark.parametrize("zone", ["America/New_York", "Etc/GMT+3", "UTC", None])
def test_dates_of_any_time_zone_are_those_of_polars(zone):
    dates = pd.DataFrame({"t": pd.date_range("2020", periods=50, freq="7h", tz=zone)})
    polars = pl.from_pandas(dates)
    columns = learn_columns(dates, "from_dtype")
    assert columns.names == ["t_day", "t_weekday", "t_hour"]
    expected = learn_columns(polars, "from_dtype").matrix(polars)
    np.testing.assert_array_equal(columns.matrix(dates), expected)
    objects = dates.astype(object)
    np.testing.assert_array_equal(learn_columns(objects, "from_dtype").matrix(objects), expected)


def test_objects_that_are_dates():
    days = [datetime.date(2024, 1, 1) + datetime.timedelta(days=k) for k in range(40)]
    objects = pd.DataFrame({"t": [*days, None]}, dtype=object)
    dates = pl.DataFrame({"t": [*days, None]})
    expected = learn_columns(dates, "from_dtype").matrix(dates)
    columns = learn_columns(objects, "from_dtype")
    np.testing.assert_array_equal(columns.matrix(objects), expected)
    assert np.isnan(columns.matrix(objects[-1:])).all()


def test_dates_that_are_levels_are_levels_in_every_part_of_a_table():
    days = [datetime.date(2024, 1, 1), datetime.date(2024, 1, 2)]
    mixed = pd.DataFrame({"t": [*days, "unknown"] * 5}, dtype=object)
    dates = mixed[mixed["t"] != "unknown"]
    for table, chosen in ((mixed, "from_dtype"), (dates, ["t"])):
        columns = learn_columns(table, chosen)
        for rows in (mixed, dates):
            each = [columns.matrix(rows[k : k + 1])[0] for k in range(len(rows))]
            np.testing.assert_array_equal(columns.matrix(rows), each)
        assert len(columns.columns[0].levels) == (3 if table is mixed else 2)


@pytest.mark.parametrize("kind", [None, "number"])
@pytest.mark.parametrize("estimator", ESTIMATORS, ids=repr)
def test_callbacks_see_the_frame(estimator, kind):
    callback = pytest.importorskip("sklearn.callback")
    frame = FRAME.assign(day=pd.date_range("2020", periods=len(FRAME)))
    frame = frame if kind is None else frame.select_dtypes(kind)
    y = LABELS.astype(float if isinstance(estimator, TwoLayerRegressor) else int)
    estimator = clone(estimator)
    scoring = "r2" if isinstance(estimator, TwoLayerRegressor) else "accuracy"
    monitor = callback.ScoringMonitor(scoring=scoring)
    estimator.set_callbacks(monitor).fit(frame, y)
    found = {entry["task_name"]: entry[scoring] for entry in monitor.get_logs().data}
    assert found["fit"] == pytest.approx(estimator.score(frame, y))


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=repr)
def test_frames_go_straight_into_fit(estimator):
    y = LABELS.astype(float if isinstance(estimator, TwoLayerRegressor) else int)
    predicted = estimator.fit(FRAME, y).predict(FRAME)
    assert list(estimator.feature_names_in_) == list(FRAME.columns)
    polars = pl.from_pandas(FRAME)
    np.testing.assert_array_equal(estimator.fit(polars, y).predict(polars), predicted)
    with pytest.raises(ValueError, match="feature names should match"):
        estimator.predict(polars[:, ::-1])
    new = FRAME.assign(color="violet", size=np.nan)
    assert np.isfinite(estimator.predict(new)).all()
    assert np.isfinite(estimator.transform(new)).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X: X.drop(columns="size"), "now missing:\n- size"),
        (lambda X: X.assign(more=1.0), "unseen at fit time:\n- more"),
        (lambda X: X[X.columns[::-1]], "in the same order"),
        (lambda X: X[:0], r"0 sample\(s\)"),
        (lambda X: X.assign(size="big"), "'size' contains values that are not numbers"),
        (lambda X: X.assign(size=np.inf), "'size' of X contains infinity"),
        (lambda X: X.assign(day=1.0), "'day' contained dates in fit"),
        (lambda X: X.assign(color=[["a"]] * N), "'color' contains values that cannot be levels"),
    ],
)
def test_errors_name_the_column(change, message):
    estimator = TwoLayerClassifier(n_estimators=1, **SMALL).fit(FRAME, LABELS)
    with pytest.raises((TypeError, ValueError), match=message):
        estimator.predict(change(FRAME))


def column(values):
    return pd.DataFrame({"x": FRAME["size"], "q": values})


class Unhashable:
    __hash__ = None


HOSTILE = {
    "objects": (column([uuid.UUID(int=i % 3) for i in range(N)]), None),
    "objects that cannot be compared": (
        column([Unhashable()] * N),
        "Column 'q' contains values that cannot be levels",
    ),
    "lists": (column([[1]] * N), "Column 'q' holds an object of type list"),
    "dictionaries": (column([{"k": 1}] * N), "Column 'q' holds an object of type dict"),
    "complex numbers": (column(np.full(N, 1j)), "Column 'q' holds an object of type complex"),
    "bytes": (column([b"a"] * N), "Column 'q' holds an object of type bytes"),
    "infinity": (column([np.inf] + [1.0] * (N - 1)), "Column 'q' of X contains infinity"),
    "the same name twice": (column(1.0).set_axis(["a", "a"], axis=1), r"unique.*\['a'\]"),
    "records": (pl.DataFrame({"q": [{"u": 1}] * N}), "Column 'q' is of type Struct"),
    "no rows": (FRAME[:0], r"0 sample\(s\)"),
    "no columns": (FRAME[[]], r"0 feature\(s\)"),
    "types mixed": (column([1, "a", 2.5, None] * (N // 4)), None),
    "nothing but missing numbers": (column(np.nan), None),
    "nothing but None": (column([None] * N), None),
    "one level": (column("same"), None),
    "no categories": (column(pd.Categorical([None] * N, categories=[])), None),
    "a category with NaN": (column(pd.Categorical([np.nan, "u"] * (N // 2))), None),
    "1, '1' and 1.0": (column([1, "1", 1.0, 2] * (N // 4)), None),
    "decimals": (column([decimal.Decimal("1.5"), None] * (N // 2)), None),
    "booleans with None": (column([True, None] * (N // 2)), None),
    "dates of a time zone": (column(pd.date_range("2020", periods=N, tz="Europe/Berlin")), None),
    "nothing but missing dates": (column(pd.to_datetime([None] * N)), None),
    "spans of time": (column(pd.to_timedelta(np.arange(N), unit="h")), None),
    "intervals": (column(pd.cut(np.arange(N), 3)), None),
    "numbers for names": (column(1.0).set_axis([0, 1], axis=1), None),
    "nulls": (pl.DataFrame({"q": [None] * N}), None),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_odd_columns_work_or_are_named(case):
    frame, message = HOSTILE[case]
    estimator = TwoLayerClassifier(n_estimators=1, **SMALL)
    if message is None:
        assert np.isfinite(estimator.fit(frame, LABELS).predict_proba(frame)).all()
    else:
        with pytest.raises((TypeError, ValueError), match=message):
            estimator.fit(frame, LABELS[: len(frame)])
        assert not hasattr(estimator, "n_features_in_")


def local_times(n):
    """Return times of a zone with daylight-saving time as objects, with the offset of each."""
    start = datetime.datetime(2024, 3, 1, tzinfo=datetime.UTC)
    times = [start + datetime.timedelta(hours=12 * k) for k in range(n)]
    zone = zoneinfo.ZoneInfo("Europe/Berlin")
    return [datetime.datetime.fromisoformat(t.astimezone(zone).isoformat()) for t in times]


@pytest.mark.parametrize("make", [pd.Series, lambda t, dtype: pl.Series(t, dtype=pl.Object)])
def test_dates_of_several_offsets_are_dates_in_utc(make):
    times = [*local_times(120), None]
    objects = nw.from_native(make(times, dtype=object), series_only=True).alias("t").to_frame()
    dates = pl.DataFrame({"t": [t and t.astimezone(datetime.UTC) for t in times]})
    columns, expected = (learn_columns(X, "from_dtype") for X in (objects.to_native(), dates))
    assert columns == expected
    matrix = columns.matrix(objects.to_native())
    np.testing.assert_array_equal(matrix, expected.matrix(dates))
    one_offset = objects[:3].to_native()
    np.testing.assert_array_equal(columns.matrix(one_offset), matrix[:3])
    winter = learn_columns(one_offset, "from_dtype")
    np.testing.assert_array_equal(winter.matrix(objects.to_native())[:, 0], matrix[:, 0])


def test_dates_with_and_without_a_time_zone_are_told():
    times = local_times(60)
    mixed = pd.DataFrame({"t": pd.Series([*times, *(t.replace(tzinfo=None) for t in times)])})
    with pytest.warns(UserWarning, match="'t' is a category of dates.*in one time zone"):
        columns = learn_columns(mixed.astype(object), "from_dtype")
    assert columns.columns[0].kind == "category"
    with pytest.warns(UserWarning, match="'t' has 60 levels in 60 rows.*or pass it as dates"):
        learn_columns(pd.DataFrame({"t": times}).map(pd.Timestamp.to_pydatetime), ["t"])


def test_an_identifier_that_is_no_text_is_told():
    with pytest.warns(UserWarning, match="'q' has 160 levels in 160 rows.*as text"):
        learn_columns(column(np.arange(N)), ["q"])


@pytest.mark.parametrize("features", [[False, True], [1], ["q"]])
def test_categories_by_name_index_and_mask(features):
    frame = column(np.arange(N) % 3)
    columns = learn_columns(frame, features)
    assert columns.columns[1].levels == (0, 1, 2)
    if features != ["q"]:
        by_array = learn_columns(frame.to_numpy(), features)
        np.testing.assert_array_equal(by_array.matrix(frame.to_numpy()), columns.matrix(frame))
    fitted = TwoLayerClassifier(categorical_features=features, input_map="standard", **SMALL)
    assert fitted.fit(frame, LABELS).network_.n_features == 1 + 1 + 3


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA, pd.NaT])
def test_a_row_may_lack_any_value(missing):
    rows = pd.DataFrame({"city": ["Rome", "Oslo"] * 30, "age": np.arange(60.0)})
    rows["date"] = pd.date_range("2020", periods=60)
    rows["span"] = rows["date"] - rows["date"][0]
    model = TwoLayerRegressor(n_estimators=1, max_iter=10, random_state=0)
    model.fit(rows, rows["age"])
    for name in rows:
        row = pd.DataFrame([rows.iloc[7].to_dict() | {name: missing}])
        typed = rows.iloc[7:8].assign(**{name: rows[name].where(rows.index < 0)})
        np.testing.assert_array_equal(model.predict(row), model.predict(typed))


@pytest.mark.parametrize("fill_value", [0, False, np.nan, 1.0])
def test_frames_of_sparse_columns_alone(fill_value):
    rows = pd.DataFrame(np.random.RandomState(0).randint(0, 2, (60, 4))).add_prefix("x")
    rows = rows.astype(bool) if fill_value is False else rows.astype(float)
    labels = np.where(rows["x0"] == rows["x1"], "yes", "no")
    is_sparse = rows.astype(pd.SparseDtype(rows["x0"].dtype, fill_value))
    for kind in (TwoLayerClassifier(n_estimators=2, max_iter=5, random_state=0), RBFNetwork()):
        model = clone(kind).set_params(random_state=0).fit(is_sparse, labels)
        np.testing.assert_array_equal(model.predict(is_sparse), model.predict(rows))
        assert model.score(is_sparse, labels) > 0.9


def test_sparse_columns_beside_others():
    rng = np.random.RandomState(0)
    frame = pd.DataFrame({"c": list("abc") * 20, "x": rng.random_sample(60)})
    flags = rng.randint(0, 2, 60)
    mixed = frame.assign(flag=pd.arrays.SparseArray(flags))
    columns = learn_columns(mixed, "from_dtype")
    assert [each.kind for each in columns.columns] == ["category", "number", "number"]
    np.testing.assert_array_equal(
        columns.matrix(mixed), columns.matrix(frame.assign(flag=flags.astype(float)))
    )


@pytest.mark.parametrize(
    "missing", [None, np.nan, np.float32("nan"), pd.NA, decimal.Decimal("nan")]
)
def test_missing_objects_of_an_array_are_no_levels(missing):
    array = np.array([["a", 1.0], [missing, missing], ["b", 2.0]], dtype=object)
    columns = learn_columns(array, [0])
    assert columns.columns[0].levels == ("a", "b") and columns.columns[1].kind == "number"
    np.testing.assert_array_equal(columns.matrix(array), [[0, 1], [np.nan, np.nan], [1, 2]])


@pytest.mark.parametrize("is_category", [False, True])
@pytest.mark.parametrize(
    "levels, others", [(list("12"), [1, 2]), ([1, 2], list("12")), ([True, False], list("12"))]
)
def test_levels_that_change_their_type_are_told(levels, others, is_category):
    if is_category:
        levels = pd.Categorical(levels)
    columns = learn_columns(pd.DataFrame({"zip": levels}), ["zip"])
    with pytest.raises(ValueError, match="'zip' contained (text|numbers) in fit, but contains"):
        columns.matrix(pd.DataFrame({"zip": others}))


def test_objects_of_several_types_may_be_unknown_levels():
    columns = learn_columns(pd.DataFrame({"c": np.array([1, 2], dtype=object)}), ["c"])
    other = pd.DataFrame({"c": ["other"]})
    np.testing.assert_array_equal(columns.matrix(other), [[-1]])


def hours(zone):
    return pd.date_range("2024-01-01", periods=90, freq="5h", tz=zone)


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
@pytest.mark.parametrize("zone", ["America/New_York", "UTC"])
def test_the_time_zone_is_that_of_fit(make, zone):
    columns = learn_columns(make({"t": hours(zone)}), "from_dtype")
    other = make({"t": hours(zone).tz_convert("Asia/Tokyo")})
    expected = columns.matrix(make({"t": hours(zone)}))
    np.testing.assert_array_equal(columns.matrix(other), expected)


@pytest.mark.parametrize("zones", [(None, "UTC"), ("UTC", None), ("UTC", "+02:00")], ids=str)
def test_times_of_no_zone_are_not_those_of_a_zone(zones):
    before, now = (pd.DataFrame({"t": hours(zone)}) for zone in zones)
    columns = learn_columns(before, "from_dtype")
    if None in zones:
        with pytest.raises(ValueError, match="'t' contained dates in another time zone in fit"):
            columns.matrix(now)
    else:
        converted = now.assign(t=now["t"].dt.tz_convert("UTC"))
        np.testing.assert_array_equal(columns.matrix(now), columns.matrix(converted))


def test_missing_dates_have_no_time_zone():
    columns = learn_columns(pd.DataFrame({"t": hours("UTC")}), "from_dtype")
    missing = pd.DataFrame({"t": pd.Series([pd.NaT, pd.NaT], dtype="datetime64[us]")})
    assert np.isnan(columns.matrix(missing)).all()


def test_periods_and_objects_are_dates_and_spans():
    dates = pd.date_range("2020-01-01", periods=9, freq="MS")
    spans = dates - dates[0]
    table = pd.DataFrame({"dates": dates, "spans": spans})
    objects = pd.DataFrame({"dates": dates.to_period("M"), "spans": spans.to_pytimedelta()})
    objects["spans"] = objects["spans"].astype(object)
    columns = learn_columns(objects, "from_dtype")
    assert [each.kind for each in columns.columns] == ["date", "date"]
    np.testing.assert_array_equal(columns.matrix(objects), columns.matrix(table))


@pytest.mark.parametrize("form", ["pandas", "polars", "arrow", "arrow in pandas"])
def test_times_of_the_day_are_spans_since_midnight(form):
    pa = pytest.importorskip("pyarrow")
    times = [datetime.time(6), datetime.time(18, 30), None, datetime.time(0, 0, 1, 500_000)]
    frames = {
        "pandas": pd.DataFrame({"t": pd.Series(times, dtype=object)}),
        "polars": pl.DataFrame({"t": times}),
        "arrow": pa.table({"t": times}),
    }
    frames["arrow in pandas"] = frames["arrow"].to_pandas(types_mapper=pd.ArrowDtype)
    columns = learn_columns(frames[form], "from_dtype")
    assert columns.columns[0].kind == "date"
    expected = [[0.25], [18.5 / 24], [np.nan], [1.5 / 86_400]]
    np.testing.assert_allclose(columns.matrix(frames[form]), expected, rtol=1e-15)


def test_dates_and_spans_of_time_are_not_mixed_up():
    dates = pd.DataFrame({"t": pd.date_range("2020", periods=9)})
    spans = dates - dates.iloc[0]
    for fitted, other in [(dates, spans), (spans, dates)]:
        with pytest.raises(ValueError, match="'t' contained (dates|spans of time) in fit"):
            learn_columns(fitted, "from_dtype").matrix(other)
    with pytest.raises(ValueError, match="'t' contained spans of time in fit, but is of type Int"):
        learn_columns(spans, "from_dtype").matrix(pd.DataFrame({"t": range(9)}))


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_long_spans_of_time_of_every_library(unit):
    pa = pytest.importorskip("pyarrow")
    spans = [None, *(datetime.timedelta(days=days) for days in (1, -200, 90_000))]
    arrow = pa.table({"t": pa.array(spans, pa.duration(unit))})
    frames = [arrow, pl.from_arrow(arrow), arrow.to_pandas()]
    frames.append(arrow.to_pandas(types_mapper=pd.ArrowDtype))
    for frame in frames:
        found = learn_columns(frame, "from_dtype").matrix(frame)
        np.testing.assert_array_equal(found[:, 0], [np.nan, 1, -200, 90_000])


@pytest.mark.parametrize("unit", ["M8[s]", "m8[ns]"])
def test_an_array_of_dates_is_refused(unit):
    with pytest.raises(ValueError, match="X holds (dates|spans of time): pass them as columns"):
        TwoLayerRegressor(**SMALL).fit(np.arange(9).astype(unit)[:, None], np.arange(9.0))


def test_columns_with_numbers_for_names_are_in_order():
    frame = pd.DataFrame({3: list("abab"), 5: [1.0, 2.0, 3.0, 4.0]})
    columns = learn_columns(frame, "from_dtype")
    with pytest.raises(ValueError, match=r"expected \[3, 5\], got \[5, 3\]"):
        columns.matrix(frame[[5, 3]])
    with pytest.raises(ValueError, match=r"positions \(integers\).*none at the positions.*\[3\]"):
        learn_columns(frame, [3])
    assert learn_columns(frame[[5, 3]], [1]).columns[1].kind == "category"


def test_tables_of_pyarrow_are_explained():
    pyarrow = pytest.importorskip("pyarrow")
    X = np.random.RandomState(0).random_sample((40, 2))
    table = pyarrow.table({"a": X[:, 0], "b": X[:, 1]})
    model = TwoLayerRegressor(**SMALL).fit(table, X[:, 0])
    np.testing.assert_array_equal(model.explain(table).data, X)


def test_a_batch_of_records_is_a_table():
    pyarrow = pytest.importorskip("pyarrow")
    columns = {"a": ["u", "v"] * 20, "b": np.arange(40.0)}
    table, batch = pyarrow.table(columns), pyarrow.record_batch(columns)
    model = TwoLayerRegressor(**SMALL).fit(batch, np.arange(40))
    other = clone(model).fit(table, np.arange(40))
    np.testing.assert_array_equal(model.predict(table), other.predict(batch))
    np.testing.assert_array_equal(model.explain(batch).values, other.explain(table).values)


@pytest.mark.parametrize("X", [{"a": [1, 2]}, [{"a": 1}, {"a": 2}]], ids=["columns", "rows"])
def test_dictionaries_are_no_table(X):
    with pytest.raises(TypeError, match="X holds dictionaries: pass a data frame"):
        TwoLayerRegressor(**SMALL).fit(X, [0.0, 1.0])


def test_a_lone_surrogate_is_text():
    texts = pd.Series(["\ud800", "u"] * 20, dtype=object)
    columns = learn_columns(pd.DataFrame({"a": texts}), "from_dtype")
    np.testing.assert_array_equal(columns.matrix(pd.DataFrame({"a": texts}))[:2, 0], [1, 0])


def test_repeated_names_of_a_pyarrow_table():
    pyarrow = pytest.importorskip("pyarrow")
    table = pyarrow.table([[1.0, 2.0], [3.0, 4.0]], names=["a", "a"])
    with pytest.raises(ValueError, match=r"must be unique, but X has several \['a'\]"):
        TwoLayerRegressor(**SMALL).fit(table, [0.0, 1.0])


def test_integers_of_128_bits_are_explained():
    frame = pl.DataFrame({"a": pl.Series(range(40), dtype=pl.Int128)})
    model = TwoLayerRegressor(**SMALL).fit(frame, np.arange(40.0))
    np.testing.assert_array_equal(model.explain(frame).data[:, 0], np.arange(40))


def test_an_integer_too_large_for_a_float_is_named():
    frame = pd.DataFrame({"a": [10**400, 1]}, dtype=object)
    with pytest.raises(ValueError, match="Column 'a' of X contains .* too large for float64"):
        TwoLayerRegressor(**SMALL).fit(frame, [0.0, 1.0])


@pytest.mark.parametrize("dtype", [np.float32, float, int, object])
def test_masked_values_are_missing(dtype):
    X = np.ma.array(np.arange(80).reshape(40, 2), dtype=dtype)
    y = np.arange(40) % 7.0
    with_nan = X.astype(np.float32 if dtype is np.float32 else float).data
    with_nan[:5, 0] = np.nan
    X[:5, 0] = np.ma.masked
    model, expected = (TwoLayerRegressor(**SMALL).fit(each, y) for each in (X, with_nan))
    np.testing.assert_array_equal(model.predict(X), expected.predict(with_nan))


@pytest.mark.parametrize("dtype", [int, bool, str, object, np.float16, np.float32, float])
def test_an_array_of_categories_alone_may_have_any_type(dtype):
    X = np.arange(40).reshape(20, 2) % 3 % 2
    model = TwoLayerClassifier(categorical_features=[0, 1], **SMALL).fit(X.astype(dtype), X[:, 0])
    assert model.predict_proba(X.astype(dtype)).dtype == (float if dtype is float else np.float32)


@pytest.mark.parametrize("features", ["no", [True], [5], ["z"], 1, [0.5]])
def test_categorical_features_that_are_none(features):
    with pytest.raises(ValueError, match="categorical_features must be"):
        TwoLayerClassifier(categorical_features=features).fit(column(1.0), LABELS)


def test_a_lazy_frame_is_refused():
    polars = pytest.importorskip("polars")
    with pytest.raises(TypeError, match="call X.collect"):
        TwoLayerClassifier().fit(polars.LazyFrame({"a": [1.0, 2.0]}), [0, 1])


def test_a_map_of_numbers_beside_categories_may_be_sparse():
    one_hot = OneHotEncoder(handle_unknown="ignore")
    model = TwoLayerClassifier(n_estimators=1, input_map=one_hot, **SMALL)
    assert model.fit(FRAME, LABELS).predict(FRAME).shape == LABELS.shape


def test_text_needs_to_be_a_category():
    with pytest.raises(ValueError, match="'color' holds text"):
        TwoLayerClassifier(categorical_features=None).fit(FRAME, LABELS)


def test_indicators_are_those_of_one_hot_encoding():
    rng = np.random.RandomState(0)
    codes = rng.geometric(0.3, size=200).astype(float)[:, None] - 1
    found = MixedMap(None, [True], min_rows=5).fit(codes).transform(codes)
    encoder = OneHotEncoder(min_frequency=5, sparse_output=False)
    np.testing.assert_array_equal(found, encoder.fit_transform(codes))
    assert MixedMap(None, [True], max_levels=3).fit(codes).transform(codes).shape[1] == 4
    unknown = MixedMap(None, [True], min_rows=5).fit(codes).transform(np.array([[-1.0], [99.0]]))
    np.testing.assert_array_equal(unknown, np.eye(found.shape[1])[[-1, -1]])


@pytest.mark.parametrize("n_rows, n_levels", [(14, 100), (15, 150)])
def test_levels_with_enough_rows_all_have_an_indicator(n_rows, n_levels):
    codes = np.repeat(np.arange(150.0), n_rows)[:, None]
    found = MixedMap(None, [True]).fit(codes).transform(codes)
    assert found.shape[1] == n_levels + (n_levels < 150)


def test_missing_numbers_are_the_median_and_an_indicator():
    X = np.array([[1.0, 5.0], [np.nan, 6.0], [3.0, 7.0], [8.0, np.nan]])
    fitted = MixedMap(None, [False, False]).fit(X[:3])
    np.testing.assert_array_equal(
        fitted.transform(X), [[1, 5, 0], [2, 6, 1], [3, 7, 0], [8, 6, 0]]
    )
    scaled = MixedMap(StandardMap(), [False, False]).fit(X)
    back = scaled.inverse_transform(scaled.transform(X))
    np.testing.assert_allclose(back, np.where(np.isnan(X), np.nanmedian(X, axis=0), X))


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=repr)
def test_values_that_are_missing_only_later(estimator):
    X = np.random.RandomState(0).normal(size=(N, 3))
    y = (X[:, 0] > 0).astype(float)
    estimator.fit(X, y)
    holes = X.copy()
    holes[::3, 1] = np.nan
    filled = np.where(np.isnan(holes), X.mean(axis=0), X)
    np.testing.assert_array_equal(estimator.predict(holes), estimator.predict(filled))


def statistics(codes, targets, folds, weights=None, min_rows=1000):
    X = codes.astype(float)[:, None]
    fitted = MixedMap(None, [True], min_rows=min_rows, many_levels=2)
    fitted.fit(X, sample_weight=weights, targets=targets, folds=folds)
    training = with_folds(X, fitted, folds)
    return fitted.transform(training)[:, -1], fitted.transform(X)[:, -1]


def test_a_statistic_knows_nothing_of_its_own_fold():
    rng = np.random.RandomState(0)
    codes, folds = rng.randint(20, size=300), rng.randint(4, size=300)
    targets = codes[:, None] + rng.normal(size=(300, 1))
    is_frequent = np.bincount(codes)[codes] >= 20
    assert not is_frequent.all() and is_frequent.any()
    before, _ = statistics(codes, targets, folds)
    # Two targets of a fold change places: neither their mean nor their spread does.
    rare = np.flatnonzero((folds == 1) & ~is_frequent)
    first, second = rare[codes[rare] == codes[rare[0]]][:2]
    targets[[first, second]] = targets[[second, first]]
    np.testing.assert_allclose(statistics(codes, targets, folds)[0], before)


def test_rows_of_a_frequent_level_have_one_statistic():
    rng = np.random.RandomState(0)
    codes, targets = rng.randint(5, size=400), rng.normal(size=(400, 1))
    training, new = statistics(codes, targets + codes[:, None], rng.randint(4, size=400))
    np.testing.assert_array_equal(training, new)


def test_statistics_are_means_of_levels_where_these_differ():
    rng = np.random.RandomState(0)
    codes = np.repeat(np.arange(20), 50)
    targets = 10 * rng.normal(size=20)[codes][:, None] + 0.01 * rng.normal(size=(1000, 1))
    _, found = statistics(codes, targets, rng.randint(4, size=1000))
    expected = (targets[:, 0] - targets.mean()) / targets.std()
    np.testing.assert_allclose(found, expected, atol=0.05)


def test_levels_of_noise_have_small_statistics():
    rng = np.random.RandomState(0)
    codes, targets = rng.randint(50, size=3000), rng.normal(size=(3000, 1))
    training, new = statistics(codes, targets, rng.randint(8, size=3000))
    assert max(np.abs(training).max(), np.abs(new).max()) < 0.5


@pytest.mark.parametrize("scale", [1e-6, 0.25, 3.0])
def test_the_scale_of_weights_does_not_matter_for_statistics(scale):
    rng = np.random.RandomState(0)
    codes, folds = rng.randint(60, size=200), rng.randint(4, size=200)
    targets, weights = codes[:, None] + rng.normal(size=(200, 1)), rng.uniform(1, 3, size=200)
    for given in (weights, np.ones(200)):
        found = statistics(codes, targets, folds, scale * given)
        np.testing.assert_allclose(found, statistics(codes, targets, folds, given))
    np.testing.assert_allclose(found, statistics(codes, targets, folds))


def test_rows_of_hardly_any_weight_do_not_count_for_statistics():
    rng = np.random.RandomState(0)
    codes, folds = np.arange(150) % 30, rng.randint(4, size=150)
    targets, counts = codes[:, None] + rng.normal(size=(150, 1)), np.arange(150) < 120
    _, found = statistics(codes, targets, folds, np.where(counts, 1.0, 1e-12))
    _, expected = statistics(codes[counts], targets[counts], folds[counts])
    np.testing.assert_allclose(found[counts], expected, rtol=1e-6)


def test_a_level_with_an_indicator_and_few_rows_has_no_statistic():
    counts = np.arange(2, 80)
    codes = np.repeat(np.arange(len(counts)), counts)
    targets = codes[:, None] + np.zeros((len(codes), 1))
    training, new = statistics(codes, targets, np.arange(len(codes)) % 4, min_rows=5)
    has_one = (counts[codes] < 5) | (counts[codes] >= 60)
    assert training[has_one].all() and new[has_one].all()
    assert not training[~has_one].any() and not new[~has_one].any()


@pytest.mark.parametrize("task", ["regression", "classification"])
@pytest.mark.parametrize("kind", ["two-layer", "radial"])
def test_statistics_of_levels_with_few_rows_do_not_give_targets_away(kind, task):
    """What is claimed is true, and levels help."""
    rng = np.random.RandomState(0)
    effects, codes = rng.normal(size=60), rng.randint(60, size=2600)
    X = np.column_stack([codes, rng.normal(size=(2600, 3))])
    y = effects[codes] + rng.normal(size=2600)
    estimator = TwoLayerRegressor() if task == "regression" else TwoLayerClassifier()
    if kind == "radial":
        estimator = RBFNetwork(task=task)
    if task == "classification":
        y = (y > 0).astype(int)
    estimator.set_params(categorical_features=[0], random_state=0).fit(X[:600], y[:600])
    score = estimator.score(X[600:], y[600:])
    assert score > (0.35 if task == "regression" else 0.6)
    assert estimator.oof_score_ < score + 0.08


@pytest.mark.slow
@pytest.mark.parametrize("model", [TwoLayerRegressor(), RBFNetwork(task="regression")], ids=type)
def test_statistics_of_several_categories_do_not_add_up(model):
    """Each would contain a little of the row's own target."""
    claimed, true = [], []
    for seed in range(4):
        rng = np.random.RandomState(seed)
        codes = rng.randint(80, size=(6200, 4))
        effects = rng.normal(size=(80, 4)) / 2
        y = effects[codes, np.arange(4)].sum(axis=1) + rng.normal(size=6200)
        model.set_params(categorical_features=[0, 1, 2, 3], random_state=seed)
        claimed.append(model.fit(codes[:2200], y[:2200]).oof_score_)
        true.append(model.score(codes[2200:], y[2200:]))
    assert np.mean(true) > 0.4
    assert np.mean(claimed) < np.mean(true) + 0.04


@pytest.mark.parametrize("n_levels", [40, 1000])
def test_noise_of_many_levels_misleads_nobody(n_levels):
    rng = np.random.RandomState(0)
    frame = pd.DataFrame({f"c{j}": rng.randint(n_levels, size=1600).astype(str) for j in range(2)})
    y = rng.randint(2, size=1600)
    for estimator in (TwoLayerClassifier(random_state=0), RBFNetwork(random_state=0)):
        estimator.fit(frame[:600], y[:600])
        assert log_loss(y[600:], estimator.predict_proba(frame[600:])) < np.log(2) + 0.03


@pytest.mark.parametrize("model", [TwoLayerRegressor(), RBFNetwork(task="regression")], ids=type)
def test_statistics_in_double_precision_do_not_give_targets_away(model):
    """Those of one fold contain the targets of the others, and a tiny penalty would show them."""
    rng = np.random.RandomState(0)
    X, y = rng.randint(80, size=(1600, 2)).astype(float), rng.normal(size=1600)
    model.set_params(categorical_features=[0, 1], random_state=0).fit(X[:600], y[:600])
    assert model.score(X[600:], y[600:]) > -0.03


def test_statistics_say_what_a_level_is_like():
    rng = np.random.RandomState(0)
    worth = rng.normal(size=200)
    codes = rng.randint(200, size=2400)
    frame = pd.DataFrame({"level": [f"l{i}" for i in codes], "x": rng.normal(size=2400)})
    y = worth[codes] + 0.3 * rng.normal(size=2400)
    for estimator in (TwoLayerRegressor(random_state=0), RBFNetwork(task="regression")):
        estimator.fit(frame[:1600], y[:1600])
        assert estimator.score(frame[1600:], y[1600:]) > 0.7


def test_a_search_over_frames():
    search = GridSearchCV(
        TwoLayerClassifier(n_estimators=1, **SMALL), {"input_map": ["standard", "robust"]}, cv=2
    )
    assert np.isfinite(search.fit(FRAME, LABELS).best_score_)


def test_batches_of_frames_with_new_levels():
    estimator = TwoLayerClassifier(n_estimators=1, **SMALL)
    estimator.partial_fit(FRAME[:80], LABELS[:80], classes=[False, True])
    later = FRAME[80:].assign(color="violet")
    assert np.isfinite(estimator.partial_fit(later, LABELS[80:]).predict_proba(FRAME)).all()


@pytest.mark.parametrize("X", [FRAME, FRAME[["color"]]])
def test_early_stopping_by_a_score_on_frames(X):
    estimator = TwoLayerClassifier(
        n_estimators=1, blend="mean", early_stopping=True, scoring="neg_log_loss", **SMALL
    )
    estimator.fit(X, LABELS, X_val=X, y_val=LABELS)
    best = -log_loss(LABELS, estimator.predict_proba(X))
    assert max(estimator.validation_curve_) == pytest.approx(best)


@pytest.mark.parametrize("weighted", [True, False])
def test_values_missing_only_in_rows_that_are_not_trained_on(weighted):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(40, 2)), rng.normal(size=40)
    for i in range(0, 40, 8):
        rows = X.copy()
        rows[i, 0] = np.nan
        estimator = TwoLayerRegressor(
            n_estimators=1, early_stopping=not weighted, scoring="r2", **SMALL
        )
        estimator.fit(rows, y, np.arange(40) != i if weighted else None)
        assert np.isfinite(estimator.predict(rows)).all()


def test_dates_are_explained_and_asked_for():
    dates = pd.DataFrame({"day": pd.date_range("2020", periods=30), "x": np.arange(30.0)})
    for frame in (dates, pl.DataFrame(dates)):
        estimator = TwoLayerRegressor(n_estimators=1, **SMALL).fit(frame, np.arange(30.0))
        assert estimator.explain(frame).data.shape == (30, 2)
        with pytest.warns(match="names"), pytest.raises(ValueError, match="dates in fit"):
            estimator.predict(np.ones((30, 2)))


@pytest.mark.parametrize("chosen", [[], [0]])
def test_categories_among_sparse_columns_are_refused(chosen):
    estimator = TwoLayerRegressor(categorical_features=chosen, **SMALL)
    with pytest.raises(ValueError, match="sparse rows cannot be categories"):
        estimator.fit(csr_array(np.eye(9)), np.arange(9.0))


@pytest.mark.parametrize("value", [None, "other"])
def test_an_unknown_value_is_none_of_two_levels(value):
    frame = pd.DataFrame({"kind": ["f", "m"] * 20, "x": np.linspace(0, 1, 40)})
    y = 4.0 * (frame["kind"] == "m")
    model = RBFNetwork(10, task="regression", random_state=0).fit(frame, y)
    found = model.predict(pd.DataFrame({"kind": ["f", value, "m"], "x": 0.5}))
    np.testing.assert_allclose(found, [0, 2, 4], atol=0.05)


@pytest.mark.parametrize(
    ("first", "then"), [("float32", "float64"), ("float64", "float32"), ("float64", "float64")]
)
@pytest.mark.parametrize("convert", [lambda frame: frame, pl.from_pandas, np.asarray])
def test_levels_are_the_same_numbers_in_any_precision(first, then, convert):
    frame = pd.DataFrame({"level": np.tile([0.1, 0.2, 0.3], 20)})
    learned = learn_columns(convert(frame.astype(first)), [0])
    np.testing.assert_array_equal(learned.matrix(convert(frame.astype(then)))[:4, 0], [0, 1, 2, 0])
    assert learned.matrix(convert(frame.astype(then) + 0.05))[0, 0] == -1


def test_whole_numbers_are_not_rounded_to_levels():
    learned = learn_columns(np.array([[20000000.0], [20000002.0]]), [0])
    assert learned.matrix(np.array([[20000001.0]]))[0, 0] == -1


def test_text_in_rows_of_weight_zero_makes_a_category():
    frame = pd.DataFrame({"a": ["x"] * 5 + [1.0, 2.0] * 27 + [None], "b": np.arange(60.0)})
    weights = np.append(np.zeros(5), np.ones(55))
    model = RBFNetwork(10, task="regression", random_state=0)
    model.fit(frame, frame["b"], sample_weight=weights)
    assert "category" in repr(model.columns_)


@pytest.mark.parametrize("missing", [False, True])
def test_long_integers_of_every_library(missing):
    frame = pd.DataFrame({"number": np.arange(2**60, 2**60 + 2**20, 2**16)}, dtype="Int64")
    if missing:
        frame.loc[2, "number"] = pd.NA
    expected = learn_columns(frame, "from_dtype").matrix(frame)
    assert np.isnan(expected).sum() == missing
    arrow = frame.convert_dtypes(dtype_backend="pyarrow")
    for other in (arrow, pl.from_pandas(arrow)):
        found = learn_columns(other, "from_dtype").matrix(other)
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("convert", [lambda frame: frame, pl.from_pandas])
def test_rows_of_weight_zero_teach_nothing_about_text(convert):
    rng = np.random.RandomState(0)
    frame = pd.DataFrame({"code": [f"p{i}x{i % 7}" for i in rng.randint(0, 90, 200)]})
    y, weights, kept = rng.normal(size=200), np.ones(200), convert(frame[40:])
    weights[:40] = 0
    model = RBFNetwork(20, task="regression", random_state=0)
    expected = clone(model).fit(kept, y[40:]).predict(kept)
    found = model.fit(convert(frame), y, sample_weight=weights).predict(kept)
    np.testing.assert_array_equal(found, expected)


def test_no_rows_have_the_columns_of_the_table():
    model = TwoLayerClassifier(n_estimators=1, **SMALL)
    message = r"0 sample\(s\) \(shape=\(0, 7\)\)"
    with pytest.raises(ValueError, match=message):
        model.fit(FRAME[:0], LABELS[:0])
    with pytest.raises(ValueError, match=message):
        model.fit(FRAME, LABELS).predict(FRAME[:0])


def test_the_importance_of_a_date_is_that_of_all_its_parts():
    rng = np.random.RandomState(0)
    days = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.randint(0, 700, 300), unit="D")
    frame = pd.DataFrame({"x": rng.normal(size=300), "day": days})
    y = frame["x"] + np.sin(frame["day"].dt.month)
    model = TwoLayerRegressor(n_units=20, max_iter=40, random_state=0).fit(frame, y)
    rows, starts = model._background, model._columns.starts
    before, changes = model._model.raw_outputs(rows), np.zeros(2)
    for shift in (1, 2, 3):  # the pairs of rows
        for j, values in enumerate((slice(0, starts[1]), slice(starts[1], None))):
            swapped = rows.copy()
            swapped[:, values] = np.roll(rows, -shift, axis=0)[:, values]
            changes[j] += np.square(model._model.raw_outputs(swapped) - before).sum()
    np.testing.assert_allclose(model.feature_importances_, changes / changes.sum(), rtol=1e-5)


@pytest.mark.parametrize("convert", [pl.from_pandas, lambda X: X])
def test_centers_are_rows_of_a_table_with_the_same_columns(convert):
    model = RBFNetwork(task="regression", input_map="standard", refine=None, width=3.0)
    X, y = convert(FRAME), np.arange(N)
    rows = model.set_params(centers=X[:20]).fit(X, y).transform(X[:20])
    np.testing.assert_allclose(np.diag(rows), 1)
    several = np.column_stack([FRAME["color"].fillna("red"), np.arange(N)]).astype(object)
    model.set_params(centers=several[:20], categorical_features=[0]).fit(several, y)
    np.testing.assert_allclose(np.diag(model.transform(several[:20])), 1)


@pytest.mark.parametrize(
    ("centers", "message"),
    [
        (np.zeros((2, 7)), "must be a data frame with the columns of X.*: 'color', 'kind', 'day'"),
        (FRAME[["size", "color"]], "(?s)centers: The feature names.*missing"),
        (FRAME[::-1].assign(color=1.5), "centers: Column 'color' contain"),
    ],
)
def test_centers_of_a_table_in_another_form_are_refused(centers, message):
    with pytest.raises((TypeError, ValueError), match=message):
        RBFNetwork(centers=centers).fit(FRAME, LABELS)


def test_centers_in_a_frame_of_numbers_have_its_names():
    X = FRAME[["flag", "day"]].assign(day=np.arange(N))
    array = RBFNetwork(centers=X[:9].to_numpy(dtype=float), random_state=0).fit(X, LABELS)
    frame = clone(array).set_params(centers=X[:9]).fit(X, LABELS)
    np.testing.assert_array_equal(array.centers_, frame.centers_)
    with pytest.raises(ValueError, match="(?s)centers: The feature names.*same order"):
        frame.set_params(centers=X[:9][["day", "flag"]]).fit(X, LABELS)
