"""Displays: they draw what was computed, without a screen, and say what is wrong."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from scipy.stats import norm
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.calibration import CalibrationDisplay
from sklearn.exceptions import NotFittedError
from sklearn.inspection import (
    DecisionBoundaryDisplay,
    PartialDependenceDisplay,
    permutation_importance,
)
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, LearningCurveDisplay
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_twolayer import (
    Dense,
    Passthrough,
    Radial,
    RBFNetwork,
    TwoLayerClassifier,
    TwoLayerRegressor,
)
from sklearn_twolayer.inspection import (
    CoverageDisplay,
    EmbeddingDisplay,
    ImportanceDisplay,
    LossCurveDisplay,
    PartEffectDisplay,
)

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

rng = np.random.RandomState(0)
X = rng.uniform(-2, 2, size=(80, 2))
y = np.sin(2 * X[:, 0]) + np.abs(X[:, 1])
FRAME = pd.DataFrame({"wave": X[:, 0], "bend": X[:, 1], "kind": ["a", "b"] * 40})
PLAIN = {"input_map": "standard", "n_estimators": 1, "max_iter": 5, "random_state": 0}


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def blend():
    return TwoLayerRegressor(n_units=6, n_estimators=2, max_iter=3, random_state=0).fit(FRAME, y)


@pytest.fixture(scope="module")
def radial():
    return RBFNetwork(9, task="regression", refine=None, width="nearest", random_state=0).fit(X, y)


def fit(embedding, rows=X):
    return TwoLayerRegressor(embedding, **PLAIN).fit(rows, y)


class Stub(RegressorMixin, BaseEstimator):
    """A regression of zero with normal intervals, and importances."""

    def fit(self, X, y):
        self.scale_ = np.std(y)
        self.feature_names_in_ = np.array(["small", "large", "middle"])
        self.feature_importances_ = np.array([0.1, 0.6, 0.3])
        return self

    def predict_interval(self, X, coverage=0.9):
        reach = self.scale_ * norm.ppf(0.5 + coverage / 2)
        return np.tile([-reach, reach], (len(X), 1))


# Loss curves.


def test_loss_curve_is_that_of_the_fit():
    model = TwoLayerRegressor(early_stopping=True, **PLAIN).fit(X, y)
    display = LossCurveDisplay.from_estimator(model)
    assert display.line_.get_ydata() == pytest.approx(model.loss_curve_)
    assert display.validation_line_.get_ydata() == pytest.approx(model.validation_curve_)
    assert display.validation_ax_ is display.ax_
    assert display.best_iteration == 1 + np.argmin(model.validation_curve_)
    assert display.best_.get_xdata() == [display.best_iteration]
    assert display.figure_ is display.ax_.figure


def test_scores_have_axes_of_their_own():
    model = TwoLayerClassifier(early_stopping=True, scoring="accuracy", **PLAIN).fit(X, y > 1)
    display = LossCurveDisplay.from_estimator(model)
    assert display.validation_ax_ is not display.ax_
    assert display.validation_ax_.get_ylabel() == "accuracy"
    assert display.best_iteration == 1 + np.argmax(model.validation_curve_)


def test_a_score_by_a_function_has_its_name():
    def share(estimator, X, y):
        return estimator.score(X, y)

    model = TwoLayerClassifier(early_stopping=True, scoring=share, **PLAIN).fit(X, y > 1)
    assert LossCurveDisplay.from_estimator(model).validation_ax_.get_ylabel() == "share"


def test_loss_curve_without_validation_rows():
    display = LossCurveDisplay.from_estimator(fit(Dense(3)), color="red")
    assert display.validation_line_ is display.best_ is display.best_iteration is None
    assert display.line_.get_color() == "red"


def test_a_blend_has_a_line_of_its_loss_on_held_out_rows():
    model = TwoLayerRegressor(n_estimators=2, max_iter=5, random_state=0).fit(X, y)
    display = LossCurveDisplay.from_estimator(model)
    assert display.oof_line_.get_ydata()[0] == model.oof_loss_
    assert LossCurveDisplay.from_estimator(fit(Dense(3))).oof_line_ is None


def test_loss_curve_needs_a_solver(radial):
    with pytest.raises(ValueError, match="RBFNetwork was fitted without iterations"):
        LossCurveDisplay.from_estimator(radial)


# Units.


def test_units_along_a_column_add_up_to_the_output():
    x = X[:, :1]
    display = EmbeddingDisplay.from_estimator(fit(Dense(4) | Dense(3, "sin"), x), x)
    assert len(display.lines_) == 7
    drawn = np.sum([line.get_ydata() for line in display.lines_], axis=0)
    assert drawn == pytest.approx(display.total_.get_ydata(), abs=1e-9)
    model_rows = display.slice.axes[0][:, None]
    raw = fit(Dense(4) | Dense(3, "sin"), x)._raw_outputs(model_rows)[:, 0]
    assert display.units.total == pytest.approx(raw)
    labels = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert labels == ["all units together", "Dense(n_units=4)", repr(Dense(3, "sin"))]


def test_a_rectified_unit_is_marked_where_it_bends():
    x = X[:, :1]
    model = fit(Dense(1), x)
    display = EmbeddingDisplay.from_estimator(model, x)
    slope, shift = model.network_.views(model.params_[0]).projections[:, 0]
    bend = model.input_map_.inverse_transform(np.array([[-shift / slope]]))[0, 0]
    (mark,) = display.lines_[0].get_markevery()
    grid = display.slice.axes[0]
    assert abs(grid[mark] - bend) <= grid[1] - grid[0]


def test_centers_are_where_the_network_has_them(radial):
    display = EmbeddingDisplay.from_estimator(radial, X)
    found = np.sort([line.get_xydata()[0] for line in display.centers_], axis=0)
    centers = np.sort(radial.centers_, axis=0)
    assert found == pytest.approx(centers, abs=0.05)
    curve = display.lines_[-1]  # one width about the centre, in standard deviations
    points = curve.get_paths()[0].vertices / X.std(axis=0)
    reach = [np.hypot(*(points - center / X.std(axis=0)).T) for center in radial.centers_]
    width = radial.widths_[np.argmin(np.ptp(reach, axis=1))]
    assert reach[np.argmin(np.ptp(reach, axis=1))] == pytest.approx(width, rel=0.02)


def test_a_radial_unit_is_marked_where_its_centre_is():
    column = np.linspace(-3, 3, 60)[:, None]
    model = RBFNetwork(3, task="regression", input_map="standard", refine=None, random_state=0)
    display = EmbeddingDisplay.from_estimator(model.fit(column, column[:, 0] ** 2), column)
    grid = display.slice.axes[0]
    marks = sorted(grid[line.get_markevery()[0]] for line in display.lines_)
    assert marks == pytest.approx(np.sort(model.centers_[:, 0]), abs=2 * (grid[1] - grid[0]))


@pytest.mark.parametrize(
    "embedding, n_places",
    [
        (Dense(3, "identity") * Dense(3, "sigmoid"), 6),
        ((Dense(2) | Radial(3)) + Dense(5, "tanh"), 10),
        (Passthrough() | Dense(2), 2),
    ],
)
def test_units_that_join_several_have_several_places(embedding, n_places):
    display = EmbeddingDisplay.from_estimator(fit(embedding), X)
    assert len(display.units.places) == n_places
    assert max(place.unit for place in display.units.places) < display.units.outputs.shape[1]
    assert display.total_.get_array().shape == (120, 120)


def test_units_of_a_blend_and_of_its_columns(blend):
    for part in range(3):
        display = EmbeddingDisplay.from_estimator(
            blend, FRAME, features=["wave", "bend"], part=part, max_units=4
        )
        assert len(display.drawn) == 4
    assert display.ax_.get_xlabel() == "wave"
    display = EmbeddingDisplay.from_estimator(blend, FRAME, features=1)
    assert display.slice.names == ["bend"]
    middle = blend._validate_rows(FRAME)
    assert display.slice.rows[:, 0] == pytest.approx(np.median(middle[:, 0]), rel=1e-6)


def test_sparse_rows_and_pipelines():
    rows = sparse.csr_array(X * (X > 0))
    EmbeddingDisplay.from_estimator(TwoLayerRegressor(Dense(3), **PLAIN).fit(rows, y), rows)
    pipeline = make_pipeline(StandardScaler(), TwoLayerClassifier(Dense(3), **PLAIN))
    search = GridSearchCV(pipeline, {"twolayerclassifier__alpha": [0.1]}, cv=2).fit(X, y > 1)
    display = EmbeddingDisplay.from_estimator(search, X)
    assert display.slice.points.std() == pytest.approx(1)
    assert len(PartEffectDisplay.from_estimator(search, X).names) == 1
    assert LossCurveDisplay.from_estimator(search).line_ is not None


@pytest.mark.parametrize(
    "settings, message",
    [
        ({}, r"There are 3 columns: select one or two of them.*features=\['wave', 'bend'\]"),
        (
            {"features": "other"},
            r"features contains \['other'\], but the columns are \['wave', 'bend'",
        ),
        ({"features": [7]}, r"features contains \[7\]"),
        ({"features": (-1, None)}, r"features contains \[-1, None\]"),
        ({"features": 1.5}, r"features contains \[1.5\]"),
        ({"features": [["wave"]]}, r"features contains"),
        ({"features": 1.0}, r"features contains \[1.0\]"),
        ({"features": [0, 1, 0]}, "one or two columns"),
        ({"features": ["wave", 0]}, "one or two columns"),
        ({"features": "kind"}, "'kind' holds categories"),
        ({"features": "wave", "part": 3}, "part must be an integer from 0 to 2, got 3"),
        ({"features": "wave", "network": -1}, "network must be an integer from 0 to 1"),
        ({"features": "wave", "output": 1}, "output must be an integer from 0 to 0"),
        ({"features": "wave", "max_units": 0}, "max_units"),
    ],
)
def test_errors_of_units(blend, settings, message):
    plt.close("all")  # other tests of this process may leave some
    with pytest.raises(ValueError, match=message):
        EmbeddingDisplay.from_estimator(blend, FRAME, **settings)
    assert plt.get_fignums() == []


@pytest.mark.parametrize(("features", "axis"), [(2, "size"), ("day", "day_day"), (1, "day_day")])
def test_columns_are_counted_and_named_as_in_the_table(features, axis):
    table = pd.DataFrame(
        {
            "color": ["red", "blue"] * 30,
            "day": pd.date_range("2020", periods=60),
            "size": np.arange(60.0),
        }
    )
    model = TwoLayerRegressor(n_estimators=1, max_iter=2, random_state=0)
    model.fit(table, np.arange(60.0))
    display = EmbeddingDisplay.from_estimator(model, table, features=features)
    assert display.slice.names == [axis]


def test_names_of_several_levels():
    names = pd.MultiIndex.from_tuples([("p", "a"), ("p", "b"), ("q", "a")])
    table = pd.DataFrame(np.random.RandomState(0).normal(size=(60, 3)), columns=names)
    model = TwoLayerRegressor(n_estimators=1, max_iter=2, random_state=0).fit(table, np.arange(60))
    assert model.explain(table[:1]).feature_names == list(names)
    assert ImportanceDisplay.from_estimator(model).names == list(names)
    with pytest.raises(ValueError, match=r"features=\[\('p', 'a'\), \('p', 'b'\)\]"):
        EmbeddingDisplay.from_estimator(model, table)
    for features in ([("p", "a"), ("p", "b")], pd.Index([0, 1])):
        display = EmbeddingDisplay.from_estimator(model, table, features=features)
        assert len(display.slice.axes) == 2
    single = EmbeddingDisplay.from_estimator(model, table, features=("q", "a"))
    assert len(single.slice.axes) == 1


def test_names_of_columns_win_over_those_of_their_parts():
    days = pd.date_range("2020", periods=60)
    table = pd.DataFrame({"d": days, "d_day": np.arange(60.0), "kind": ["a", "b"] * 30})
    model = TwoLayerRegressor(n_estimators=1, max_iter=2, random_state=0)
    model.fit(table, np.arange(60.0))
    by_name, by_number, part = (
        EmbeddingDisplay.from_estimator(model, table, features=[features]).slice
        for features in ("d_day", 1, "d_month")
    )
    np.testing.assert_array_equal(by_name.axes[0], by_number.axes[0])
    assert by_name.axes[0].max() == 59 and part.axes[0].max() == 2
    with pytest.raises(ValueError, match=r"There are 3 columns: .* features=\['d', 'd_day'\]"):
        EmbeddingDisplay.from_estimator(model, table)
    with pytest.raises(ValueError, match=r"the columns are \['d', 'd_day', 'kind'\]"):
        EmbeddingDisplay.from_estimator(model, table, features="day")
    table, y = table[["d", "d_day"]], np.arange(60.0)
    display = EmbeddingDisplay.from_estimator(model.fit(table, y), table)
    assert len(display.slice.axes) == 2


def test_a_column_of_one_value_is_named(blend):
    with pytest.raises(ValueError, match="'wave' has a single value"):
        EmbeddingDisplay.from_estimator(blend, FRAME.assign(wave=1.0), features="wave")


# Parts.


def test_effects_are_factors_times_spreads(blend):
    display = PartEffectDisplay.from_estimator(blend, FRAME)
    assert display.names == ["networks", "rectified networks", "radial-basis network"]
    assert display.factors == pytest.approx(blend.blend_weights_)
    lengths = [bar.get_width() for bar in display.bars_]
    assert lengths[:-1] == pytest.approx(display.factors * display.spreads)
    raw = blend._raw_outputs(FRAME) * blend._targets.scale
    assert lengths[-1] == pytest.approx(raw.std(), rel=1e-5)


@pytest.mark.parametrize(
    ("loss", "unit"), [("poisson", "logarithm"), ("squared_error", "units of y")]
)
def test_effects_say_their_unit(loss, unit):
    model = TwoLayerRegressor(loss=loss, max_iter=2, n_estimators=1, random_state=0)
    display = PartEffectDisplay.from_estimator(model.fit(X, np.abs(X[:, 0])), X)
    assert unit in display.ax_.get_xlabel()


def test_effects_on_targets_of_any_size():
    rows = np.random.RandomState(0).normal(size=(60, 2))
    model = TwoLayerRegressor(max_iter=2, random_state=0).fit(rows, 1e200 * rows[:, 0])
    display = PartEffectDisplay.from_estimator(model, rows)
    assert np.isfinite(display.spreads).all() and display.together > 1e198


def test_a_single_part_is_the_whole(radial):
    display = PartEffectDisplay.from_estimator(radial, X)
    assert display.names == ["radial-basis network"]
    assert display.effects == pytest.approx([display.together])


def test_effects_of_classes_are_log_odds():
    labels = np.digitize(y, [0.5, 1.5])
    model = TwoLayerClassifier(Dense(4), n_estimators=2, max_iter=3, random_state=0)
    display = PartEffectDisplay.from_estimator(model.fit(X, labels), X)
    assert display.ax_.get_xlabel() == "spread of the log-odds"


# Intervals.


def test_coverage_of_known_intervals():
    n_rows = 1000
    target = (np.arange(n_rows) + 0.5) / n_rows
    ends = {c: np.tile([0, c], (n_rows, 1)) for c in (0.9, 0.5, 0.7)}
    display = CoverageDisplay.from_predictions(target, ends)
    assert display.coverages.tolist() == [0.5, 0.7, 0.9]
    assert display.measured == pytest.approx([0.5, 0.7, 0.9])
    assert display.widths == pytest.approx([0.5, 0.7, 0.9])
    assert display.line_.get_ydata() == pytest.approx(display.measured)
    assert [label.get_text() for label in display.labels_] == ["0.5", "0.7", "0.9"]
    pairs = CoverageDisplay.from_predictions(target, list(ends.items()))
    assert pairs.measured == pytest.approx(display.measured)


def test_coverage_of_several_outputs_is_their_mean():
    target = np.stack([np.zeros(10), np.ones(10)], axis=1)
    ends = np.zeros((10, 2, 2)) + [[[-1.0], [0.5]]]
    display = CoverageDisplay.from_predictions(target, {0.5: ends})
    assert display.measured == pytest.approx([0.5])
    assert display.widths == pytest.approx([1.5])


def test_coverage_from_an_estimator():
    target = rng.normal(size=2000)
    rows = np.zeros((2000, 1))
    model = make_pipeline(StandardScaler(), Stub()).fit(rows, target)
    display = CoverageDisplay.from_estimator(model, rows, target, coverages=(0.5, 0.9))
    assert display.measured == pytest.approx([0.5, 0.9], abs=0.03)
    with pytest.raises(TypeError, match="Ridge predicts no intervals"):
        CoverageDisplay.from_estimator(Ridge().fit(rows, target), rows, target)


def test_targets_that_are_missing_are_refused():
    ends = np.tile([-2.0, 2.0], (200, 1))
    target = np.where(np.arange(200) % 2, 0.0, np.nan)
    with pytest.raises(ValueError, match="Input y contains NaN"):
        CoverageDisplay.from_predictions(target, {0.9: ends})
    with pytest.raises(ValueError, match=r"intervals\[0.9\] contains NaN"):
        CoverageDisplay.from_predictions(np.zeros(200), {0.9: np.full((200, 2), np.nan)})


@pytest.mark.parametrize(
    "intervals, message",
    [
        ({}, "at least one"),
        ({90: np.zeros((80, 2))}, "between zero and one, got 90"),
        ({0.9: np.zeros((80, 3))}, r"coverage 0.9 must have shape \(n_rows, 2\).*got \(80, 3\)"),
        ({0.9: np.zeros((80, 2, 2))}, r"got \(80, 2, 2\): pass both for the same outputs"),
        ({0.9: np.zeros((7, 2))}, "inconsistent numbers of samples"),
    ],
)
def test_errors_of_intervals(intervals, message):
    with pytest.raises(ValueError, match=message):
        CoverageDisplay.from_predictions(y, intervals)


# Importances.


def test_the_most_important_columns_come_first():
    display = ImportanceDisplay.from_estimator(Stub().fit(X, y), k=2)
    names = [label.get_text() for label in display.ax_.get_yticklabels()]
    assert names == ["large", "middle"]
    assert [bar.get_width() for bar in display.bars_] == [0.6, 0.3]
    assert display.ax_.get_xlabel() == "importance, the largest 2 of 3"


def test_importances_of_a_constant_are_drawn():
    model = TwoLayerRegressor(n_estimators=1, max_iter=2).fit(X, np.ones(len(X)))
    assert [bar.get_width() for bar in ImportanceDisplay.from_estimator(model).bars_] == [0, 0]


def test_given_importances():
    display = ImportanceDisplay.from_importances([0.2, -0.1], k=5, color="red")
    assert display.names == ["x0", "x1"]
    assert display.ax_.get_xlabel() == "importance"
    with pytest.raises(ValueError, match="at least one number"):
        ImportanceDisplay.from_importances([])
    with pytest.raises(ValueError, match="one axis"):
        ImportanceDisplay.from_importances([[0.2], [0.1]])
    with pytest.raises(ValueError, match="inconsistent numbers"):
        ImportanceDisplay.from_importances([0.2, 0.1], ["one"])
    with pytest.raises(ValueError, match="k must be"):
        ImportanceDisplay.from_importances([0.2, 0.1], k=0)


# Those of scikit-learn.


@pytest.mark.parametrize(
    "model",
    [
        TwoLayerClassifier(n_units=6, n_estimators=2, max_iter=3, random_state=0),
        RBFNetwork(9, refine=None, random_state=0),
    ],
    ids=["TwoLayerClassifier", "RBFNetwork"],
)
def test_displays_of_scikit_learn_take_classifiers(model):
    labels = y > 1
    model = clone(model).fit(X, labels)
    DecisionBoundaryDisplay.from_estimator(model, X, grid_resolution=5)
    curve = CalibrationDisplay.from_estimator(model, X, labels, n_bins=3)
    assert np.all(np.diff(curve.prob_pred) > 0)
    curve = LearningCurveDisplay.from_estimator(model, X, labels, train_sizes=[0.5, 1.0], cv=2)
    assert np.isfinite(curve.test_scores).all()
    columns = {"features": [0, (0, 1)], "grid_resolution": 4}
    PartialDependenceDisplay.from_estimator(model, X, **columns)


@pytest.mark.parametrize("name", ["blend", "radial"])
def test_partial_dependence_is_the_mean_prediction(name, request):
    model = request.getfixturevalue(name)
    table = FRAME if name == "blend" else X
    display = PartialDependenceDisplay.from_estimator(
        model, table, features=[1, (0, 1)], grid_resolution=4
    )
    result = display.pd_results[0]
    copy = table.copy()
    copy[copy.columns[1] if name == "blend" else np.s_[:, 1]] = result["grid_values"][0][2]
    assert result["average"][0, 2] == pytest.approx(model.predict(copy).mean())
    assert display.pd_results[1]["average"].shape == (1, 4, 4)
    worth = permutation_importance(model, table, y, n_repeats=2, random_state=0)
    assert worth.importances.shape == (table.shape[1], 2)


# All of them.


def test_given_axes_are_drawn_into(blend, radial):
    displays = [
        LossCurveDisplay([3.0, 2.0]),
        EmbeddingDisplay.from_estimator(radial, X),
        PartEffectDisplay(["networks"], [0.5], [2.0], 1.0),
        CoverageDisplay([0.5, 0.9], [0.4, 0.9], [1.0, 2.0], 100),
        ImportanceDisplay([1.0, 2.0]),
    ]
    figure, axes = plt.subplots(1, 5)
    for display, ax in zip(displays, axes, strict=True):
        assert display.plot(ax=ax) is display
        assert display.ax_ is ax
        assert display.figure_ is figure
        assert ax.has_data()
    figure.canvas.draw()


@pytest.mark.parametrize("owner", [EmbeddingDisplay, PartEffectDisplay])
def test_other_estimators_are_refused(owner):
    with pytest.raises(TypeError, match="got Ridge"):
        owner.from_estimator(Ridge().fit(X, y), X)


@pytest.mark.parametrize("owner", [EmbeddingDisplay, PartEffectDisplay])
def test_displays_need_a_fit(owner):
    with pytest.raises(NotFittedError):
        owner.from_estimator(TwoLayerRegressor(), X)


def test_matplotlib_is_imported_when_something_is_drawn():
    code = "import sys, sklearn_twolayer.inspection; assert 'matplotlib' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[1], check=True)


def test_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match="pip install matplotlib"):
        LossCurveDisplay([1.0]).plot()
