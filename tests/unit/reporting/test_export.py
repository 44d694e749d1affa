"""The steps from a report to a page, each without a kernel; `tests/reports/test_render.py` runs them together."""

from pathlib import Path

import jupytext
import nbformat
import papermill
import pytest
from papermill.exceptions import PapermillExecutionError

from distillab.core.errors import ArtifactError, SpecError
from distillab.reporting import export
from distillab.reporting.kernel import RunningPython
from distillab.reporting.palette import css

REPORTS = Path(__file__).parents[3] / "reports"
REPORT = '# %% tags=["parameters"]\nname = "nobody"\nn = 1\n\n# %% [markdown]\n# Some *prose*.\n\n# %%\nname\n'
TEMPLATE = "{{ resources.title }}|{{ resources.palette }}|{{ nb.cells[0].source | prose }}"


@pytest.fixture
def report(tmp_path):
    path = tmp_path / "small.py"
    path.write_text(REPORT)
    return path


@pytest.fixture
def notebook(report, tmp_path):
    path = tmp_path / "made.ipynb"
    export._write_notebook(report, path)
    return path


def shown(*outputs):
    """A notebook of one markdown cell, and a code cell for each output."""
    v4 = nbformat.v4
    cells = [v4.new_code_cell("x", outputs=[v4.new_output("display_data", data)]) for data in outputs]
    return v4.new_notebook(cells=[v4.new_markdown_cell("Some *prose*.\n\n## Part\n\n<b>as it is</b>"), *cells])


def test_a_notebook_has_the_cells_of_the_report_and_names_its_kernel(notebook):
    read = nbformat.read(notebook, 4)
    assert read.metadata["kernelspec"] == {"name": "python3", "display_name": "Python", "language": "python"}
    assert [(cell.cell_type, cell.metadata.get("tags", [])) for cell in read.cells] == [
        ("code", ["parameters"]), ("markdown", []), ("code", [])
    ]  # fmt: skip


def test_every_unknown_parameter_is_named_beside_the_known_ones(report, notebook):
    with pytest.raises(SpecError) as caught:
        export._check_parameters(report, notebook, {"nmae": 1, "name": 2, "m": 3})
    assert str(caught.value) == f"{report}: unknown parameter; expected name, n; got m, nmae"
    export._check_parameters(report, notebook, {"name": 2})


def test_a_report_without_parameters_is_named(tmp_path, notebook):
    path = tmp_path / "bare.py"
    path.write_text("# %%\n1\n")
    export._write_notebook(path, notebook)
    with pytest.raises(SpecError) as caught:
        export._check_parameters(path, notebook, {})
    assert str(caught.value) == f"{path}: no cell tagged parameters"


def test_cells_are_run_by_the_running_python_and_the_notebook_is_kept_at_the_end_alone(report, notebook, monkeypatch):
    seen = {}
    monkeypatch.setattr(papermill, "execute_notebook", lambda *paths, **options: seen.update(options, paths=paths))
    export._execute(report, notebook, {"name": "Ada"})
    assert seen == {
        "paths": (str(notebook), str(notebook)), "parameters": {"name": "Ada"}, "kernel_name": "python3",
        "kernel_manager_class": RunningPython, "progress_bar": False, "request_save_on_cell_execute": False,
        "shutdown_kernel": "immediate",
    }  # fmt: skip


def test_a_failed_cell_says_which_report_why_and_where_to_look(report, notebook, monkeypatch):
    def fail(*_paths, **_options):
        raise PapermillExecutionError(1, 2, "source", "ValueError", "no such teacher", [])

    monkeypatch.setattr(papermill, "execute_notebook", fail)
    with pytest.raises(export.ReportError) as caught:
        export._execute(report, notebook, {})
    said = f"{report}: a cell failed; got ValueError: no such teacher; the notebook as far as it went is {notebook}"
    assert str(caught.value) == said
    assert caught.value.exit_code == 5
    assert isinstance(caught.value.__cause__, PapermillExecutionError)


def test_a_template_is_given_title_palette_and_prose_without_links_to_headings(tmp_path):
    template = tmp_path / "page.html.j2"
    template.write_text(TEMPLATE)
    title, palette, prose = export._to_html(shown({"text/html": "<h1>A &amp; B</h1>"}), template, "page").split("|")
    assert (title, palette) == ("A & B", css())
    assert prose == "<p>Some <em>prose</em>.</p>\n<h2>Part</h2>\n<p><b>as it is</b></p>\n"


@pytest.mark.parametrize(
    ("outputs", "title"),
    [
        ([], "distillab"),
        ([{"text/plain": "<h1>no page</h1>"}], "distillab"),
        (
            [{"text/html": "<h2>part</h2>"}, {"text/html": '<h1 class="x">A\n<b>b</b> &lt; c</h1><h1>d</h1>'}],
            "A\nb < c",
        ),
        ([{"text/html": "<p>x</p><h1>first</h1>"}, {"text/html": "<h1>second</h1>"}], "first"),
    ],
)
def test_the_title_is_the_text_of_the_first_heading(outputs, title):
    assert export._title(shown(*outputs)) == title


@pytest.fixture
def run(report, tmp_path, monkeypatch):
    """Renders the report as if its cells had been run, with templates that say which of them was used."""
    for folder, text in ((tmp_path / "template", "beside"), (tmp_path / "other", "given")):
        folder.mkdir()
        (folder / "page.html.j2").write_text(text)
    seen = {}

    def execute(path, notebook, parameters):
        seen.update(report=path, notebook=notebook, there=notebook.is_file(), parameters=parameters)
        return shown()

    monkeypatch.setattr(export, "_execute", execute)

    def render(**options):
        html, workdir = tmp_path / "out" / "small.html", tmp_path / "deep" / "scratch"
        export.render(report, {"n": 2}, html, workdir, **options)
        return html.read_text(), seen, workdir

    return render


def test_a_page_is_written_and_the_scratch_folder_left_empty(run, report):
    page, seen, workdir = run()
    assert page == "beside"
    assert seen == {"report": report, "notebook": workdir / "small.ipynb", "there": True, "parameters": {"n": 2}}
    assert list(workdir.iterdir()) == []
    assert run()[0] == "beside", "into a folder that is there already"


def test_a_template_of_ones_own_takes_the_place_of_that_beside_the_report(run, tmp_path):
    assert run(template=tmp_path / "other" / "page.html.j2")[0] == "given"


def test_a_report_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ArtifactError) as caught:
        export.render(tmp_path / "none.py", {}, tmp_path / "none.html", tmp_path / "scratch")
    assert str(caught.value) == f"{tmp_path / 'none.py'}: no such report; expected a percent-format .py"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("report", sorted(REPORTS.glob("*.py")), ids=lambda path: path.stem)
def test_a_plain_conversion_of_a_report_names_its_kernel(report):
    """Papermill refuses to run a notebook that does not."""
    plain = jupytext.read(report, fmt="py:percent")
    assert papermill.utils.nb_kernel_name(plain) == "python3"
    assert papermill.utils.nb_language(plain) == "python"


def test_a_notebook_that_is_kept_says_nothing_of_when_it_ran():
    made = shown({"text/html": "<h1>A</h1>"})
    made.metadata["papermill"] = {"start_time": "now"}
    made.cells[1].metadata |= {"papermill": {"duration": 1}, "execution": {"iopub.status.busy": "now"}, "tags": ["a"]}
    read = nbformat.reads(export._without_times(made), 4)
    assert read.metadata == {}
    assert read.cells[1].metadata == {"tags": ["a"]}
    assert "<h1>A</h1>" in str(read.cells[1].outputs)
