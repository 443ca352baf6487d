"""The documentation: Sphinx with MyST and furo. Pages of rules, scripts, lives, systems and audits are generated."""

import re
import sys
from importlib.metadata import version as version_of
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "tenant"))
sys.path.insert(0, str(Path(__file__).parent))

from audit_page import audit_page
from life_pages import write_life_pages
from proof_page import proof_page
from rule_examples import examples_of, page_of_shops
from rule_pages import write_rule_pages
from script_pages import write_script_pages
from sequence_diagrams import diagrams
from sphinx.application import Sphinx
from systems_page import systems_page
from terminal_recording import draw_check

from customdb_contract._pages import LIVES_FOLDER, RULES_FOLDER, SCRIPTS_FOLDER

project = "customdb-contract"
author = "The customdb-contract authors"
project_copyright = "the customdb-contract authors"
version = release = version_of("customdb-contract")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "customdb-contract"
html_static_path = ["_static"]
html_css_files = ["pages.css"]
html_js_files = [("copy.js", {"defer": "defer"})]

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented_params"
napoleon_google_docstring = True
napoleon_use_ivar = True
nitpicky = True
nitpick_ignore_regex = [
    # The standard library has its own documentation, and its inventory isn't downloaded.
    (
        "py:class",
        r"collections\.abc\.\w+|contextlib\.\w+|datetime\.datetime|pathlib\.Path|os\.PathLike|ssl\.SSLContext",
    ),
    # The same goes for Hypothesis,
    ("py:class", r"hypothesis\.strategies\.SearchStrategy"),
    ("py:exc", "InvalidArgument"),
    # SQLAlchemy,
    ("py:class", r"sqlalchemy\.engine\.url\.URL|URL"),
    # and pydantic, whose models contain it.
    ("py:class", r"pydantic\.config\.ConfigDict"),
    # Members of the recursive alias `Value`, which refers to them by name.
    ("py:class", "Value|Special|RecordedError"),
    # This private type stands for pydantic's models.
    ("py:class", r"customdb_contract\.profiles\._differences\.Dumpable"),
    # The parts of a stored password are private.
    ("py:class", r"customdb_contract\.tenant\._hashing\.PasswordHash"),
    # Only a check passes its open database to its tenants; users pass a database.
    ("py:class", r"customdb_contract\.tenant\._open\.OpenDatabase"),
    # Only an audit opens the function that it is given.
    ("py:class", r"RowBridge"),
    # Users select rules by name; the result of the selection is private.
    ("py:class", r"customdb_contract\.rules\._selection\.Selection"),
    # A type variable isn't a class.
    ("py:class", r"customdb_contract\.transcript\._transcript\._Record"),
    # Handler types are generic over their arguments; an expanded alias isn't a name.
    ("py:class", r"customdb_contract\.contract\.(Returning|Calling)Handler\[.*"),
]

_HERE = Path(__file__).parent
write_rule_pages(_HERE / RULES_FOLDER, {"proofs": proof_page(), "examples": page_of_shops()}, examples_of)
draw_check(_HERE / "_static" / "check.svg", "customdb-naive.toml")
_DRAWN = diagrams()
write_life_pages(_HERE / LIVES_FOLDER, _DRAWN)
write_script_pages(_HERE / SCRIPTS_FOLDER, _DRAWN)
(_HERE / "reference" / "systems.md").write_text(systems_page(), encoding="utf-8")
(_HERE / "reference" / "audited-users.md").write_text(audit_page(), encoding="utf-8")


def _as_restructured_text(
    _app: object, what: str, _name: str, _object: object, _options: object, lines: list[str]
) -> None:
    """Convert the single backticks of our Markdown docstrings to reStructuredText."""
    lines[:] = re.sub(r"(?<!`)`([^`]+)`(?!`)", r"``\1``", "\n".join(lines)).split("\n")
    if what in {"attribute", "data", "property"}:
        # Napoleon treats the first line up to a colon as a type. Ours are sentences, so an empty comment comes first.
        lines[:0] = ["..", ""]


def setup(app: Sphinx) -> None:
    """Prepare docstrings before napoleon reads them."""
    app.connect("autodoc-process-docstring", _as_restructured_text, priority=400)
