"""The estimators on Dask's collections: the numbers as in memory, errors that say where."""

import inspect
import pickle
from datetime import date

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import make_friedman1

from sklearn_twolayer import Adam, RBFNetwork, TwoLayerClassifier, TwoLayerRegressor
from sklearn_twolayer._sizes import default_n_networks
from sklearn_twolayer.losses import Quantile

dask = pytest.importorskip("dask")
da = pytest.importorskip("dask.array")
dd = pytest.importorskip("dask.dataframe")
distributed = pytest.importorskip("distributed")

from sklearn_twolayer.dask import (  # noqa: E402
    DaskRBFNetwork,
    DaskTwoLayerClassifier,
    DaskTwoLayerRegressor,
    _collections,
    _engine,
    _partitioned_rows,
    _recipe,
)

X, Y = make_friedman1(600, noise=1.0, random_state=0)
LABELS = np.array(["low", "high", "middle"])[np.digitize(Y, np.quantile(Y, [0.3, 0.6]))]
WEIGHTS = np.random.RandomState(1).randint(0, 4, 600).astype(float)
SMOOTH = {
    "embedding": "dense",
    "n_units": 5,
    "activation": "tanh",
    "input_map": "standard",
    "solver": "lbfgs",
    "max_iter": 30,
    "n_estimators": 1,
    "random_state": 0,
}
QUICK = {"embedding": "dense", "n_units": 20, "n_estimators": 1, "random_state": 0}
TABLE = dd.from_pandas(pd.DataFrame(X), npartitions=6)
SERIES = dd.from_pandas(pd.Series(Y), npartitions=4)
PAIRS = [
    (TwoLayerRegressor, DaskTwoLayerRegressor),
    (TwoLayerClassifier, DaskTwoLayerClassifier),
    (RBFNetwork, DaskRBFNetwork),
]


def cut(array, size=100):
    return da.from_array(array, chunks=(size, *array.shape[1:]))


def frame(n_rows=300):
    rng = np.random.RandomState(0)
    table = pd.DataFrame(
        {
            "number": np.where(rng.rand(n_rows) < 0.1, np.nan, rng.normal(size=n_rows)),
            "kind": pd.Categorical(rng.choice(list("xyz"), n_rows)),
            "text": rng.choice(["u", "v", None], n_rows),
        }
    )
    y = pd.Series(np.where(table.number.fillna(0) + (table.kind == "x") > 0.5, "yes", "no"))
    return table, y


@pytest.mark.parametrize(("local", "on_dask"), PAIRS)
def test_the_constructor_is_the_local_one_and_a_client(local, on_dask):
    *parameters, client = inspect.signature(on_dask).parameters.values()
    assert parameters == list(inspect.signature(local).parameters.values())
    assert client.name == "client" and client.default is None
    assert on_dask().get_params() == local().get_params() | {"client": None}


@pytest.mark.filterwarnings("ignore:The solver")
@pytest.mark.parametrize(
    "parameters",
    [{}, {"n_estimators": 3, "blend": "scale"}, {"solver": "least_squares", "max_iter": 5}],
    ids=["one network", "several", "least squares"],
)
def test_sums_over_partitions_are_those_of_all_rows(parameters):
    parameters = SMOOTH | parameters
    local = TwoLayerRegressor(**parameters).fit(X, Y, WEIGHTS)
    model = DaskTwoLayerRegressor(**parameters).fit(cut(X), cut(Y), cut(WEIGHTS))
    np.testing.assert_allclose(model.predict(cut(X)).compute(), local.predict(X), rtol=1e-8)


@pytest.mark.filterwarnings("ignore:The solver")
@pytest.mark.parametrize("class_weight", [None, "balanced", {"low": 3.0, "high": 1, "middle": 1}])
def test_weights_of_classes_are_those_of_all_rows(class_weight):
    parameters = SMOOTH | {"class_weight": class_weight}
    local = TwoLayerClassifier(**parameters).fit(X, LABELS)
    model = DaskTwoLayerClassifier(**parameters).fit(cut(X), cut(LABELS))
    np.testing.assert_allclose(
        model.predict_proba(cut(X)).compute(), local.predict_proba(X), rtol=1e-8
    )
    np.testing.assert_array_equal(model.predict(cut(X)).compute(), local.predict(X))
    np.testing.assert_array_equal(model.classes_, local.classes_)
    assert model.to_local().class_weight == class_weight


