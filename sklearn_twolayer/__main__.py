"""Compare two-layer networks with scikit-learn's models: `python -m sklearn_twolayer`."""

import argparse
import os
import sys
import textwrap
from collections.abc import Sequence

from joblib import cpu_count

import sklearn_twolayer

from ._report._comparison import compare, plan, write
from ._report._evaluation import Workers
from ._report._layout import wrapped
from ._report._names import listed
from ._report._table import TASKS, TableError, shipped_tables
from ._report._verdict import legend, ranking
from ._report._winner import check_destination, code_for, save

DESCRIPTION = """\
Compare two-layer networks with a dummy, a linear model, a random forest, gradient-boosted
trees and scikit-learn's MLP by cross-validation, all with default parameters: on your own
file (CSV, Parquet, Excel, JSON, Feather), or without arguments on tables that scikit-learn
ships. Categories, text, dates and missing values are handled. Without --target, the columns of
the file are listed."""

EPILOG = """\
Examples:

  python -m sklearn_twolayer
  python -m sklearn_twolayer houses.parquet
  python -m sklearn_twolayer houses.parquet --target price
  python -m sklearn_twolayer visits.csv --target ill \\
      --group patient --metric roc_auc --save model.skops"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the comparison and print it.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments; if None, those of the command line.

    Returns
    -------
    int
        Exit code: 0; 1 if a model failed or took too long; 2 if the arguments or the table are
        invalid, after a message on the standard error stream; 130 after Ctrl-C.

    Examples
    --------
    >>> main(["no_such_table.csv", "--target", "price"])
    2
    """
    options = _parser().parse_args(argv)
    workers = Workers(options.n_jobs or min(options.folds, cpu_count()), options.time_limit)
    records: list[dict] = []
    try:
        plans = [plan(table, options) for table in _tables(options)]
        limit = f"a model that takes more than {options.time_limit} s is stopped (--time-limit)"
        print(wrapped(f"Mean ± standard deviation over {options.folds} folds; {limit}."))
        results = [compare(each, workers, records) for each in plans]
        print(f"\n{wrapped(legend([each.metrics for each in plans]))}")
        for each, scores in zip(plans, results, strict=True):
            _use_winner(each, scores, options)
    except TableError as error:
        print(wrapped(f"sklearn_twolayer: error: {error}"), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        saved = "; no model was saved" if options.save else ""
        print(f"Interrupted: the results so far are above{saved}.")
        return 130
    finally:
        workers.stop()
        if options.output and records:
            write(options.output, records)
    return 0 if [len(scores) for scores in results] == [len(each.models) for each in plans] else 1


def _use_winner(plan, scores, options):
    names = ranking(scores)
    if names and options.save:
        print(f"Fitting {names[0]} on {len(plan.table.y):,} rows ...", flush=True)
        code = save(plan.models[names[0]], plan.table, options.save)
        columns = list(plan.table.X)
        text = (
            f"Saved. It predicts from frames with these {len(columns):,} columns, in this "
            f"order: {listed(columns)}."
        )
        if any(note.startswith("read as dates") for note in plan.table.notes):
            text += " Dates in another format than in this file would count as missing."
        print(wrapped(f"{text} To load it:"))
        print(textwrap.indent(code, "  "))
    if names and options.code:
        print(f"\n{code_for(plan.models[names[0]], plan.table)}")


def _tables(options):
    check_destination("--output", options.output)
    check_destination("--save", options.save)
    if options.data is None:
        for option in ("target", "group", "save"):
            if getattr(options, option):
                raise TableError(f"--{option} needs a table: python -m sklearn_twolayer FILE …")
        return shipped_tables()
    try:
        from ._report._columns import list_columns
        from ._report._user_table import read_table
    except ImportError:
        raise TableError(
            "reading a table needs pandas and skrub: pip install pandas skrub"
        ) from None
    if options.target is None:
        print(list_columns(options.data))
        raise TableError(
            f"which column should be predicted? Use python -m sklearn_twolayer {options.data} "
            "--target COLUMN"
        )
    return [read_table(options)]


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m sklearn_twolayer",
        description=wrapped(DESCRIPTION),
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("data", nargs="?", metavar="FILE", help="a table with column names")
    add("--target", metavar="COLUMN", help="the column to predict")
    add("--task", choices=TASKS, help="default: inferred from the target")
    add("--group", metavar="COLUMN", help="rows with the same value are kept in the same fold")
    add("--models", metavar="A,B", help="prefixes of names, such as rbf,hist; default: all")
    add("--metric", metavar="A,B", help="scikit-learn scorers; the first one ranks the models")
    add("--folds", type=_at_least(2), default=5, metavar="N", help="default: %(default)s")
    at_random = "maximum number of rows, taken at random (default: %(default)s)"
    add("--max-rows", type=_at_least(20), default=10_000, metavar="N", help=at_random)
    seconds = "time limit in seconds per model, for all folds (default: %(default)s)"
    add("--time-limit", type=_at_least(1), default=300, metavar="S", help=seconds)
    add("--seed", type=_at_least(0), default=0, metavar="N", help="default: %(default)s")
    add("--n-jobs", type=_at_least(1), metavar="N", help="parallel folds; default: processors")
    add("--output", metavar="FILE", help="write the scores of all folds to a CSV file")
    add("--save", metavar="FILE", help="fit and save the best model; .skops or .joblib")
    add("--code", action="store_true", help="print Python code that fits the best model")
    version = f"sklearn_twolayer {sklearn_twolayer.__version__}"
    add("--version", action="version", version=version)
    return parser


def _at_least(low):
    def whole_number(text):
        try:
            value = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"must be a whole number, got {text!r}") from None
        if value < low:
            raise argparse.ArgumentTypeError(f"must be at least {low}, got {value}")
        return value

    return whole_number


if __name__ == "__main__":
    # Terminals that cannot display "±" get a "?" instead.
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        sys.exit(main())
    except BrokenPipeError:  # a reader such as `head` has closed the pipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
