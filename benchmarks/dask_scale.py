"""Fits on a Dask cluster: time by rows, overhead of a task, bytes transferred.

    python -m benchmarks.dask_scale 1000000 10000000

creates tables with these numbers of rows in Parquet files, block by block, and fits each on two
workers with one thread and 500 MiB: time, the bytes between workers for each epoch and partition,
and the memory of workers. It fits the smallest table in memory too, on one core, before and after.
"""

import argparse
import os
import tempfile
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
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
INTERVAL = 0.2


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


@contextmanager
def memory_of_workers(client: Client) -> Iterator[dict]:
    """Context with the peak memory in MiB, the seconds in which workers paused, and restarts."""
    found, stop = {"peak": 0.0, "paused": 0.0, "restarts": 0}, threading.Event()
    pids = set(client.run(os.getpid).values())

    def watch():
        while not stop.wait(INTERVAL):
            for worker in client.scheduler_info(n_workers=-1)["workers"].values():
                found["peak"] = max(found["peak"], worker["metrics"]["memory"] / 2**20)
                found["paused"] += INTERVAL * (worker["status"] == "paused")

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield found
    finally:
        stop.set()
        thread.join()
    found["restarts"] = len(set(client.run(os.getpid).values()) - pids)


def fit_on_workers(client: Client, folder: Path, settings: dict) -> None:
    """Fit on the partitions of a folder, and print the figures."""
    table = dask.dataframe.read_parquet(folder)
    model = DaskTwoLayerRegressor(**settings, client=client)
    before = time.perf_counter(), processor_seconds(client), bytes_sent(client)
    with memory_of_workers(client) as memory:
        model.fit(table[NAMES], table["y"])
    after = time.perf_counter(), processor_seconds(client), bytes_sent(client)
    taken, processors, moved = np.subtract(after, before)
    n_parameters = sum(part.params.size for part in model.to_local()._model.parts)
    visits = table.npartitions * model.n_iter_
    print(
        f"{table.npartitions} partitions: {taken:.1f} s, {processors:.1f} s of "
        f"processors; {n_parameters:,} parameters, {model.n_iter_} epochs, between workers "
        f"{moved / 1e6:.1f} MB, {moved / 1e6 / visits:.3f} MB per epoch and partition; workers of "
        f"at most {memory['peak']:.0f} MiB, paused for {memory['paused']:.1f} s, "
        f"{memory['restarts']} restarts",
        flush=True,
    )


def fit_in_memory(folder: Path, settings: dict) -> None:
    """Fit on all rows of a folder in memory, and print the time."""
    table = pd.read_parquet(folder)
    start, processor = time.perf_counter(), time.process_time()
    TwoLayerRegressor(**settings).fit(table[NAMES], table["y"])
    taken, processor = time.perf_counter() - start, time.process_time() - processor
    print(f"in memory: {taken:.1f} s, {processor:.1f} s of processors", flush=True)


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
        folders = [Path(root) / str(n_rows) for n_rows in sorted(args.rows)]
        for n_rows, folder in zip(sorted(args.rows), folders, strict=True):
            folder.mkdir()
            write_table(folder, n_rows)
        fit_in_memory(folders[0], settings)
        for n_rows, folder in zip(sorted(args.rows), folders, strict=True):
            print(f"{n_rows:,} rows, ", end="")
            fit_on_workers(client, folder, settings)
        fit_in_memory(folders[0], settings)


if __name__ == "__main__":
    main()