@pytest.mark.parametrize("alpha", ["loo", 0.01])
def test_the_output_layer_of_radial_units_is_that_of_all_rows(alpha):
    parameters = {"n_centers": 40, "task": "regression", "refine": "width", "alpha": alpha}
    parameters["random_state"] = 0
    local = RBFNetwork(**parameters).fit(X, Y)
    model = DaskRBFNetwork(**parameters).fit(cut(X), cut(Y))
    np.testing.assert_allclose(model.predict(cut(X)).compute(), local.predict(X), rtol=1e-8)
    assert [part.name for part in model.to_local()._model.parts] == ["radial-basis network"]


def test_radial_units_have_the_target_statistics_of_memory():
    rng = np.random.RandomState(0)
    codes = rng.randint(60, size=600)  # rare levels and frequent ones
    codes[:200] %= 3
    table = pd.DataFrame({"code": codes.astype(str), "x": rng.normal(size=600)})
    y = pd.Series(rng.normal(size=60)[codes] + table["x"])
    parameters = {"n_centers": 40, "task": "regression", "refine": "width", "random_state": 0}
    local = RBFNetwork(**parameters).fit(table, y)
    partitions = dd.from_pandas(table.assign(y=y), npartitions=4)
    model = DaskRBFNetwork(**parameters).fit(partitions[["code", "x"]], partitions["y"])
    found = model.to_local()
    assert found.input_map_.statistics_
    np.testing.assert_allclose(found.predict(table), local.predict(table), atol=1e-6)


def test_more_rows_than_the_sample_reach_the_output_layer(monkeypatch):
    monkeypatch.setattr(_partitioned_rows, "SAMPLE_ROWS", 150)
    parameters = {"n_centers": 20, "task": "regression", "refine": None, "random_state": 0}
    model = DaskRBFNetwork(**parameters).fit(cut(X), cut(Y)).to_local()
    few = np.random.RandomState(0).choice(600, 150, replace=False)
    of_few = RBFNetwork(**parameters).fit(X[few], Y[few])
    truth = make_friedman1(2000, random_state=1)
    assert model.score(*truth) > of_few.score(*truth)


@pytest.mark.slow
def test_a_blend_on_partitions_is_as_accurate_as_in_memory():
    truth = make_friedman1(1000, random_state=1)
    local = TwoLayerRegressor(random_state=0, n_estimators=2).fit(X, Y)
    model = DaskTwoLayerRegressor(random_state=0, n_estimators=2).fit(cut(X, 150), cut(Y, 150))
    assert len(model.blend_weights_) == 3
    error, local_error = 1 - model.to_local().score(*truth), 1 - local.score(*truth)
    assert error < 1.25 * local_error


def test_training_by_bin_is_training_by_coordinate(monkeypatch):
    predictions = []
    for n_coordinates in (200, 10):  # from which rows are mapped by bin
        monkeypatch.setattr("sklearn_twolayer.rows.ALL_REPLACED_IN_TRAINING", n_coordinates)
        monkeypatch.setattr("sklearn_twolayer.rows.REPLACED_IN_TRAINING", 1)
        model = DaskTwoLayerRegressor(random_state=0, n_estimators=2, max_iter=2)
        model.fit(cut(X, 150), cut(Y, 150))
        predictions.append(model.to_local().predict(X))
    assert 0 < np.abs(predictions[1] - predictions[0]).max() < 1e-3 * np.ptp(Y)


def test_the_number_of_networks_is_that_of_all_rows(monkeypatch):
    monkeypatch.setattr(_partitioned_rows, "SAMPLE_ROWS", 200)
    rows = np.tile(X, (10, 1))
    model = DaskTwoLayerRegressor("dense", n_units=2, blend="mean", max_iter=1, random_state=0)
    model.fit(cut(rows, 1000), cut(np.tile(Y, 10), 1000))
    assert len(model.params_) == default_n_networks(len(rows)) < default_n_networks(200)


