"""The comparison on the command line."""

import csv
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
import zipfile
from decimal import Decimal
from multiprocessing.pool import ThreadPool
from types import SimpleNamespace

import joblib
import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import LogisticRegression

from sklearn_twolayer import __main__ as command
from sklearn_twolayer import __version__
from sklearn_twolayer._report import _comparison, _evaluation, _layout, _metrics, _verdict
from sklearn_twolayer._report._models import choose, models_for
from sklearn_twolayer._report._table import CLASSIFICATION, REGRESSION, Table, shipped_tables

# A model's line: its name, and scores with their spreads. The time is not caught: it varies.
LINE = re.compile(r"^(\w+) +(-?[\d.]+) ± ([\d.]+) +([\d.e-]+) ± ([\d.e-]+) +[\d.]+ s$", re.M)
IRIS = Table("iris", *load_iris(return_X_y=True), CLASSIFICATION)


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch):
    monkeypatch.setattr(_evaluation, "start_workers", ThreadPool)


@pytest.fixture
def workers():
    workers = _evaluation.Workers(1, 60)
    yield workers
    workers.stop()


@pytest.fixture(scope="module")
def frame():
    """Return a table with a column of each kind."""
    pd = pytest.importorskip("pandas")
    pytest.importorskip("skrub")
    rng = np.random.default_rng(0)
    n = 120
    frame = pd.DataFrame(
        {
            "PassengerId": np.arange(n) + 1,
            "Name": [f"passenger {i}" for i in range(n)],
            "Age": np.where(rng.random(n) < 0.2, np.nan, rng.integers(1, 80, n)),
            "Class": rng.integers(1, 4, n),
            "Port": rng.choice(["Québec", "São Tomé", None], n).astype(object),
            "Boarded": pd.date_range("2020-01-01", periods=n, freq="31h").astype(str),
            "Crew": rng.choice([True, False], n),
            "Family": np.arange(n) // 3,
            "Planet": "Earth",
            "Remarks": np.nan,
        }
    )
    frame["Fare"] = (3.25 * frame["Class"] + rng.normal(size=n)).round(6)
    frame["Survived"] = np.where(frame["Class"] + rng.normal(size=n) > 2, "yes", "no")
    return frame


@pytest.fixture
def read_frame():
    pytest.importorskip("pandas")
    from sklearn_twolayer._report._files import read_frame

    return read_frame


@pytest.fixture
def passengers(frame, tmp_path):
    path = tmp_path / "passengers.csv"
    frame.to_csv(path, index=False)
    return path


def run(capsys, *arguments):
    code = command.main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    return code, out, err


def simple(capsys, *arguments):
    """Run the dummy alone, expect no error, and return what is printed."""
    code, out, err = run(capsys, *arguments, "--models", "dummy")
    assert (code, err) == (0, "")
    return " ".join(out.split())


def fail(capsys, *arguments):
    """Run, expect the code of a wrong argument, and return what is said of it."""
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "")
    return " ".join(err.split())


def write(frame, path, form, **options):
    getattr(frame, f"to_{form}")(path, **options)
    return path


def test_a_line_with_too_many_cells_is_named(capsys, tmp_path):
    path = tmp_path / "ragged.csv"
    path.write_text("a,b,y\n" + "1,2,3\n" * 30 + "1,2,3,4\n" + "1,2,3\n" * 9)
    assert "Expected 3 fields in line 32, saw 4" in fail(capsys, path, "--target", "y")


def test_the_code_converts_labels_as_the_comparison_does(capsys, tmp_path):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": np.arange(40.0), "y": np.arange(40) % 2 == 0}, dtype=object)
    frame.loc[::5, "y"] = None
    path = write(frame, tmp_path / "flags.csv", "csv", index=False)
    out = simple(capsys, path, "--target", "y", "--folds", 2, "--code")
    code = out[out.index("frame = pd.read_csv") :]
    assert "frame = frame.astype({'y': str})" in code
    assert "8 rows without a target dropped (cells such as NA" in out


def test_shipped_tables_run_through(capsys, monkeypatch):
    monkeypatch.setattr(command, "shipped_tables", lambda: iter([IRIS]))
    code, out, err = run(capsys, "--models", "dummy,log")
    assert (code, err) == (0, "")
    assert "iris: 150 rows, 4 columns, 3 classes" in out
    found = {name: float(score) for name, score, *_ in LINE.findall(out)}
    assert found["LogisticRegression"] > 0.9 > found["DummyClassifier"]
    assert "Best by accuracy: LogisticRegression" in out


