"""Columns of numbers that are codes."""

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler
from small_networks import model_that_codes_help

from sklearn_twolayer import RBFNetwork, TwoLayerClassifier, TwoLayerRegressor
from sklearn_twolayer._sample import Codes, Sample
from sklearn_twolayer.codes import find_codes
from sklearn_twolayer.input_maps import MixedMap, has_codes, without_codes
from sklearn_twolayer.inspection._slice import slice_of

FAST = {"n_estimators": 3, "max_iter": 10, "random_state": 0}
EFFECTS = np.random.default_rng(0).normal(size=100)


def shops(n_rows, seed=1):
    """Return rows with the number of a shop and a measure, and targets that depend on both."""
    rng = np.random.default_rng(seed)
    shop, size = rng.integers(0, 100, n_rows), rng.uniform(size=n_rows)
    y = EFFECTS[shop] + size + rng.normal(0, 0.3, n_rows)
    return np.column_stack([shop, size]), y


def codes_of(X, targets, weights=None):
    weights = np.ones(len(X)) if weights is None else weights
    sample = Sample(X, targets, weights, np.arange(len(X)), targets=targets)
    return find_codes(sample, np.ones(X.shape[1], dtype=bool)).is_code


def test_levels_without_an_order_are_found():
    X, y = shops(1000)
    assert codes_of(X, y[:, None]).tolist() == [True, False]
    assert codes_of(X, (y > 0)[:, None].astype(float)).tolist() == [True, False]
    X[::9, 0] = np.nan
    assert codes_of(X, y[:, None]).tolist() == [True, False]


@pytest.mark.parametrize("power", [1, 2, 3])
def test_smooth_effects_of_integers_are_not(power):
    years = np.random.default_rng(0).integers(-50, 50, (1000, 1)).astype(float)
    assert not codes_of(years, (years / 50) ** power).any()


@pytest.mark.parametrize("n_levels", [25, 100, 500])
def test_noise_is_not(n_levels):
    rng = np.random.default_rng(n_levels)
    X = rng.integers(0, n_levels, (2000, 60)).astype(float)
    assert not codes_of(X, rng.normal(size=(2000, 1))).any()
    assert not codes_of(X, rng.standard_t(2, size=(2000, 2))).any()


def test_few_values_and_few_rows_are_not():
    X, y = shops(1000)
    assert not codes_of(X[:, :1] % 10, EFFECTS[X[:, 0].astype(int) % 10, None]).any()
    assert not codes_of(X[:60], y[:60, None]).any()


def test_fractions_may_be():
    X, y = shops(1000)
    places = np.random.default_rng(3).normal(size=100)  # such as the longitude
    X[:, 0] = places[X[:, 0].astype(int)]
    assert codes_of(X, y[:, None]).tolist() == [True, False]


def test_what_other_columns_explain_is_not():
    X, y = shops(1000)
    of_shop = EFFECTS[X[:, :1].astype(int)]
    assert not codes_of(np.hstack([X, of_shop]), y[:, None]).any()


def test_rows_of_nearly_no_weight_do_not_count():
    X, y = shops(1000)
    noise = np.random.default_rng(0).normal(size=1000)
    X, y = np.concatenate([X, X]), np.concatenate([y, noise])[:, None]
    weights = np.repeat([1e-9, 1.0], 1000)
    assert not codes_of(X, y, weights).any()
    assert codes_of(X, y, weights[::-1])[0]


def test_copies_of_rows_count_as_one():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(1000, 3)), rng.normal(size=1000)
    copies = rng.integers(0, 1000, 2000)
    assert not codes_of(X[copies], y[copies, None]).any()
    y = rng.normal(size=(1000, 1))[copies] + 0.1 * rng.normal(size=(2000, 1))
    assert codes_of(X[copies], y).any()  # repeated observations


def test_values_that_differ_by_rounding_are_equal():
    X, y = shops(1000)
    X[:, 0] = 45 + X[:, 0] / 7
    mixed = TwoLayerRegressor(**FAST).fit(X, y).input_map_
    other = X * (1 + 1e-7 * np.random.default_rng(0).uniform(-1, 1, X.shape))
    np.testing.assert_array_equal(mixed.transform(other)[:, -1], mixed.transform(X)[:, -1])


def test_large_whole_numbers_that_differ_are_not():
    X, y = shops(1000)
    X[:, 0] = 5e6 + 2 * X[:, 0]
    mixed = TwoLayerRegressor(**FAST).fit(X, y).input_map_
    codes = mixed.levels_[0].codes(np.array([[5e6], [5e6 + 1], [5e6 + 2]]))
    assert codes.tolist() == [0, -1, 1]


def test_many_columns_are_not_tested():
    X, y = shops(1000)
    wide = np.hstack([X[:, :1], np.zeros((1000, 1000))])
    assert codes_of(wide[:, :1000], y[:, None])[0]
    assert not codes_of(wide, y[:, None]).any()


