"""HTML of estimators: links to the API, the architecture, the columns; plain text as ever."""

import importlib.util
import re
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_twolayer import Dense, RBFNetwork, TwoLayerClassifier, TwoLayerRegressor
from sklearn_twolayer._documented import API, Documented
from sklearn_twolayer.input_maps import StandardMap

ROOT = Path(__file__).parents[1]
X = np.random.default_rng(0).normal(size=(60, 2))
y = X[:, 0] + np.abs(X[:, 1])


@pytest.fixture(scope="module")
def blend():
    return TwoLayerRegressor(n_units=5, n_estimators=2, max_iter=2, random_state=0).fit(X, y)


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    spec = importlib.util.spec_from_file_location("api_pages", ROOT / "doc/api_pages.py")
    api_pages = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(api_pages)
    folder = tmp_path_factory.mktemp("doc") / "api"
    api_pages.write(folder)
    text = "\n".join(page.read_text() for page in folder.glob("*.rst"))
    return set(re.findall(r"^   ~(\S+)$", text, re.MULTILINE))


def documented(owner=Documented):
    for child in owner.__subclasses__():
        if child.__module__.startswith("sklearn_twolayer.") and child.__name__[0] != "_":
            yield child
        yield from documented(child)


def test_links_lead_to_pages_of_the_api(pages):
    linked = {Dense(), TwoLayerClassifier(), StandardMap(), RBFNetwork()}
    linked = {thing._get_doc_link() for thing in linked}
    assert f"{API}/sklearn_twolayer.Dense.html" in linked
    assert linked <= {f"{API}/{page}.html" for page in pages}


def test_whatever_has_a_page_links_to_it(pages):
    owners = {f"{owner.__module__}.{owner.__name__}": owner for owner in documented()}
    paths = {owner._doc_link_url_param_generator(object.__new__(owner))["path"]
             for owner in owners.values()}  # fmt: skip
    assert len(paths & pages) > 50
    bases = {path for path in paths - pages if re.search(r"\._\w+\.\w+$", path)}
    assert paths - pages == bases, "what has no page is in a private module"


def test_a_class_of_the_user_has_no_link():
    class Mine(Dense):
        pass

    assert Mine()._get_doc_link() == ""


def test_the_site_is_that_of_the_project():
    with open(ROOT / "pyproject.toml", "rb") as file:
        assert API.startswith(tomllib.load(file)["project"]["urls"]["Documentation"])


def test_diagram_has_the_link():
    html = make_pipeline(StandardScaler(), TwoLayerClassifier())._repr_html_()
    assert f"{API}/sklearn_twolayer.TwoLayerClassifier.html" in html


@pytest.mark.parametrize("way", ["_repr_html_", "_repr_mimebundle_"])
def test_fitted_html_tells_the_architecture(blend, way):
    shown = getattr(blend, way)()
    html = shown if isinstance(shown, str) else shown["text/html"]
    n_parameters = sum(part.params.size for part in blend._model.parts)
    assert f"N_E = {blend.transform(X).shape[1]:,}" in html
    assert f"{n_parameters:,} parameters" in html
    assert html.count('<div class="twolayer">') == 1
    for text in ("networks", "rectified networks", "radial-basis network", "Radial(", "Dense("):
        assert text in html
    assert "Columns:" not in html


def test_html_before_the_fit_is_that_of_scikit_learn(blend):
    assert '<div class="twolayer">' not in clone(blend)._repr_html_()


def test_html_of_a_data_frame_has_its_columns():
    frame = pd.DataFrame({"size": X[:, 0], "<b>": ["one", "other"] * 30})
    html = RBFNetwork(10, task="regression", random_state=0).fit(frame, y)._repr_html_()
    assert "radial-basis network" in html
    assert "<td>size</td><td>number</td>" in html
    assert "&lt;b&gt;" in html and "<td><b></td>" not in html
    assert "2 levels: one, other" in html


def test_text_and_clone_are_as_they_were(blend):
    unfitted = clone(blend)
    assert repr(blend) == repr(unfitted)
    assert blend._repr_mimebundle_()["text/plain"] == repr(blend)
    assert unfitted.get_params() == blend.get_params()
    assert not hasattr(unfitted, "_model")


def test_display_as_text_has_no_html(blend):
    with config_context(display="text"):
        assert not hasattr(blend, "_repr_html_")
        assert set(blend._repr_mimebundle_()) == {"text/plain"}
