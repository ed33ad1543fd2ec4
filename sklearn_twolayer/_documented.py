"""Links from scikit-learn's diagrams to the API pages."""

import sys

from sklearn.base import BaseEstimator

#: URL of the API pages.
API = "https://sklearn-twolayer.readthedocs.io/en/latest/api/generated"


class Documented(BaseEstimator):
    """Base of all classes with parameters and an API page."""

    _doc_link_module = "sklearn_twolayer"
    _doc_link_template = f"{API}/{{path}}.html"

    def _doc_link_url_param_generator(self):
        return {"path": public_path(type(self))}


def public_path(thing: type) -> str:
    """Return the shortest path from which a class or function of the package can be imported.

    Examples
    --------
    >>> from sklearn_twolayer.input_maps import StandardMap
    >>> public_path(StandardMap)
    'sklearn_twolayer.input_maps.StandardMap'
    """
    parts = thing.__module__.split(".")
    folders = [".".join(parts[:length]) for length in range(1, len(parts) + 1)]
    found = (f for f in folders if getattr(sys.modules.get(f), thing.__name__, None) is thing)
    return f"{next(found, thing.__module__)}.{thing.__name__}"