def test_shipped_tables_have_both_tasks():
    tables = list(shipped_tables())
    assert {table.task for table in tables} == {CLASSIFICATION, REGRESSION}
    assert all(len(table.X) == len(table.y) for table in tables)


@pytest.mark.parametrize("target, kind", [("Survived", "Classifier"), ("Fare", "Regressor")])
def test_all_models_on_columns_of_each_kind(capsys, passengers, target, kind):
    code, out, err = run(capsys, passengers, "--target", target, "--folds", 2)
    assert (code, err) == (0, "")
    rows = {name: float(score) for name, score, *_ in LINE.findall(out)}
    assert {f"MLP{kind}", "HistGradientBoosting", "RandomForest", "RBFNetwork"} <= set(rows)
    assert rows[f"TwoLayer{kind}"] > rows[f"Dummy{kind}"]


FORMS = {
    "a.csv": ("csv", {"index": False}),
    "semicolons.csv": ("csv", {"index": False, "sep": ";", "decimal": ","}),
    "tabs.txt": ("csv", {"index": False, "sep": "\t", "encoding": "utf-16"}),
    "big_endian.txt": ("csv", {"index": False, "encoding": "utf-16-be"}),
    "latin.csv": ("csv", {"index": False, "sep": "|", "encoding": "cp1252"}),
    "marked.csv": ("csv", {"index": False, "sep": "^", "encoding": "utf-8-sig"}),
    "packed.csv.gz": ("csv", {"index": False}),
    "records.json": ("json", {"orient": "records"}),
    "lines.json": ("json", {"orient": "records", "lines": True}),
    "columns.json": ("json", {}),
    "indented.json": ("json", {"indent": 2}),
    "split.json": ("json", {"orient": "split"}),
    "typed.json": ("json", {"orient": "table"}),
    "a.parquet": ("parquet", {}),
    "a.feather": ("feather", {}),
    "a.xlsx": ("excel", {"index": False}),
    "no_ending": ("parquet", {}),
}


@pytest.mark.parametrize("name", FORMS)
def test_files_of_all_forms_hold_the_same(frame, read_frame, tmp_path, name):
    form, options = FORMS[name]
    if form in ("parquet", "feather"):
        pytest.importorskip("pyarrow")
    if form == "excel":
        pytest.importorskip("openpyxl")
    path = write(frame, tmp_path / name, form, **options)
    found, code = read_frame(str(path))
    assert list(found) == list(frame)
    assert found["Port"].fillna("").tolist() == frame["Port"].fillna("").tolist()
    np.testing.assert_allclose(found[["Age", "Fare"]], frame[["Age", "Fare"]])
    scope = {}
    exec("\n".join(code), scope)
    assert scope["frame"].equals(found)


@pytest.mark.parametrize("name", ["date", "created_at", "modified", "when"])
def test_dates_in_json_are_read_as_in_csv(capsys, tmp_path, name):
    pandas = pytest.importorskip("pandas")
    days = pandas.date_range("2023-01-01", periods=120)
    frame = pandas.DataFrame({name: days.strftime("%d.%m.%Y"), "y": np.arange(120.0) ** 2})
    for path in (
        write(frame, tmp_path / "dates.csv", "csv", index=False),
        write(frame, tmp_path / "dates.json", "json", orient="records"),
        write(frame, tmp_path / "lines.json", "json", orient="records", lines=True),
    ):
        out = simple(capsys, path, "--target", "y", "--code")
        assert f"(read as dates: {name})" in out
        scope = {}
        exec(re.search(r"frame = .*?\)", out)[0], {"pd": pandas}, scope)
        assert scope["frame"][name].tolist() == frame[name].tolist()


@pytest.mark.parametrize(
    "name, text, columns",
    [
        (
            "records_in_records.json",
            '[{"a": {"b": 1, "c": 2}, "d": 3}, {"a": {"b": 4, "c": 5}, "d": 6}]',
            {"d": [3, 6], "a.b": [1, 4], "a.c": [2, 5]},
        ),
        ("lines_that_end_with_a_separator.csv", "a,b\n1,2,\n3,4,\n", {"a": [1, 3], "b": [2, 4]}),
        ("rows_with_names.csv", "a,b\nr1,1,2\nr2,3,4\n", {"a": [1, 3], "b": [2, 4]}),
        ("numbered_rows.txt", '"a" "b"\n"1" 1 2\n"2" 3 4\n', {"a": [1, 3], "b": [2, 4]}),
        (
            "commas_between_thousands.csv",
            "a,b\n" + '"1,100",2\n502,3\n' * 20,
            {"a": ["1,100", "502"] * 20, "b": [2, 3] * 20},
        ),
    ],
)
def test_files_of_special_forms(read_frame, tmp_path, name, text, columns):
    path = tmp_path / name
    path.write_text(text)
    assert read_frame(str(path))[0].to_dict("list") == columns


