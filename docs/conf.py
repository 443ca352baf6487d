"""The documentation: Sphinx with MyST and furo. The pages of the rules are generated from their docstrings."""

import sys
from importlib.metadata import version as version_of
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from rule_pages import write_rule_pages

project = "customdb-contract"
author = "The customdb-contract authors"
project_copyright = "the customdb-contract authors"
version = release = version_of("customdb-contract")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.intersphinx", "sphinx.ext.napoleon"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "customdb-contract"

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented_params"
napoleon_google_docstring = True
napoleon_use_ivar = True
# Docstrings are Markdown with single backticks; Sphinx reads them as references of any kind unless told otherwise.
default_role = "code"
nitpicky = True
nitpick_ignore_regex = [("py:.*", ".*")]
suppress_warnings = ["autodoc.mocked_object"]

write_rule_pages(Path(__file__).parent / "reference" / "rules")
