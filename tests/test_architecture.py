"""Imports point one way: from the estimators down to activations and losses."""

import ast
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "sklearn_twolayer"

#: A room imports from the rows above its own, never from its own row or from below.
ROWS_OF_ROOMS = [
    {"_blas", "_checks", "_interpolated"},
    {"_compat", "_documented", "_given", "_linalg", "_moments", "_progress", "_random_rows"}
    | {"_registry", "_sizes", "_threads", "_warnings"},
    {"_sample"},
    {"activations", "columns", "input_maps", "kernels"},
    {"links", "rows"},
    {"losses", "radial"},
    {"embeddings"},
    {"network"},
    {"curvature", "model"},
    {"objective"},
    {"blending", "solvers"},
    {"output_layer"},
    {"attribution", "codes", "conformal", "rbf"},
    {"estimators"},
    {"shap"},
    {"__init__"},
    {"_report", "dask", "inspection", "onnx"},
    {"__main__"},
]
LEVEL = {room: level for level, rooms in enumerate(ROWS_OF_ROOMS) for room in rooms}

#: What a room may import from outside, beside the standard library, numpy and scipy.
OUTSIDE = {
    "_compat": {"sklearn.callback", "sklearn.utils"},
    "_blas": {"threadpoolctl"},
    "_given": {"sklearn.utils.validation"},  # whether a fit takes weights
    "_warnings": {"joblib"},
    "columns": {"narwhals", "sklearn.decomposition", "sklearn.feature_extraction.text"},
    "input_maps": {"sklearn"},  # how transformers return rows, methods that only some have
    "rows": {"joblib"},  # what n_jobs stands for
    "attribution": {"joblib"},
    "shap": {"shap"},
    "radial": {"sklearn.cluster", "sklearn.exceptions"},  # KMeans, for the centres
    "estimators": {"joblib", "sklearn"},
    "dask": {"dask", "distributed", "sklearn"},
    "inspection": {"matplotlib", "sklearn.base", "sklearn.utils.validation"},
    "onnx": {"onnx", "skl2onnx", "sklearn.utils.validation"},
    "_report": {"joblib", "pandas", "rich", "sklearn", "skops", "skrub", "threadpoolctl"},
    "__main__": {"joblib"},
}
BASES = {"sklearn.base"}  # for all rooms: get_params, clone and repr


def room_of(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports_of(path):
    """Yield the absolute name of each module that a file imports, in functions too."""
    folder = ["sklearn_twolayer", *path.relative_to(PACKAGE).parts[:-1]]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(folder[: len(folder) + 1 - node.level])
            modules = [node.module] if node.module else [alias.name for alias in node.names]
            yield from (f"{base}.{module}" for module in modules)


FILES = sorted(PACKAGE.rglob("*.py"))
each_file = pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))


def test_each_room_has_its_level():
    assert {room_of(path) for path in FILES} <= set(LEVEL), "give the new room a level"


@each_file
def test_imports_inside_point_one_way(path):
    room = room_of(path)
    for name in imports_of(path):
        package, *parts = name.split(".")
        if package != "sklearn_twolayer":
            continue
        target = parts[0] if parts else "__init__"
        if target != room:
            assert LEVEL[target] < LEVEL[room], f"{room} imports {target}"
            assert room != "solvers" or LEVEL[target] <= LEVEL["_registry"], (
                "solvers know no other room"
            )


@each_file
def test_imports_from_outside_are_few(path):
    room = room_of(path)
    allowed = OUTSIDE.get(room, set()) | {"numpy", "scipy"} | BASES
    for name in imports_of(path):
        top = name.split(".")[0]
        if top == "sklearn_twolayer" or top in sys.stdlib_module_names:
            continue
        assert any(f"{name}.".startswith(f"{start}.") for start in allowed), f"{room}: {name}"


@each_file
def test_private_names_of_scikit_learn_are_left_alone(path):
    for name in imports_of(path):
        if name.startswith("sklearn."):
            assert not any(part.startswith("_") for part in name.split(".")), name
    for node in ast.walk(ast.parse(path.read_text())) if room_of(path) != "_compat" else ():
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sklearn."):
            assert not [each.name for each in node.names if each.name.startswith("_")]
