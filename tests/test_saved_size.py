"""Saved models hold little beside their parameters."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import make_friedman1
from sklearn.metrics import r2_score

from sklearn_twolayer import RBFNetwork, TwoLayerRegressor
from sklearn_twolayer.input_maps import MixedMap

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

ROWS, TARGETS = make_friedman1(150, 8, random_state=0)
BLEND = {"n_estimators": 2, "max_iter": 2, "random_state": 0}


@pytest.fixture(scope="module")
def default():
    return TwoLayerRegressor(max_iter=2, random_state=0).fit(ROWS, TARGETS)


def parameter_bytes(model):
    return sum(part.params.nbytes for part in model._model.parts)


def test_parameters_that_were_trained_in_single_precision_are_saved_in_it(default):
    saved = pickle.dumps(default)
    assert len(saved) < 1.1 * 0.5 * parameter_bytes(default) + 60_000  # the radial part is double
    loaded = pickle.loads(saved)
    assert loaded.params_.dtype == np.float64
    np.testing.assert_array_equal(loaded.predict(ROWS), default.predict(ROWS))


def test_parameters_that_were_not_are_saved_as_they_are():
    model = RBFNetwork(10, task="regression", refine="width", random_state=0).fit(ROWS, TARGETS)
    loaded = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(loaded.params_, model.params_)


def test_the_default_is_little_more_than_its_parameters():
    model = TwoLayerRegressor(max_iter=2, random_state=0).fit(ROWS.astype(np.float32), TARGETS)
    assert len(pickle.dumps(model)) < 1.1 * parameter_bytes(model) + 20_000


def towns(n_rows=200):
    rng = np.random.RandomState(0)
    codes = rng.randint(50, size=n_rows)
    numbers = rng.normal(size=n_rows)
    frame = pd.DataFrame({"town": [f"town {code}" for code in codes], "x": numbers})
    return frame, codes % 7 + numbers


def test_statistics_of_training_rows_are_dropped():
    model = TwoLayerRegressor(**BLEND, blend="scale").fit(*towns())
    maps = [part.input_map for part in model._model.parts if isinstance(part.input_map, MixedMap)]
    some = [statistics for each in maps for statistics in each.statistics_.values()]
    assert some and not any(hasattr(statistics, "without_fold") for statistics in some)


@pytest.mark.filterwarnings("ignore:warm_start=True continues with other rows")
def test_training_goes_on_without_them():
    frame, y = towns()
    model = TwoLayerRegressor(**BLEND, blend="scale", warm_start=True).fit(frame, y)
    model.fit(frame[:100], y[:100]).fit(frame[100:], y[100:])
    model = pickle.loads(pickle.dumps(model)).partial_fit(frame, y).partial_fit(frame, y)
    assert np.isfinite(model.predict(frame)).all()


def test_a_warm_start_has_those_of_its_rows():
    model = TwoLayerRegressor(**BLEND, blend="scale", warm_start=True).fit(*towns())
    loaded = pickle.loads(pickle.dumps(model))
    for _ in range(2):
        model.fit(*towns())
        loaded.fit(*towns())
    np.testing.assert_array_equal(loaded.oof_prediction_, model.oof_prediction_)


def test_rows_that_are_shuffled_have_their_own_predictions():
    model = TwoLayerRegressor(
        blend="scale", n_estimators=2, early_stopping=True, max_iter=20, random_state=0
    )
    model.fit(ROWS, TARGETS)
    known = np.isfinite(model.oof_prediction_)
    assert 0 < known.sum() < len(ROWS)
    assert r2_score(TARGETS[known], model.oof_prediction_[known]) == pytest.approx(
        model.oof_score_
    )
