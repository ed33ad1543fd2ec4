"""The comparison on the command line."""

import re
import subprocess
import sys

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline

from sklearn_twolayer import __main__ as command
from sklearn_twolayer._report import _layout, _models
from sklearn_twolayer._report._evaluation import cross_validate, split
from sklearn_twolayer._report._table import CLASSIFICATION, REGRESSION, Table, shipped_tables

# A model's line: its name, score and loss with their spreads. The time is not caught: it varies.
LINE = re.compile(r"  (\w+) +(-?[\d.]+) ± ([\d.]+) +([\d.e+-]+) ± ([\d.e+-]+) +[\d.]+ s")


def fast_models(table, seed):
    model = LogisticRegression() if table.task == CLASSIFICATION else LinearRegression()
    return {
        "Fast": model if table.preparation is None else make_pipeline(table.preparation, model)
    }


@pytest.fixture
def fast(monkeypatch):
    monkeypatch.setattr(command, "models_for", fast_models)


@pytest.fixture
def passengers(tmp_path):
    """Write a table with a column of each kind; return its path and its frame."""
    pd = pytest.importorskip("pandas")
    rng = np.random.default_rng(0)
    n = 120
    frame = pd.DataFrame(
        {
            "PassengerId": np.arange(n) + 1,
            "Name": [f"passenger {i}" for i in range(n)],
            "Age": np.where(rng.random(n) < 0.2, np.nan, rng.integers(1, 80, n)),
            "Class": rng.integers(1, 4, n),
            "Port": rng.choice(["Q", "S", None], n).astype(object),
            "Rare": [f"level {i // 60}" if i % 60 else f"once {i}" for i in range(n)],
            "Boarded": pd.date_range("2020-01-01", periods=n, freq="31h").astype(str),
            "Crew": rng.choice([True, False], n),
            "Planet": "Earth",
            "Remarks": np.nan,
        }
    )
    frame["Fare"] = 3.25 * frame["Class"] + rng.normal(size=n)
    frame["Survived"] = np.where(frame["Class"] + rng.normal(size=n) > 2, "yes", "no")
    path = tmp_path / "passengers.csv"
    frame.to_csv(path, index=False)
    return path, frame


def run(capsys, *arguments):
    code = command.main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    return code, out, err


def fail(capsys, *arguments):
    """Run, expect the code of a wrong argument, and return the line that says what is wrong."""
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    return err


def test_shipped_tables_run_through(capsys, monkeypatch, fast):
    iris = Table("iris", *load_iris(return_X_y=True), CLASSIFICATION)
    monkeypatch.setattr(command, "shipped_tables", lambda: iter([iris]))
    code, out, err = run(capsys)
    assert (code, err) == (0, "")
    assert "iris: 150 rows, 4 columns, 3 classes" in out
    (found,) = LINE.findall(out)
    assert found[0] == "Fast"
    assert float(found[1]) > 0.9


def test_shipped_tables_have_both_tasks():
    tables = list(shipped_tables())
    assert {table.task for table in tables} == {CLASSIFICATION, REGRESSION}
    assert all(len(table.X) == len(table.y) for table in tables)


@pytest.mark.parametrize("target, task", [("Survived", "2 classes"), ("Fare", "regression")])
def test_all_models_on_a_table_with_columns_of_each_kind(capsys, passengers, target, task):
    path, _ = passengers
    code, out, err = run(capsys, path, "--target", target, "--folds", 2)
    assert (code, err) == (0, "")
    assert task in out
    rows = {name: float(score) for name, score, *_ in LINE.findall(out)}
    kind = "Classifier" if target == "Survived" else "Regressor"
    assert {f"Dummy{kind}", f"MLP{kind}", "HistGradientBoosting", f"TwoLayer{kind}"} <= set(rows)
    assert rows[f"TwoLayer{kind}"] > rows[f"Dummy{kind}"]


def test_columns_are_told_apart(capsys, fast, passengers):
    path, _ = passengers
    _, out, _ = run(capsys, path, "--target", "Survived")
    for note in (
        "left out, an identifier: PassengerId",
        "left out, names or free text: Name",
        "left out, constant: Planet",
        "left out, empty: Remarks",
        "read as dates: Boarded",
    ):
        assert f"({note})" in out


