"""The algebra of first layers as objects; what they compute is in test_gradients."""

import pickle
import warnings
from functools import reduce
from operator import add, mul, or_

import numpy as np
import pytest
from sklearn.base import clone

from sklearn_twolayer import TwoLayerRegressor
from sklearn_twolayer.activations import Tanh
from sklearn_twolayer.embeddings import (
    PRESETS,
    Concatenation,
    Dense,
    Passthrough,
    Product,
    Sum,
    as_embedding,
)
from sklearn_twolayer.embeddings._base import MAX_DEPTH
from sklearn_twolayer.network import Network
from sklearn_twolayer.rows import Rows

GATED = Dense(4, "sigmoid") * Dense(4, "identity")
EXPRESSIONS = {name: as_embedding(name, 4) for name in PRESETS} | {
    "deep": (GATED | Passthrough()) + Dense(7, "relu"),
    "input": Passthrough(),
}
each = pytest.mark.parametrize("embedding", EXPRESSIONS.values(), ids=EXPRESSIONS)


def embed(embedding, X, seed=0):
    """Return y_E, and the initial parameters, of a network with this first layer."""
    rows = Rows(X, None, X.dtype).labelled(np.zeros((len(X), 1)), np.ones(len(X)))
    network = Network(embedding, rows.n_features, 1)
    params = network.initialize(rows, np.random.RandomState(seed))
    y, _ = network.embed(network.views(params), rows.augmented(slice(None)))
    return y, params, network


@each
def test_shapes_are_as_announced(embedding):
    X = np.random.RandomState(0).normal(size=(20, 3))
    y, params, network = embed(embedding, X)
    assert y.shape == (20, embedding.width(3)) == (20, network.width)
    assert params.shape == (network.n_parameters,)
    views = network.views(params)
    assert [view.shape for view in (views.projections, *views.own, views.weights, views.bias)] == [
        parameter.shape for parameter in network.parameters
    ]
    assert len({parameter.name for parameter in network.parameters}) == len(network.parameters)


@each
def test_views_are_the_vector_itself(embedding):
    X = np.random.RandomState(0).normal(size=(20, 3))
    _, params, network = embed(embedding, X)
    views = network.views(params)
    for view in (views.projections, *views.own, views.weights, views.bias):
        view[...] = 7
    assert (params == 7).all()


@each
def test_the_seed_decides_the_start(embedding):
    X = np.random.RandomState(0).normal(size=(20, 3))
    starts = [embed(embedding, X, seed)[1] for seed in (0, 0, 1)]
    np.testing.assert_array_equal(starts[0], starts[1])
    assert not np.array_equal(starts[0], starts[2])


@each
def test_clone_pickle_and_repr(embedding):
    X = np.random.RandomState(0).normal(size=(20, 3))
    for copy in (clone(embedding), pickle.loads(pickle.dumps(embedding))):
        assert copy is not embedding
        assert repr(copy) == repr(embedding)
        np.testing.assert_array_equal(embed(copy, X)[0], embed(embedding, X)[0])


def test_operators_do_what_their_signs_say():
    """On the parameters of the branches, whose columns stand side by side in C."""
    X = np.random.RandomState(0).normal(size=(20, 3))
    for operator, function in (
        (Sum, np.add),
        (Product, np.multiply),
        (Concatenation, lambda left, right: np.hstack([left, right])),
    ):
        y, params, network = embed(operator(Dense(4, "sin"), Dense(4, "tanh")), X)
        V = X @ network.views(params).projections[:-1] + network.views(params).projections[-1]
        np.testing.assert_allclose(y, function(np.sin(V[:, :4]), np.tanh(V[:, 4:])), rtol=1e-12)


def test_signs_make_operators():
    left, right = Dense(2), Dense(3)
    for expression, kind in (
        (left | right, Concatenation),
        (left + left, Sum),
        (left * left, Product),
    ):
        assert type(expression) is kind and expression.left is left
    assert isinstance(left | right * right, Concatenation)


def test_the_input_passes():
    X = np.random.RandomState(0).normal(size=(20, 3))
    np.testing.assert_array_equal(embed(Passthrough(), X)[0], X)


