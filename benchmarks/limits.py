"""The limits of this machine: matrix products, memory, tanh and exp."""

import numpy as np
from threadpoolctl import threadpool_limits

from .measuring import Row, interleaved, spread
from .problems import CORES

TITLE = "The machine's own limits"
NOTE = (
    "Products of square matrices, copies of arrays larger than the caches, and values within the "
    "caches."
)


def run(quick: bool) -> list[Row]:
    """Measure the limits."""
    return [*_products(quick), *_memory(quick), *_functions(quick)]


def product_rate(dtype, quick: bool):
    """Return a function that computes a matrix product, and its floating-point operations."""
    n = 128 if quick else 2048
    A = np.random.default_rng(0).standard_normal((n, n)).astype(dtype)
    out = np.empty_like(A)
    return (lambda: np.matmul(A, A, out=out)), 2 * n**3


def _products(quick):
    rows = []
    for threads in sorted({1, CORES}):
        functions = {}
        for dtype in ("float32", "float64"):
            functions[dtype], operations = product_rate(dtype, quick)
        with threadpool_limits(threads):
            times = interleaved(functions, 3 if quick else 9)
        case = "1 thread" if threads == 1 else f"{threads} threads"
        for dtype, values in times.items():
            rows.append(
                spread(case, f"matrix product, {dtype}", operations / values / 1e9, "GFLOP/s")
            )
    return rows


def _memory(quick):
    source = np.zeros(10**5 if quick else 4 * 10**7)
    target = np.ones_like(source)
    times = interleaved({"copy": lambda: np.copyto(target, source)}, 3 if quick else 7)
    rates = 2 * source.nbytes / times["copy"] / 1e9
    return [spread("1 thread", "memory, read and written", rates, "GB/s")]


def _functions(quick):
    functions = {}
    size = 4096
    for dtype in ("float32", "float64"):
        values = np.linspace(-3, 3, size).astype(dtype)
        for function in (np.tanh, np.exp):
            functions[f"{function.__name__}, {dtype}"] = _often(function, values)
    times = interleaved(functions, 3 if quick else 9)
    return [
        spread("1 thread", name, values / (100 * size) * 1e9, "ns a value")
        for name, values in times.items()
    ]


def _often(function, values):
    out = np.empty_like(values)

    def call():
        for _ in range(100):
            function(values, out=out)

    return call
