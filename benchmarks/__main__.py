"""`python -m benchmarks`: speed, compared with other libraries and the limits of the machine."""

import argparse
import json
from importlib import import_module
from pathlib import Path

from . import machine, page
from .measuring import Row

#: Modules with a TITLE, a NOTE and a function `run(quick)`.
NAMES = (
    "limits",
    "gradient",
    "adam",
    "quality",
    "least_squares",
    "scale",
    "predict",
    "sharing",
    "kernels",
)


def main(arguments: list[str] | None = None) -> None:
    """Run the benchmarks and show the results."""
    options = _parser().parse_args(arguments)
    results = {"machine": machine.describe(), "remark": options.remark, "sections": {}}
    if options.output is not None and options.output.exists():
        results["sections"] = json.loads(options.output.read_text())["sections"]
    for name in options.only:
        module = import_module(f"{__package__}.{name}")
        rows = module.run(options.quick)
        entries = [row.as_dict() for row in rows]
        results["sections"][name] = {"quick": options.quick, "rows": entries}
        print(f"\n{module.TITLE}\n{page.as_text(rows)}", flush=True)
        if options.output is not None:
            options.output.write_text(json.dumps(results, indent=1))
    if options.page is not None:
        options.page.write_text(page.render(results, sections(results)))


def sections(results: dict) -> list[tuple]:
    """Return title, note and rows of each measured section, in their order."""
    found = []
    for name in NAMES:
        if name in results["sections"]:
            module = import_module(f"{__package__}.{name}")
            rows = [Row.from_dict(entry) for entry in results["sections"][name]["rows"]]
            found.append((module.TITLE, module.NOTE, rows))
    return found


def _parser():
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", nargs="*", choices=NAMES, default=list(NAMES))
    parser.add_argument(
        "--quick", action="store_true", help="tiny sizes, to check that everything runs"
    )
    parser.add_argument("--output", type=Path, help="JSON file to which sections are added")
    parser.add_argument(
        "--page", type=Path, help="page to write, such as doc/benchmarks/speed.rst"
    )
    parser.add_argument("--remark", default="", help="sentence for the page")
    return parser


if __name__ == "__main__":
    main()
