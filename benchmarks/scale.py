"""From a hundred thousand rows to a million: time, memory, and rows on disk."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from .measuring import Row, at_most, interleaved, quietly, spread
from .problems import Size, classes, one_network

TITLE = "Scale"
NOTE = (
    "One network, 100 units, single precision. Memory is the peak of a fresh process minus its "
    "memory before the call, which includes the data. The rows on disk are an `np.memmap` larger "
    "than the limit that the process sets for its own data (RLIMIT_DATA, which counts "
    "allocations, not mapped files): one epoch, then all predictions."
)
MEASURED = ("adam, fit", "lbfgs, fit", "predict")


def run(quick: bool) -> list[Row]:
    """Measure time, memory, and a fit from the disk."""
    rows = _time(quick)
    return rows + (_in_own_process(quick) if Path("/proc/self/clear_refs").exists() else [])


def _time(quick):
    small = 1000 if quick else 10**5
    X, y = classes(Size(10 * small, 20, 100, 2))
    functions = {}
    for solver, max_iter in (("adam", 1), ("lbfgs", 3)):
        for n_rows in (small, 10 * small):
            functions[solver, n_rows] = _fit(solver, max_iter, X[:n_rows], y[:n_rows])
    times = interleaved(functions, 1 if quick else 3)
    return [
        spread(
            f"{10 * small:,} rows",
            f"{solver}: time / that of {small:,} rows",
            times[solver, 10 * small] / times[solver, small],
            "×",
            at_most(11),
        )
        for solver in ("adam", "lbfgs")
    ]


def _fit(solver, max_iter, X, y):
    model = one_network(100, solver=solver, max_iter=max_iter, tol=0.0, n_jobs=-1)
    return quietly(lambda: model.fit(X, y))


def _in_own_process(quick):
    sizes = (5000, 20_000, 60) if quick else (10**6, 2 * 10**6, 200)
    with tempfile.TemporaryDirectory() as folder:
        found = _subprocess(Path(folder) / "rows.npy", *sizes)
    case = f"{sizes[0]:,} × 20"
    rows = [
        Row(case, f"{name}: memory beyond the data", found[name], "MB", target=at_most(100))
        for name in MEASURED
    ]
    case = f"{sizes[1]:,} × 100 on the disk"
    return [
        *rows,
        Row(case, "size of the file", found["file"], "MB"),
        Row(case, "limit of the process", found["limit"], "MB"),
        Row(case, "one epoch and predictions", found["seconds"], "s"),
    ]


def _subprocess(*arguments) -> dict:
    command = [sys.executable, "-m", f"{__package__}._scale_process", *map(str, arguments)]
    root = Path(__file__).parents[1]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr}")
    return json.loads(done.stdout)