@pytest.mark.parametrize(
    "content, reason",
    [
        (b"", "it is empty"),
        (b"\x7fELF\x00\x01\n\x00,\x02", "not a text table"),
        (b'a,b\n1,2\n"3,4\n5', "EOF inside string"),
        (b"a,b,c\n", "has column names, but no rows"),
        (b"a, a,y\n1,2,3\n", "several columns named 'a'"),
        (b"5.1,3.5,1.4\n4.9,3.0,1.5\n", "first line must contain the column names"),
        (b'{"a": [1, 2}', "cannot read"),
        (b"a\x01,b\n1,2\n", "not a text table"),
    ],
)
def test_no_table(capsys, tmp_path, content, reason):
    pytest.importorskip("skrub")
    path = tmp_path / "wrong.csv"
    path.write_bytes(content)
    assert reason in fail(capsys, path, "--target", "b")


def test_an_archive_is_named(capsys, tmp_path):
    pytest.importorskip("skrub")
    path = tmp_path / "table.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("table.csv", "a,b\n1,2\n")
    assert "it is a ZIP archive: extract the table first" in fail(capsys, path, "--target", "b")


@pytest.mark.parametrize("option", ["--target", "--group"])
def test_columns_of_lists_are_named(capsys, tmp_path, option):
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("skrub")
    rows = pandas.DataFrame({"x": np.arange(40.0), "y": [[1, 2], [3]] * 20, "z": [0, 1] * 20})
    path = write(rows, tmp_path / "lists.json", "json", orient="records")
    others = ("--target", "z") if option == "--group" else ()
    assert "the column 'y' contains lists" in fail(capsys, path, *others, option, "y")


def test_dates_are_classes_or_refused(capsys, tmp_path):
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("skrub")
    days = pandas.to_datetime(["2020-01-01", "2020-02-01"] * 30)
    rows = pandas.DataFrame({"x": np.arange(60.0), "day": days})
    path = write(rows, tmp_path / "days.parquet", "parquet")
    message = "the target 'day' is not numeric (it contains dates or spans of time)"
    assert message in fail(capsys, path, "--target", "day", "--task", "regression")
    from sklearn_twolayer._report._user_table import read_table

    options = SimpleNamespace(data=str(path), target="day", group=None, task=None, folds=5)
    vars(options).update(max_rows=1000, seed=0)
    assert set(read_table(options).y) == {"2020-01-01", "2020-02-01"}


@pytest.mark.parametrize("first", ["22.78,Aachen,01.01.2020", "22,Aachen,2020-01-01", "7,7,A"])
def test_a_missing_header_is_suspected(capsys, tmp_path, first):
    pytest.importorskip("skrub")
    path = tmp_path / "bare.csv"
    path.write_text("\n".join([first, *(f"{i}.5,Bonn,{i}" for i in range(40))]))
    question = f"(does the first row of {path} contain the column names?)"
    assert question in fail(capsys, path, "--target", "price")
    code, out, err = run(capsys, path)
    assert code == 2 and question in " ".join((out + err).split())


def test_formats_are_named_where_a_file_has_another(capsys, tmp_path):
    pytest.importorskip("skrub")
    path = tmp_path / "model.pkl"
    joblib.dump({"a": np.arange(3)}, path)
    formats = "not a text table; supported: CSV, Parquet, Excel, JSON, Feather"
    assert formats in fail(capsys, path, "--target", "a")


def test_no_such_file(capsys, tmp_path):
    pytest.importorskip("skrub")
    assert "No such file" in fail(capsys, tmp_path / "none.csv", "--target", "Fare")
    assert "cannot read" in fail(capsys, tmp_path, "--target", "Fare")


def test_columns_are_listed_where_no_target_is_named(capsys, frame, passengers):
    code, out, err = run(capsys, passengers)
    assert code == 2
    assert all(f"  {name}: " in out for name in frame)
    assert f"{passengers} --target COLUMN" in " ".join(err.split())


