"""Exported models predict in onnxruntime what the estimators predict."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.ensemble import StackingClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    PolynomialFeatures,
    StandardScaler,
)
from small_networks import LABELS, MANY, SOFT, WEIGHTS, Y, classifier, regressor
from small_networks import X as DOUBLE

from sklearn_twolayer import Radial, RBFNetwork, TwoLayerClassifier, TwoLayerRegressor
from sklearn_twolayer.activations import ACTIVATIONS, Activation
from sklearn_twolayer.embeddings import PRESETS, Dense, Passthrough
from sklearn_twolayer.input_maps import (
    INPUT_MAPS,
    InputMap,
    PiecewiseLinearMap,
    PrincipalMap,
    StandardMap,
)
from sklearn_twolayer.kernels import KERNELS, Kernel, as_kernel
from sklearn_twolayer.losses import REGRESSION_LOSSES, Quantile

onnx = pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")

from sklearn_twolayer.onnx import activated, register, to_onnx  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X = DOUBLE.astype(np.float32)
OWN = {"n_units": None, "activation": None}
POSITIVE = [name for name in KERNELS if as_kernel(name).positive]


def session_of(model):
    onnx.checker.check_model(model, full_check=True)
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1
    data = model.SerializeToString()
    return runtime.InferenceSession(data, options, providers=["CPUExecutionProvider"])


def run(model, given):
    session = session_of(model)
    names = [each.name for each in session.get_outputs()]
    return dict(zip(names, session.run(None, given), strict=True))


def check(estimator, X=X, given=None, tolerance=1e-5, **options):
    """Compare what the graph gives with what the estimator predicts."""
    outputs = run(to_onnx(estimator, **options), {"X": X} if given is None else given)
    expected = estimator.predict(X)
    if "variable" in outputs:
        found = outputs["variable"].reshape(expected.shape)
        assert found.dtype == expected.dtype
        error = np.abs(found - expected) / np.abs(expected).max(axis=0)
        assert error.max() < tolerance
    else:
        np.testing.assert_array_equal(outputs["label"], expected)
        np.testing.assert_allclose(
            outputs["probabilities"], estimator.predict_proba(X), rtol=tolerance, atol=1e-6
        )
    return outputs


def fitted(estimator, y=Y, X=X):
    return estimator.fit(X, y, sample_weight=WEIGHTS)


class Quartic(Kernel):
    """A kernel of a user's, computed in place."""

    def value(self, s):
        value = 1 + s
        value *= value
        return np.divide(1, value, out=value)

    def slope(self, s, value):
        return -2 * value / (1 + s)


EMBEDDINGS = {f"activation {name}": Dense(5, name) for name in ACTIVATIONS}
EMBEDDINGS |= {f"kernel {name}": Radial(9, name, widths=1.5) for name in KERNELS}
EMBEDDINGS |= {
    f"normalised {name}": Radial(9, name, widths=0.3, normalize=True) for name in POSITIVE
}
EMBEDDINGS |= {
    f"{shape} shape, shared={shared}": Radial(9, shape=shape, shared=shared)
    for shape in ("spherical", "diagonal", "full")
    for shared in (True, False)
}
EMBEDDINGS |= {
    "own activation": Dense(5, (lambda v: v / (1 + np.abs(v)), lambda v: (1 + np.abs(v)) ** -2)),
    "own kernel": Radial(9, (lambda s: np.expm1(-s) + 1, lambda s: -np.exp(-s))),
    "own class of kernels": Radial(9, Quartic(), widths=1.5),
    "own class, normalised": Radial(9, Quartic(), normalize=True),
    "tail": Radial(5) | Passthrough() | Dense(3, "tanh"),
    "operators": (Dense(4, "softmax") * Dense(4) + Dense(4, "identity")) * Passthrough(),
}


@pytest.mark.parametrize("n_estimators", [1, 2])
@pytest.mark.parametrize("embedding", EMBEDDINGS.values(), ids=EMBEDDINGS)
def test_every_embedding(embedding, n_estimators):
    model = regressor(embedding=embedding, n_estimators=n_estimators, blend="mean", **OWN)
    check(fitted(model))


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset(preset):
    check(fitted(TwoLayerRegressor(preset, max_iter=2, n_estimators=2, blend="scale")))


