"""What must be true for every call."""

import dis
import re
import traceback
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

import numpy as np
import scipy
import sklearn
from numpy.exceptions import AxisError
from scipy import sparse

from .attempts import PACKAGE, Attempt, TookTooLong, called_by_us, is_inside, own_place

SKLEARN, SCIPY, HERE = (Path(p).parent for p in (sklearn.__file__, scipy.__file__, __file__))
METRICS = SKLEARN / "metrics"
#: Parts of scikit-learn that validate user input, with clear messages.
VALIDATION = tuple(SKLEARN / name for name in ("utils", "base.py", "metrics", "_config.py"))
ALLOWED = (ValueError, TypeError, AttributeError)
NOT_ALLOWED = (np.linalg.LinAlgError, AxisError, UnicodeError)
#: Messages that only developers understand.
INTERNAL = re.compile(
    "broadcast|dispatcher|truth value|report (this|it|a)|open an issue|axis \\d|out of bounds"
    "|singular matri|leading minor|positive definite|not subscriptable|NoneType|ufunc"
    "|unsupported operand|not supported between|object is not iterable|too large to convert"
    "|recursion|shapes \\(|unhashable|unexpected keyword|positional argument|slice indices"
    "|matmul|einsum|concatenate"
)
#: Messages that everyone understands.
PLAIN = re.compile(
    "could not convert string to float|must be a string or a real number"
    "|setting an array element with a sequence|Complex data not supported"
)


class Finding(NamedTuple):
    """A violation."""

    kind: str
    step: str
    text: str
    place: str = ""
    details: str = ""

    @property
    def key(self) -> tuple[str, ...]:
        """The key by which findings are the same."""
        text = re.sub(r"0x[0-9a-f]+|[-+]?\d[\d.e+-]*", "#", self.text)
        if self.place:
            return self.kind, self.place, text[:40]
        return self.kind, self.step, text[:100]


def check_error(attempt: Attempt, *, has_component: bool) -> list[Finding]:
    """Find errors that do not say what is wrong with the input."""
    error = attempt.error
    if error is None or is_clear(error, has_component):
        return []
    if isinstance(error, TookTooLong):
        return [_from_error("too long", attempt)]
    return [_from_error("obscure error", attempt)]


def _from_error(kind, attempt):
    stack = traceback.extract_tb(attempt.error.__traceback__)
    text = f"{type(attempt.error).__name__}: {' '.join(str(attempt.error).split())[:300]}"
    tail = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in stack[-4:]]
    return Finding(kind, attempt.step, text, own_place(reversed(stack)), " > ".join(tail))


def is_clear(error: BaseException, has_component: bool) -> bool:
    """Return whether an error is about the user's input.

    It is raised on purpose, by this package or by scikit-learn's validation, and of a type
    that says so; or by a component of the user's own.
    """
    frames = list(_frames(error.__traceback__))
    files = [frame.tb_frame.f_code.co_filename for frame in frames]
    if not isinstance(error, ALLOWED):
        return False
    called = called_by_us(files)
    if has_component and any(_is_component(file) for file in called):
        return True
    if any(is_inside(file, METRICS) for file in called):  # a score, of whatever estimator
        return True
    if isinstance(error, NOT_ALLOWED):
        return False
    by_us = is_inside(files[-1], PACKAGE) or is_inside(files[-1], SKLEARN / "base.py")
    if by_us and _is_raised(frames[-1]):
        return True
    if INTERNAL.search(str(error)):
        return False
    # Deeper checks are about processed data, not the user's input.
    checks = called if called == files else called[:1]
    is_checked = any(is_inside(file, folder) for file in checks for folder in VALIDATION)
    return is_checked or bool(PLAIN.search(str(error)))


def _frames(tb: TracebackType | None):
    while tb is not None:
        yield tb
        tb = tb.tb_next


def _is_raised(tb: TracebackType) -> bool:
    """Return whether a frame ends with a `raise` of its own."""
    return tb.tb_frame.f_code.co_code[tb.tb_lasti] == dis.opmap["RAISE_VARARGS"]


def _is_component(file):
    is_ours = is_inside(file, HERE) and Path(file).name in ("components.py", "wrong.py")
    in_sklearn = is_inside(file, SKLEARN) and not any(is_inside(file, v) for v in VALIDATION)
    return is_ours or in_sklearn


def check_warnings(attempt: Attempt, *, has_component: bool) -> list[Finding]:
    """Find warnings that are not for users: numerical warnings, and those of other libraries."""
    findings = []
    for warned in attempt.warned:
        is_told = issubclass(warned.category, UserWarning)
        known = warned.category.__module__.split(".")[0] in ("builtins", "sklearn", PACKAGE.name)
        of_metric = any(is_inside(file, METRICS) for file in warned.files)
        of_component = has_component and any(_is_component(file) for file in warned.files)
        if not (is_told and known) and not of_metric and not of_component:
            text = f"{warned.category.__name__}: {warned.text[:200]}"
            source = "".join(warned.files[-1:])
            findings.append(Finding("leaking warning", attempt.step, text, warned.place, source))
    return findings


def check_finite(values: Any, step: str, label: str) -> list[Finding]:
    """Find outputs that are not finite."""
    array = values.data if sparse.issparse(values) else np.asarray(values)
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        kind = "NaN" if np.isnan(array).any() else "infinity"
        return [Finding("not finite", step, f"{kind} from {label}")]
    return []


def check_probabilities(values: Any, step: str, sums_to_one: bool) -> list[Finding]:
    """Find invalid probabilities."""
    values = np.asarray(values)
    if not np.isfinite(values).all():
        return []  # has been found
    if values.ndim != 2 or values.min(initial=0) < 0 or values.max(initial=0) > 1:
        return [Finding("not a probability", step, f"shape {values.shape}, out of [0, 1]")]
    tolerance = 1e-4 if values.dtype == np.float32 else 1e-9
    if sums_to_one and abs(values.sum(axis=1, dtype=float) - 1).max(initial=0) > tolerance:
        return [Finding("not a probability", step, "rows do not sum to one")]
    return []
