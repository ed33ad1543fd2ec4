"""`python -m benchmarks.hostile --seed 3 --calls 1000`: random valid and invalid calls."""

import argparse
import sys
import traceback

from .campaign import Report, in_words, run, run_call


def main(arguments: list[str] | None = None) -> int:
    """Make the calls, print the findings, and return 1 if there are any."""
    options = _parser().parse_args(arguments)
    if options.only is not None:
        seed, index = map(int, options.only.split(":"))
        report = run_call(seed, index)
        print(describe(report))
        return int(bool(report.findings))
    seeds = options.seed
    summary = run((seed, index) for seed in seeds for index in range(options.calls))
    print(summary.text())
    return int(bool(summary.first))


def describe(report: Report) -> str:
    """Return all information on one call."""
    lines = [repr(report.case.estimator), report.case.label, f"expected: {report.case.expected}"]
    for attempt in report.attempts:
        value = f"{attempt.error!r}" if attempt.error else f"{attempt.value!r:.100}"
        lines.append(f"- {attempt.step}, {attempt.seconds:.3f} s: {' '.join(value.split())}")
        for warned in attempt.warned:
            source = warned.place or "".join(warned.files[-1:])
            lines.append(f"  {warned.category.__name__}: {warned.text} ({source})")
        if attempt.error is not None:
            lines += traceback.format_exception(attempt.error)
    for finding in report.findings:
        lines += [f"FOUND: {finding.kind}", *in_words(finding)]
    return "\n".join(lines)


def _parser():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hostile", description=__doc__)
    parser.add_argument("--seed", type=int, nargs="+", default=[0])
    parser.add_argument("--calls", type=int, default=300, help="number of calls per seed")
    parser.add_argument("--only", help="SEED:INDEX of one call, for all information on it")
    return parser


if __name__ == "__main__":
    sys.exit(main())
