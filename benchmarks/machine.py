"""The machine and the versions of libraries."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = (
    "numpy",
    "scipy",
    "scikit-learn",
    "lightgbm",
    "catboost",
    "xgboost",
    "interpret",
    "pytabkit",
    "torch",
    "jax",
)


def describe() -> dict:
    """Return the processor, its cores, and the versions of libraries."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "versions": {"python": platform.python_version()} | _versions(),
    }


def in_words(machine: dict) -> str:
    """Return a description as a sentence."""
    versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items())
    cores = "1 core" if machine["cores"] == 1 else f"{machine['cores']} cores"
    return f"{machine['processor']}, {cores}, {machine['system']}; {versions}."


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        name = next(line for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
    return name.partition(":")[2].strip()


def _versions() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
