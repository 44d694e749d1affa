"""The site that `make site` builds.

Sphinx, because its pages and its search work from a folder without a network, which MkDocs Material's search does not
(it fetches a script for that), and because it reads docstrings itself. Pages are Markdown (MyST) that also reads well
where there is no site. What can be generated is: see `generate.py`.
"""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from distillab import __version__  # noqa: E402
from generate import generate  # noqa: E402 - beside this file

project = "distillab"
author = "The distillab authors"
copyright = author  # noqa: A001 - Sphinx's name
version = release = __version__
language = "en"

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["build"]
html_theme = "furo"
html_title = "distillab"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_show_search_summary = False  # a page that is a file may not read others

myst_enable_extensions = ["attrs_inline", "deflist"]
myst_heading_anchors = 4
myst_links_external_new_tab = False

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
maximum_signature_line_length = 90
python_use_unqualified_type_names = True


def setup(app) -> None:  # noqa: ANN001 - Sphinx's application
    """Write the generated pages before Sphinx looks for pages."""
    app.connect("builder-inited", lambda _app: generate(HERE / "generated"))
