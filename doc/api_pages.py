"""Write the API pages, one for each public module.

New classes, functions, registered names and modules appear automatically.
"""

import importlib
import inspect
import pkgutil
import shutil
from pathlib import Path

import sklearn_twolayer
from sklearn_twolayer._documented import public_path
from sklearn_twolayer.embeddings import PRESETS, Embedding, Operator, as_embedding

#: Pages for users, in this order; all others are for those who work on the package.
FOR_USERS = ("estimators", "inspection", "onnx", "shap", "dask", "embeddings", "activations")
FOR_USERS += ("kernels", "losses", "links", "solvers", "input_maps")


def write(folder: Path) -> list[str]:
    """Write the pages into a new folder, and return their paths from the folder's parent."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    modules = sorted(public_modules(), key=reading_order)
    for module in modules:
        (folder / f"{short_name(module)}.rst").write_text(page(module))
    names = [short_name(module) for module in modules]
    first = contents([name for name in names if name in FOR_USERS])
    others = contents([name for name in names if name not in FOR_USERS])
    text = f"API\n===\n\n{INTRODUCTION}\n{first}\n{INSIDE}\n{others}"
    (folder / "index.rst").write_text(text)
    return [f"{folder.name}/{short_name(module)}.rst" for module in modules]


INTRODUCTION = """\
The names needed most often can be imported from the package, as in
`from sklearn_twolayer import Dense`:

{names}.

All other names are imported from the module that their page describes. Strings that can replace an
object, such as `"relu"` for `ReLU()`, are in a table at the top of the page. Methods inherited
from scikit-learn, such as `get_params`, `set_output` and `fit_transform`, are described in its
documentation.
""".format(names=", ".join(f":class:`~sklearn_twolayer.{n}`" for n in sklearn_twolayer.__all__))
INSIDE = """\
Inside the package
------------------

These modules are for those who extend the package or work on it. Their names may change without
notice.
"""


def contents(names: list[str]) -> str:
    """Return a table of contents."""
    entries = "\n".join(f"   {name}" for name in names)
    return f".. toctree::\n   :maxdepth: 2\n\n{entries}\n"


def public_modules():
    """Yield the modules without an underscore in their path that define or export something."""
    for info in pkgutil.walk_packages(sklearn_twolayer.__path__, "sklearn_twolayer."):
        if "._" not in info.name and "__main__" not in info.name:
            module = importlib.import_module(info.name)
            if members(module):
                yield module


def short_name(module) -> str:
    """Return the path of a module within the package."""
    return module.__name__.removeprefix("sklearn_twolayer.")


def reading_order(module):
    """Return the key to sort the pages by."""
    name = short_name(module)
    return (FOR_USERS.index(name), "") if name in FOR_USERS else (len(FOR_USERS), name)


def members(module) -> list:
    """Return the public classes and functions of a module, and those with a registered name."""
    exported = getattr(module, "__all__", None)
    things = [getattr(module, name) for name in exported or vars(module) if name[0] != "_"]
    things = [thing for thing in things if inspect.isclass(thing) or inspect.isfunction(thing)]
    home = "sklearn_twolayer" if exported else module.__name__
    registered = [owner for table in registries(module).values() for owner in table.values()]
    ours = [thing for thing in things if thing.__module__.startswith(home)]
    return list(dict.fromkeys(ours + registered))


def registries(module) -> dict[str, dict]:
    """Return the tables of a module whose values are classes."""
    return {
        name: table
        for name, table in vars(module).items()
        if isinstance(table, dict) and table and all(map(inspect.isclass, table.values()))
        if next(iter(table.values())).__module__.startswith(module.__name__)
    }


def page(module) -> str:
    """Return the page of a module."""
    title = short_name(module).replace("_", " ").capitalize()
    text = f"{title}\n{'=' * len(title)}\n\n{inspect.getdoc(module)}\n"
    for name, registry in registries(module).items():
        text += names_table(name, registry)
    if module.__name__.endswith(".embeddings"):
        text += presets_table()
    things = sorted(members(module), key=lambda thing: (inspect.isfunction(thing), thing.__name__))
    entries = "\n".join(f"   ~{public_path(thing)}" for thing in things)
    return text + f"\n.. autosummary::\n   :toctree: generated\n\n{entries}\n"


def names_table(name: str, registry: dict) -> str:
    """Return a table of names and the classes that they stand for."""
    rows = "".join(
        f'   * - ``"{key}"``\n     - :class:`~{public_path(owner)}`\n'
        for key, owner in registry.items()
    )
    return f"\n.. list-table:: ``{name}``\n   :header-rows: 1\n\n   * - name\n     - class\n{rows}"


def presets_table() -> str:
    """Return a table of the presets as expressions."""
    rows = "".join(
        f'   * - ``"{name}"``\n     - ``{expression(as_embedding(name))}``\n' for name in PRESETS
    )
    return (
        "\n.. list-table:: ``PRESETS``, each with its default width and activation\n"
        f"   :header-rows: 1\n\n   * - name\n     - expression\n{rows}"
    )


def expression(embedding: Embedding) -> str:
    """Return an embedding as an expression.

    >>> print(expression(as_embedding("gated", n_units=3)))
    Dense(3, "sigmoid") * Dense(3, "identity")
    """
    name = type(embedding).__name__
    if isinstance(embedding, Operator):
        left, right = expression(embedding.left), expression(embedding.right)
        return f"{left} {embedding.sign} {right}"
    if name == "Dense":
        return f'Dense({embedding.n_units}, "{embedding.activation}")'
    return " ".join(repr(embedding).split())