def test_what_is_made_of_the_columns_is_said(capsys, passengers):
    out = simple(capsys, passengers, "--target", "Survived")
    for note in (
        "dropped, identifiers: PassengerId",
        "dropped, constant: Planet",
        "dropped, empty: Remarks",
        "read as dates: Boarded",
    ):
        assert f"({note})" in out


def test_text_is_kept_and_identifiers_are_not(capsys, frame, tmp_path):
    """The rows differ in their letters alone, which rule the target."""
    letters = ["abcdefghijkl"[i // 10] + "mnopqrstuv"[i % 10] for i in range(120)]
    codes = [f"{'early' if i % 2 else 'late'} {word}" for i, word in enumerate(letters)]
    changed = frame.assign(Ticket=codes, uuid=letters, Late=np.arange(120) % 2)
    path = write(changed, tmp_path / "text.csv", "csv", index=False)
    names = ["--models", "dummy,rbf,ridge", "--folds", 2, "--task", "regression"]
    code, out, err = run(capsys, path, "--target", "Late", *names)
    assert (code, err) == (0, "") and "(dropped, identifiers: PassengerId, uuid)" in out
    found = {name: float(score) for name, score, *_ in LINE.findall(out)}
    assert found["RBFNetwork"] > 0.8 and found["DummyRegressor"] < 0.1


def test_consecutive_numbers_are_identifiers_by_their_names(capsys, tmp_path):
    pandas = pytest.importorskip("pandas")
    numbers = np.arange(120)
    names = "id", "Unnamed: 0", "row", "rownames", "RowNumber", "Row Names", "No", "Sr. No.", "#"
    kept = {"minute": numbers, "year": 1900 + numbers, "narrow": numbers, "piano": numbers}
    frame = pandas.DataFrame(dict.fromkeys(names, numbers) | kept | {"y": numbers**1.5})
    path = write(frame, tmp_path / "counts.csv", "csv", index=False)
    code, out, err = run(capsys, path, "--target", "y", "--models", "ridge")
    said = " ".join(out.split())
    assert (code, err) == (0, "") and "120 rows, 4 columns" in said
    assert f"(dropped, identifiers: {', '.join(names)})" in said
    assert f"(consecutive numbers, kept: {', '.join(kept)}; remove them from the file" in said
    assert float(LINE.search(out)[2]) > 0.9


@pytest.mark.parametrize("ending", ["csv", "parquet"])
@pytest.mark.parametrize("mark", [None, "-", "n.a."])
def test_numbers_that_are_text(capsys, frame, tmp_path, ending, mark):
    texts = [f"{i / 7:.2f}" if i % 9 or mark is None else mark for i in range(120)]
    codes = [f"{7 * i % 500:03}" for i in range(120)]
    changed = frame[["Age"]].assign(Ticket=texts, Code=codes, Late=np.arange(120.0))
    path = write(changed, tmp_path / f"text.{ending}", ending, index=False)
    options = "--target", "Late", "--models", "dummy", "--code"
    code, out, err = run(capsys, path, *options)
    assert (code, err) == (0, "")
    is_text = ending == "parquet" or mark is not None
    missing = "" if mark is None else f"; missing: {mark!r}"
    assert (f"(text read as numbers: Ticket{missing})" in out) == is_text
    scope = {}
    exec(out[out.index("import pandas") :], scope)
    assert scope["X"]["Ticket"].dtype == float
    assert (scope["X"]["Code"].dtype.kind in "iu") == (ending == "csv")


def test_lists_and_infinities_beside_other_columns(capsys, frame, tmp_path):
    changed = frame[["Age", "Fare"]].assign(tags=[[1, 2]] * 120, rate=np.arange(120.0))
    changed.loc[3, "rate"] = np.inf
    path = write(changed, tmp_path / "lists.parquet", "parquet")
    out = simple(capsys, path, "--target", "Fare")
    assert "(dropped, lists: tags)" in out and "(infinities treated as missing: rate (1))" in out


def test_words_and_codes_are_no_missing_numbers(capsys, frame, tmp_path):
    kinds = ["4", "6", "8", "rotary"] * 30
    codes, long = ["1", "2", "3", "A"] * 30, [f"{10**24 + i // 2}" for i in range(120)]
    marked = ["1.5", "-", "2.5", "3"] * 30
    table = frame[["Age"]].assign(codes=codes, long=long, kind=kinds)
    table["self"] = marked
    path = write(table, tmp_path / "codes.parquet", "parquet")
    out = simple(capsys, path, "--target", "kind", "--group", "long")
    assert "(text read as numbers: self; missing: '-')" in out
    assert "4 classes" in out and "(folds keep the 60 values of long together)" in out


def test_decimal_commas_in_quotes(capsys, tmp_path):
    lines = [f'"{i},5","{2 * i},25",{i % 3}' for i in range(60)]
    path = tmp_path / "quoted.csv"
    path.write_text("\n".join(["a,b,c", *lines]))
    assert "2 columns, regression" in simple(capsys, path, "--target", "a")


def test_the_verdict_on_few_folds_is_about_folds():
    results = {"A": np.array([[0.9, 1], [0.6, 1]]), "Dummy": np.array([[0.5, 1], [0.5, 1]])}
    text = _verdict.verdict(results, "r2")
    assert "With 2 folds even large differences may be chance" in text and "ignores" not in text


def test_metrics_that_do_not_fit_are_named(monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    text = _verdict.legend([["accuracy", "f1_macro", "roc_auc"]])
    shown, _, hidden = text.partition("Not shown, for lack of width: ")
    assert "f1" in shown and "roc" not in shown and "roc" in hidden


@pytest.mark.parametrize(
    "change, target, note",
    [
        ({"Fare": [np.nan, np.inf]}, "Fare", "2 rows without a target dropped"),
        ({"Survived": ["unknown"] * 2}, "Survived", "fewer than 5 rows dropped: unknown"),
        ({}, "Class", "the numbers in Class are treated as classes"),
    ],
)
def test_rows_left_out_are_noted(capsys, frame, tmp_path, change, target, note):
    changed = frame.copy()
    for name, values in change.items():
        changed.loc[: len(values) - 1, name] = values
    path = write(changed, tmp_path / "changed.csv", "csv")
    assert note in simple(capsys, path, "--target", target)


def test_copies_of_rows_are_noted(capsys, frame, tmp_path):
    path = write(frame.loc[np.arange(120) % 60], tmp_path / "copies.csv", "csv", index=False)
    note = "(60 rows are copies of others: scores may be optimistic)"
    assert note in simple(capsys, path, "--target", "Survived")


def test_exact_decimals_are_numbers(capsys, frame, tmp_path):
    pytest.importorskip("pyarrow")
    exact = frame.assign(Fare=[Decimal(str(fare)) for fare in frame["Fare"]])
    path = write(exact, tmp_path / "exact.parquet", "parquet")
    assert "regression" in simple(capsys, path, "--target", "Fare")


def test_long_table_is_sampled(capsys, passengers):
    out = simple(capsys, passengers, "--target", "Fare", "--max-rows", 50)
    assert "(50 of 120 rows, taken at random (--max-rows))" in out


@pytest.mark.parametrize(
    "target, option, expected",
    [
        ("Class", (), "3 classes"),
        ("Class", ("--task", "regression"), "regression"),
        ("Age", (), "regression"),
        ("Crew", (), "2 classes"),
    ],
)
def test_kind_of_task(capsys, passengers, target, option, expected):
    assert f"columns, {expected}" in simple(capsys, passengers, "--target", target, *option)


@pytest.mark.parametrize(
    "arguments, message",
    [
        (("Remarks",), "0 rows have a target"),
        (("Planet",), "the target 'Planet' has only one value: Earth"),
        (("Name",), "120 of the 120 classes of the target 'Name' have fewer than 5 rows"),
        (("Port", "--task", "regression"), "is not numeric"),
        (("Fare", "--task", "classification"), "try --task regression"),
        (("Fare", "--folds", 61), "needs 122 for 61 folds; try fewer --folds"),
        (("Fare", "--group", "Fare"), "--group and --target name the same column, 'Fare'"),
        (("survived",), "no column 'survived'; did you mean Survived?"),
        (("xyz",), "available: PassengerId, Name, Age"),
        (("Fare", "--group", "xyz"), "no column 'xyz'"),
        (("Fare", "--metric", "xyz"), "is not a scikit-learn scorer; available: d2_"),
        (("Fare", "--group", "Class"), "5 folds need as many groups, but there are 3"),
        (("Fare", "--metric", "accuracy"), "is not for regression; available"),
        (
            ("Survived", "--metric", "accurate"),
            "is not a scikit-learn scorer; did you mean accuracy?",
        ),
        (
            ("Fare", "--models", "xyz"),
            "no model begins with 'xyz' (--models); available: DummyRegressor",
        ),
        (("Fare", "--save", "model.pkl"), "must end with .skops or .joblib"),
        (("Fare", "--output", "no/such/folder/a.csv"), "the folder does not exist"),
    ],
)
def test_wishes_that_cannot_be_met(capsys, passengers, arguments, message):
    assert message in fail(capsys, passengers, "--target", *arguments)


@pytest.mark.parametrize(
    "labels, message",
    [
        (
            ["a"] * 597 + ["b"] * 3,
            "1 of the 2 classes of the target 'y' has fewer than 5 rows, one per fold: b (3); "
            "try --folds 3 or fewer",
        ),
        ([0] * 597 + [1] * 3, "1 (3); try --folds 3 or fewer, or --task regression"),
        (["a"] * 98 + ["b"] * 2, "b (2); try --folds 2"),
        (["a"] * 99 + ["b"], "b (1); try another column"),
        (list("abcdefgh") * 4, "8 of the 8 classes of the target 'y' have fewer than 5 rows"),
        (list("abcdefgh") * 4, "a (4), b (4), c (4), d (4), e (4), …; try --folds 4 or fewer"),
        (
            ["134.25", *(f"1,{i}.50" for i in range(100, 130)), *np.arange(50.0).astype(str)],
            "text, such as '1,100.50'; numbers kept as text: y ('1,100.50')",
        ),
        (
            ["N/A-ish", "None"] * 30,
            "only one value: N/A-ish; 30 rows without a target dropped (cells such as NA or None",
        ),
        (
            [np.inf, *[np.nan] * 30],
            "but the comparison needs 20; infinities treated as missing: y (1); 31 rows without",
        ),
    ],
)
def test_errors_about_targets_say_what_became_of_them(capsys, tmp_path, labels, message):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"x": np.arange(len(labels)) / 7, "y": labels})
    path = write(frame, tmp_path / "targets.csv", "csv", index=False)
    assert message in fail(capsys, path, "--target", "y")


@pytest.mark.parametrize(
    "number", ["2,278", "$1,234.00", "-$5", "12.5%", "1.234.567,8", "1 234 €", "12,5", "80 kg"]
)
def test_numbers_kept_as_text_are_noted(capsys, frame, tmp_path, number):
    others = ["01.01.2023", "A 12", "2.0.1", "1,2,3", "Berlin", "2023-01-01", "12A"]
    changed = frame[["Age", "Fare"]].assign(size=[number, "17", "-"] * 40)
    for i, text in enumerate(others):
        changed[f"other{i}"] = [text, f"{text[:-1]}2", text] * 40
    path = write(changed, tmp_path / "signs.parquet", "parquet")
    out = simple(capsys, path, "--target", "Fare")
    assert f"(numbers kept as text: size ({number!r}); write them like 1234.5" in out


def test_no_column_to_learn_from(capsys, frame, tmp_path):
    path = write(frame[["PassengerId", "Fare"]], tmp_path / "two.csv", "csv", index=False)
    assert "no other column to predict 'Fare' from; dropped, identifiers" in fail(
        capsys, path, "--target", "Fare"
    )


def test_options_that_need_a_table(capsys):
    for option in ("--target", "--group", "--save"):
        assert f"{option} needs a table" in fail(capsys, option, "a.skops")


def test_without_pandas(capsys, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "pandas", None)
    for name in ("_user_table", "_columns", "_files"):
        monkeypatch.delitem(sys.modules, f"sklearn_twolayer._report.{name}", raising=False)
    error = fail(capsys, tmp_path / "any.csv", "--target", "Fare")
    assert "needs pandas and skrub: pip install pandas skrub" in error


@pytest.mark.parametrize(
    "arguments", [["--folds", "1"], ["--task", "magic"], ["--seed", "x"], ["--n-jobs", "0"]]
)
def test_wrong_option(capsys, arguments):
    with pytest.raises(SystemExit) as stop:
        command.main(arguments)
    assert stop.value.code == 2
    assert arguments[0] in capsys.readouterr().err


@pytest.mark.parametrize(
    "option, text", [("--help", "--target COLUMN"), ("--version", __version__)]
)
def test_options_that_answer(capsys, option, text):
    with pytest.raises(SystemExit) as stop:
        command.main([option])
    assert stop.value.code == 0
    assert text in capsys.readouterr().out


@pytest.mark.parametrize("ending", ["skops", "joblib"])
def test_saved_model_is_that_of_the_printed_code(capsys, passengers, tmp_path, ending):
    pytest.importorskip(ending)
    path, scope = tmp_path / f"model.{ending}", {}
    arguments = ["--target", "Survived", "--models", "log", "--save", path, "--code"]
    code, out, _ = run(capsys, passengers, *arguments)
    assert code == 0
    exec(out[out.index("import pandas") :], scope)
    loading = out[out.index("To load it:\n") + 12 : out.index("import pandas")]
    assert ("print(types)" in loading) == (ending == "skops")
    loaded = {}
    exec(textwrap.dedent(loading), loaded)
    model, X = loaded["model"], scope["X"]
    np.testing.assert_allclose(model.predict_proba(X), scope["model"].predict_proba(X))
    assert set(model.classes_) == {"yes", "no"}
    assert "Dates in another format" in " ".join(out.split())


def test_code_of_all_models_can_be_run(frame):
    from sklearn_twolayer._report._winner import code_for

    X, y = load_iris(return_X_y=True)
    code = ("from sklearn.datasets import load_iris", "X, y = load_iris(return_X_y=True)")
    for takes_frames in (False, True):
        for task in (CLASSIFICATION, REGRESSION):
            for model in models_for(task, 3, takes_frames).values():
                lines = code_for(model, Table("iris", X, y, task, code=code))
                scope = {}
                exec(lines.replace("model.fit(X, y)", ""), scope)
                assert repr(scope["model"]) == repr(model)


def test_scores_are_written(capsys, passengers, tmp_path):
    path = tmp_path / "scores.csv"
    simple(capsys, passengers, "--target", "Survived", "--folds", 3, "--output", path)
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["fold"] for row in rows] == ["0", "1", "2"]
    assert {"table", "model", "accuracy", "neg_log_loss", "fit_seconds"} <= set(rows[0])


