"""Results as text and as a page of the documentation."""

from .machine import in_words
from .measuring import Row

HEADER = """\
Speed
=====

Measured by ``python -m benchmarks --output speed.json --page doc/benchmarks/speed.rst`` on
{machine}{remark}

Competing programs are timed in turn, round after round, so that other load on the machine affects
all of them alike. A pause between measurements lets the threads of the last one go to sleep. Each
figure is the median over the rounds, or of the ratios within each round, with its quartiles.
"""
COLUMNS = ("case", "measured", "median", "quartiles", "target")


def as_text(rows: list[Row]) -> str:
    """Return rows as lines with aligned columns."""
    return aligned([COLUMNS, *map(cells, rows)])


def aligned(lines) -> str:
    """Return lines of cells with aligned columns."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def cells(row: Row) -> tuple[str, ...]:
    """Return the cells of a row."""
    quartiles = "" if row.low is None else f"{number(row.low)} to {number(row.high)}"
    target = ""
    if row.target is not None:
        reached = "reached" if row.target.reached(row.value) else "missed"
        target = f"{row.target.sign} {number(row.target.bound)}: {reached}"
    return row.case, row.measure, f"{number(row.value)} {row.unit}".strip(), quartiles, target


def number(value: float) -> str:
    """Return a number with three digits, or more if it is large."""
    if value == float("inf"):
        return "∞"
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def render(results: dict, sections: list[tuple]) -> str:
    """Return the page of some results: sections of a title, notes and figures."""
    machine = in_words(results["machine"])
    parts = [HEADER.format(machine=machine, remark=noted(results))]
    for title, note, rows in sections:
        parts.append(f"{title}\n{'-' * len(title)}\n\n{note}\n")
        parts.append(table(COLUMNS, map(cells, rows)))
    return "\n".join(parts)


def noted(results: dict) -> str:
    """Return the remark of results as a paragraph, if there is one."""
    return f"\n\n.. note::\n\n   {results['remark']}" if results.get("remark") else ""


def table(header, lines) -> str:
    """Return a table of the documentation."""
    text = [".. list-table::", "   :header-rows: 1", ""]
    for line in (header, *lines):
        text += [f"   {'* -' if i == 0 else '  -'} {cell}".rstrip() for i, cell in enumerate(line)]
    return "\n".join(text) + "\n"
