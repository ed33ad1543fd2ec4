"""Pairs of columns that are codes, such as a month and a day."""

import numpy as np
import pytest
from small_networks import model_that_codes_help

from sklearn_twolayer import RBFNetwork, TwoLayerClassifier, TwoLayerRegressor
from sklearn_twolayer._sample import Codes, Sample
from sklearn_twolayer.codes import find_codes
from sklearn_twolayer.estimators._pairs import keep_pairs
from sklearn_twolayer.input_maps import MixedMap, has_codes, pairs_of, without_codes
from sklearn_twolayer.input_maps._levels import PairLevels
from sklearn_twolayer.links import IdentityLink
from sklearn_twolayer.losses import SquaredError

FAST = {"n_estimators": 3, "max_iter": 10, "random_state": 0}
EFFECTS = np.random.default_rng(0).normal(size=(12, 31))
TEXT = "month | number | itself; the mean target of each pair with day"


def days(n_rows, seed=1, noise=0.5):
    """Return rows with a month, a day and a measure, and targets that depend on all of them."""
    rng = np.random.default_rng(seed)
    month, day = rng.integers(0, 12, n_rows), rng.integers(0, 31, n_rows)
    size = rng.uniform(size=n_rows)
    y = EFFECTS[month, day] + size + rng.normal(0, noise, n_rows)
    return np.column_stack([month + 1.0, day + 1.0, size]), y


def sample_of(X, y, is_category=None):
    y = y.reshape(len(X), -1).astype(float)
    return Sample(X, y, np.ones(len(X)), np.arange(len(X)), is_category, targets=y)


def pairs_in(X, y, is_category=None):
    sample = sample_of(X, y, is_category)
    return find_codes(sample, ~sample.category_flags).pairs


@pytest.mark.parametrize("is_category", [None, [True, False, False], [True, True, False]])
def test_values_that_matter_together_are_found(is_category):
    X, y = days(3000)
    is_category = None if is_category is None else np.array(is_category)
    assert pairs_in(X, y, is_category) == ((0, 1),)
    assert pairs_in(X, y > 0, is_category) == ((0, 1),)
    if is_category is None:
        X[::9, 0] = np.nan
        assert pairs_in(X, y) == ((0, 1),)


def test_the_best_pairs_are_found_first_and_each_once():
    (X, y), (other, z) = days(5000), days(5000, seed=2)
    X = np.column_stack([X, other, X[:, 0]])  # and a copy of the month
    assert pairs_in(X, 0.7 * y + z) == ((3, 4), (0, 1))


@pytest.mark.parametrize(
    "effect",
    [
        lambda month, day: EFFECTS[month, 0] + EFFECTS[0, day],
        lambda month, day: (month - 6) * (day - 15) / 50,
        lambda month, day: np.sin(month / 4 + day / 8),
        lambda month, day: EFFECTS[month, 0] * (day - 15) / 10,
    ],
    ids=["additive", "product", "wave", "slopes"],
)
def test_smooth_functions_of_both_do_not_need_them(effect):
    X, y = days(3000)
    month, day = X[:, :2].astype(int).T - 1
    y = y - EFFECTS[month, day] + effect(month, day)
    sample = sample_of(X, y)
    codes = find_codes(sample, np.ones(3, dtype=bool))
    assert keep_pairs(sample, codes, SquaredError(), IdentityLink()).pairs == ()


@pytest.mark.parametrize("n_values", [5, 12, 40])
def test_noise_has_none(n_values):
    rng = np.random.default_rng(n_values)
    X = rng.integers(0, n_values, (2000, 20)).astype(float)
    assert pairs_in(X, rng.normal(size=2000)) == ()
    assert pairs_in(X, rng.standard_t(2, size=(2000, 2))) == ()


def test_too_few_and_too_many_pairs_are_not_tested():
    X, y = days(3000)
    assert pairs_in(X[:100], y[:100]) == ()
    month, day = X[:, :2].astype(int).T - 1
    few = np.column_stack([month % 4, day % 4]).astype(float)
    assert pairs_in(few, EFFECTS[month % 4, day % 4]) == ()
    assert pairs_in(np.hstack([X, np.tile(X[:, :1], 31)]), y) == ()