@pytest.mark.parametrize("task", [CLASSIFICATION, REGRESSION])
def test_groups_stay_together(task):
    groups = np.repeat(np.arange(20), 3)
    table = Table("grouped", np.eye(60), np.tile([0, 0, 1], 20), task, groups)
    for train, test in _evaluation.split(table, 5, seed=0):
        assert not set(groups[train]) & set(groups[test])


def test_group_is_no_column_to_learn_from(capsys, passengers):
    out = simple(capsys, passengers, "--target", "Fare", "--group", "Family")
    assert "120 rows, 7 columns" in out
    assert "120 rows, 8 columns" in simple(capsys, passengers, "--target", "Fare")


@pytest.mark.parametrize("counts", [(97, 3), (3, 97)])
def test_rare_class_is_the_positive_one(counts):
    y = np.repeat(["a", "b"], counts)
    table = Table("rare", np.eye(100), y, CLASSIFICATION)
    metrics, notes = _metrics.metrics_for(table, None)
    assert metrics[0] == "average_precision"
    assert "3.0% of the rows" in notes[0]
    assert table.targets.sum() == 3
    assert (table.classes[table.targets] == y).all()


def test_measures_for_two_classes_have_relatives_for_more():
    assert _metrics.metrics_for(IRIS, "roc_auc,f1")[0] == ["roc_auc_ovr", "f1_macro"]
    two = Table("two", *load_breast_cancer(return_X_y=True), CLASSIFICATION)
    assert _metrics.metrics_for(two, "f1")[1] == ("the positive class is 0",)
    assert _metrics.metrics_for(two, "roc_auc,f1")[0] == ["roc_auc", "f1"]
    assert _metrics.metrics_for(two, "log_loss,accuracy")[0] == ["neg_log_loss", "accuracy"]