def test_preparation_knows_rare_new_and_missing_values(passengers):
    from sklearn_twolayer._report._columns import read_columns

    columns = read_columns(passengers[1][["Age", "Port", "Rare", "Crew"]])
    assert columns.numbers == ["Age", "Crew"]
    assert columns.categories == ["Port", "Rare"]
    prepared = columns.preparation().fit(columns.frame)
    # Age, whether it is missing, Crew; two ports and none; two levels and the rare ones.
    assert prepared.transform(columns.frame).shape == (120, 3 + 3 + 3)
    new = columns.frame.head(1).assign(Age=np.nan, Rare="never seen")
    row = prepared.transform(new)[0]
    assert row[0] == columns.frame["Age"].median()
    assert list(row[-3:]) == [0, 0, 1]


@pytest.mark.parametrize("form", ["%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%y", "%Y-%m-%d"])
@pytest.mark.parametrize("n_days", [12, 300])
def test_the_order_of_day_and_month(form, n_days):
    pd = pytest.importorskip("pandas")
    from sklearn_twolayer._report._columns import read_columns

    days = pd.Series(pd.date_range("2020-03-01", periods=n_days))
    columns = read_columns(pd.DataFrame({"on": days.dt.strftime(form)}))
    read = columns.frame["on (day)"].diff().iloc[1:]
    is_open = n_days == 12 and form in ("%d/%m/%Y", "%d-%m-%y")  # the month is taken first
    assert is_open or (read == 1).all()
    noted = columns.notes == ["read as dates: on (the day first)"]
    assert noted == (form.startswith("%d") and not is_open)


def test_dates_in_several_forms():
    pd = pytest.importorskip("pandas")
    from sklearn_twolayer._report._columns import read_columns

    columns = read_columns(pd.DataFrame({"on": ["13/01/2020", "2020-03-04", "02/05/2020"]}))
    assert columns.frame["on (month)"].tolist() == [1, 3, 5]


@pytest.mark.parametrize(
    "text", [["0,001", "1,002"], ["00123", "00456"], ["1" * 25 + ",000", "2"], ["a,b", "1,000"]]
)
def test_what_is_no_number(text):
    pd = pytest.importorskip("pandas")
    from sklearn_twolayer._report._columns import without_marks

    column = pd.Series(text)
    assert without_marks(column) is column


def test_lines_that_end_with_a_separator(capsys, fast, passengers, tmp_path):
    path = tmp_path / "trailing.csv"
    lines = passengers[0].read_text().splitlines()
    path.write_text("\n".join([lines[0], *(line + "," for line in lines[1:])]))
    _, out, _ = run(capsys, path, "--target", "Fare")
    _, expected, _ = run(capsys, passengers[0], "--target", "Fare")
    assert LINE.findall(out) == LINE.findall(expected)


def test_numbers_with_marks(capsys, fast, passengers):
    path, frame = passengers
    frame["Income"] = [f"${1000 * k:,}.50" for k in range(len(frame))]
    frame["Share"] = [f"{k}.5%" for k in range(len(frame))]
    frame.to_csv(path, index=False)
    code, out, _ = run(capsys, path, "--target", "Income")
    assert code == 0
    assert "regression" in out and "Share" not in out


def test_copies_of_rows_are_noted(capsys, fast, passengers):
    path, frame = passengers
    frame.loc[np.arange(120) % 60].to_csv(path, index=False)
    _, out, _ = run(capsys, path, "--target", "Survived")
    assert "(60 rows are copies of others: scores may flatter)" in out


def test_counts_may_be_amounts(capsys, fast, passengers):
    path, frame = passengers
    frame["Count"] = np.arange(120) % 7
    frame.to_csv(path, index=False)
    note = "the numbers of Count read as classes"
    assert note in run(capsys, path, "--target", "Count")[1]
    assert note not in run(capsys, path, "--target", "Count", "--task", "regression")[1]
    assert "read as classes" not in run(capsys, path, "--target", "Survived")[1]


def test_dates_become_days_months_and_weekdays():
    pd = pytest.importorskip("pandas")
    from sklearn_twolayer._report._columns import read_columns

    raw = pd.DataFrame({"when": ["1970-01-02", "1700-02-28", None]})
    frame = read_columns(raw).frame
    assert list(frame) == ["when (day)", "when (month)", "when (weekday)"]
    assert frame.iloc[0].tolist() == [1, 1, 4]
    assert frame.iloc[1].tolist() == [-98557, 2, 6]
    assert frame.iloc[2].isna().all()


def test_float_column_named_like_an_identifier_stays():
    pd = pytest.importorskip("pandas")
    from sklearn_twolayer._report._columns import read_columns

    raw = pd.DataFrame({"paid": [3, 1, 2], "row_id": [1.5, 2.5, 0.5], "n": [5, 6, 7]})
    columns = read_columns(raw)
    assert columns.numbers == ["paid", "row_id"]
    assert columns.notes == ["left out, an identifier: n"]


