"""Checks of hyperparameters: what they take, and what they say of what they refuse."""

from fractions import Fraction

import numpy as np
import pytest
from scipy import sparse

from sklearn_twolayer._checks import as_array, as_mapped, check_choice, check_number, shown


@pytest.mark.parametrize("value", [1, 1.0, np.float32(1), np.int8(1), Fraction(1, 3), np.inf])
def test_numbers_in_the_range(value):
    check_number("clip", value, "(0, inf]")


@pytest.mark.parametrize("value", [0, -1.0, np.nan, -np.inf, np.inf, np.longdouble(-1)])
def test_numbers_out_of_the_range(value):
    with pytest.raises(ValueError, match=r"^clip must be a number in \(0, inf\), got "):
        check_number("clip", value, "(0, inf)")


@pytest.mark.parametrize("value", ["1", None, True, np.True_, 1j, np.ones(2), [1.0]])
def test_what_are_no_numbers(value):
    with pytest.raises(TypeError, match="^clip must be a number in"):
        check_number("clip", value, "(0, inf]")


@pytest.mark.parametrize(
    ("value", "integer"),
    [(10**400, False), (-(10**5000), False), (Fraction(10**400), False), (2**63, True)],
    ids=["int", "long int", "fraction", "integer"],
)
def test_numbers_that_no_array_holds(value, integer):
    with pytest.raises(ValueError, match="^alpha is too large a number: got") as caught:
        check_number("alpha", value, "(-inf, inf)", integer=integer)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("value", [np.array([True, False]), [True], {}, "True", None, 2])
def test_what_is_no_choice(value):
    with pytest.raises(ValueError, match="^shared must be one of True, False, got"):
        check_choice("shared", value, (True, False))


def test_choices_of_other_types():
    for value in (True, 1, np.True_, np.str_("auto"), None):
        check_choice("shared", value, (True, False, "auto", None))


@pytest.mark.parametrize("value", [[[1, 2]], np.ones((1, 2)), sparse.csr_array(np.ones((1, 2)))])
def test_arrays_of_numbers(value):
    array = as_array("centers", value)
    assert array.shape == (1, 2) and array.dtype == np.float64


@pytest.mark.parametrize(
    "value", [[[1], [1, 2]], ["a"], [np.nan], [np.inf], [1j], [10**400], None, object()]
)
def test_what_are_no_arrays_of_numbers(value):
    with pytest.raises(ValueError, match="^centers must be an array of finite real numbers, got"):
        as_array("centers", value)


def test_messages_show_the_start_of_what_is_long():
    assert shown("relu") == "'relu'"
    assert shown("x" * 999).endswith("xxx...") and len(shown("x" * 999)) < 250


def test_what_a_function_makes_of_an_array():
    given = np.ones((2, 3), dtype=np.float32)
    for value in (given > 0, [[1, 1, 1], [1, 1, 1]], given.astype(np.int8), given.astype(float)):
        mapped = as_mapped("kernel", len, value, given)
        assert mapped.dtype.kind == "f"
        np.testing.assert_array_equal(mapped, given)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (1.0, "shape ()"),
        (np.ones((2, 1)), "shape (2, 1)"),
        (np.ones((3, 2)), "shape (3, 2)"),
        (None, "None"),
        (np.full((2, 3), 1j), "array("),
        (np.full((2, 3), "red"), "array("),
        ([[1.0], [1.0, 2.0]], "[[1.0], [1.0, 2.0]]"),
    ],
)
def test_what_a_function_must_not_make_of_an_array(value, found):
    with pytest.raises(ValueError, match="^The kernel <built-in function len> must") as caught:
        as_mapped("kernel", len, value, np.ones((2, 3)))
    assert "the shape of its input, (2, 3); it returned" in str(caught.value)
    assert found in str(caught.value)