@pytest.mark.parametrize("as_frame", [True, False])
@pytest.mark.parametrize("make", [TwoLayerRegressor, RBFNetwork])
def test_predictions_are_better_and_claims_honest(make, as_frame):
    names = ["shop", "size"] if as_frame else None
    model = model_that_codes_help(make, shops(1000), shops(3000, seed=2), names, gain=0.2)
    if as_frame:
        assert "shop | number | itself; the mean target of each value" in repr(model.columns_)


def test_days_may_be():
    pd = pytest.importorskip("pandas")
    rng = np.random.default_rng(0)
    day, size = rng.integers(0, 100, 2000), rng.uniform(size=2000)
    date = pd.Series(pd.Timestamp("2018-01-01") + pd.to_timedelta(day, "D"))
    table = pd.DataFrame({"size": size, "date": date})
    y = EFFECTS[day] + size + rng.normal(0, 0.3, 2000)
    model = TwoLayerRegressor(**FAST).fit(table[:1000], y[:1000])
    assert "date | date | day, month, weekday; the mean target of each value" in repr(
        model.columns_
    )
    assert model.score(table[1000:], y[1000:]) > 0.8
    later = table.assign(date=date + pd.Timedelta(days=1000))
    np.testing.assert_allclose(model.predict(later).mean(), y.mean(), atol=2)
    smooth = TwoLayerRegressor(**FAST).fit(table, day / 100 + size)
    assert "value" not in repr(smooth.columns_)


def test_days_in_a_time_zone_cannot_be_exported():
    pd, _ = pytest.importorskip("pandas"), pytest.importorskip("onnx")
    from sklearn_twolayer.onnx import to_onnx

    rng = np.random.default_rng(0)
    day = rng.integers(0, 100, 1000)
    date = pd.date_range("2018-01-01", periods=100, tz="Europe/Berlin").to_series()
    table = pd.DataFrame({"size": rng.uniform(size=1000), "date": date.iloc[day].array})
    model = TwoLayerRegressor(**FAST).fit(table, EFFECTS[day] + rng.normal(0, 0.3, 1000))
    assert "value" in repr(model.columns_)
    with pytest.raises(NotImplementedError, match="'date' .* UTC"):
        to_onnx(model)


def test_statistics_are_those_of_values():
    X, y = shops(1000)
    mixed = TwoLayerRegressor(**FAST).fit(X, y).input_map_
    table = mixed.transform(np.column_stack([np.arange(100.0), np.full(100, 0.5)]))[:, -1]
    assert np.corrcoef(table, EFFECTS)[0, 1] > 0.97


def test_values_that_fit_did_not_see_have_those_of_the_values_near():
    rng = np.random.default_rng(0)
    year, x = rng.integers(0, 30, 2000), rng.uniform(size=2000)
    shocks = rng.normal(0, 0.5, 30)
    X, y = np.column_stack([year, x]).astype(float), 0.2 * year + shocks[year] + x
    model = TwoLayerRegressor(**FAST).fit(X, y)
    assert has_codes(model.input_map_)
    later, before, between = model.predict([[30, 0.5], [-1, 0.5], [20.5, 0.5]])
    assert later == pytest.approx(0.2 * 29 + 0.5, abs=1.2)
    assert before == pytest.approx(0.5, abs=1.2)
    assert between == pytest.approx(0.2 * 20.5 + 0.5, abs=1.2)
    missing = model.input_map_.transform(np.array([[np.nan, 0.5]]))
    assert missing[0, -1] == 0


def test_statistics_of_rare_values_do_not_contain_the_row():
    X, y = shops(1000)
    folds = np.arange(1000) % 5

    def statistic(y):
        mixed = MixedMap(None, [False, False], codes=Codes(np.array([True, False])))
        mixed.fit(X, y, targets=y[:, None], folds=folds)
        return mixed.transform(np.column_stack([X, folds]))[:, -1]

    changed = y.copy()
    changed[0] = y[0] + 1e-3
    moved = np.abs(statistic(changed) - statistic(y))
    same_shop = X[:, 0] == X[0, 0]
    assert moved[0] < 0.1 * moved[same_shop & (folds != 0)].min()


