"""What the project says of itself agrees with what it is."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

import sklearn_twolayer
from sklearn_twolayer._documented import API
from sklearn_twolayer.embeddings import Embedding, as_embedding
from sklearn_twolayer.embeddings._presets import PRESETS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
#: Rows of the table of architectures: name, expression, preset.
ARCHITECTURES = re.findall(
    r'^\| ([\w, -]+) \| `(.+?)` \| (?:`"(\w+)"`)? ?\|$', README, re.MULTILINE
)
FOLDERS_OF_SOMEBODY = re.compile(r"(?<![\w.\]])/(root|home|Users|work|mnt)/\w")


def tracked_files():
    git = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if git.returncode:
        pytest.skip("not a git repository")
    return [ROOT / name for name in git.stdout.splitlines()]


def test_public_names_exist():
    names = sklearn_twolayer.__all__
    assert len(set(names)) == len(names)
    assert all(hasattr(sklearn_twolayer, name) for name in names)


def test_version_is_that_of_the_installed_package():
    try:
        installed = version("sklearn-twolayer")
    except PackageNotFoundError:
        pytest.skip("not installed")
    assert sklearn_twolayer.__version__ == installed


@pytest.mark.parametrize(
    "file, line",
    [
        ("CHANGELOG.md", r"## \[{}\] - \d{{4}}-\d\d-\d\d"),
        ("CITATION.cff", "version: {}"),
        (".ci/conda/recipe.yaml", '  version: "{}"'),
    ],
)
def test_files_of_a_release_know_the_version(file, line):
    if "dev" in sklearn_twolayer.__version__:
        pytest.skip("not a release")
    line = line.format(re.escape(sklearn_twolayer.__version__))
    assert re.search(f"^{line}$", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)


def test_addresses_agree():
    project = PYPROJECT["project"]["urls"]
    source = project["Source"]
    assert API.startswith(project["Documentation"])
    assert all(project[name].startswith(source) for name in ("Issues", "Changelog"))
    for file in ("CITATION.cff", ".ci/conda/recipe.yaml", "CHANGELOG.md"):
        assert source in (ROOT / file).read_text(encoding="utf-8"), file
    hook = PYPROJECT["tool"]["hatch"]["metadata"]["hooks"]["fancy-pypi-readme"]
    text = README
    for rule in hook["substitutions"]:
        text = re.sub(rule["pattern"], rule["replacement"], text)
    links = re.findall(r"\]\((.+?)\)", text)
    files = [link.partition("/main/")[2] for link in links if source.partition("//")[2] in link]
    assert files and all((ROOT / file).exists() for file in files)
    assert all(link.startswith("https://") for link in links)


def modules_after(statement):
    code = f"import sys; {statement}; print(*sys.modules)"
    python = [sys.executable, "-c", code]
    return set(subprocess.check_output(python, cwd=ROOT, text=True).split())


def test_core_imports_no_optional_package():
    ours = modules_after("import sklearn_twolayer") - modules_after(
        "import sklearn.neural_network"
    )
    optional = {"pandas", "polars", "matplotlib", "dask", "onnx", "skl2onnx"}
    optional |= {"sklearn_twolayer._report", "sklearn_twolayer.onnx"}
    assert not ours & optional


@pytest.mark.parametrize("ending", ["sklearn_twolayer", "pytest -n auto"])
def test_ci_runs_the_command_of_the_readme(ending):
    assert f"readme_command '{ending}'" in (ROOT / ".ci/run").read_text(encoding="utf-8")
    assert len(re.findall(rf"^python3 -m venv .* {ending}$", README, re.MULTILINE)) == 1


def test_extras_of_the_readme_exist():
    extras = PYPROJECT["project"]["optional-dependencies"]
    assert set(re.findall(r"\.\[(\w+)\]", README)) <= set(extras)


def test_readme_names_every_preset():
    assert {preset for _, _, preset in ARCHITECTURES if preset} == set(PRESETS)


@pytest.mark.parametrize("name, expression, preset", ARCHITECTURES)
def test_expressions_of_the_readme(name, expression, preset):
    embedding = eval(expression.replace(r"\|", "|"), vars(sklearn_twolayer))
    assert isinstance(embedding, Embedding)
    if preset:
        assert type(as_embedding(preset)) is type(embedding)


def test_examples_of_the_readme(capsys):
    names = {}
    for example in re.findall(r"```python\n(.*?)```", README, re.DOTALL):
        exec(example, names)
    assert names["search"].best_score_ > 0.9
    assert "embedding__right__activation" in capsys.readouterr().out


def test_no_file_knows_the_folders_of_a_machine():
    for path in tracked_files():
        try:
            text = path.read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError):
            continue
        assert not FOLDERS_OF_SOMEBODY.search(text), path