def test_pairs_are_kept_only_if_they_help_on_held_out_rows():
    sample = sample_of(*days(3000))
    for pairs, kept in ((((0, 1),), ((0, 1),)), (((0, 2),), ()), ((), ())):
        codes = Codes(np.array([False, True, False]), pairs)
        found = keep_pairs(sample, codes, SquaredError(), IdentityLink())
        assert found.pairs == kept
        assert found.is_code is codes.is_code


@pytest.mark.parametrize("as_frame", [True, False])
@pytest.mark.parametrize("make", [TwoLayerRegressor, RBFNetwork])
def test_predictions_are_better_and_claims_honest(make, as_frame):
    names = ["month", "day", "size"] if as_frame else None
    model = model_that_codes_help(make, days(3000), days(3000, seed=2), names, gain=0.1)
    if as_frame:
        assert TEXT in repr(model.columns_)
        text = "day | number | itself; the mean target of each value and of each pair with month"
        assert text in repr(model.columns_)


@pytest.mark.parametrize("categories", ["from_dtype", [0]])
def test_models_can_be_saved_by_skops(categories):
    skops = pytest.importorskip("skops.io")
    X, y = days(3000)
    model = TwoLayerRegressor(**FAST, categorical_features=categories).fit(X, y)
    assert pairs_of(model.input_map_) == ((0, 1),)
    data = skops.dumps(model)
    loaded = skops.loads(data, trusted=skops.get_untrusted_types(data=data))
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))


def test_categories_classes_and_missing_values():
    pd = pytest.importorskip("pandas")
    X, y = days(6000)
    month = pd.Series(np.array([*"abcdefghijkl"])[X[:, 0].astype(int) - 1], dtype="str")
    table = pd.DataFrame({"month": month, "day": X[:, 1], "size": X[:, 2]})
    table.loc[::11, "month"] = None
    table.loc[::7, "day"] = np.nan
    labels = np.where(y > 0.5, "high", "low")
    first, rest = slice(3000), slice(3000, None)
    model = TwoLayerClassifier(**FAST).fit(table[first], labels[first])
    assert "12 levels" in str(model.columns_) and "each pair with day" in str(model.columns_)
    without = TwoLayerClassifier(**FAST).fit(table[["month", "size"]][first], labels[first])
    score = without.score(table[["month", "size"]][rest], labels[rest])
    assert model.score(table[rest], labels[rest]) > score + 0.05
    unknown = table[rest].assign(month="z", day=99.0)
    assert np.isfinite(model.predict_proba(unknown)).all()


def mixed_of(X, y, pairs=((0, 1),), is_category=(False, False, False)):
    codes = Codes(np.zeros(3, dtype=bool), pairs)
    mixed = MixedMap(None, is_category, codes=codes)
    return mixed.fit(X, targets=y[:, None], folds=np.arange(len(X)) % 5)


def test_statistics_are_those_of_pairs():
    X, y = days(9000, noise=0.1)
    mixed = mixed_of(X, y)
    grid = np.array([[i + 1, j + 1, 0.5] for i in range(12) for j in range(31)])
    table = mixed.transform(grid)[:, -1]
    assert np.corrcoef(table, EFFECTS.ravel())[0, 1] > 0.97


def test_new_pairs_have_the_statistics_of_their_values():
    X, y = days(9000)
    codes = Codes(np.array([True, True, False]), ((0, 1),))
    mixed = MixedMap(None, [False] * 3, codes=codes)
    mixed.fit(X, targets=y[:, None], folds=np.arange(9000) % 5)
    new = [[1.5, 1, 0.5], [13, 2, 0.5], [1, 32, 0.5], [np.nan, 1, 0.5], [12, np.nan, 0.5]]
    for fold in ([], [3]):
        rows = np.array([row + fold for row in new])
        of_month, of_day, of_pair = mixed.transform(rows)[:, -3:].T
        np.testing.assert_allclose(of_pair, of_month + of_day, atol=1e-12)
        assert np.count_nonzero(of_pair) == 5


def test_unknown_levels_of_a_pair_have_the_overall_mean():
    X, y = days(9000)
    mixed = mixed_of(X - [1, 1, 0], y, is_category=(True, True, False))
    new = np.array([[-1, -1, 0.5], [12, 31, 0.5], [np.nan, np.nan, 0.5]])
    assert (mixed.transform(new)[:, -1] == 0).all()


