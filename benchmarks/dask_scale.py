"""Fits on a Dask cluster: time by rows, overhead of a task, bytes transferred.

    python -m benchmarks.dask_scale 1000000 10000000

creates tables with these numbers of rows in Parquet files, block by block, fits each on two
workers with one thread and 500 MiB, and prints time and memory; then fits the smallest of them in
memory, on one core.
"""

import argparse
import tempfile
import time
import warnings
from pathlib import Path

import dask.array
import dask.dataframe
import numpy as np
import pandas as pd
from distributed import Client, LocalCluster

from sklearn_twolayer import TwoLayerRegressor
from sklearn_twolayer.dask import DaskTwoLayerRegressor

N_COLUMNS = 20
NAMES = [f"x{i}" for i in range(N_COLUMNS)]
ROWS_OF_PARTITION = 125_000
TASKS = 40


def write_table(folder: Path, n_rows: int) -> None:
    """Write rows in files of one partition each."""
    rng = np.random.RandomState(0)
    for number, start in enumerate(range(0, n_rows, ROWS_OF_PARTITION)):
        X = rng.normal(size=(min(ROWS_OF_PARTITION, n_rows - start), N_COLUMNS))
        y = np.sin(X[:, 0] * X[:, 1]) + X[:, 2] ** 2 + X[:, 3] + rng.normal(size=len(X))
        table = pd.DataFrame(X.astype(np.float32), columns=NAMES)
        table.assign(y=y.astype(np.float32)).to_parquet(folder / f"{number:05d}.parquet")


def processor_seconds(client: Client) -> float:
    """Return the processor time of this process (with the scheduler) and of all workers."""
    return time.process_time() + sum(client.run(time.process_time).values())


def bytes_sent(client: Client) -> int:
    """Return the bytes that all workers have sent to other workers."""
    sent = client.run(lambda dask_worker: dask_worker.transfer_outgoing_bytes_total)
    return sum(sent.values())


def seconds_of_fit(client: Client, folder: Path, settings: dict) -> tuple[float, int, object]:
    """Return the time and processor time of a fit, the bytes between workers, and the model."""
    table = dask.dataframe.read_parquet(folder)
    model = DaskTwoLayerRegressor(**settings, client=client)
    before = time.perf_counter(), processor_seconds(client), bytes_sent(client)
    model.fit(table[NAMES], table["y"])
    after = time.perf_counter(), processor_seconds(client), bytes_sent(client)
    return *np.subtract(after, before), model


def milliseconds_of_a_task(client: Client) -> float:
    """Return the overhead of a task, from `TASKS` tiny partitions at each step."""
    X = np.random.RandomState(0).normal(size=(TASKS * 10, 5))
    rows, y = dask.array.from_array(X, chunks=(10, 5)), dask.array.from_array(X[:, 0], chunks=10)
    times = []
    for max_iter in (5, 25):
        model = DaskTwoLayerRegressor(
            "linear", n_units=2, solver="lbfgs", tol=0.0, max_iter=max_iter, n_estimators=1
        )
        model.set_params(random_state=0, client=client, input_map="standard")
        start = time.perf_counter()
        model.fit(rows, y)
        times.append((time.perf_counter() - start, model.n_iter_))
    (first, few), (second, many) = times
    return 1000 * (second - first) / max(many - few, 1) / TASKS


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", type=int, nargs="+")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--max-iter", type=int)
    parser.add_argument("--blend", default="auto")
    parser.add_argument("--memory", default="500MiB")
    args = parser.parse_args()
    settings = {"n_estimators": 2, "max_iter": args.max_iter, "blend": args.blend}
    settings["random_state"] = 0
    warnings.simplefilter("ignore")
    cluster = LocalCluster(
        n_workers=args.workers,
        threads_per_worker=1,
        memory_limit=args.memory,
        dashboard_address=None,
    )
    with tempfile.TemporaryDirectory() as root, cluster, Client(cluster) as client:
        print(f"a task: {milliseconds_of_a_task(client):.1f} ms", flush=True)
        for n_rows in args.rows:
            folder = Path(root) / str(n_rows)
            folder.mkdir()
            write_table(folder, n_rows)
            taken, processors, moved, model = seconds_of_fit(client, folder, settings)
            n_parameters = sum(part.params.size for part in model.to_local()._model.parts)
            print(
                f"{n_rows:,} rows: {taken:.1f} s, {processors:.1f} s of processors, "
                f"{moved / 1e6:.1f} MB between workers; "
                f"{n_parameters:,} parameters, {-(-n_rows // ROWS_OF_PARTITION)} partitions",
                flush=True,
            )
        smallest = pd.read_parquet(Path(root) / str(min(args.rows)))
        local = TwoLayerRegressor(**settings)
        start, processor = time.perf_counter(), time.process_time()
        local.fit(smallest[NAMES], smallest["y"])
        taken, processor = time.perf_counter() - start, time.process_time() - processor
        print(
            f"in memory, {min(args.rows):,} rows: {taken:.1f} s, {processor:.1f} s of processors"
        )


if __name__ == "__main__":
    main()
