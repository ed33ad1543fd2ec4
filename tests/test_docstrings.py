"""Every public docstring follows numpydoc, by the checks that `pyproject.toml` names."""

import importlib
import inspect
import pkgutil
from pathlib import Path
from types import FunctionType

import pytest

import sklearn_twolayer
from sklearn_twolayer._documented import public_path

validate = pytest.importorskip("numpydoc.validate")
docscrape = pytest.importorskip("numpydoc.docscrape")
hooks = pytest.importorskip("numpydoc.hooks.validate_docstrings")

#: Of what only those who extend the package meet, one line may say all.
SECTIONS = {"PR01", "PR04", "RT01", "YD01"}


def members(namespace):
    """Yield the path of each class and function of a module, and of each of their methods."""
    names = getattr(namespace, "__all__", None) or [n for n in vars(namespace) if n[0] != "_"]
    for name in names:
        thing = getattr(namespace, name)
        path = f"{namespace.__name__}.{name}"
        is_ours = getattr(thing, "__module__", "").startswith(namespace.__name__)
        if is_ours and (inspect.isclass(thing) or inspect.isfunction(thing)):
            yield path
        if is_ours and inspect.isclass(thing):
            yield from (f"{path}.{method}" for method in methods(thing))


def methods(owner):
    """Yield the public methods and properties, also those of bases without a page of their own."""
    ours = [base for base in owner.__mro__ if base.__module__.startswith("sklearn_twolayer")]
    for base in ours:
        if base is owner or "._" in public_path(base):
            yield from methods_of(base)


def methods_of(owner):
    """Yield the methods that a class defines, but those that only override a documented one."""
    for name, member in vars(owner).items():
        overrides = any(hasattr(base, name) for base in owner.__mro__[1:])
        documented = getattr(member, "__doc__", None) is not None
        is_method = isinstance(member, property | staticmethod | classmethod | FunctionType)
        made_by_sklearn = name.startswith("set_") and name.endswith("_request")
        if name[0] == "_" or made_by_sklearn or not is_method:
            continue
        if documented or not overrides:
            yield name


def inner_members():
    for info in pkgutil.walk_packages(sklearn_twolayer.__path__, "sklearn_twolayer."):
        if "._" not in info.name:
            yield from members(importlib.import_module(info.name))


@pytest.fixture(scope="module")
def settings():
    return hooks.parse_config(Path(__file__).parents[1])


def errors(path, checks):
    return [error for error in validate.validate(path)["errors"] if error[0] in checks]


@pytest.mark.parametrize("path", sorted(members(sklearn_twolayer)))
def test_what_users_meet_follows_numpydoc(path, settings):
    assert errors(path, settings["checks"]) == []


@pytest.mark.parametrize("path", sorted(set(inner_members())))
def test_the_rest_follows_numpydoc(path, settings):
    assert errors(path, settings["checks"] - SECTIONS) == []


def documented(owner):
    """Return the text of each parameter and attribute in a docstring."""
    page = docscrape.ClassDoc(owner)
    entries = page["Parameters"] + page["Attributes"]
    return {name: (kind, text) for name, kind, text in entries if text}


REGRESSOR, CLASSIFIER, RADIAL = map(
    documented,
    (
        sklearn_twolayer.TwoLayerRegressor,
        sklearn_twolayer.TwoLayerClassifier,
        sklearn_twolayer.RBFNetwork,
    ),
)
#: Entries that mean something else: the losses, and what only learns by gradients.
LOSSES = {"loss", "blend"}
FITTED_OTHERWISE = {"loss", "alpha", "input_map", "input_map_", "solver", "max_iter", "tol"}
FITTED_OTHERWISE |= {"warm_start", "n_iter_", "loss_curve_", "params_"}


@pytest.mark.parametrize(
    ("one", "other", "different"),
    [
        (REGRESSOR, CLASSIFIER, LOSSES),
        (REGRESSOR, RADIAL, FITTED_OTHERWISE),
        (CLASSIFIER, RADIAL, FITTED_OTHERWISE),
    ],
    ids=["regressor-classifier", "regressor-radial", "classifier-radial"],
)
def test_shared_parameters_are_documented_in_the_same_words(one, other, different):
    shared = one.keys() & other.keys()
    assert {name for name in shared if one[name] != other[name]} == different