@pytest.mark.parametrize("rows", [X, sparse.csr_array(X * (X > 0))], ids=["dense", "sparse"])
@pytest.mark.parametrize("input_map", [None, *INPUT_MAPS, StandardMap(2.0), PrincipalMap(2)])
def test_every_input_map(input_map, rows):
    model = fitted(regressor(input_map=input_map), X=rows)
    check(model, X=rows.toarray() if sparse.issparse(rows) else rows)


def test_columns_that_are_constant_or_far_from_zero():
    rows = X.copy()
    rows[:, 0] = 1234.5
    rows[:, 1] = rows[:, 1] + 2000
    model = fitted(regressor(input_map=PiecewiseLinearMap(4)), X=rows)
    rows[::2, 0] += 1e-3
    rows[0] = 1e9
    check(model, X=rows)


def test_columns_without_coordinates_and_tables_without_numbers():
    constant = np.full_like(X, 3.0)
    check(fitted(regressor(input_map="piecewise_linear"), X=constant), X=constant)
    levels = np.round(X)
    check(fitted(regressor(categorical_features=[0, 1, 2, 3]), X=levels), X=levels)
    constant[:, 1:] = 0
    check(fitted(regressor(categorical_features=[0, 1, 2, 3]), X=constant), X=constant)


@pytest.mark.parametrize("loss", REGRESSION_LOSSES)
def test_every_loss_of_numbers(loss):
    y = np.column_stack([Y, 1e4 * Y]) + 1 - Y.min()
    check(fitted(regressor(loss=loss), y))
    check(fitted(regressor(loss=loss), y[:, 0]))


def test_targets_that_single_precision_cannot_tell_apart():
    check(fitted(regressor(), 1e7 + Y), tolerance=1e-9)


TARGETS = {
    "text": (LABELS, None),
    "two": (LABELS == "red", None),
    "integers": (np.digitize(Y, [4.5, 5.5]) * 10, None),
    "floats": (np.digitize(Y, [4.5, 5.5]) * 1.0, None),
    "one": (np.zeros(len(Y)), None),
    "labels": (MANY, None),
    "distributions": (SOFT, "multiclass"),
    "soft labels": (SOFT, "multilabel"),
}


@pytest.mark.parametrize("make", [classifier, RBFNetwork], ids=["two layers", "radial"])
@pytest.mark.parametrize(("y", "soft"), TARGETS.values(), ids=TARGETS)
def test_every_kind_of_classes(make, y, soft):
    own = {"n_centers": 10, "random_state": 0} if make is RBFNetwork else {}
    check(fitted(make(soft_targets=soft, **own), y))


RADIAL = {
    "default": {"alpha": 1e-3},
    "textbook": {"refine": None},
    "metric": {"refine": "metric", "shape": "full"},
    "gradient": {"refine": "gradient", "max_iter": 3},
    "robust": {"input_map": "robust", "linear_tail": False, "alpha": 1e-3},
}


@pytest.mark.parametrize("settings", RADIAL.values(), ids=RADIAL)
def test_radial_networks(settings):
    model = RBFNetwork(12, task="regression", random_state=0, **settings)
    check(fitted(model, np.column_stack([Y, -Y])))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_defaults_on_numbers(dtype):
    rows, tolerance = X.astype(dtype), 1e-5 if dtype == np.float32 else 1e-10
    model = TwoLayerRegressor(max_iter=2, random_state=0).fit(rows, Y)
    assert len(model._model.parts) == 3
    check(model, X=rows, dtype=dtype, tolerance=tolerance)


def test_gelu_in_double_precision_uses_an_error_function_in_single():
    model = fitted(regressor(embedding=Dense(3, "gelu"), **OWN), X=DOUBLE)
    check(model, X=DOUBLE, dtype=np.float64)


def test_missing_values_that_were_not_missing_in_fit():
    model, rows = fitted(regressor()), X.copy()
    rows[::3, 1] = np.nan
    check(model, X=rows)


def test_missing_numbers_and_categories_of_an_array():
    rows = X.copy()
    rows[::5, 1] = np.nan
    rows[:, 3] = np.round(rows[:, 3])
    model = fitted(regressor(categorical_features=[3]), X=rows)
    unseen = rows.copy()
    unseen[:4, 3] = [np.nan, 77, -77, 0.5]
    check(model, X=unseen)