def test_networks_travel_over_partitions_sorted_by_the_target(monkeypatch):
    order, truth = np.argsort(Y), make_friedman1(1000, random_state=1)
    scores = []
    for drift in (_partitioned_rows.DRIFT, 2.0):  # more than all of the variance: never mixed
        monkeypatch.setattr(_partitioned_rows, "DRIFT", drift)
        model = DaskTwoLayerRegressor(**QUICK, max_iter=30)
        scores.append(model.fit(cut(X[order]), cut(Y[order])).to_local().score(*truth))
    local = TwoLayerRegressor(**QUICK, max_iter=30).fit(X, Y).score(*truth)
    assert scores[0] > local - 0.05 and scores[1] < scores[0]


def test_partitions_differ_by_more_than_chance():
    numbers = np.repeat(np.arange(20), 50)
    values = np.random.RandomState(0).normal(size=(1000, 3))
    assert not _partitioned_rows.drifts(values, numbers)
    assert _partitioned_rows.drifts(np.sort(values, axis=0), numbers)


@pytest.mark.parametrize("groups", [2, 100], ids=["two stages", "one stage"])
def test_mixing_keeps_all_rows(monkeypatch, groups):
    monkeypatch.setattr(_partitioned_rows, "MOST_MIXED", groups)
    seen = []

    class Recording(Adam):
        def epoch(self, lane, *args):
            seen.append(np.array(lane.cost.rows.raw[:, 0]))
            return super().epoch(lane, *args)

    order = np.argsort(Y)
    model = DaskTwoLayerRegressor(**QUICK, solver=Recording(scale_rate=None), max_iter=1)
    model.fit(cut(X[order]), cut(Y[order]))
    np.testing.assert_array_equal(np.sort(np.concatenate(seen)), np.sort(X[:, 0]))
    assert not any(np.isin(part, X[order][:100, 0]).all() for part in seen)


def test_data_frames_are_read_as_in_memory():
    table, y = frame()
    local = TwoLayerClassifier(**SMOOTH | {"input_map": "auto"})
    model = DaskTwoLayerClassifier(**local.get_params())
    with pytest.warns(UserWarning, match="The solver"):
        local.fit(table, y)
    both = dd.from_pandas(table.assign(y=y), npartitions=4)
    rows, targets = both[list(table)], both["y"]
    with pytest.warns(UserWarning, match="The solver"):
        model.fit(rows, targets)
    expected = local.predict_proba(table)
    np.testing.assert_allclose(model.predict_proba(rows).compute(), expected, rtol=1e-8)
    assert model.transform(rows).compute().shape == (300, model.to_local().network_.width)


@pytest.mark.parametrize("kind", ["numbers", "truths", "dates"])
def test_levels_that_dask_does_not_know(kind):
    values = np.arange(60) % 3
    column = {
        "numbers": pd.Series(values).astype("category"),
        "truths": pd.Series(values > 0).astype("category"),
        "dates": pd.Series([date(2020, 1, 1 + day) for day in values], dtype=object),
    }[kind]
    with dask.config.set({"dataframe.convert-string": False}):
        table = dd.from_pandas(pd.DataFrame({"x": column, "y": 1.0 * values}), npartitions=2)
        rows = table[["x"]]
        if kind != "dates":
            rows = rows.assign(x=rows["x"].cat.as_unknown())
        model = DaskTwoLayerRegressor(**QUICK, max_iter=2).fit(rows, table["y"])
        expected = model.to_local().predict(rows.compute())
        np.testing.assert_allclose(model.predict(rows).compute(), expected)
        with pytest.raises(ValueError, match="feature names"):
            model.predict(rows.rename(columns={"x": "z"}))


def test_predictions_are_lazy_and_the_same_bits():
    model = DaskTwoLayerRegressor(**QUICK, max_iter=2)
    model.fit(cut(X.astype(np.float32)), cut(Y))
    predicted = model.predict(cut(X.astype(np.float32)))
    assert predicted.chunks == cut(Y).chunks and predicted.dtype == np.float32
    parts = X.astype(np.float32).reshape(6, 100, 10)
    expected = np.concatenate([model.to_local().predict(part) for part in parts])
    np.testing.assert_array_equal(predicted.compute(), expected)
    assert model.transform(cut(X)).shape == (600, 20)
    assert not hasattr(model, "predict_proba")