def test_classes_and_missing_values():
    X, y = shops(2000)
    X[::7] = np.nan
    labels = np.where(y > 0.5, "high", "low")
    model = TwoLayerClassifier(**FAST).fit(X[:1000], labels[:1000])
    without = TwoLayerClassifier(**FAST, categorical_features=None).fit(X[:1000], labels[:1000])
    assert model.score(X[1000:], labels[1000:]) > without.score(X[1000:], labels[1000:]) + 0.1


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(
    "model",
    [
        TwoLayerRegressor(n_estimators=1, max_iter=2, warm_start=True),
        RBFNetwork(n_centers=5, task="regression", refine="gradient", warm_start=True, max_iter=2),
        TwoLayerRegressor(max_iter=2, categorical_features=None),
        TwoLayerRegressor(max_iter=2, input_map=StandardScaler()),
    ],
    ids=["warm start", "radial warm start", "no categories", "transformer"],
)
def test_cases_without_statistics(model):
    pd = pytest.importorskip("pandas")
    X, y = shops(1000)
    model.fit(pd.DataFrame(X, columns=["shop", "size"]), y)
    assert repr(model.columns_) == "shop | number | itself\nsize | number | itself"


@pytest.mark.parametrize("as_category", [True, False])
def test_a_single_network_has_statistics(as_category):
    (X, y), (X_new, y_new) = shops(1000), shops(3000, seed=2)
    settings = {"n_estimators": 1, "random_state": 0, "max_iter": 20}
    model = TwoLayerRegressor(
        **settings, categorical_features=[0] if as_category else "from_dtype"
    )
    model.fit(X, y)
    assert list(model.input_map_.statistics_) == [0]
    assert model.score(X_new, y_new) > 0.7
    assert not hasattr(model, "oof_score_")


def test_a_warm_start_keeps_them():
    X, y = shops(1000)
    model = TwoLayerRegressor(**FAST, warm_start=True).fit(X, y)
    kinds = [type(part.input_map) for part in model._model.parts]
    model.fit(X, y)
    assert [type(part.input_map) for part in model._model.parts] == kinds


def test_a_value_that_is_missing_only_in_predict_is_no_code():
    X = np.column_stack([np.tile(np.arange(91), 11), np.random.default_rng(0).uniform(size=1001)])
    effects = np.random.default_rng(5).normal(size=91)
    effects[45] = 5  # the mean of the column
    X = X.astype(np.float32)
    model = TwoLayerRegressor(**FAST).fit(X, effects[np.tile(np.arange(91), 11)])
    missing, mean = model.predict(np.array([[np.nan, 0.5], [45, 0.5]], dtype=np.float32))
    assert mean > 3.5 > 1.5 > missing


@pytest.mark.parametrize("precisions", [(np.float64, np.float32), (np.float32, np.float64)])
def test_values_are_known_in_another_precision(precisions):
    X, y = shops(1000)
    X = X + 1 / 3
    fitted, other = (X.astype(precision) for precision in precisions)
    mixed = TwoLayerRegressor(**FAST).fit(fitted, y).input_map_
    statistics = mixed.transform(other)[:, -1]
    np.testing.assert_allclose(statistics, mixed.transform(fitted)[:, -1], rtol=1e-6)
    assert np.count_nonzero(statistics) == len(X)


def test_a_map_without_them_has_only_the_statistics_of_categories():
    X, y = shops(1000)
    X[:, 1] = X[:, 0]
    mixed = MixedMap(None, [False, True], codes=Codes(np.array([True, False])))
    mixed.fit(X, targets=y[:, None], folds=np.arange(1000) % 5)
    plain = without_codes(mixed)
    assert has_codes(mixed) and not has_codes(plain)
    assert without_codes(plain) is plain
    np.testing.assert_array_equal(plain.transform(X), mixed.transform(X)[:, :-1])
    np.testing.assert_array_equal(plain.known_sources(2), mixed.known_sources(2)[:-1])


def test_slices_consist_of_their_values():
    X, y = shops(1000)
    model = TwoLayerRegressor(**FAST).fit(X, y)
    along = slice_of(model, X, [0])
    assert np.isin(along.axes[0], X[:, 0]).all()
    assert len(along.axes[0]) == 100
    assert np.isin(slice_of(model, X, [1]).rows[:, 0], X[:, 0]).all()


@pytest.mark.parametrize("is_useful", [True, False])
def test_a_radial_network_chooses(is_useful):
    pd = pytest.importorskip("pandas")
    rng = np.random.default_rng(0 if is_useful else 10)
    shop, measures = rng.integers(0, 100, 1200), rng.normal(size=(1200, 6))
    y = np.sin(2 * measures[:, 0]) * measures[:, 1] + 0.5 * rng.normal(size=1200)
    y += (2.0 if is_useful else 0.2) * EFFECTS[shop]
    table = pd.DataFrame(np.column_stack([shop / 7, measures]), columns=list("abcdefg"))
    default = TwoLayerRegressor(**FAST).fit(table, y)
    assert default.columns_.columns[0].is_code
    model = RBFNetwork(task="regression", random_state=0).fit(table, y)
    assert has_codes(model.input_map_) == is_useful
    assert model.columns_.columns[0].is_code == is_useful
    assert np.isfinite(model.predict(table)).all()
