"""Rendering is strict: a wrong name, a failing cell or a foreign environment never makes a page."""

import json
import sys
import textwrap
from pathlib import Path

import nbformat
import pytest

from distillab.core.errors import ArtifactError, SpecError
from distillab.reporting.export import ReportError, render

TEMPLATE = Path(__file__).parents[2] / "reports" / "template" / "page.html.j2"


@pytest.fixture
def report(tmp_path):
    def write(body: str) -> Path:
        path = tmp_path / "small.py"
        head = '# %% tags=["parameters"]\nname = "nobody"\n\n# %%\nfrom distillab.reporting.display import Html\n\n'
        path.write_text(head + textwrap.dedent(body))
        return path

    return write


def run(report, tmp_path, **parameters):
    html = tmp_path / "out" / "small.html"
    render(report, parameters, html, tmp_path / "scratch", template=TEMPLATE, executed=html.with_suffix(".ipynb"))
    return html.read_text()


def test_parameters_reach_the_page_and_streams_do_not(report, tmp_path):
    body = 'print("to the log")\nHtml(f"<h1>For {name} &amp; co</h1>")\n\n# %% [markdown]\n# Some *prose*.\n'
    text = run(report(body), tmp_path, name="Ada")
    assert "<h1>For Ada &amp; co</h1>" in text
    assert "<title>For Ada &amp; co</title>" in text
    assert "<em>prose</em>" in text
    assert "to the log" not in text
    assert "nobody" not in text
    assert not list((tmp_path / "scratch").iterdir())
    kept = nbformat.read(tmp_path / "out" / "small.ipynb", 4)
    assert "For Ada" in str([cell.outputs for cell in kept.cells if cell.cell_type == "code"])
    assert "start_time" not in (tmp_path / "out" / "small.ipynb").read_text()


def test_an_image_to_share_stands_beside_the_page_which_names_it(report, tmp_path):
    body = """
        from distillab.reporting.card import social_card
        Html("<h1>Q</h1>")

        # %%
        social_card("ta", 'Yes, "1 < 2".', Html(""))
        """
    html, card = tmp_path / "out" / "small.html", tmp_path / "out" / "small.png"
    render(report(body), {}, html, tmp_path / "scratch", template=TEMPLATE, card=card)
    assert card.read_bytes().startswith(b"\x89PNG")
    page = html.read_text()
    assert '<meta property="og:image" content="small.png">' in page
    assert '<meta property="og:description" content="Yes, &#34;1 &lt; 2&#34;.">' in page
    assert "image/png" not in page
    assert "og:image" not in run(report('Html("<h1>Q</h1>")'), tmp_path)


def test_an_unknown_parameter_is_a_spec_error(report, tmp_path):
    with pytest.raises(SpecError, match=r"small\.py: unknown parameter; expected name; got nmae"):
        run(report("1"), tmp_path, nmae="Ada")
    assert not (tmp_path / "out").exists()


def test_a_report_without_parameters_cell_is_refused(tmp_path):
    path = tmp_path / "small.py"
    path.write_text("# %%\n1\n")
    with pytest.raises(SpecError, match="no cell tagged parameters"):
        run(path, tmp_path)


def test_a_missing_report_is_named(tmp_path):
    with pytest.raises(ArtifactError, match=r"small\.py: no such report"):
        run(tmp_path / "small.py", tmp_path)


def test_a_failing_cell_leaves_the_notebook_and_the_old_page(report, tmp_path):
    old = tmp_path / "out" / "small.html"
    old.parent.mkdir()
    old.write_text("old")
    notebook = tmp_path / "scratch" / "small.ipynb"
    with pytest.raises(ReportError, match=r"a cell failed; got ValueError: no such teacher; .*small\.ipynb") as caught:
        run(report('Html("<p>before</p>")\n\n# %%\nraise ValueError("no such teacher")\n'), tmp_path)
    assert "\n" not in str(caught.value)
    assert old.read_text() == "old"
    assert [path.name for path in old.parent.iterdir()] == ["small.html"]
    assert "before" in json.dumps(json.loads(notebook.read_text()))


def test_no_page_where_there_was_none(report, tmp_path):
    with pytest.raises(ReportError):
        run(report("1 / 0"), tmp_path)
    assert not list(tmp_path.glob("out/*"))


def test_the_running_python_is_used_whatever_the_machine_offers(report, tmp_path, monkeypatch):
    kernel = tmp_path / "jupyter" / "kernels" / "python3"
    kernel.mkdir(parents=True)
    broken = {"argv": ["/nonexistent/python", "{connection_file}"], "display_name": "broken", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(broken))
    startup = tmp_path / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "00-user.py").write_text("import builtins; builtins.started_by_user = True")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("PATH", "/nonexistent")
    body = """
    import builtins
    import sys

    Html(f"<p>{sys.executable} {hasattr(builtins, 'started_by_user')}</p>")
    """
    assert f"<p>{sys.executable} False</p>" in run(report(body), tmp_path)