def test_intervals_and_sets_are_lazy():
    model = DaskTwoLayerRegressor("dense", n_units=5, n_estimators=3, max_iter=2, random_state=0)
    intervals = model.fit(cut(X), cut(Y)).predict_interval(cut(X), coverage=0.8)
    assert intervals.chunks[0] == cut(X).chunks[0]
    expected = [model.to_local().predict_interval(X[i : i + 100], 0.8) for i in range(0, 600, 100)]
    np.testing.assert_array_equal(intervals.compute(), np.concatenate(expected))
    with pytest.raises(ValueError, match="coverage"):
        model.predict_interval(cut(X), 2)
    assert not hasattr(model, "predict_set")
    model = DaskRBFNetwork(20, random_state=0).fit(cut(X), cut(LABELS))
    sets = model.predict_set(cut(X)[:200])
    np.testing.assert_array_equal(sets.compute(), model.to_local().predict_set(X[:200]))
    assert sets.dtype == bool and not hasattr(model, "predict_interval")


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["all", "weighted"])
@pytest.mark.parametrize(
    ("kind", "y"),
    [
        (DaskTwoLayerRegressor, Y),
        (DaskTwoLayerRegressor, 1e9 + np.sort(Y)),
        (DaskTwoLayerRegressor, 1e200 * np.column_stack([Y, np.ones(600), X[:, 0]])),
        (DaskTwoLayerClassifier, LABELS),
        (DaskTwoLayerClassifier, np.column_stack([Y > 10, Y > 15]).astype(int)),
    ],
    ids=["numbers", "far", "several", "classes", "labels"],
)
def test_scores_are_those_in_memory(kind, y, weights):
    model = kind(**QUICK, max_iter=3).fit(cut(X), cut(y))
    cut_weights = None if weights is None else cut(weights)
    score = model.score(cut(X), cut(y), cut_weights)
    assert score == pytest.approx(model.to_local().score(X, y, weights), rel=1e-9, abs=1e-12)


def test_scores_of_frames_and_of_what_has_none():
    model = DaskTwoLayerRegressor(**QUICK, max_iter=3).fit(TABLE, cut(Y))
    series = SERIES.repartition(divisions=TABLE.divisions)
    expected = model.to_local().score(TABLE.compute(), Y)
    assert model.score(TABLE, series) == pytest.approx(expected)
    first = da.concatenate([cut(X)[:50], cut(X)[50:]])  # with an empty partition
    targets = da.from_array(np.append(Y[:50], Y[50:]), chunks=first.chunks[0])
    assert model.fit(cut(X), cut(Y)).score(first, targets) == pytest.approx(
        model.to_local().score(X, Y)
    )
    with pytest.raises(ValueError, match=r"Partition [01] .* y must have the shape \(100,\)"):
        model.score(cut(X)[:200].rechunk((100, 10)), cut(np.tile(Y[:, None], 2))[:200])
    with pytest.raises(ValueError, match="no rows with a weight"):
        model.score(cut(X), cut(Y), cut(0 * WEIGHTS))
    model = DaskTwoLayerRegressor(**QUICK, max_iter=3, loss=Quantile([0.1, 0.9]))
    with pytest.raises(ValueError, match=r"several quantiles: use to_local\(\)"):
        model.fit(cut(X), cut(Y)).score(cut(X), cut(Y))


def test_the_model_outlives_its_client():
    model = DaskTwoLayerRegressor(**QUICK, max_iter=2, client=open("README.md"))  # not to pickle
    with model.client:
        assert clone(model).client is model.client
        assert pickle.loads(pickle.dumps(model)).client is None
    model = model.set_params(client=None).fit(cut(X), cut(Y))
    copy = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(copy.predict(cut(X)).compute(), model.predict(cut(X)).compute())
    assert type(model.to_local()) is TwoLayerRegressor
    assert model.n_iter_ == 2 and len(model.loss_curve_) == 2