def test_models_are_chosen_by_the_beginnings_of_names():
    models = models_for(REGRESSION, 0)
    assert list(choose(models, "rbf, twolayer")) == ["TwoLayerRegressor", "RBFNetwork"]
    assert choose(models, None) == models


def plan_of(models, table):
    splits = _evaluation.split(table, 3, seed=0)
    return _comparison.Plan(table, models, splits, ["r2"], ())


def test_model_that_fails_leaves_the_others_their_turn(capsys, workers):
    class Broken(DummyRegressor):
        def fit(self, X, y):
            raise ValueError("out of order\nin detail")

    table = Table("noise", np.eye(20), np.arange(20.0), REGRESSION)
    models = {"Broken": Broken(), "Dummy": DummyRegressor()}
    results = _comparison.compare(plan_of(models, table), workers, [])
    assert list(results) == ["Dummy"]
    assert re.search(r"Broken failed: out of order\nDummy +-", capsys.readouterr().out)


def test_model_that_takes_too_long_is_stopped(capsys):
    class Slow(DummyRegressor):
        def fit(self, X, y):
            time.sleep(0.2)
            return super().fit(X, y)

    table = Table("noise", np.eye(20), np.arange(20.0), REGRESSION)
    workers = _evaluation.Workers(1, 0.05)
    results = _comparison.compare(plan_of({"Slow": Slow()}, table), workers, [])
    assert not results
    assert "Slow stopped after 0.05 s (--time-limit)" in capsys.readouterr().out


