"""The samples of the user guide run, and print what it says."""

import doctest
from pathlib import Path

import pytest

DOC = Path(__file__).parents[1] / "doc"
PAGES = [DOC / "index.rst", DOC / "extending.rst", *sorted(DOC.glob("user_guide/*.rst"))]
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_samples_run(page):
    if page.stem == "callbacks":
        pytest.importorskip("sklearn.callback")
    results = doctest.testfile(
        str(page), module_relative=False, optionflags=FLAGS, encoding="utf-8"
    )
    assert results.failed == 0