def odd_partitions():
    """Return rows and labels in partitions of 0, 1 and many rows, some with one class."""
    sizes = [0, 1, 299, 0, 1, 299]
    ends = np.cumsum(sizes)[:-1]
    order = np.argsort(LABELS, kind="stable")
    parts = [np.split(array[order], ends) for array in (X, LABELS)]
    return [da.concatenate([cut(part, max(len(part), 1)) for part in each]) for each in parts]


@pytest.mark.parametrize("parameters", [SMOOTH, QUICK | {"max_iter": 3}], ids=["sums", "travel"])
@pytest.mark.filterwarnings("ignore:The solver")
def test_odd_partitions(parameters):
    rows, labels = odd_partitions()
    model = DaskTwoLayerClassifier(**parameters).fit(rows, labels)
    assert model.predict(rows).compute().shape == (600,)
    assert len(model.classes_) == 3


def test_unknown_lengths_and_early_stopping():
    both = dd.from_pandas(pd.DataFrame(X).assign(y=Y), npartitions=5)
    rows, y = both[list(range(10))].to_dask_array(), both["y"].to_dask_array()
    assert np.isnan(rows.chunks[0]).all()
    model = DaskTwoLayerRegressor(**QUICK, early_stopping=True, max_iter=3).fit(rows, y)
    assert len(model.validation_curve_) == 3
    assert model.predict(rows).compute().shape == (600,)


def test_labels_that_the_sample_lacks_are_classes(monkeypatch):
    monkeypatch.setattr(_partitioned_rows, "SAMPLE_ROWS", 20)
    labels = LABELS.copy()
    labels[-1] = "rare"
    for model in (DaskTwoLayerClassifier(**QUICK, max_iter=2), DaskRBFNetwork(9, refine=None)):
        model.fit(cut(X), cut(labels))
        assert list(model.classes_) == ["high", "low", "middle", "rare"]
        assert model.predict_proba(cut(X)).shape[1] == 4


def test_predictions_reach_beyond_the_targets_of_the_sample(monkeypatch):
    monkeypatch.setattr(_partitioned_rows, "SAMPLE_ROWS", 50)
    model = DaskTwoLayerRegressor(**QUICK, max_iter=1).fit(cut(X), cut(Y))
    low, high = model.to_local()._targets.bounds
    assert low < Y.min() and high > Y.max()


@pytest.mark.filterwarnings("ignore:The inplace keyword")  # in Dask itself
def test_tables_larger_than_memory_are_read_from_files(monkeypatch, tmp_path):
    order = np.argsort(Y)
    table = pd.DataFrame(X[order], columns=[f"x{i}" for i in range(10)]).assign(y=Y[order])
    dd.from_pandas(table, npartitions=5).to_parquet(tmp_path)
    both = dd.read_parquet(tmp_path)
    rows, y = both.drop(columns="y"), both["y"]
    model = DaskTwoLayerRegressor(**QUICK, max_iter=2).fit(rows, y)
    monkeypatch.setattr(_engine, "KEEP_BYTES", 0)
    spooled = DaskTwoLayerRegressor(**QUICK, max_iter=2).fit(rows, y)
    np.testing.assert_array_equal(model.predict(rows).compute(), spooled.predict(rows).compute())


def collections():
    """Return tables by name, and whether their partitions can be read one by one, repeatedly."""
    table = dd.from_pandas(pd.DataFrame(X).assign(y=Y), npartitions=4)
    drawn = da.random.RandomState(0).normal(size=(600, 10), chunks=(100, 10))
    client = distributed.Client(processes=False, n_workers=1, dashboard_address=":0")
    with client:
        kept = client.persist(cut(X))
        yield "a function", drawn, True
        yield "after a function", drawn.map_blocks(np.abs), True
        yield "rows in the graph", cut(X), False
        yield "a frame in the graph", table, False
        yield "shuffled", drawn[np.random.RandomState(0).permutation(600)], False
        yield "in workers", kept, False
        yield "after those in workers", kept.map_blocks(np.abs), False


def test_partitions_that_tasks_can_read(monkeypatch):
    monkeypatch.setattr(_recipe, "MOST_BYTES", 4000)
    for name, table, is_read in collections():
        y = table["y"] if _collections.is_dask_frame(table) else table[:, 0]
        partitions = _collections.partitions(table, y, None)
        found = _recipe.readings(partitions)
        assert (found is not None) == is_read, name
        for recipe, arrays in zip(found or [], partitions, strict=False):
            X_part, y_part, weights = recipe.result()
            np.testing.assert_array_equal(X_part, arrays[0].compute(scheduler="sync"))
            np.testing.assert_array_equal(y_part, X_part[:, 0])
            assert weights is None