def test_measures_are_those_of_cross_validation(workers):
    from sklearn.model_selection import cross_validate as reference

    metrics = ["accuracy", "neg_log_loss"]
    splits = _evaluation.split(IRIS, 3, seed=0)
    model = LogisticRegression(max_iter=1000)
    folds = dict(workers.cross_validate(model, IRIS, splits, metrics))
    expected = reference(model, IRIS.X, IRIS.y, cv=splits, scoring=metrics)
    for i, metric in enumerate(metrics):
        found = [folds[fold][i] for fold in range(3)]
        np.testing.assert_allclose(found, expected[f"test_{metric}"])


def test_warnings_of_models_are_not_printed(recwarn, workers):
    splits = _evaluation.split(IRIS, 2, 0)
    list(workers.cross_validate(LogisticRegression(max_iter=1), IRIS, splits, ["accuracy"]))
    assert len(recwarn) == 0


def test_verdict_knows_noise_from_a_difference():
    rng = np.random.default_rng(0)
    base = rng.normal(0.8, 0.05, (5, 2))
    results = {"A": base, "B": base - 0.1, "C": base + rng.normal(0, 0.01, (5, 2))}
    text = _verdict.verdict({"A": base, "B": base - 0.1}, "r2")
    assert "A, " in text and "more than the noise" in text
    text = _verdict.verdict(results, "r2")
    assert "within the noise" in text and "B" not in text.replace("Best by", "")
    close = {"DummyRegressor": base, "A": base + rng.normal(0, 0.01, (5, 2))}
    assert "The dummy ignores all columns" in _verdict.verdict(close, "r2")
    assert _verdict.verdict({}, "r2") == "No model could be evaluated."