def test_few_missing_levels_of_a_pair_have_their_mean():
    X, y = days(3000)
    X -= [1, 1, 0]
    X[:40, 0], y[:40] = np.nan, y[:40] + 9
    mixed = mixed_of(X, y, is_category=(True, False, False))
    missing, new = mixed.transform(np.array([[np.nan, 3, 0.5], [np.nan, 99, 0.5]]))[:, -1]
    assert min(missing, new) > 3


def test_pairs_that_fit_did_not_see_keep_the_effects_of_values():
    rng = np.random.default_rng(0)
    shop, year, x = rng.integers(0, 100, 4000), rng.integers(0, 11, 4000), rng.uniform(size=4000)
    effects, pairs = rng.normal(size=100), rng.normal(size=(100, 11))
    y = effects[shop] + pairs[shop, year] + x + rng.normal(0, 0.3, 4000)
    X, is_later = np.column_stack([shop, year, x]).astype(float), year == 10
    model = TwoLayerRegressor(**FAST).fit(X[~is_later], y[~is_later])
    assert model._codes.pairs == ((0, 1),)
    X[is_later, 1] = 10 + 1e-3 * rng.integers(1, 9, is_later.sum())
    fitted = X[~is_later].copy()
    fitted[:, 1] = np.nan
    for new, d in ((X[is_later], y[is_later]), (fitted, y[~is_later])):
        assert np.corrcoef(model.predict(new), d)[0, 1] ** 2 > 0.4  # 0.5 without noise


def test_missing_values_and_levels_are_values_of_pairs():
    X, y = days(9000, noise=0.1)
    X[X[:, 0] == 1, 0] = np.nan
    X[:, 1] -= 1
    table = mixed_of(X, y, is_category=(False, True, False)).transform(
        np.array([[np.nan, j, 0.5] for j in range(31)])
    )
    assert np.corrcoef(table[:, -1], EFFECTS[0])[0, 1] > 0.9


def test_statistics_of_rare_pairs_do_not_contain_the_row():
    X, y = days(1000)
    changed = y.copy()
    changed[0] += 1e-3
    rows = np.column_stack([X, np.arange(1000) % 5])
    moved = np.abs(np.subtract(*(mixed_of(X, d).transform(rows)[:, -1] for d in (changed, y))))
    same = (X[:, :2] == X[0, :2]).all(axis=1) & (rows[:, -1] != 0)
    # It counts a little in the means of single values, which frequent ones share.
    assert moved[0] < 0.25 * moved[same].min()


def test_sources_of_pairs_follow_those_of_columns():
    X, y = days(1000)
    mixed = mixed_of(X, y, pairs=((0, 2), (0, 1)))
    assert mixed.known_sources(3).tolist() == [0, 1, 2, 3, 4]
    assert pairs_of(mixed) == ((0, 2), (0, 1))
    plain = without_codes(mixed)
    assert has_codes(mixed) and not has_codes(plain) and pairs_of(plain) == ()
    np.testing.assert_array_equal(plain.transform(X), X)
    empty = PairLevels((0, 1), X * np.nan, np.array([False, True, False]), 3)
    assert (empty.codes(X) < 0).all() and (empty.codes(X * np.nan) == 0).all()


def test_explanations_share_the_contribution_of_a_pair():
    X, y = days(3000)
    model = TwoLayerRegressor(**FAST).fit(X, y)
    explanation = model.explain(X[:50])
    total = explanation.values.sum(axis=1) + explanation.base_values
    np.testing.assert_allclose(total, model.predict(X[:50]), rtol=1e-5, atol=1e-5)
    month, day, size = np.abs(explanation.values).mean(axis=0)
    assert 0.5 < month / day < 2 and min(month, day) > size


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_warm_start_keeps_them(monkeypatch):
    X, y = days(3000)
    model = TwoLayerRegressor(**FAST, warm_start=True).fit(X, y)
    monkeypatch.delattr("sklearn_twolayer.estimators._network.keep_pairs")
    model.set_params(loss="absolute_error").fit(X, y)
    assert model._codes.pairs == pairs_of(model.input_map_) == ((0, 1),)


def test_a_radial_network_chooses():
    rng = np.random.default_rng(1)
    X, y = days(1500)
    measures = rng.normal(size=(1500, 6))
    y = np.sin(2 * measures[:, 0]) * measures[:, 1] + 0.02 * y
    model = RBFNetwork(task="regression", random_state=0).fit(np.hstack([X, measures]), y)
    assert has_codes(model.input_map_) == (model._codes is not None)
    assert np.isfinite(model.predict(np.hstack([X, measures]))).all()
