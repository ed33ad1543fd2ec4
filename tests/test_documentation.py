"""The examples of the guide run, it quotes real messages, and every name has an API page."""

import ast
import doctest
import importlib.util
import re
from pathlib import Path

import pytest

import sklearn_twolayer
from sklearn_twolayer.activations import ACTIVATIONS
from sklearn_twolayer.losses import CLASSIFICATION_LOSSES, REGRESSION_LOSSES

DOC = Path(__file__).parents[1] / "doc"
PAGES = [DOC / "index.rst", DOC / "extending.rst", *sorted(DOC.glob("user_guide/*.rst"))]
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
#: Libraries that the examples of a page need.
NEEDED = {"callbacks": ["sklearn.callback"], "export": ["onnxruntime", "skl2onnx", "skops"]}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.parent.name}-{page.stem}")
def test_samples_run(page):
    for module in NEEDED.get(page.stem, []):
        pytest.importorskip(module)
    results = doctest.testfile(
        str(page), module_relative=False, optionflags=FLAGS, encoding="utf-8"
    )
    assert results.failed == 0


def nodes():
    """Yield the nodes of the syntax trees of the package."""
    for file in Path(sklearn_twolayer.__file__).parent.rglob("*.py"):
        yield from ast.walk(ast.parse(file.read_text(encoding="utf-8")))


def text_of(node):
    """Return a string of the code, with "..." in place of each value, or None."""
    if isinstance(node, ast.JoinedStr):
        parts = (getattr(part, "value", None) for part in node.values)
        return "".join(part if isinstance(part, str) else "..." for part in parts)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


@pytest.fixture(scope="module")
def quoted():
    """The messages of the page of questions, as patterns."""
    page = (DOC / "user_guide" / "faq.rst").read_text(encoding="utf-8")
    texts = re.findall(r'^   \* - "(.*?)"(?: \(.*\))?$', page, re.MULTILINE)
    return {text: ".*".join(map(re.escape, text.split("..."))) for text in texts}


def test_quoted_messages_exist(quoted):
    known = [text for text in map(text_of, nodes()) if text]
    known.append("Input y contains NaN")  # the name of y is filled in
    assert len(quoted) > 20
    assert [
        text
        for text, pattern in quoted.items()
        if not any(re.search(pattern, message, re.DOTALL) for message in known)
    ] == []


def test_every_warning_is_explained(quoted):
    calls = [node for node in nodes() if isinstance(node, ast.Call)]
    warnings = [text_of(call.args[0]) for call in calls if ast.unparse(call.func) == "warn_user"]
    assert len(warnings) >= 8
    assert [
        text
        for text in warnings
        if not any(re.search(pattern, text, re.DOTALL) for pattern in quoted.values())
    ] == []


@pytest.fixture(scope="module")
def api_pages():
    spec = importlib.util.spec_from_file_location("api_pages", DOC / "api_pages.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_api_names_all_that_is_exported_or_registered(api_pages, tmp_path):
    listed = api_pages.write(tmp_path / "api")
    text = "\n".join((tmp_path / page).read_text() for page in listed)
    registries = (ACTIVATIONS, REGRESSION_LOSSES, CLASSIFICATION_LOSSES)
    registered = [owner for table in registries for owner in table.values()]
    paths = [f"{owner.__module__}.{owner.__name__}" for owner in registered]
    paths += [f"sklearn_twolayer.{name}" for name in sklearn_twolayer.__all__]
    assert [path for path in paths if f"\n   ~{path}\n" not in text] == []


def test_an_expression_is_written_as_its_user_would(api_pages):
    assert doctest.testmod(api_pages, optionflags=FLAGS).failed == 0
