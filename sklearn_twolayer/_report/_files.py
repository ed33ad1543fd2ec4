"""Choice of the pandas function and the options that read a file."""

import bz2
import gzip
import json
import lzma
import re
import warnings
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from ._table import TableError

#: First bytes of binary files.
MAGIC = {
    b"PAR1": "read_parquet",
    b"ARROW1": "read_feather",
    b"PK\x03\x04": "read_excel",
    b"\xd0\xcf\x11\xe0": "read_excel",
}
#: Files that the archives of spreadsheets contain.
SPREADSHEETS = {"[Content_Types].xml", "mimetype"}
OPENERS: dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
NO_TABLE = "it is not a text table; supported: CSV, Parquet, Excel, JSON, Feather"
#: Else pandas reads dates in JSON as month, day, year if the column is called "date", for example.
AS_STORED: dict[str, Any] = {"dtype": False}
if tuple(map(int, pd.__version__.split(".")[:2])) < (3, 1):
    AS_STORED["convert_dates"] = False  # deprecated since
#: Number of bytes by which the format of a file is recognised.
HEAD = 1_000_000


def read_frame(path: str) -> tuple[pd.DataFrame, list[str]]:
    """Read a table from a file in any format that pandas supports.

    Return its rows, with column names as strings, and lines of Python code that read it.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # lines that end with a separator
            function, options = _how_to_read(path)
            if function == "read_csv":
                _check_header(path, options)
            frame = getattr(pd, function)(path, **options)
    except TableError:
        raise
    except Exception as error:  # from any of the libraries that pandas calls
        reason = getattr(error, "strerror", None) or str(error).strip() or type(error).__name__
        raise TableError(f"cannot read {path}: {reason.splitlines()[0]}") from None
    arguments = "".join(f", {name}={value!r}" for name, value in options.items())
    code = ["import pandas as pd", f"frame = pd.{function}({path!r}{arguments})"]
    kinds = {name: pd.api.types.infer_dtype(column) for name, column in frame.items()}
    mixed = [name for name, kind in kinds.items() if kind == "mixed"]
    if exact := [name for name, kind in kinds.items() if kind == "decimal"]:
        frame = frame.astype(dict.fromkeys(exact, float))
        code.append(f"frame = frame.astype(dict.fromkeys({exact}, float))")
    if any(isinstance(cell, dict) for name in mixed for cell in frame[name]):
        frame = pd.json_normalize(frame.to_dict("records"))
        code.append('frame = pd.json_normalize(frame.to_dict("records"))')
    if any(not isinstance(name, str) or name != name.strip() for name in frame.columns):
        frame.columns = [str(name).strip() for name in frame.columns]
        code.append("frame.columns = [str(name).strip() for name in frame.columns]")
    _check_names(frame, path)
    return frame, code


def header_hint(names: Iterable[str], path: str) -> str:
    """Return a question if column names are numbers or dates, as if there were no header."""
    if any(re.fullmatch(r"[-+]?\d[\d.,:/-]*", name) for name in names):
        return f" (does the first row of {path} contain the column names?)"
    return ""


def _check_header(path, options):
    """Raise a TableError if names are repeated, which pandas would number."""
    options = {name: value for name, value in options.items() if name != "na_values"}
    header = pd.read_csv(path, header=None, nrows=1, dtype=str, keep_default_na=False, **options)
    _check_unique(pd.Index(header.iloc[0].str.strip()), path)


def _check_unique(names, path):
    copies = names[names.duplicated() & (names != "")].unique()
    if len(copies):
        hint = header_hint(copies, path)
        raise TableError(f"{path} has several columns named {', '.join(map(repr, copies))}{hint}")


def _check_names(frame, path):
    if not all(name.isprintable() for name in frame.columns):
        raise TableError(f"cannot read {path}: {NO_TABLE}")
    _check_unique(frame.columns, path)
    if frame.empty:
        raise TableError(f"{path} has column names, but no rows")
    if all(re.fullmatch(r"-?\d+\.\d+(\.\d+)?", name) for name in frame.columns):
        raise TableError(
            f"{path} begins with numbers: its first line must contain the column names"
        )


def _how_to_read(path):
    """Return the name of a function, and its options, by the contents of the file."""
    with OPENERS.get(Path(path).suffix, open)(path, "rb") as file:
        head = file.read(HEAD)
    for magic, function in MAGIC.items():
        if head.startswith(magic):
            if zipfile.is_zipfile(path) and not SPREADSHEETS & {*zipfile.ZipFile(path).namelist()}:
                raise ValueError("it is a ZIP archive: extract the table first")
            return function, {}
    encoding = _encoding_of(head)
    text = head.decode(encoding, errors="replace").lstrip("\ufeff \r\n")
    if not text.strip() or "\0" in text:
        raise ValueError(NO_TABLE if text.strip() else "it is empty")
    options = {} if encoding == "utf-8" else {"encoding": encoding}
    if text[0] in "[{":
        return "read_json", options | AS_STORED | _form_of_json(text)
    if len(head) == HEAD:
        options["low_memory"] = False
    options |= {"na_values": ["?"]} if "?" in text else {}
    return "read_csv", options | _form_of_csv(path, text.partition("\n")[0], options)


def _encoding_of(head):
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if b"\0" in head[:2]:  # every other byte of common letters is zero
        return "utf-16-le" if head[1:2] == b"\0" else "utf-16-be"
    try:
        head.decode()
    except UnicodeDecodeError as error:  # unless the last letter is incomplete
        return "cp1252" if error.start < len(head) - 4 else "utf-8"
    return "utf-8"


def _form_of_json(text):
    """Return the options for one record per line, and for formats of `DataFrame.to_json`."""
    if form := re.match(r'\{\s*"(columns|schema)"\s*:', text):
        return {"orient": {"columns": "split", "schema": "table"}[form[1]]}
    first, _, rest = text.partition("\n")
    try:
        return {"lines": True} if rest.strip() and isinstance(json.loads(first), dict) else {}
    except ValueError:
        return {}


def _form_of_csv(path, first_line, options):
    """Return the separator that gives most cells in the first lines, then most numeric columns."""

    def read(separator, **more):
        try:
            more["on_bad_lines"] = "skip"  # reading the whole file reports them
            return pd.read_csv(path, nrows=200, sep=separator, **options, **more)
        except ValueError:
            return pd.DataFrame()

    def n_cells(separator):
        return read(separator, index_col=False).count().sum()

    separator = max(",;\t|", key=n_cells)
    if read(separator, index_col=False).shape[1] < 2:
        others = sorted(set(re.findall(r"[^\w\s\"'.-]", first_line)))
        separator = max([separator, *others, r"\s+"], key=n_cells)
    form = {} if separator == "," else {"sep": separator}
    plain = read(separator)
    is_empty = plain.iloc[:, -1:].isna().all(axis=None)  # else the rows have names
    if is_empty and not plain.equals(read(separator, index_col=False)):
        form["index_col"] = False  # lines end with a separator
    n_numbers = [read(separator, decimal=mark).select_dtypes("number").shape[1] for mark in ".,"]
    is_decimal = n_numbers[1] > n_numbers[0]
    if separator == "," and is_decimal:  # unless all commas may separate thousands
        cells = read(separator, dtype=str).stack().astype(str)
        commas = cells[cells.str.fullmatch(r"[-+]?\d+,\d+")]
        is_decimal = not commas.str.fullmatch(r"[-+]?[1-9]\d{0,2},\d{3}").all()
    return form | ({"decimal": ","} if is_decimal else {})