def with_fault(fault):
    """Return rows and targets whose third partition is at odds with the others."""
    table = pd.DataFrame(X, columns=list("abcdefghij")).assign(y=Y)

    parts = [table[start : start + 120] for start in range(0, 600, 120)]
    parts[2] = fault(parts[2])
    delayed = [dask.delayed(part) for part in parts]
    return [
        dd.from_delayed([each(part) for part in delayed], meta=each(table), verify_meta=False)
        for each in (lambda part: part.drop(columns="y"), lambda part: part["y"])
    ]


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (lambda part: part.assign(y=np.nan), "NaN"),
        (lambda part: part[part.columns[::-1]], "columns"),
        (lambda part: part.drop(columns="c"), "columns"),
        (lambda part: part.assign(a="text"), "number"),
    ],
    ids=["NaN in y", "order", "number", "type"],
)
def test_errors_name_the_partition(fault, message):
    rows, y = with_fault(fault)
    model = DaskTwoLayerRegressor(**QUICK)
    with pytest.raises(ValueError, match=rf"(?s)Partition 2 .*{message}"):
        model.fit(rows, y)
    assert not hasattr(model, "_local")


def test_partitions_of_unknown_and_different_sizes():
    rows, _ = with_fault(lambda part: part[:-1])
    _, y = with_fault(lambda part: part)
    with pytest.raises(ValueError, match="Partition 2 .*all must have the same partitions"):
        DaskTwoLayerRegressor(**QUICK).fit(rows, y)


def test_arrays_of_another_type_than_declared():
    rows = cut(X).map_blocks(lambda part: part.astype(np.float32), dtype=np.float64)
    with pytest.raises(ValueError, match="Partition .*float32"):
        DaskTwoLayerRegressor(**QUICK).fit(rows, cut(Y))


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((X, cut(Y)), "TwoLayerRegressor is for data in memory"),
        ((cut(Y), cut(Y)), "X must have two axes"),
        ((cut(X), Y), "y must be a Dask array"),
        ((cut(X), cut(Y, (90, 110, 100, 100, 100, 100))), "y has 6 of other sizes"),
        ((cut(X), cut(Y, 150)), r"y must have the same partitions"),
        ((cut(X), cut(Y), cut(WEIGHTS, 150)), "sample_weight must have the same partitions"),
        ((cut(X), cut(Y, 150)), r"Use y.rechunk\(X.chunks\[0\]\)"),
        ((cut(X), SERIES), r"Use y.to_dask_array\(lengths=True\).rechunk\(X.chunks\[0\]\)"),
        ((TABLE, SERIES), r"Take both .* use y.repartition\(divisions=X.divisions\)"),
        ((TABLE, cut(Y, 150)), "Take both from one data frame"),
        ((cut(X), cut(Y), cut(-WEIGHTS)), "not negative"),
        ((cut(X), cut(Y), cut(0 * WEIGHTS)), "no rows with a weight"),
    ],
)
def test_what_does_not_fit_together_is_refused(args, message):
    with pytest.raises((TypeError, ValueError), match=message):
        DaskTwoLayerRegressor(**QUICK).fit(*args)


def test_the_remedies_for_other_partitions_work():
    fit = DaskTwoLayerRegressor(**QUICK, max_iter=1).fit
    assert fit(TABLE, SERIES.repartition(divisions=TABLE.divisions)).n_iter_ == 1
    assert fit(cut(X), SERIES.to_dask_array(lengths=True).rechunk(cut(X).chunks[0])).n_iter_ == 1


def test_parameters_without_a_meaning_here_are_refused():
    with pytest.raises(ValueError, match="warm_start"):
        DaskTwoLayerRegressor(**QUICK, warm_start=True).fit(cut(X), cut(Y))
    with pytest.raises(ValueError, match="dropout"):
        DaskTwoLayerRegressor(**QUICK, solver=Adam(batch_size=None)).fit(cut(X), cut(Y))
    two = cut(np.column_stack([Y > 10, Y > 15]).astype(int))
    with pytest.raises(ValueError, match="one label per row"):
        DaskTwoLayerClassifier(**QUICK, class_weight="balanced").fit(cut(X), two)