def test_semicolons_with_decimal_commas(capsys, fast, passengers, tmp_path):
    path = tmp_path / "comma.csv"
    passengers[1].to_csv(path, index=False, sep=";", decimal=",")
    code, out, _ = run(capsys, path, "--target", "Fare")
    assert code == 0
    assert "regression" in out


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_separators(capsys, fast, passengers, tmp_path, separator):
    path = tmp_path / "other.csv"
    passengers[1].to_csv(path, index=False, sep=separator)
    _, out, _ = run(capsys, path, "--target", "Fare")
    _, expected, _ = run(capsys, passengers[0], "--target", "Fare")
    assert LINE.findall(out) == LINE.findall(expected)


def test_rows_without_target_are_left_out(capsys, fast, passengers):
    path, frame = passengers
    frame.loc[:9, "Fare"] = np.nan
    frame.loc[10, "Fare"] = np.inf
    frame.to_csv(path)
    code, out, _ = run(capsys, path, "--target", "Fare")
    assert code == 0
    assert "(11 rows without a target left out)" in out
    assert "109 rows" in out


def test_small_classes_are_left_out(capsys, fast, passengers):
    path, frame = passengers
    frame.loc[:1, "Survived"] = "unknown"
    frame.to_csv(path, index=False)
    code, out, _ = run(capsys, path, "--target", "Survived")
    assert code == 0
    assert "(classes with fewer than 5 rows left out: unknown)" in out


def test_long_table_is_sampled(capsys, fast, passengers):
    code, out, _ = run(capsys, passengers[0], "--target", "Fare", "--max-rows", 50)
    assert code == 0
    assert "(50 rows taken at random, of 120 (--max-rows))" in out


@pytest.mark.parametrize(
    "target, option, expected",
    [
        ("Class", (), "3 classes"),
        ("Class", ("--task", "regression"), "regression"),
        ("Age", (), "regression"),
        ("Crew", (), "2 classes"),
    ],
)
def test_kind_of_task(capsys, fast, passengers, target, option, expected):
    code, out, _ = run(capsys, passengers[0], "--target", target, *option)
    assert code == 0
    assert expected in out.splitlines()[2]


def test_target_is_asked_for(capsys, passengers):
    assert "--target" in fail(capsys, passengers[0])


def test_target_needs_a_table(capsys):
    assert "DATA.csv" in fail(capsys, "--target", "Fare")


def test_no_such_file(capsys, tmp_path):
    pytest.importorskip("pandas")
    path = tmp_path / "none.csv"
    assert f"cannot read {path}: No such file" in fail(capsys, path, "--target", "Fare")


def test_folder_for_a_file(capsys, tmp_path):
    pytest.importorskip("pandas")
    assert f"cannot read {tmp_path}" in fail(capsys, tmp_path, "--target", "Fare")


@pytest.mark.parametrize("content", [b"", b"\x7fELF\x00\x01\n\x00,\x02", b'a,b\n1,2\n"3,4\n5'])
def test_no_table(capsys, tmp_path, content):
    pytest.importorskip("pandas")
    path = tmp_path / "wrong.csv"
    path.write_bytes(content)
    assert f"cannot read {path}" in fail(capsys, path, "--target", "b")


def test_columns_of_one_name(capsys, tmp_path):
    pytest.importorskip("pandas")
    path = tmp_path / "copies.csv"
    path.write_text("a, a,y\n1,2,3\n")
    assert "several columns of the name 'a'" in fail(capsys, path, "--target", "a")


def test_no_such_column(capsys, passengers):
    error = fail(capsys, passengers[0], "--target", "survived")
    assert error.endswith("no column 'survived'; there is Survived\n")
    assert "PassengerId, Name, Age" in fail(capsys, passengers[0], "--target", "xyz")


@pytest.mark.parametrize(
    "target, options, message",
    [
        ("Remarks", (), "every value of the target 'Remarks' is missing"),
        ("Planet", (), "the target 'Planet' has only one class: Earth"),
        ("Name", (), "most of the 120 classes of the target 'Name' have fewer than 5 rows"),
        ("Name", (), "try another column, since this is text or dates"),
        ("Port", ("--task", "regression"), "is no number"),
        ("Fare", ("--task", "classification"), "try --task regression"),
        ("Fare", ("--folds", 61), "120 rows with a target; the comparison needs 122"),
    ],
)
def test_target_without_use(capsys, passengers, target, options, message):
    assert message in fail(capsys, passengers[0], "--target", target, *options)


