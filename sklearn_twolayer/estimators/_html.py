"""The HTML below scikit-learn's diagram of a fitted estimator."""

from html import escape

from ..columns import Columns
from ..model import Model

STYLE = """<style>
.twolayer details {margin: 0.4em 0}
.twolayer summary {cursor: pointer}
.twolayer div {max-height: 20em; overflow: auto}
.twolayer td, .twolayer th {text-align: left; padding: 0.15em 0.8em; vertical-align: top}
</style>"""
HEAD = ("part", "factor", "networks", "embedding", "N_E", "parameters")


class FittedHTMLMixin:
    """Adds the architecture and the columns of a table to the HTML of a fitted estimator."""

    def _fitted_html(self) -> str:
        if not hasattr(self, "_model"):
            return ""
        html = model_html(self._model)
        columns = getattr(self, "columns_", None)
        return f'{STYLE}<div class="twolayer">{html}{columns_html(columns)}</div>'

    def _repr_html_inner(self):
        return super()._repr_html_inner() + self._fitted_html()

    def _repr_mimebundle_(self, **kwargs):
        bundle = super()._repr_mimebundle_(**kwargs)
        if "text/html" in bundle:
            bundle["text/html"] = self._repr_html_inner()
        return bundle


def model_html(model: Model) -> str:
    """Return a model as a table with one row per part: collapsible, with its size as the title."""
    rows = [
        (
            part.name,
            f"{factor:.2f}",
            len(part.params),
            " ".join(repr(part.network.embedding).split()),
            f"{part.width:,}",
            f"{part.params.size:,}",
        )
        for part, factor in zip(model.parts, model.factors, strict=True)
    ]
    lines = [_line(HEAD, "th"), *(_line(row, "td") for row in rows)]
    n_parameters = sum(part.params.size for part in model.parts)
    title = f"Two layers: N_E = {model.width:,} units, {n_parameters:,} parameters"
    return _folded(title, f"<table>{''.join(lines)}</table>", is_open=True)


def columns_html(columns: Columns | None) -> str:
    """Return the interpretation of the columns of a table, or nothing for arrays of numbers."""
    if columns is None:
        return ""
    title = f"Columns: {len(columns.columns)}, as interpreted in fit"
    return _folded(title, columns._repr_html_(), is_open=False)


def _line(cells, tag):
    return f"<tr>{''.join(f'<{tag}>{escape(str(cell))}</{tag}>' for cell in cells)}</tr>"


def _folded(title, content, is_open):
    opened = " open" if is_open else ""
    return f"<details{opened}><summary>{escape(title)}</summary><div>{content}</div></details>"
