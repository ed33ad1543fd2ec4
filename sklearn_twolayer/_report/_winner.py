"""Output of the best model: a file, or Python code."""

import re
import warnings
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED

import joblib
from sklearn.base import BaseEstimator, clone
from sklearn.pipeline import Pipeline

from ._table import Table, TableError


def check_destination(option: str, path: str | None) -> None:
    """Raise a TableError if a file cannot be written, before anything is fitted."""
    if path is None:
        return
    if not Path(path).absolute().parent.is_dir():
        raise TableError(f"{option} {path}: the folder does not exist")
    suffix = Path(path).suffix
    if option == "--save" and suffix not in (".skops", ".joblib"):
        raise TableError(f"--save {path}: the name must end with .skops or .joblib")
    if option == "--save" and suffix == ".skops" and find_spec("skops") is None:
        raise TableError("--save needs skops: pip install skops")


def save(model: Any, table: Table, path: str) -> str:
    """Fit a model on all rows of a table, save it, and return the code that loads it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the comparison has already evaluated it
        model = clone(model).fit(table.X, table.y)
    if Path(path).suffix == ".joblib":
        joblib.dump(model, path)
        return f"import joblib\nmodel = joblib.load({path!r})  # only files that you trust"
    from skops import io

    io.dump(model, path, compression=ZIP_DEFLATED)  # what is not numbers is text
    return (
        f"import skops.io\ntypes = skops.io.get_untrusted_types(file={path!r})\n"
        "print(types)  # go on only if you trust all of these\n"
        f"model = skops.io.load({path!r}, trusted=types)"
    )


def code_for(model: Any, table: Table) -> str:
    """Return Python code that fits a model on a table, imports first."""
    steps = [step for _, step in model.steps] if isinstance(model, Pipeline) else [model]
    parts = [re.sub(r"\s+", " ", repr(step)) for step in steps]
    expression, imports = (
        parts[0],
        {line for line in table.code if line.startswith(("im", "from"))},
    )
    lines = [line for line in table.code if line not in imports]
    if len(parts) > 1:
        expression = "make_pipeline(\n    " + ",\n    ".join(parts) + ",\n)"
        imports.add("from sklearn.pipeline import make_pipeline")
    for value in [*steps, *model.get_params().values()]:
        if isinstance(value, BaseEstimator) and f"{type(value).__name__}(" in expression:
            imports.add(_import(type(value)))
    first = sorted(imports, key=lambda line: (line.startswith("from"), line))
    return "\n".join([*first, "", *lines, f"model = {expression}", "model.fit(X, y)"])


def _import(kind):
    """Return the statement that imports a class from its public module."""
    package = kind.__module__.split(".")[0]
    is_there = hasattr(import_module(package), kind.__name__)
    module = package if is_there else kind.__module__.split("._")[0]
    return f"from {module} import {kind.__name__}"