def test_constant_number(capsys, passengers):
    path, frame = passengers
    frame.assign(Fare=1.5).to_csv(path)
    assert "'Fare' has only one value: 1.5" in fail(capsys, path, "--target", "Fare")


def test_too_few_rows(capsys, passengers):
    path, frame = passengers
    frame.head(7).to_csv(path)
    assert "has 7 rows with a target" in fail(capsys, path, "--target", "Fare")


def test_no_column_to_learn_from(capsys, passengers):
    path, frame = passengers
    frame[["PassengerId", "Fare"]].to_csv(path, index=False)
    assert "no column to learn 'Fare' from" in fail(capsys, path, "--target", "Fare")


def test_without_pandas(capsys, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "pandas", None)
    for name in ("_user_table", "_columns"):
        monkeypatch.delitem(sys.modules, f"sklearn_twolayer._report.{name}", raising=False)
    error = fail(capsys, tmp_path / "any.csv", "--target", "Fare")
    assert "needs pandas: pip install 'sklearn-twolayer[table]'" in error


@pytest.mark.parametrize(
    "arguments", [["--folds", "1"], ["--task", "magic"], ["--seed", "x"], ["--n-jobs", "0"]]
)
def test_wrong_option(capsys, arguments):
    with pytest.raises(SystemExit) as stop:
        command.main(arguments)
    assert stop.value.code == 2
    assert arguments[0] in capsys.readouterr().err


def test_help(capsys):
    with pytest.raises(SystemExit) as stop:
        command.main(["--help"])
    assert stop.value.code == 0
    assert "--target COLUMN" in capsys.readouterr().out


def test_model_that_fails_leaves_the_others_their_turn(capsys, monkeypatch):
    class Broken(DummyRegressor):
        def fit(self, X, y):
            raise ValueError("out of order\nin detail")

    table = Table("noise", np.eye(20), np.arange(20.0), REGRESSION)
    monkeypatch.setattr(command, "shipped_tables", lambda: iter([table]))
    models = {"Broken": Broken(), "Dummy": DummyRegressor()}
    monkeypatch.setattr(command, "models_for", lambda table, seed: models)
    code, out, _ = run(capsys)
    assert code == 1
    assert re.search(r"  Broken +failed: out of order\n  Dummy +-", out)


def test_networks_of_both_tasks_are_compared(monkeypatch):
    def network(task, random_state):
        return (task, random_state)

    monkeypatch.setattr(_models.sklearn_twolayer, "RBFNetwork", network, raising=False)
    for task in (CLASSIFICATION, REGRESSION):
        models = _models.models_for(Table("any", np.eye(4), np.arange(4), task), seed=3)
        assert models["RBFNetwork"] == (task, 3)
        assert len(models) == 6


def test_measures_are_those_of_cross_validation():
    from sklearn.model_selection import cross_validate as reference

    X, y = load_iris(return_X_y=True)
    table = Table("iris", X, y, CLASSIFICATION)
    splits = split(table, 3, seed=0)
    model = LogisticRegression(max_iter=1000)
    folds = cross_validate(model, table, splits, n_jobs=None)
    expected = reference(model, X, y, cv=splits, scoring=["accuracy", "neg_log_loss"])
    np.testing.assert_allclose(folds[:, 0], expected["test_accuracy"])
    np.testing.assert_allclose(folds[:, 1], -expected["test_neg_log_loss"])


def test_warnings_of_models_are_not_printed(recwarn):
    X, y = load_iris(return_X_y=True)
    table = Table("iris", X, y, CLASSIFICATION)
    cross_validate(LogisticRegression(max_iter=1), table, split(table, 2, 0), n_jobs=None)
    assert len(recwarn) == 0


@pytest.mark.parametrize("loss", [0.0, 1e-5, 0.012, 0.9999, 54.05, 123456.0, 1e12])
def test_lines_are_aligned(loss):
    line = _layout.row("Model", np.array([[0.5, loss, 0.1], [0.75, loss, 123.4]]))
    assert len(line) == len(_layout.heading(REGRESSION))
    assert float(LINE.match(line)[4]) == pytest.approx(loss, rel=5e-3, abs=1e-12)


def test_module_runs_as_a_program():
    result = subprocess.run(
        [sys.executable, "-m", "sklearn_twolayer", "--target", "x"], capture_output=True, text=True
    )
    assert result.returncode == 2
    assert result.stderr.startswith("sklearn_twolayer: error: ")