def test_numbers_that_are_codes():
    rng = np.random.RandomState(0)
    shop = rng.randint(0, 30, 600)
    rows = np.column_stack([shop, rng.rand(600)]).astype(np.float32)
    y = rng.normal(size=30)[shop] + rows[:, 1]
    model = regressor(n_estimators=2, max_iter=3).fit(rows, y)
    assert model.input_map_.statistics_
    rows[:3, 0] = [np.nan, 31, 0.5]
    check(model, X=rows, tolerance=1e-4)
    rows = np.column_stack([45 + shop / 7, rows[:, 1]])  # such as latitudes
    model = regressor(n_estimators=2, max_iter=3).fit(rows, y)
    assert model.input_map_.statistics_
    rows[:, 0] *= 1 + 1e-7 * rng.uniform(-1, 1, 600)  # rounding
    rows[:5, 0] = [np.nan, 0, 45.07, 48.1, 77]
    check(model, X=rows.astype(np.float32), tolerance=1e-4)
    rows = np.column_stack([45 + shop * 2e-5, rng.rand(600)])  # closer than the tolerance
    model = regressor(n_estimators=2, max_iter=3).fit(rows, y)
    assert model.input_map_.statistics_
    check(model, X=rows.astype(np.float32), tolerance=1e-4)
    for start in (4e6, 8e6, 16e6):  # whole numbers up to the largest of single precision
        rows = np.column_stack([start + 2 * shop, rng.rand(600)]).astype(np.float32)
        # Without the distances of a local average, whose rounding single precision shows.
        model = regressor(n_estimators=2, max_iter=3, blend="scale").fit(rows, y)
        assert model.input_map_.statistics_
        check(model, X=rows, tolerance=1e-4)
    rows = np.column_stack([2e7 + shop, rows[:, 1]])  # neighbours are equal in single precision
    with pytest.raises(NotImplementedError, match="Column 0 .* single precision"):
        to_onnx(regressor(n_estimators=2, max_iter=3).fit(rows, y))


@pytest.mark.parametrize("seed", [4, 6])
def test_large_weights_of_a_radial_part_keep_their_precision(seed):
    pd = pytest.importorskip("pandas")
    rng = np.random.default_rng(seed)
    code = rng.integers(0, 30, 600).astype(float)
    a, b = rng.integers(0, 3, 600), rng.integers(0, 3, 600)
    y = rng.normal(size=30)[code.astype(int)] + rng.normal(size=3)[a]
    y += 1.5 * rng.normal(size=(3, 3))[a, b] + 0.3 * rng.normal(size=600)
    code[rng.random(600) < 0.1] = np.nan
    a, b = np.array(list("uvw"))[a], np.array(list("xyz"))[b]
    table = pd.DataFrame({"code": code, "a": pd.Categorical(a), "b": pd.Categorical(b)})
    model = TwoLayerRegressor(max_iter=20, random_state=0)
    model.fit(table, y)
    assert abs(model.radial_._model.parts[0].params).max() > 1e3
    found = run(to_onnx(model), as_inputs(table))["variable"][:, 0]
    np.testing.assert_allclose(found, model.predict(table), atol=1e-3)


def test_pairs_that_are_codes():
    rng = np.random.RandomState(0)
    month, day = rng.randint(0, 12, 3000), rng.randint(0, 31, 3000)
    rows = np.column_stack([month / 7, day, rng.rand(3000)]).astype(np.float32)
    rows[month == 5, 0] = np.nan
    y = rng.normal(size=(12, 31))[month, day] + rng.normal(0, 0.5, 3000)
    for categories in ("from_dtype", [1]):
        settings = {"n_estimators": 2, "max_iter": 3, "categorical_features": categories}
        model = regressor(**settings).fit(rows, y)
        assert 3 in model.input_map_.statistics_
        new = rows[:500].copy()
        new[:6, :2] = [[np.nan, 3], [0.1, 3], [9, 3], [1 / 7, 31], [1 / 7, -1], [1 / 7, np.nan]]
        check(model, X=new, tolerance=1e-4)