@pytest.mark.parametrize("loss", [0.0, 1e-5, 0.012, 0.9999, 54.05, 123456.0, 1e12])
@pytest.mark.parametrize("columns", [40, 60, 200])
def test_lines_are_aligned_and_fit(monkeypatch, loss, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    metrics = ["r2", "neg_root_mean_squared_error"]
    folds = np.array([[0.5, -loss, 0.1], [0.75, -loss, 123.4]])
    line = _layout.row("HistGradientBoosting", folds, metrics)
    assert len(line) == len(_layout.heading(metrics)) <= max(columns, 44)
    if columns > 44:
        assert float(LINE.match(line)[4]) == pytest.approx(loss, rel=5e-2, abs=1e-12)


def test_no_word_is_broken(monkeypatch):
    monkeypatch.setenv("COLUMNS", "30")
    text = "short words and neg_mean_absolute_percentage_error, at most"
    assert _layout.wrapped(text).split() == text.split()


def test_interrupt_ends_with_what_is_known(capsys, monkeypatch, tmp_path):
    def interrupted(name, plan, workers):
        if name.startswith("Dummy"):
            return np.ones((5, 3))
        raise KeyboardInterrupt

    monkeypatch.setattr(_comparison, "_folds", interrupted)
    monkeypatch.setattr(command, "shipped_tables", lambda: iter([IRIS]))
    code, out, err = run(capsys, "--output", tmp_path / "scores.csv")
    assert (code, err) == (130, "")
    assert out.splitlines()[-2].startswith("DummyClassifier")
    assert out.splitlines()[-1].startswith("Interrupted")
    assert (tmp_path / "scores.csv").read_text().count("\n") == 6


@pytest.mark.skipif(os.name == "nt", reason="sends a signal")
def test_module_runs_as_a_program():
    arguments = ["-m", "sklearn_twolayer", "--models", "dummy,twolayer", "--folds", "8"]
    program = subprocess.Popen(
        [sys.executable, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Background jobs of a shell ignore the signal, and so would this program.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    for line in program.stdout:
        if line.startswith("Dummy"):  # what comes next takes its time
            break
    program.send_signal(signal.SIGINT)
    out, err = program.communicate(timeout=60)
    assert program.returncode == 130
    assert out.startswith("Interrupted") and "Traceback" not in err
