"""Compare two-layer networks with scikit-learn's models: `python -m sklearn_twolayer`."""

import argparse
import sys
from collections.abc import Sequence

from ._report._evaluation import cross_validate, split
from ._report._layout import failure, heading, row
from ._report._models import models_for
from ._report._table import TASKS, Table, TableError, shipped_tables

DESCRIPTION = """\
Cross-validate two-layer networks beside a dummy, a linear model, gradient-boosted
trees and scikit-learn's MLP, all with default parameters and one thread: without
arguments on tables that scikit-learn ships, else on your own."""

EPILOG = """\
Missing values, categories, dates and identifiers of your table are taken care of,
in the same way for all models. Examples:

  python -m sklearn_twolayer
  python -m sklearn_twolayer houses.csv --target price
  python -m sklearn_twolayer wine.csv --target quality --task regression"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the comparison and print it.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments; those of the command line if None.

    Returns
    -------
    int
        Exit code: 0, or 1 if a model failed, or 2 if the arguments or the table are
        wrong, after one line on the standard error stream that says how.

    Examples
    --------
    >>> main(["no_such_table.csv", "--target", "price"])
    2
    """
    options = _parser().parse_args(argv)
    try:
        tables = _tables(options)
    except TableError as error:
        print(f"sklearn_twolayer: error: {error}", file=sys.stderr)
        return 2
    print(f"Mean ± standard deviation over {options.folds} folds; defaults, one thread a fit.")
    n_failed = sum(_compare(table, options) for table in tables)
    return 1 if n_failed else 0


def _tables(options):
    if options.data is None and options.target is None:
        return shipped_tables()
    if options.data is None:
        raise TableError("--target needs a table: python -m sklearn_twolayer DATA.csv --target …")
    if options.target is None:
        raise TableError(f"which column of {options.data} is to be predicted? Say --target COLUMN")
    try:
        from ._report._user_table import Request, read_table
    except ImportError:
        raise TableError(
            "reading a table needs pandas: pip install 'sklearn-twolayer[table]'"
        ) from None
    request = Request(
        options.data, options.target, options.task, options.folds, options.max_rows, options.seed
    )
    return [read_table(request)]


def _compare(table: Table, options) -> int:
    """Print the lines of one table, each as soon as it is known; return how many models failed."""
    print(f"\n{table.title}")
    for note in table.notes:
        print(f"  ({note})")
    print(heading(table.task), flush=True)
    splits = split(table, options.folds, options.seed)
    n_failed = 0
    for name, model in models_for(table, options.seed).items():
        try:
            line = row(name, cross_validate(model, table, splits, options.n_jobs))
        except Exception as error:  # whatever a model does, the others have their turn
            line = failure(name, error)
            n_failed += 1
        print(line, flush=True)
    return n_failed


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m sklearn_twolayer",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("data", nargs="?", metavar="DATA.csv", help="a table: one row a line, columns named")
    add("--target", metavar="COLUMN", help="the column to predict")
    add("--task", choices=TASKS, help="found out from the target if not given")
    add("--folds", type=_at_least(2), default=5, metavar="N", help="default: %(default)s")
    add(
        "--max-rows",
        type=_at_least(20),
        default=10_000,
        metavar="N",
        help="take that many rows of a longer table, at random (default: %(default)s)",
    )
    add("--seed", type=_at_least(0), default=0, metavar="N", help="default: %(default)s")
    add(
        "--n-jobs",
        type=_number_of_jobs,
        metavar="N",
        help="folds at the same time, -1 for all processors; fit times then hold less",
    )
    return parser


def _at_least(low):
    def whole_number(text):
        value = int(text)
        if value < low:
            raise argparse.ArgumentTypeError(f"must be at least {low}, got {value}")
        return value

    return whole_number


def _number_of_jobs(text):
    value = int(text)
    if value == 0:
        raise argparse.ArgumentTypeError("must not be 0; -1 stands for all processors")
    return value


if __name__ == "__main__":
    # A terminal that knows no "±" gets a "?" in its place.
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]
    sys.exit(main())
