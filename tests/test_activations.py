"""Activations against formulas written down elsewhere; their gradients are in test_gradients."""

import pickle

import numpy as np
import pytest
from scipy import special, stats
from sklearn.base import clone

from sklearn_twolayer.activations import (
    ACTIVATIONS,
    ELU,
    SELU,
    Activation,
    Custom,
    LeakyReLU,
    as_activation,
)

FORMULAS = {
    "elu": lambda v: np.where(v > 0, v, np.expm1(v)),
    "gelu": lambda v: v * stats.norm.cdf(v),
    "identity": lambda v: v,
    "leaky_relu": lambda v: np.where(v > 0, v, 0.01 * v),
    "mish": lambda v: v * np.tanh(np.logaddexp(0, v)),
    "relu": lambda v: v.clip(0),
    "selu": lambda v: 1.0507009873554805 * np.where(v > 0, v, 1.6732632423543772 * np.expm1(v)),
    "sigmoid": special.expit,
    "silu": lambda v: v * special.expit(v),
    "sin": np.sin,
    "softmax": lambda v: special.softmax(v, axis=-1),
    "softplus": lambda v: np.logaddexp(0, v),
    "tanh": np.tanh,
}
each = pytest.mark.parametrize("name", ACTIVATIONS)


def test_each_formula_is_that_of_an_activation():
    assert set(FORMULAS) <= set(ACTIVATIONS)


@pytest.mark.parametrize("name", FORMULAS)
def test_values(name):
    v = np.linspace(-6, 6, 60).reshape(2, 10, 3)
    y, _ = ACTIVATIONS[name]().forward(v.copy())
    np.testing.assert_allclose(y, FORMULAS[name](v), rtol=1e-12, atol=1e-15)


@each
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_large_arguments_give_no_nan_and_no_warning(name, dtype):
    v = np.array([[-1e15, -800.0, -30.0, 0.0, 30.0, 800.0, 1e15]], dtype=dtype).T
    activation = ACTIVATIONS[name]()
    y, saved = activation.forward(v.copy())
    delta = activation.pullback(saved, np.ones_like(v))
    assert y.dtype == delta.dtype == dtype
    assert np.isfinite(y).all() and np.isfinite(delta).all()


@each
def test_units_start_on_a_scale_of_one(name):
    """Inputs of variance one and weights of the `gain` give outputs of about that size."""
    activation = ACTIVATIONS[name]()
    v = activation.gain * stats.norm.ppf((np.arange(2000) + 0.5) / 2000)
    root_mean_square = (activation.forward(v[:, None])[0] ** 2).mean() ** 0.5
    assert 0.5 < root_mean_square < 1.25


def test_selu_keeps_mean_and_variance_of_a_normal_variable():
    v = stats.norm.ppf((np.arange(200_000) + 0.5) / 200_000)
    y, _ = SELU().forward(v)
    np.testing.assert_allclose([y.mean(), y.var()], [0, 1], atol=1e-3)


@each
def test_objects_survive_clone_and_pickle(name):
    activation = ACTIVATIONS[name]()
    v = np.linspace(-2, 2, 9)[:, None]
    for copy in (clone(activation), pickle.loads(pickle.dumps(activation))):
        np.testing.assert_array_equal(copy.forward(v.copy())[0], activation.forward(v.copy())[0])
        assert repr(copy) == repr(activation)


def test_hyperparameters_are_used():
    v = np.array([[-1.0]])
    assert LeakyReLU(0.3).forward(v.copy())[0] == -0.3
    np.testing.assert_allclose(ELU(2.0).forward(v.copy())[0], 2 * np.expm1(-1))


def test_a_name_a_pair_and_an_object_are_activations():
    assert isinstance(as_activation("relu"), ACTIVATIONS["relu"])
    assert isinstance(as_activation((np.sin, np.cos)), Custom)
    activation = LeakyReLU(0.2)
    assert as_activation(activation) is activation


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ("rleu", ValueError),
        (None, TypeError),
        (LeakyReLU, TypeError),
        ((np.sin,), TypeError),
        ((np.sin, 3), TypeError),
    ],
)
def test_what_is_no_activation(value, error):
    with pytest.raises(error, match="activation") as caught:
        as_activation(value)
    if isinstance(value, str):
        assert all(repr(name) in str(caught.value) for name in ACTIVATIONS)


def test_the_base_is_abstract():
    with pytest.raises(NotImplementedError):
        Activation().forward(np.zeros(1))


@each
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_numbers_of_any_size(name, dtype):
    """No warning and no NaN, even where a result is beyond all floats."""
    info = np.finfo(dtype)
    v = np.array([0, info.tiny, 1, 50, 800, 1e20, info.max / 2, info.max], dtype=dtype)
    v = np.concatenate([v, -v])[:, None] * np.ones((1, 2), dtype=dtype)
    y, saved = ACTIVATIONS[name]().forward(v.copy())
    assert not np.isnan(y).any()
    delta = ACTIVATIONS[name]().pullback(saved, np.ones_like(v))
    assert np.isfinite(delta).all() and delta.dtype == dtype


def test_parameters_that_are_numpy_scalars_keep_the_precision():
    v = np.array([[-1.0, 2.0]], dtype=np.float32)
    assert all(array.dtype == np.float32 for array in ELU(np.float64(1)).forward(v))


def test_a_derivative_that_works_in_place_does_not_change_what_was_saved():
    def derivative(v):
        v *= 2
        return v

    square, v = Custom(np.square, derivative), np.array([3.0])
    _, saved = square.forward(v)
    for _ in range(2):
        np.testing.assert_array_equal(square.pullback(saved, np.ones(1)), [6.0])