@pytest.fixture(scope="module")
def frame():
    pd = pytest.importorskip("pandas")
    rng = np.random.RandomState(0)
    n = len(X)
    table = pd.DataFrame(X.copy(), columns=["a", "a b", "constant_1", "label"])
    table["color"] = pd.array(
        rng.choice(["red", "blue", "green", "rare"], n, p=[0.4, 0.3, 0.28, 0.02])
    )
    table["town"] = pd.Categorical([f"t{i}" for i in rng.randint(25, size=n)])
    table["level"] = pd.Categorical(rng.randint(3, size=n) * 10)
    table["flag"] = rng.rand(n) > 0.5
    start = pd.Timestamp("1960-01-31 10:17:03")
    table["day"] = start + pd.to_timedelta(rng.randint(0, 40 * 365 * 24 * 3600, n), unit="s")
    table["span"] = pd.to_timedelta(rng.randint(0, 100_000, n), unit="s")
    table.loc[::7, ["a", "color", "town", "level", "day", "span"]] = None
    return table


def as_inputs(frame, dtype=np.float32):
    """Return the columns of a table as the inputs that a graph takes."""
    given = {}
    for name, column in frame.items():
        if column.dtype.kind in "mM":
            values = column.astype(f"{column.dtype.kind}8[us]").astype(np.int64)
        elif column.dtype == "category" and column.cat.categories.dtype.kind == "i":
            values = column.astype(object).fillna(np.iinfo(np.int64).min).astype(np.int64)
        elif column.dtype.kind in "bf":
            values = column.astype(dtype)
        else:
            values = column.astype(object).fillna("")
        given[name] = values.to_numpy()[:, None]
    return given


@pytest.mark.parametrize("make", [TwoLayerClassifier, TwoLayerRegressor, RBFNetwork])
def test_defaults_on_a_frame(frame, make):
    settings = {"n_centers": 10} if make is RBFNetwork else {"max_iter": 2}
    y = Y if make is TwoLayerRegressor else LABELS
    model = make(random_state=0, **settings).fit(frame, y)
    session = session_of(to_onnx(model))
    assert [each.name for each in session.get_inputs()] == list(frame.columns)
    label, *rest = (values for values in session.run(None, as_inputs(frame)))
    if make is TwoLayerRegressor:
        # Dates make the rows float64, and output weights may be large: single precision is rough.
        np.testing.assert_allclose(label[:, 0], model.predict(frame), rtol=2e-3)
        session = session_of(to_onnx(model, dtype=np.float64))
        label = session.run(None, as_inputs(frame, np.float64))[0]
        np.testing.assert_allclose(label[:, 0], model.predict(frame), rtol=1e-9)
        return
    np.testing.assert_array_equal(label, model.predict(frame))
    np.testing.assert_allclose(rest[0], model.predict_proba(frame), rtol=1e-5, atol=1e-6)
    assert session.get_outputs()[0].name == "label_1"  # a column has the name


def test_a_frame_of_numbers_has_an_input_for_each_column(frame):
    numbers = frame[["a b", "label"]]
    check(regressor().fit(numbers, Y), X=numbers, given=as_inputs(numbers))


def test_levels_that_were_not_seen(frame):
    model = regressor().fit(frame[["color", "level", "a"]], Y)
    other = frame[["color", "level", "a"]].astype({"color": object, "level": object}).copy()
    other.loc[:9, "color"], other.loc[:9, "level"] = "new", 77
    given = as_inputs(frame[["a"]]) | {
        "color": other["color"].fillna("").to_numpy(object)[:, None],
        "level": other["level"].fillna(np.iinfo(np.int64).min).to_numpy(np.int64)[:, None],
    }
    check(model, X=other, given=given)


@pytest.mark.parametrize("level", ["", np.iinfo(np.int64).min])
def test_a_level_that_stands_for_missing_values_is_refused(level):
    pd = pytest.importorskip("pandas")
    others = ["a", "b", None] if level == "" else [1, 2, None]
    column = pd.Series([level, *others] * 30, dtype=object)[: len(Y)]
    table = pd.DataFrame({"a": X[:, 0], "town": column.astype("category")})
    with pytest.raises(NotImplementedError, match=r"category 'town' .* Replace it before fit"):
        to_onnx(regressor().fit(table, Y))


