"""What a fit says while it runs, and what is left of it where it is interrupted."""

import pickle
import re

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from small_networks import LABELS, X, Y, each_kind, regressor

from sklearn_twolayer import RBFNetwork, TwoLayerClassifier, TwoLayerRegressor
from sklearn_twolayer._progress import Progress
from sklearn_twolayer.estimators._blend import PARTNERS, RECTIFIED
from sklearn_twolayer.estimators._validation import FitInterrupted
from sklearn_twolayer.solvers import Adam

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


class Clock:
    """Time that passes by as many seconds as asked."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def network(**kwargs):
    settings = {"refine": "gradient", "n_centers": 5, "max_iter": 4, "random_state": 0}
    return RBFNetwork(**(settings | kwargs))


def said(capsys):
    return capsys.readouterr().out.splitlines()


def test_times_come_after_a_few_seconds(capsys):
    clock = Clock()
    progress = Progress(True, ["networks", "blend"], clock)
    progress.begin("networks", 4)
    for _ in range(3):
        clock.now += 2.0
        progress.step("loss = 1")
    clock.now = 7.0
    progress.begin("blend")
    assert said(capsys) == [
        "[1/2] networks 1/4, loss = 1",
        "[1/2] networks 2/4, loss = 1 (4 s so far, this stage has 4 s left)",
        "[1/2] networks 3/4, loss = 1 (6 s so far, this stage has 2 s left)",
        "[2/2] blend (7 s so far)",
    ]


def test_every_stage_of_a_blend_is_said(capsys):
    model = TwoLayerRegressor(n_estimators=2, max_iter=3, verbose=True, random_state=0)
    model.fit(X, Y)
    stages = [re.match(r"\[\d/4\] [a-z ]+", line) for line in said(capsys)]
    found = list(dict.fromkeys(stage[0].strip() for stage in stages if stage))
    assert found == [
        "[1/4] networks",
        "[2/4] rectified networks",
        "[3/4] radial part",
        "[4/4] blend",
    ]
    assert not hasattr(model, "_progress") and not hasattr(model.radial_, "_progress")
    model.set_params(verbose=False).fit(X, Y)
    assert said(capsys) == []


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_max_iter_bounds_the_epochs_of_rectified_networks(capsys, solver):
    model = TwoLayerRegressor(n_estimators=2, solver=solver, verbose=True, random_state=0)
    for max_iter, expected in [(3, "3/3"), (70, "60/60")]:  # 60 epochs suit few rows
        model.set_params(max_iter=max_iter).fit(X, Y)
        lines = [line for line in said(capsys) if re.search(r"rectified networks \d", line)]
        assert len(lines) == int(expected.split("/")[0])
        assert f"rectified networks {expected}" in lines[-1]


def test_partial_fit_counts_its_calls(capsys):
    model = regressor(solver=Adam(), max_iter=5, verbose=True)
    model.partial_fit(X, Y).partial_fit(X, Y)
    assert [line.split(",")[0] for line in said(capsys)] == ["networks 1/5", "networks 2/5"]


def test_steps_and_iterations_of_a_radial_network(capsys):
    network(refine="width+gradient", verbose=True).fit(X, LABELS)
    steps = ["inputs", "centers", "width", "gradient", "output layer"]
    lines = said(capsys)
    assert [line for line in lines if "radial" in line] == [
        f"radial part {k}/5: {step}" for k, step in enumerate(steps, start=1)
    ]
    iterations = [line.split(",")[0] for line in lines if "loss = " in line]
    assert iterations == [f"gradient {k}/4" for k in range(1, 5)]


# Callbacks of a radial-basis network.


class Recorder:
    def __init__(self, last=None):
        self.last, self.tasks, self.scores = last, [], []

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        self.torn = True

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
        self.tasks.append(context.task_name)
        self.fitted = fitted_estimator
        if fitted_estimator is not None:
            self.scores.append(fitted_estimator.score(X, LABELS))
        return context.task_name == self.last


def test_steps_are_tasks_of_callbacks():
    pytest.importorskip("sklearn.callback")
    recorder = Recorder()
    model = network(refine="width+gradient").set_callbacks(recorder).fit(X, LABELS)
    iterations = ["iteration"] * model.n_iter_
    expected = ["inputs", "centers", "width", *iterations, "gradient", "output layer", "fit"]
    assert recorder.tasks == expected and recorder.torn
    assert len(recorder.scores) == len(expected) - 1  # nothing is known of classes at first
    assert recorder.scores[-1] == recorder.scores[-2] == model.score(X, LABELS)
    plain = network(refine="width+gradient").fit(X, LABELS)
    np.testing.assert_array_equal(model.params_, plain.params_)


@pytest.mark.parametrize(
    "model", [network(refine=None), TwoLayerClassifier(n_estimators=2, max_iter=3)], ids=repr
)
def test_at_the_end_of_the_fit_callbacks_receive_all_that_it_learned(model):
    pytest.importorskip("sklearn.callback")
    recorder = Recorder()
    model = clone(model).set_callbacks(recorder).fit(X, LABELS)
    assert recorder.tasks[-1] == "fit" and vars(recorder.fitted).keys() >= vars(model).keys()
    assert recorder.fitted.oof_score_ == model.oof_score_
    importances = recorder.fitted.feature_importances_
    np.testing.assert_array_equal(importances, model.feature_importances_)


@pytest.mark.parametrize(("last", "n_iter"), [("iteration", 1), ("centers", 1)])
def test_a_callback_stops_what_refines(last, n_iter):
    pytest.importorskip("sklearn.callback")
    model = network().set_callbacks(Recorder(last)).fit(X, LABELS)
    assert model.n_iter_ == n_iter and len(model.loss_curve_) == (last == "iteration")
    assert model.score(X, LABELS) > 0.5


# Interrupts.


class Interrupts:
    """A scorer that raises at its last call."""

    def __init__(self, n_calls):
        self.n_calls = n_calls

    def __call__(self, estimator, rows, y):
        self.n_calls -= 1
        if not self.n_calls:
            raise KeyboardInterrupt
        return 0.0


def interrupted(model, y, n_calls=3, **kwargs):
    model.set_params(scoring=Interrupts(n_calls), **kwargs)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, y, X_val=X, y_val=y)
    return model.set_params(scoring="loss")


@each_kind
@pytest.mark.parametrize("early_stopping", [False, True])
def test_a_new_estimator_keeps_the_weights_so_far(make, y, early_stopping):
    model = interrupted(make(solver=Adam(), max_iter=9, early_stopping=early_stopping), y)
    n_iter = 1 if early_stopping else 3  # the weights of the best epoch, or of the last
    expected = make(solver=Adam(), max_iter=9).partial_fit(
        X, y, **({"classes": np.unique(y)} if y is LABELS else {})
    )
    for _ in range(n_iter - 1):
        expected.partial_fit(X, y)
    np.testing.assert_allclose(model.params_, expected.params_, rtol=1e-6)
    assert model.n_iter_ == 3 and len(model.loss_curve_) == 3
    copy = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(copy.predict(X), model.predict(X))
    assert model.fit(X, y).n_iter_ == 9


def test_an_interrupt_in_a_later_stage_keeps_the_networks(monkeypatch):
    def stop(*args):
        raise KeyboardInterrupt

    monkeypatch.setitem(PARTNERS, RECTIFIED, stop)
    model = TwoLayerRegressor(n_estimators=2, max_iter=3, random_state=0)
    with pytest.raises(KeyboardInterrupt, match="after 3 iterations"):
        model.fit(X, Y)
    assert model.params_.shape[0] == 2 and np.isfinite(model.predict(X)).all()
    assert not hasattr(model, "radial_") and not hasattr(model, "blend_weights_")


def test_an_interrupt_before_the_first_epoch_leaves_nothing(monkeypatch):
    def stop(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(Adam, "step", stop)
    model = regressor(solver=Adam())
    before = dict(vars(model))
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y)
    assert vars(model) == before


def test_a_fitted_estimator_stays_as_it_was_unless_it_goes_on():
    model = regressor(solver=Adam(), max_iter=9).fit(X, Y)
    before = model.params_
    assert interrupted(model, Y).params_ is before
    interrupted(model, Y, warm_start=True)
    assert model.params_ is not before and model.n_iter_ == 3


def test_a_warm_start_after_an_interrupt_finishes_the_blend():
    model = regressor(solver=Adam(), n_estimators=2, blend="scale", warm_start=True, max_iter=5)
    assert not hasattr(interrupted(model, Y), "blend_weights_")
    before = model.params_
    model.fit(X, Y)  # without a warning of rows that were seen
    assert len(model.blend_weights_) == 1 and not np.array_equal(model.params_, before)


class Interrupting(Adam):
    """Adam that is interrupted after some steps."""

    n_steps = 10

    def step(self, params, gradient, moments, progress):
        if moments.n_steps == self.n_steps:
            raise KeyboardInterrupt
        return super().step(params, gradient, moments, progress)


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_a_radial_network_keeps_what_the_gradient_has_learned(task):
    y = LABELS if task == "classification" else Y
    model = network(task=task, solver=Interrupting(batch_size=None), max_iter=20)
    with pytest.raises(KeyboardInterrupt, match="after 10 iterations"):
        model.fit(X, y)
    assert model.score(X, y) > 0.3 and len(model.loss_curve_) == 10 == model.n_iter_
    assert np.isfinite(model.score_samples(X)).all() and np.isnan(model.loo_error_)
    fitted = network(task=task).fit(X, y)
    before = fitted.params_
    with pytest.raises(KeyboardInterrupt):
        fitted.set_params(solver=model.solver, max_iter=20).fit(X, y)
    assert fitted.params_ is before
    new = clone(model).set_params(refine="width", solver="lbfgs").fit(X, y)
    assert np.isfinite(new.loo_error_)


def test_an_interrupt_stops_a_search():
    search = GridSearchCV(regressor(solver=Interrupting(batch_size=None)), {"alpha": [0.1]}, cv=2)
    with pytest.raises(KeyboardInterrupt):
        search.set_params(estimator__max_iter=20).fit(X, Y)
    error = pickle.loads(pickle.dumps(FitInterrupted(7)))  # as a process hands it on
    assert "after 7 iterations" in str(error)
