"""Prediction of one row and of many."""

import time

import numpy as np
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

from sklearn_twolayer import TwoLayerClassifier

from .measuring import Row, at_least, at_most, faster, interleaved, quietly, spread
from .problems import Size, classes, one_network

TITLE = "Prediction"
NOTE = (
    "`predict` in single precision, 100 units, 20 inputs, compared with scikit-learn's "
    "MLPClassifier without scaling of its inputs; all cores for a million rows. The default is a "
    "blend of three kinds of networks. A grid point of a partial dependence plot has 500 rows in "
    "double precision."
)


def run(quick: bool) -> list[Row]:
    """Measure latency and throughput."""
    size = Size(5000, 20, 100, 2)
    X, y = classes(size.quick() if quick else size)
    mlp = MLPClassifier((100,), max_iter=3, random_state=0)
    quietly(lambda: mlp.fit(X, y))()
    ours = one_network(100, max_iter=3).fit(X, y)
    default = TwoLayerClassifier(max_iter=3, random_state=0).fit(X, y)
    single = TwoLayerClassifier(n_estimators=1, max_iter=3, random_state=0).fit(X, y)
    models = {"ours": ours, "default": default, "scikit-learn": mlp}
    rows = _one_row(models, X[:1], quick)
    rows += _one_core(models | {"single": single}, X, quick)
    for model in (ours, default):
        model.set_params(n_jobs=-1)
    return [*rows, *_many_rows(models, X, quick)]


def _one_row(models, row, quick):
    n_calls = 5 if quick else 200

    def often(model):
        return lambda: [model.predict(row) for _ in range(n_calls)]

    times = interleaved({name: often(model) for name, model in models.items()}, 3 if quick else 9)
    case = "1 row"
    relative = times["ours"] / times["scikit-learn"]
    return [
        spread(case, "one network", 1e6 * times["ours"] / n_calls, "µs"),
        spread(case, "one network: time / scikit-learn's", relative, "×", at_most(1)),
        spread(case, "default", 1e6 * times["default"] / n_calls, "µs"),
    ]


def _one_core(models, X, quick):
    n_rows = 1000 if quick else 100_000
    many, point = np.resize(X, (n_rows, X.shape[1])), X[:500].astype(np.float64)

    def of_processor(model, rows):
        def call():
            start = time.process_time()
            with threadpool_limits(1):
                model.predict(rows)
            return time.process_time() - start

        return call

    functions = {name: of_processor(model, many) for name, model in models.items()}
    functions["point"] = of_processor(models["default"], point)
    times = interleaved(functions, 3 if quick else 7)
    case = f"{n_rows:,} rows, one core"
    return [
        spread(case, "default", times["default"], "s", at_most(0.3)),
        faster(case, times, "default", "scikit-learn"),
        spread(case, "n_estimators=1", times["single"], "s"),
        faster(case, times, "single", "scikit-learn", at_least(1)),
        spread("grid point", "default", 1e3 * times["point"], "ms"),
    ]


def _many_rows(models, X, quick):
    n_rows = 2000 if quick else 10**6
    many = np.resize(X, (n_rows, X.shape[1]))
    functions = {name: (lambda m=model: m.predict(many)) for name, model in models.items()}
    times = interleaved(functions, 3 if quick else 5)
    case = f"{n_rows:,} rows"
    return [
        spread(case, "one network", n_rows / times["ours"] / 1e6, "million rows / s"),
        faster(case, times, "ours", "scikit-learn", at_least(3)),
        spread(case, "default", n_rows / times["default"] / 1e6, "million rows / s"),
    ]