def test_a_column_needs_a_name_and_numbered_ones_are_an_array():
    pd = pytest.importorskip("pandas")
    names = {"X": [0, 1], "5": [5, 0]}
    for first, columns in names.items():
        model = to_onnx(regressor().fit(pd.DataFrame(X[:, :2], columns=columns), Y))
        assert model.graph.input[0].name == first
    with pytest.raises(NotImplementedError, match="column '' .* rename it before fit"):
        to_onnx(regressor().fit(pd.DataFrame(X[:, :2], columns=["a", ""]), Y))


def test_parts_of_dates_of_four_centuries():
    pd = pytest.importorskip("pandas")
    from sklearn_twolayer.columns import learn_columns
    from sklearn_twolayer.onnx._columns import _dates
    from sklearn_twolayer.onnx._graph import Graph, Port, Tensor

    moments = np.arange(-(10**16), 10**16, 7 * 10**11 + 12_345_678_901).astype("datetime64[us]")
    table = pd.DataFrame({"day": moments})
    columns = learn_columns(table, "from_dtype")
    graph = Graph(np.float64, 18)
    given = Port("day", Tensor(graph, "day", np.int64), 1)
    assert columns.columns[0].parts == ("day", "month", "weekday", "hour")
    parts = graph.concat(_dates(columns.columns[0], given.tensor))
    from sklearn_twolayer.onnx._export import _model

    model = _model(graph, [given], [graph.named(Port("parts", parts, 4))])
    found = run(model, {"day": table["day"].to_numpy().astype(np.int64)[:, None]})["parts"]
    np.testing.assert_allclose(found, columns.matrix(table), rtol=1e-15)


def test_forms_of_probabilities():
    model = fitted(classifier(), LABELS)
    expected, classes = model.predict_proba(X), model.classes_
    pairs = run(to_onnx(model, zipmap=True), {"X": X})["probabilities"]
    assert [list(pair) for pair in pairs] == [classes.tolist()] * len(X)
    np.testing.assert_allclose([list(pair.values()) for pair in pairs], expected, rtol=1e-5)
    columns = run(to_onnx(model, zipmap="columns"), {"X": X})
    for name, column in zip(classes, expected.T, strict=True):
        np.testing.assert_allclose(columns[f"probability_{name}"], column, rtol=1e-5)


def test_versions_of_operators():
    model = fitted(TwoLayerClassifier(max_iter=2, random_state=0), LABELS)
    for opset in (13, 15, 20):
        assert to_onnx(model, target_opset=opset).opset_import[0].version == opset
        check(model, target_opset=opset)


def test_a_stack_of_networks_is_a_few_nodes_and_little_more_than_its_parameters():
    one, many = (
        to_onnx(fitted(regressor(n_estimators=n, blend="mean"), X=X)).graph for n in (1, 8)
    )
    assert len(many.node) == len(one.node) + 1  # their mean
    model = fitted(regressor(n_estimators=8, blend="mean", n_units=200))
    assert to_onnx(model).ByteSize() < 1.1 * model.params_.nbytes + 4000


def test_a_part_without_weight_is_left_out():
    model = fitted(TwoLayerRegressor(max_iter=2, random_state=0))
    model._model.factors[:] = [1.0, 0.0, 0.0]
    assert len(to_onnx(model).graph.node) < 30
    check(model)


class Doubled(InputMap):
    """A map that has no converter."""

    def _fit(self, X, sample_weight):
        pass

    def _transform_dense(self, X):
        return 2 * X


class Cubed(Activation):
    """An activation without a converter."""

    def forward(self, v):
        return v**3, v

    def pullback(self, v, delta):
        return delta * 3 * v**2


class Stepped(Kernel):
    """A kernel that no operator of ONNX expresses."""

    def value(self, s):
        return np.where(s < 1, 1.0, 0.0)

    def slope(self, s, value):
        return np.zeros_like(s)


UNKNOWN = {
    "Doubled": {"input_map": Doubled()},
    "Cubed": {"embedding": Dense(3, Cubed()), **OWN},
    "activation <function": {"embedding": Dense(3, (lambda v: np.cbrt(v), np.cos)), **OWN},
    "kernel <function": {
        "embedding": Radial(3, (lambda s: np.where(s < 1, 1, 0) + 0 * s, lambda s: 0 * s)),
        **OWN,
    },
    r"Stepped\(\)": {"embedding": Radial(3, Stepped()), **OWN},
    "FunctionTransformer": {"input_map": FunctionTransformer(np.cbrt)},
}


