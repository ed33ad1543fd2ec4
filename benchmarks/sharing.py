"""Speed next to other processes, and in a parallel search."""

import subprocess
import sys
from contextlib import contextmanager

from joblib import parallel_config
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from .measuring import Row, at_most, interleaved, quietly, spread
from .problems import CORES, Size, classes, one_network

TITLE = "Sharing the machine"
NOTE = (
    "The time next to another process that is always busy, relative to perfect sharing, in which "
    "the cores are divided evenly among all busy threads; and the time of a grid search with two "
    "jobs, after their processes have started, relative to half the time with one job."
)


def run(quick: bool) -> list[Row]:
    """Measure fits beside a busy process and in a search."""
    size = Size(40_000, 30, 100, 5)
    X, y = classes(size.quick() if quick else size)
    rows = []
    for n_jobs in (1, -1):
        for solver in ("adam", "lbfgs"):
            model = one_network(100, solver=solver, n_jobs=n_jobs, max_iter=1 if quick else 5)
            model.set_params(tol=0.0)
            rows.append(_beside(model, X, y, quick))
    return [*rows, _in_search(X[:20_000], y[:20_000], quick)]


def _beside(model, X, y, quick):
    def alone():
        clone(model).fit(X, y)

    repeats = 1 if quick else 5
    times = interleaved({"alone": quietly(alone)}, repeats)["alone"]
    with busy_process():
        beside = interleaved({"beside": quietly(alone)}, repeats)["beside"]
    n_threads = 1 if model.n_jobs == 1 else CORES
    perfect = times / min(1.0, CORES / (n_threads + 1))
    case = f"{model.solver}, n_jobs={model.n_jobs}, beside a busy process"
    return spread(case, "time / perfect sharing", beside / perfect, "×", at_most(1.3))


@contextmanager
def busy_process():
    """A process that keeps one core busy."""
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _in_search(X, y, quick):
    # Long enough that the overhead of joblib, a tenth of a second or two, is small.
    model = one_network(100, max_iter=1 if quick else 100)
    grid = {"alpha": [1e-4, 1e-2] if quick else [1e-5, 1e-4, 1e-3, 1e-2]}

    def search(n_jobs):
        # No final fit on all rows, which always has one job.
        grid_search = GridSearchCV(model, grid, cv=2, n_jobs=n_jobs, refit=False)
        return quietly(lambda: grid_search.fit(X, y))

    # Processes, as by default, after they have started and imported what they need.
    with parallel_config("threading" if quick else "loky"):
        search(2)()
        times = interleaved({"one": search(1), "two": search(2)}, 1 if quick else 3)
    ratio = times["two"] / (times["one"] / min(2, CORES))
    case = f"GridSearchCV, {2 * len(grid['alpha'])} fits, n_jobs=2"
    return spread(case, "time / perfect sharing", ratio, "×", at_most(1.3))