def test_nested_parameters_can_be_set():
    expression = clone(EXPRESSIONS["deep"])
    assert expression.get_params()["left__left__right__n_units"] == 4
    expression.set_params(left__left__right__n_units=5, left__left__left__n_units=5)
    assert expression.left.left.width(3) == 5
    with pytest.raises(ValueError, match="Invalid parameter"):
        expression.set_params(left__middle=1)


@pytest.mark.parametrize("operator", [Sum, Product])
def test_widths_have_to_match(operator):
    expression = operator(Dense(2), Passthrough())
    assert expression.width(2) == 2
    with pytest.raises(ValueError, match="left one has 2 outputs and the right one 3") as caught:
        expression.width(3)
    assert repr(expression) in str(caught.value)


@pytest.mark.parametrize("n_units", [0, -1, 2.5, "3", None, np.nan, True, 10**30])
def test_numbers_of_units_that_are_none(n_units):
    with pytest.raises((ValueError, TypeError), match="n_units"):
        Dense(n_units).width(3)


@pytest.mark.parametrize("other", ["dense", 3, None, Dense])
def test_only_embeddings_can_be_joined(other):
    for join in (lambda: Dense(2) | other, lambda: Dense(2) + other, lambda: Dense(2) * other):
        with pytest.raises(TypeError, match="embedding"):
            join()


def test_presets_use_what_they_take():
    assert as_embedding("dense", 7, "tanh").get_params() == {"n_units": 7, "activation": "tanh"}
    assert as_embedding("skip", 7, Tanh()).right.width(3) == 7
    for name, preset in PRESETS.items():
        if not preset.takes_activation:
            with pytest.raises(ValueError, match="activation"):
                as_embedding(name, 3, "relu")


@pytest.mark.parametrize("given", [{"n_units": 3}, {"activation": "relu"}])
def test_an_instance_has_its_own_parameters(given):
    assert as_embedding(GATED) is GATED
    with pytest.raises(ValueError, match=next(iter(given))):
        as_embedding(GATED, **given)


@pytest.mark.parametrize("value", ["dens", None, 3, Dense])
def test_what_is_no_embedding(value):
    with pytest.raises((ValueError, TypeError), match="embedding") as caught:
        as_embedding(value)
    assert all(repr(name) in str(caught.value) for name in PRESETS)


def parts(expression):
    return {name: repr(part) for name, part in expression.get_params().items()}


def test_the_repr_is_the_expression():
    a, b, c = Dense(1), Dense(2), Passthrough()
    for expression, text in [
        (a | b | c, "Dense(n_units=1) | Dense(n_units=2) | Passthrough()"),
        (a | (b | c), "Dense(n_units=1) | (Dense(n_units=2) | Passthrough())"),
        (
            (a + b) * c | a,
            "(Dense(n_units=1) + Dense(n_units=2)) * Passthrough() | Dense(n_units=1)",
        ),
    ]:
        assert repr(expression) == text
        assert parts(eval(text)) == parts(expression)


@pytest.mark.parametrize("join", [or_, add, mul])
def test_operators_nest_as_deep_as_they_say(join):
    expression = reduce(join, [Dense(1, "tanh")] * (MAX_DEPTH + 1))
    model = TwoLayerRegressor(expression, n_estimators=1, max_iter=1, solver="lbfgs")
    for whole in (expression, model):
        for same in (clone(whole), pickle.loads(pickle.dumps(whole))):
            assert repr(same) == repr(whole)
            assert len(same.get_params()) == len(whole.get_params())
    with warnings.catch_warnings(action="ignore"):
        model.fit(np.eye(4), np.arange(4.0))
    assert model.predict(np.eye(4)).shape == (4,)
    message = f"more than {MAX_DEPTH} deep.*more units.*in pairs"
    with pytest.raises(ValueError, match=message):
        join(expression, Dense(1))
    with pytest.raises(ValueError, match=message):
        reduce(join, [Dense(1)] * 600)
    with pytest.raises(ValueError, match=message):
        as_embedding(Sum(expression, Dense(1)))  # without the sign