@pytest.mark.parametrize(("name", "settings"), UNKNOWN.items(), ids=UNKNOWN)
def test_what_has_no_form_is_named(name, settings):
    model = regressor(**settings).fit(X, Y)
    with pytest.raises(NotImplementedError, match=f"{name}.* cannot be exported"):
        to_onnx(model)


def test_arguments_that_are_wrong():
    model = fitted(classifier(), LABELS)
    with pytest.raises(TypeError, match=r"register\(\)"):
        to_onnx(make_pipeline(model))
    with pytest.raises(ValueError, match="dtype must be float32 or float64"):
        to_onnx(model, dtype=np.int64)
    with pytest.raises(ValueError, match="zipmap must be one of"):
        to_onnx(model, zipmap="rows")
    with pytest.raises(ValueError, match="target_opset must be an integer in"):
        to_onnx(model, target_opset=9)
    with pytest.raises(NotImplementedError, match="set zipmap=False"):
        to_onnx(fitted(classifier(), MANY), zipmap=True)


def test_an_activation_of_the_users_can_be_registered():
    def cubed(activation, v):
        return v * v * v

    before = activated.dispatch(Cubed)
    activated.register(Cubed, cubed)
    try:
        check(fitted(regressor(embedding=Dense(3, Cubed()), **OWN)))
    finally:
        activated.register(Cubed, before)


@pytest.mark.parametrize(
    "input_map", [StandardScaler(), make_pipeline(PolynomialFeatures(), StandardScaler())]
)
def test_transformers_of_scikit_learn(input_map):
    pytest.importorskip("skl2onnx")
    check(fitted(regressor(input_map=input_map)))
    rows = X.copy()
    rows[::4, 0] = np.nan
    classifier = fitted(TwoLayerClassifier(input_map=input_map, max_iter=2), LABELS, rows)
    # On few rows, outputs of the radial part partly cancel in single precision.
    check(classifier, X=rows, tolerance=5e-4)


