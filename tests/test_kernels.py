"""Radial functions: values known from formulas, slopes by finite differences."""

import numpy as np
import pytest
from sklearn.base import clone

from sklearn_twolayer.kernels import KERNELS, CustomKernel, Gaussian, as_kernel

each_kernel = pytest.mark.parametrize("kernel", [kernel() for kernel in KERNELS.values()], ids=str)
s = np.concatenate([np.linspace(0.01, 0.9, 40), np.linspace(1.1, 30, 60)])
r = np.sqrt(s)


@pytest.mark.parametrize(
    ("name", "expected"),
    {
        "gaussian": np.exp(-(r**2) / 2),
        "multiquadric": np.sqrt(r**2 + 1),
        "inverse_multiquadric": 1 / np.sqrt(r**2 + 1),
        "laplace": np.exp(-r),
        "matern32": (1 + 3**0.5 * r) * np.exp(-(3**0.5) * r),
        "matern52": (1 + 5**0.5 * r + 5 * r**2 / 3) * np.exp(-(5**0.5) * r),
        "cauchy": 1 / (1 + r**2),
        "thin_plate": r**2 * np.log(r),
        "wendland": np.where(r < 1, (1 - r) ** 4 * (4 * r + 1), 0),
    }.items(),
)
def test_values(name, expected):
    np.testing.assert_allclose(KERNELS[name]().value(s), expected, rtol=1e-12, atol=1e-15)


def test_every_kernel_has_a_known_value():
    marks = test_values.pytestmark
    assert {name for name, _ in marks[0].args[1]} == set(KERNELS)


@each_kernel
def test_slopes(kernel):
    step = 1e-6
    expected = (kernel.value(s + step) - kernel.value(s - step)) / (2 * step)
    np.testing.assert_allclose(kernel.slope(s, kernel.value(s)), expected, rtol=1e-6, atol=1e-8)


@each_kernel
def test_logarithms(kernel):
    if not kernel.positive:
        pytest.skip("not positive everywhere")
    np.testing.assert_allclose(kernel.log(s), np.log(kernel.value(s)), rtol=1e-10, atol=1e-14)
    step = 1e-6
    expected = (kernel.log(s + step) - kernel.log(s - step)) / (2 * step)
    np.testing.assert_allclose(kernel.log_slope(s), expected, rtol=1e-6, atol=1e-8)
    far = np.array([1e8])
    assert np.isfinite(kernel.log(far)).all() and np.isfinite(kernel.log_slope(far)).all()


@each_kernel
def test_at_the_centre(kernel):
    at, value = np.zeros(1), kernel.value(np.zeros(1))
    assert np.isfinite(kernel.slope(at, value)).all()
    if kernel.decays:
        np.testing.assert_allclose(value, 1)
        assert kernel.value(np.array([1e8]))[0] < 1e-3


@each_kernel
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_types_are_kept_and_arguments_left_alone(kernel, dtype):
    given = s.astype(dtype)
    value = kernel.value(given)
    assert value.dtype == kernel.slope(given, value).dtype == dtype
    np.testing.assert_array_equal(given, s.astype(dtype))
    np.testing.assert_array_equal(value, kernel.value(given))


@each_kernel
def test_names_and_clones(kernel):
    assert type(as_kernel(clone(kernel))) is type(kernel)


def test_pairs_of_callables():
    kernel = as_kernel((lambda s: np.exp(-s), lambda s: -np.exp(-s)))
    assert isinstance(kernel, CustomKernel)
    np.testing.assert_allclose(kernel.value(s), np.exp(-s))
    np.testing.assert_allclose(kernel.slope(s, None), -np.exp(-s))


@pytest.mark.parametrize("value", ["gauss", None, 3, Gaussian, (np.exp,), (np.exp, 2)])
def test_what_is_no_kernel(value):
    with pytest.raises((ValueError, TypeError), match="kernel"):
        as_kernel(value)


@each_kernel
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_distances_of_any_size(kernel, dtype):
    """No warning, no NaN; units that decay see nothing at the end of the range."""
    info = np.finfo(dtype)
    far = np.array([0, info.smallest_subnormal, 1, 1e5, 1e30, info.max, np.inf], dtype=dtype)
    value = kernel.value(far.copy())
    slope = kernel.slope(far.copy(), value)
    assert value.dtype == slope.dtype == dtype
    assert not np.isnan(value).any() and not np.isnan(slope).any()
    if kernel.decays:
        assert (np.abs(value[-3:]) < 1e-14).all() and (np.abs(slope[-3:]) < 1e-28).all()
    if kernel.positive:
        log = kernel.log(far[:-1].copy())
        assert np.isfinite(log).all() and log.dtype == dtype
        assert np.isfinite(kernel.log_slope(far[:-1].copy())).all()
        np.testing.assert_allclose(log[:3], np.log(value[:3]), rtol=1e-6, atol=1e-15)
