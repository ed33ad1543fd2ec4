"""Configuration of the documentation: `python -m sphinx -W -b html doc doc/_build/html`."""

import os
import re
import sys
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parent))

import api_pages

import sklearn_twolayer

project = "sklearn_twolayer"
author = "sklearn_twolayer developers"
copyright = author
release = version = sklearn_twolayer.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx-mathjax-offline",  # formulas are drawn without a network
    "numpydoc",
    "sphinx_gallery.gen_gallery",
]
templates_path = ["_templates"]
exclude_patterns = ["_build", "gallery"]
default_role = "literal"

# By name, since a build that goes on from the last one would not look into new pages.
autosummary_generate = api_pages.write(Path(__file__).parent / "api")
autodoc_inherit_docstrings = False  # what only overrides is documented at its base
autodoc_typehints = "none"  # the docstrings say more
numpydoc_show_class_members = False  # the class template lists them

sphinx_gallery_conf = {
    "examples_dirs": "gallery",
    "gallery_dirs": "auto_examples",
    "backreferences_dir": "gen_modules",
    "doc_module": ("sklearn_twolayer",),
    "download_all_examples": False,
    "remove_config_comments": True,
    "show_memory": False,
    "show_signature": False,
    "within_subsection_order": "FileNameSortKey",
}

html_theme = "pydata_sphinx_theme"
toc_object_entries_show_parents = "hide"  # the names of classes and modules would be cut
html_title = project
smartquotes = False  # they would stand in code that is copied
html_static_path = ["_static"]
html_css_files = ["wide.css"]
html_show_sourcelink = False
html_theme_options = {
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "show_prev_next": True,
    "use_edit_page_button": False,
}


def skip_what_scikit_learn_documents(app, what, name, member, skip, options):
    """Leave out members whose docstrings refer to scikit-learn's own pages."""
    is_foreign = str(getattr(member, "__module__", None)).startswith("sklearn.")
    return True if is_foreign else skip


def escape_what_is_no_markup(app, what, name, owner, options, lines):
    """Keep |y - d| and (n_features_in_,) of docstrings from being taken for references."""
    for i, line in enumerate(lines):
        line = re.sub(r"\((\w+)_,", r"(\1\\_,", line)
        if "``" not in line and not line.lstrip().startswith((">>>", "...")):
            line = line.replace("|", r"\|")
        lines[i] = line


def setup(app):
    app.connect("autodoc-skip-member", skip_what_scikit_learn_documents)
    app.connect("autodoc-process-docstring", escape_what_is_no_markup, priority=400)