class TestPipelines:
    """Conversion of whole pipelines by skl2onnx."""

    @pytest.fixture(autouse=True)
    def skl2onnx(self):
        skl2onnx = pytest.importorskip("skl2onnx")
        register()
        return skl2onnx

    def test_numbers(self, skl2onnx):
        model = make_pipeline(StandardScaler(), TwoLayerRegressor(max_iter=2, random_state=0))
        found = run(skl2onnx.to_onnx(model.fit(X, Y), X[:1]), {"X": X})["variable"]
        np.testing.assert_allclose(found[:, 0], model.predict(X), rtol=1e-5)

    @pytest.mark.parametrize("y", [LABELS, LABELS == "red", MANY], ids=["three", "two", "many"])
    @pytest.mark.parametrize(
        "network", [classifier(), RBFNetwork(10, alpha=1e-3)], ids=["dense", "radial"]
    )
    def test_classes(self, skl2onnx, network, y):
        model = make_pipeline(StandardScaler(), network).fit(X, y)
        exported = skl2onnx.to_onnx(model, X[:1], options={"zipmap": False}, target_opset=18)
        found = run(exported, {"X": X})
        np.testing.assert_array_equal(found["label"], model.predict(X))
        expected = model.predict_proba(X)
        np.testing.assert_allclose(found["probabilities"], expected, rtol=1e-5, atol=1e-6)

    def test_forms_of_probabilities(self, skl2onnx):
        model = make_pipeline(StandardScaler(), classifier()).fit(X, LABELS)
        pairs = run(skl2onnx.to_onnx(model, X[:1]), {"X": X})["probabilities"]
        assert list(pairs[0]) == model.classes_.tolist()
        options = {id(model): {"zipmap": "columns"}}
        columns = run(skl2onnx.to_onnx(model, X[:1], options=options), {"X": X})
        expected = model.predict_proba(X)[:, 0]
        np.testing.assert_allclose(columns["probability_blue"], expected, rtol=1e-5)

    def test_double_precision(self, skl2onnx):
        model = make_pipeline(StandardScaler(), regressor()).fit(DOUBLE, Y)
        found = run(skl2onnx.to_onnx(model, DOUBLE[:1]), {"X": DOUBLE})["variable"]
        np.testing.assert_allclose(found[:, 0], model.predict(DOUBLE), rtol=1e-12)

    def test_columns_of_several_kinds(self, skl2onnx, frame):
        table = frame[["color", "a b", "flag"]].fillna({"color": "none"})
        encode = make_column_transformer(
            (OneHotEncoder(sparse_output=False, handle_unknown="ignore"), ["color"]),
            (StandardScaler(), ["a b"]),
        )
        given = {name.replace(" ", "_"): each for name, each in as_inputs(table).items()}
        types = skl2onnx.common.data_types
        numbers, text = types.FloatTensorType([None, 1]), types.StringTensorType([None, 1])
        kinds = [("color", text), ("a b", numbers), ("flag", numbers)]
        for model in (make_pipeline(encode, regressor()), regressor()):
            model.fit(table, Y)
            exported = skl2onnx.convert_sklearn(model, initial_types=kinds, target_opset=18)
            names = {each.name for each in exported.graph.input}
            some = {name: values for name, values in given.items() if name in names}
            found = run(exported, some)["variable"]
            np.testing.assert_allclose(found[:, 0], model.predict(table), rtol=1e-5)

    @pytest.mark.parametrize("name", ["search", "stack", "calibrated", "binary", "outputs"])
    def test_estimators_of_estimators(self, skl2onnx, name):
        model = {
            "search": GridSearchCV(classifier(), {"alpha": [0.1]}, cv=2),
            "stack": StackingClassifier([("network", classifier())], LogisticRegression(), cv=2),
            "calibrated": CalibratedClassifierCV(classifier(), cv=2),
            "binary": CalibratedClassifierCV(classifier(), cv=2),
            "outputs": MultiOutputRegressor(regressor()),
        }[name]
        y = {"outputs": np.column_stack([Y, -Y]), "binary": LABELS == "red"}.get(name, LABELS)
        model.fit(X, y)
        options = None if name == "outputs" else {"zipmap": False}
        found = run(skl2onnx.to_onnx(model, X[:1], options=options), {"X": X})
        if name == "outputs":
            np.testing.assert_allclose(found["variable"], model.predict(X), rtol=1e-5)
        else:
            expected = model.predict_proba(X)
            np.testing.assert_allclose(found["probabilities"], expected, rtol=1e-5, atol=1e-6)

    def test_a_network_in_front_of_another_step(self, skl2onnx):
        """The converter would pass on predictions in the place of the embedding."""
        model = make_pipeline(regressor(), LinearRegression()).fit(X, Y)
        with pytest.raises(NotImplementedError, match="in front of another step"):
            skl2onnx.to_onnx(model, X[:1])

    def test_text_where_numbers_are_expected(self, skl2onnx):
        model = regressor().fit(X, Y)
        text = skl2onnx.common.data_types.StringTensorType([None, 4])
        with pytest.raises(NotImplementedError, match="numbers are expected"):
            skl2onnx.convert_sklearn(model, initial_types=[("X", text)])

    def test_old_operators(self, skl2onnx):
        with pytest.raises(NotImplementedError, match="set target_opset to 13"):
            skl2onnx.to_onnx(regressor().fit(X, Y), X[:1], target_opset=12)


def test_exported_quantiles_do_not_cross():
    rng = np.random.RandomState(0)
    X = rng.normal(size=(100, 4))
    y = 3 * X[:, 0] + X[:, 1] ** 2 + 2 * rng.normal(size=100)
    model = RBFNetwork(20, task="regression", loss=Quantile([0.4, 0.5, 0.6]), random_state=0)
    model.fit(X, y)
    rows = 3 * rng.normal(size=(200, 4))
    assert (np.diff(model._targets.decode(model._model.raw_outputs(rows)), axis=1) < 0).any()
    session = runtime.InferenceSession(to_onnx(model, dtype="float64").SerializeToString())
    (found,) = session.run(None, {"X": rows})
    np.testing.assert_allclose(found, model.predict(rows), rtol=1e-9, atol=1e-9)
