"""Results for rows left out of training: honest predictions, intervals, sets of classes."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris, make_friedman1
from sklearn.metrics import log_loss
from sklearn.model_selection import cross_val_score
from small_networks import LABELS, MANY, SOFT, X, Y, classifier, regressor

from sklearn_twolayer import RBFNetwork, TwoLayerClassifier, TwoLayerRegressor
from sklearn_twolayer.conformal import MOST_SCORES, Intervals, LeftOutErrors, Scores

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

ROWS, TARGETS = make_friedman1(300, noise=1.0, random_state=0)
FLOWERS, KINDS = load_iris(return_X_y=True)

QUICK = {"n_estimators": 3, "max_iter": 20, "blend": "scale", "random_state": 0}
REGRESSORS = [
    TwoLayerRegressor(**QUICK),
    RBFNetwork(30, task="regression", refine="width", random_state=0),
]
CLASSIFIERS = [TwoLayerClassifier(**QUICK), RBFNetwork(30, refine="width", random_state=0)]
each_regressor = pytest.mark.parametrize("model", REGRESSORS, ids=["two-layer", "radial"])
each_classifier = pytest.mark.parametrize("model", CLASSIFIERS, ids=["two-layer", "radial"])


def quick(**kwargs):
    """Return a regressor that leaves out rows, and is fitted in no time."""
    return regressor(n_estimators=3, blend="scale", **kwargs)


def noisy(n_rows, seed):
    """Return rows whose noise grows with the first column."""
    rng = np.random.RandomState(seed)
    rows = rng.uniform(size=(n_rows, 3))
    return rows, rows[:, 1] + (0.1 + rows[:, 0]) * rng.normal(size=n_rows)


def test_the_loss_is_that_of_the_predictions():
    model = clone(REGRESSORS[1]).fit(ROWS, TARGETS)
    errors = (model.oof_prediction_ - TARGETS) / np.std(TARGETS)
    known = ~np.isnan(errors)
    assert model.oof_loss_ == pytest.approx(0.5 * np.mean(errors[known] ** 2), rel=0.02)
    model = clone(CLASSIFIERS[1]).fit(FLOWERS, KINDS)
    known = ~np.isnan(model.oof_prediction_).any(axis=1)
    assert model.oof_loss_ == pytest.approx(log_loss(KINDS[known], model.oof_prediction_[known]))


@pytest.mark.parametrize(
    ("model", "data", "tolerance"),
    [(REGRESSORS[1], (ROWS, TARGETS), 0.05), (CLASSIFIERS[1], (FLOWERS, KINDS), 0.03)],
    ids=["numbers", "classes"],
)
def test_the_score_is_that_of_cross_validation(model, data, tolerance):
    expected = cross_val_score(model, *data, cv=4).mean()
    assert clone(model).fit(*data).oof_score_ == pytest.approx(expected, abs=tolerance)


@pytest.mark.filterwarnings("ignore:No part predicts held-out rows")
def test_noise_is_told_to_be_noise():
    rng = np.random.RandomState(0)
    rows, labels = rng.normal(size=(200, 20)), rng.randint(2, size=200)
    model = TwoLayerClassifier(**QUICK).fit(rows, labels)
    assert model.oof_score_ < 0.6


@each_regressor
def test_predictions_are_in_the_order_and_the_units_of_y(model):
    model = clone(model).fit(ROWS, 1000 * TARGETS)
    known = np.isfinite(model.oof_prediction_)
    assert known.mean() > 0.3
    assert np.corrcoef(model.oof_prediction_[known], TARGETS[known])[0, 1] > 0.9
    assert model.oof_prediction_[known].std() == pytest.approx(1000 * TARGETS.std(), rel=0.2)


@each_classifier
def test_probabilities_of_all_classes(model):
    P = clone(model).fit(FLOWERS, KINDS).oof_prediction_
    assert P.shape == (150, 3)
    np.testing.assert_allclose(P[np.isfinite(P[:, 0])].sum(axis=1), 1)


def test_rows_of_weight_zero_are_as_if_they_were_not_there():
    weights = np.ones(len(Y))
    weights[::3] = 0
    model = quick().fit(X, Y, sample_weight=weights)
    without = quick().fit(X[weights > 0], Y[weights > 0])
    assert np.isnan(model.oof_prediction_[::3]).all()
    np.testing.assert_array_equal(model.oof_prediction_[weights > 0], without.oof_prediction_)
    np.testing.assert_array_equal(model.predict_interval(X), without.predict_interval(X))
    assert model.oof_score_ == without.oof_score_


def test_missing_values_of_new_rows_are_filled_without_rows_of_weight_zero():
    weights = np.ones(len(Y))
    weights[::3] = 0
    new = np.where(np.arange(X.shape[1]) == 0, np.nan, X)
    without = quick().fit(X[weights > 0], Y[weights > 0])
    for value in (1000, np.nan):
        rows = np.where(weights[:, None] > 0, X, value)
        model = quick().fit(rows, Y, sample_weight=weights)
        np.testing.assert_allclose(model.predict(new), without.predict(new))


@each_regressor
def test_intervals_hold_as_many_targets_as_they_say_and_know_where_errors_are_large(model):
    rows, y = noisy(2000, 1)
    model = clone(model).fit(*noisy(600, 0))
    widths = []
    for coverage in (0.8, 0.9, 0.95):
        low, high = model.predict_interval(rows, coverage).T
        assert np.mean((low <= y) & (y <= high)) == pytest.approx(coverage, abs=0.04)
        widths.append(high - low)
    assert np.corrcoef(widths[1], rows[:, 0])[0, 1] > 0.8
    assert (widths[0] < widths[1]).all()
    assert (widths[1] < widths[2]).all()


@pytest.mark.parametrize("n_rows", [100, 300])
def test_intervals_of_noise_hold_as_many_targets_as_they_say(n_rows):
    inside = []
    for seed in range(6):
        rng = np.random.RandomState(seed)
        rows, targets = rng.normal(size=(n_rows, 5)), rng.normal(size=n_rows)
        model = RBFNetwork(60, task="regression", random_state=seed).fit(rows, targets)
        low, high = model.predict_interval(rng.normal(size=(1000, 5)), 0.9).T
        new = rng.normal(size=1000)
        inside.append(np.mean((low <= new) & (new <= high)))
    assert np.mean(inside) == pytest.approx(0.9, abs=0.03)


@pytest.mark.parametrize("task", ["regression", "classification"])
def test_after_the_gradient_nothing_claims_to_be_out_of_fold(task):
    targets = TARGETS if task == "regression" else TARGETS > np.median(TARGETS)
    model = RBFNetwork(20, task=task, refine="gradient", max_iter=5, random_state=0)
    model.fit(ROWS, targets)
    for name in ("oof_prediction_", "oof_score_", "oof_loss_"):
        with pytest.raises(AttributeError, match="refine='gradient' fits the first layer"):
            getattr(model, name)
    predict = model.predict_interval if task == "regression" else model.predict_set
    with pytest.raises(AttributeError, match="refine='gradient'"):
        predict(ROWS)


@pytest.mark.parametrize("loss", ["poisson", "gamma"])
def test_intervals_of_positive_targets_are_not_negative(loss):
    targets = 0.1 + np.random.RandomState(0).exponential(size=len(X))
    ends = quick(loss=loss).fit(X, targets).predict_interval(X, 0.95)
    assert ends.min() == 0


def test_after_the_gradient_the_error_is_in_units_of_the_targets():
    rng = np.random.RandomState(0)
    rows = rng.normal(size=(300, 2))
    targets = 50.0 * rng.poisson(np.exp(0.5 * rows[:, 0]))
    model = RBFNetwork(
        20, task="regression", loss="poisson", refine="gradient", max_iter=5, random_state=0
    )
    model.fit(rows, targets)
    assert 0.2 < model.loo_error_ / np.var(targets) < 2


def test_several_outputs_have_intervals_of_their_own():
    both = quick().fit(X, np.column_stack([Y, 100 * Y])).predict_interval(X)
    assert both.shape == (len(X), 2, 2)
    assert np.ptp(both, axis=1)[:, 1].mean() > 50 * np.ptp(both, axis=1)[:, 0].mean()


def test_intervals_are_in_the_dtype_of_the_rows():
    rows = X.astype(np.float32)
    assert quick().fit(rows, Y).predict_interval(rows).dtype == np.float32


def test_intervals_of_extreme_and_constant_targets():
    assert np.isfinite(quick().fit(X, Y * 1e306).predict_interval(X)).all()
    constant = quick().fit(X, np.full(len(X), 3.0)).predict_interval(X)
    np.testing.assert_array_equal(constant, 3.0)


@each_classifier
def test_sets_hold_as_many_classes_as_they_say_and_are_never_empty(model):
    rng = np.random.RandomState(0)
    rows = rng.normal(size=(1500, 2))
    labels = np.array(list("abc"))[(rows[:, 0] + rng.logistic(size=1500) > [[-1], [1]]).sum(0)]
    model = clone(model).fit(rows[:500], labels[:500])
    codes = np.searchsorted(model.classes_, labels[500:])
    for coverage in (0.8, 0.95):
        sets = model.predict_set(rows[500:], coverage)
        assert sets.shape == (1000, 3)
        assert sets.any(axis=1).all()
        assert sets[np.arange(1000), codes].mean() == pytest.approx(coverage, abs=0.05)


@pytest.mark.parametrize("shares", [(0.7, 0.3), (0.4, 0.3, 0.2, 0.1)], ids=["two", "four"])
@pytest.mark.parametrize("columns", ["noise", "constants"])
def test_sets_cover_where_the_inputs_say_nothing(shares, columns):
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(2600, 3)) if columns == "noise" else np.ones((2600, 3))
    labels = rng.choice(len(shares), size=2600, p=shares)
    with pytest.warns(UserWarning, match="No part predicts"):
        model = RBFNetwork(random_state=0).fit(rows[:600], labels[:600])
    for coverage in (0.6, 0.8, 0.9):
        sets = model.predict_set(rows[600:], coverage)
        covered = sets[np.arange(2000), labels[600:]].mean()
        # Sets are never empty, and rows of the same inputs have the same set.
        most = max(coverage, shares[0]) if columns == "noise" else 1
        assert coverage - 0.04 < covered < most + 0.04
        assert sets.sum(axis=1).mean() < len(shares) or columns == "constants"


def test_sets_cover_where_no_held_out_row_is_of_a_class():
    rng = np.random.default_rng(3)
    rows, labels = rng.normal(size=(4000, 3)), (rng.random(4000) < 0.3).astype(int)
    labels[10] = 2
    with pytest.warns(UserWarning, match="No part predicts"):
        model = RBFNetwork(random_state=3).fit(rows[:1000], labels[:1000])
    assert np.isnan(model.oof_prediction_[10]).all()
    sets = model.predict_set(rows[1000:], 0.8)
    assert sets[np.arange(3000), labels[1000:]].mean() == pytest.approx(0.8, abs=0.04)
    assert 1 < sets.sum(axis=1).mean() < 1.5


def test_sets_of_soft_and_two_classes():
    soft = classifier(soft_targets="multiclass", n_estimators=3, blend="scale").fit(X, SOFT)
    assert soft.predict_set(X).shape == (len(X), 3)
    two = classifier(n_estimators=3, blend="scale").fit(X, LABELS == "red")
    assert two.predict_set(X).shape == (len(X), 2)


def test_several_labels_a_row_have_predictions_but_no_sets():
    model = classifier(n_estimators=3, blend="scale").fit(X, MANY)
    assert model.oof_prediction_.shape == MANY.shape
    with pytest.raises(AttributeError, match="not for several labels"):
        model.predict_set(X)


@pytest.mark.parametrize("settings", [{"n_estimators": 1}, {"n_estimators": 3, "blend": "mean"}])
def test_where_all_networks_see_all_rows_the_remedy_is_told(settings):
    model = regressor(**settings).fit(X, Y)
    assert not hasattr(model, "oof_prediction_")
    assert not hasattr(model, "oof_score_")
    with pytest.raises(AttributeError, match="at least 2, blend"):
        model.predict_interval(X)


@pytest.mark.parametrize(
    "model",
    [
        regressor(n_estimators=3),
        RBFNetwork(refine="gradient"),
        RBFNetwork(task="regression"),
        RBFNetwork(task="regression", refine=None, loss="absolute_error"),
    ],
)
def test_a_single_row_is_named_as_the_reason(model):
    message = "only one row to train on. Fit on more rows"
    with pytest.raises(AttributeError, match=message):
        _ = model.fit(X[:1], [1]).oof_score_
    with pytest.raises(AttributeError, match=message):
        _ = model.fit(X[:3], [1, 0, 2], sample_weight=[0, 1, 0]).oof_score_
    if isinstance(model, RBFNetwork):
        assert np.isnan(model.loo_error_)
    if getattr(model, "refine", None) == "gradient":
        with pytest.raises(AttributeError, match="Fit without 'gradient'"):
            _ = model.fit(X[:20], np.arange(20) % 2).oof_score_


def test_the_radial_part_of_a_blend_refers_to_the_blend():
    model = regressor(n_estimators=3, blend="radial").fit(X, Y)
    radial = model.radial_
    for ask in (lambda: radial.oof_score_, lambda: radial.predict_interval(X)):
        with pytest.raises(AttributeError, match="part of a blend.*model.oof_score_ rather than"):
            ask()
    assert np.isfinite(model.oof_score_)
    assert np.isfinite(radial.fit(X, Y).oof_score_)
    radial.set_params(refine="gradient").fit(X, Y)
    with pytest.raises(AttributeError, match="Fit without 'gradient'"):
        _ = radial.oof_score_


def test_going_on_forgets_what_is_no_longer_so():
    model = quick(warm_start=True, solver="adam").fit(X, Y)
    assert model.fit(X, Y).oof_prediction_.shape == Y.shape  # the same rows
    with pytest.warns(UserWarning, match="other rows"):
        model.fit(X[:50], Y[:50])
    assert not hasattr(model, "oof_score_")
    model = quick(solver="adam").fit(X, Y)
    assert not hasattr(model.partial_fit(X, Y), "oof_score_")
    with pytest.raises(AttributeError, match="without partial_fit"):
        model.predict_interval(X, 0.8)


def test_what_is_asked_for_is_checked():
    model = quick().fit(X, Y)
    with pytest.raises(ValueError, match="coverage"):
        model.predict_interval(X, 1.5)
    with pytest.raises(ValueError, match="at most 0.989"):
        model.predict_interval(X, 0.999)
    assert not hasattr(model, "predict_set")
    assert not hasattr(RBFNetwork(), "predict_interval")
    assert not hasattr(TwoLayerRegressor(), "oof_score_")


@pytest.mark.parametrize("coverage", [0.5, 0.9, 0.95])
@pytest.mark.parametrize("n_rows", [19, 20, 200])
def test_the_quantile_is_that_of_split_conformal_prediction(coverage, n_rows):
    scores = np.random.RandomState(0).permutation(n_rows) + 1.0
    found = Scores.of(scores, np.ones(n_rows)).quantile(coverage)
    assert found == np.ceil(coverage * (n_rows + 1) - 1e-9)


def test_an_integer_weight_counts_as_repeated_rows_but_for_the_row_to_come():
    scores, weights = np.arange(1.0, 301), np.random.RandomState(0).randint(1, 4, 300)
    repeated = np.repeat(scores, weights)
    few = Scores.of(scores, weights.astype(float))
    many = Scores.of(repeated, np.ones(len(repeated)))
    assert few.quantile(0.9) == pytest.approx(many.quantile(0.9), abs=1)


def test_of_many_scores_a_table_is_kept_that_never_promises_too_much():
    scores = np.random.RandomState(0).uniform(size=20_000)
    table = Scores.of(scores, np.ones(20_000))
    assert len(table.values) <= MOST_SCORES
    for coverage in (0.1, 0.5, 0.9, 0.99):
        assert coverage <= np.mean(scores <= table.quantile(coverage)) < coverage + 0.003


def test_errors_of_one_size_have_intervals_of_one_width():
    rng = np.random.RandomState(0)
    rows, errors = rng.normal(size=(300, 2)), rng.normal(size=(300, 1))
    left_out = LeftOutErrors(rows, rows[:, :1], errors, np.ones(300))
    widths = Intervals.learn(left_out, None).half_widths(rows, rows[:, :1], 0.9)
    assert widths.std() < 0.1 * widths.mean()


@pytest.mark.parametrize("size", [1e-310, 1e300, 1.7e308])
def test_sizes_of_extreme_errors(size):
    rng = np.random.default_rng(0)
    rows = size * rng.choice([-1.0, 1.0], size=(60, 2))
    left_out = LeftOutErrors(rows, rows[:, :1], rows[:, 1:], np.ones(60))
    widths = Intervals.learn(left_out, None).half_widths(rows, rows[:, :1], 0.9)
    np.testing.assert_allclose(widths, size)