@pytest.mark.filterwarnings("ignore:The solver")
def test_labels_in_nullable_columns():
    table = pd.DataFrame({"a": Y > 15, "b": Y > 10}).astype("Int64")
    labels = dd.from_pandas(table, npartitions=6)
    model = DaskTwoLayerClassifier(**SMOOTH | {"max_iter": 3}).fit(TABLE, labels)
    expected = DaskTwoLayerClassifier(**SMOOTH | {"max_iter": 3})
    expected.fit(TABLE, dd.from_pandas(table.astype(int), npartitions=6))
    np.testing.assert_array_equal(model.predict(TABLE), expected.predict(TABLE))


@pytest.mark.filterwarnings("ignore:The solver")
def test_masked_values_are_missing():
    rows = cut(X)
    masked, missing = da.ma.masked_where(rows > 0.9, rows), da.where(rows > 0.9, np.nan, rows)
    model = DaskTwoLayerRegressor(**SMOOTH).fit(masked, cut(Y))
    expected = DaskTwoLayerRegressor(**SMOOTH).fit(missing, cut(Y))
    np.testing.assert_array_equal(model.predict(masked), expected.predict(missing))


def test_several_labels_per_row():
    two = np.column_stack([Y > 10, Y > 15]).astype(int)
    model = DaskTwoLayerClassifier(**QUICK, max_iter=3).fit(cut(X), cut(two))
    assert model.predict(cut(X)).compute().shape == (600, 2)


def test_categories_of_many_levels_beside_few_folds(monkeypatch):
    monkeypatch.setattr(_partitioned_rows, "SAMPLE_ROWS", 150)
    rng = np.random.RandomState(0)
    codes = rng.randint(60, size=600)
    table = pd.DataFrame({"code": codes.astype(str), "x": rng.normal(size=600)})
    both = dd.from_pandas(table.assign(y=rng.normal(size=60)[codes] + table["x"]), npartitions=4)
    model = DaskTwoLayerRegressor(random_state=0, n_estimators=3, blend="scale", max_iter=10)
    model.fit(both[["code", "x"]], both["y"])
    assert model.to_local().score(table, both["y"].compute()) > 0.5


def test_sparse_partitions():
    sparse = pytest.importorskip("scipy.sparse")
    rows = cut(np.where(X > 0.5, X, 0.0)).map_blocks(sparse.csr_array)
    model = DaskTwoLayerRegressor(**SMOOTH | {"max_iter": 5})
    with pytest.warns(UserWarning, match="The solver"):
        model.fit(rows, cut(Y))
    local = TwoLayerRegressor(**SMOOTH | {"max_iter": 5})
    with pytest.warns(UserWarning, match="The solver"):
        local.fit(sparse.csr_array(np.where(X > 0.5, X, 0.0)), Y)
    np.testing.assert_allclose(model.predict(rows).compute(), local.predict(X * (X > 0.5)))


class Interrupting(Adam):
    """Adam that is interrupted after some steps."""

    def step(self, params, gradient, moments, progress):
        if moments.n_steps == 5:
            raise KeyboardInterrupt
        return super().step(params, gradient, moments, progress)


@pytest.mark.parametrize("kind", [DaskRBFNetwork, DaskTwoLayerRegressor])
def test_an_interrupted_fit_keeps_the_weights_so_far(kind):
    options = {"task": "regression", "refine": "gradient"} if kind is DaskRBFNetwork else QUICK
    model = kind(**options).set_params(
        solver=Interrupting(batch_size=None, dropout=0.0), max_iter=20
    )
    with pytest.raises(KeyboardInterrupt, match="can predict"):
        model.fit(cut(X), cut(Y))
    kept = model.predict(cut(X)).compute()
    assert np.isfinite(kept).all()
    with pytest.raises(KeyboardInterrupt):
        model.fit(cut(X), cut(-Y))
    np.testing.assert_array_equal(model.predict(cut(X)).compute(), kept)
