"""From a percent-format report to one HTML file: jupytext, papermill, nbconvert, and strict about all three."""

import re
from base64 import b64decode
from collections.abc import Mapping
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distillab.core.errors import ArtifactError, DistillabError, SpecError
from distillab.core.files import write_bytes, write_text

if TYPE_CHECKING:
    from nbformat import NotebookNode

_KERNEL = "python3"


class ReportError(DistillabError):
    """A cell of a report failed."""

    exit_code = 5


def render(
    report: Path,
    parameters: Mapping[str, Any],
    html: Path,
    workdir: Path,
    *,
    template: Path | None = None,
    executed: Path | None = None,
    card: Path | None = None,
) -> None:
    """Execute ``report`` with ``parameters`` in the running environment and write the page ``html``.

    The page holds outputs and prose, never code, and depends on nothing but the report, the parameters and the files
    they name: equal tables give equal bytes. Cells run in the current folder. ``html`` is written whole or not at all.

    Args:
        report: Percent-format ``.py`` with one cell tagged ``parameters``.
        parameters: Values for names of that cell.
        html: The page.
        workdir: Scratch folder; on failure the notebook, run as far as it went, stays there.
        template: Jinja template; by default ``template/page.html.j2`` beside the report.
        executed: Where the notebook goes, as it was run, without times; by default it is not kept.
        card: Where the image goes that a cell made to stand for the page; by default it is not kept.

    Raises:
        SpecError: A parameter that the report does not have.
        ReportError: A cell failed.
        ArtifactError: There is no such report.
    """
    if not report.is_file():
        raise ArtifactError("no such report", where=str(report), expected="a percent-format .py")
    workdir.mkdir(parents=True, exist_ok=True)
    notebook = workdir / f"{report.stem}.ipynb"
    _write_notebook(report, notebook)
    _check_parameters(report, notebook, parameters)
    run = _execute(report, notebook, dict(parameters))
    page = _to_html(run, template or report.parent / "template" / "page.html.j2", html.stem)
    write_text(html, page)
    image, _ = _card(run)
    if card is not None and image:
        write_bytes(card, image)
    if executed is not None:
        write_text(executed, _without_times(run))
    notebook.unlink()


def _write_notebook(report: Path, notebook: Path) -> None:
    import jupytext

    source = jupytext.read(report, fmt="py:percent")
    source.metadata["kernelspec"] = {"name": _KERNEL, "display_name": "Python", "language": "python"}
    jupytext.write(source, notebook, fmt="ipynb")


def _check_parameters(report: Path, notebook: Path, parameters: Mapping[str, Any]) -> None:
    """Papermill only warns about a mistyped name; a page made with a default in its place would be wrong."""
    import papermill

    known = papermill.inspect_notebook(str(notebook))
    if not known:
        raise SpecError("no cell tagged parameters", where=str(report))
    unknown = sorted(set(parameters) - set(known))
    if unknown:
        raise SpecError("unknown parameter", where=str(report), expected=", ".join(known), got=", ".join(unknown))


def _execute(report: Path, notebook: Path, parameters: dict[str, Any]) -> "NotebookNode":
    import papermill
    from papermill.exceptions import PapermillExecutionError

    from distillab.reporting.kernel import RunningPython

    try:
        return papermill.execute_notebook(
            str(notebook),
            str(notebook),
            parameters=parameters,
            kernel_name=_KERNEL,
            kernel_manager_class=RunningPython,
            progress_bar=False,
            request_save_on_cell_execute=False,
            shutdown_kernel="immediate",
        )
    except PapermillExecutionError as error:
        raise ReportError(
            "a cell failed",
            where=str(report),
            got=f"{error.ename}: {error.evalue}",
            do=f"the notebook as far as it went is {notebook}",
        ) from error


def _without_times(notebook: "NotebookNode") -> str:
    """The notebook as JSON, the same for the same tables: when and how long its cells ran is left out."""
    import nbformat

    for part in (notebook, *notebook.cells):
        for name in ("papermill", "execution"):
            part.metadata.pop(name, None)
    return str(nbformat.writes(notebook))


def _to_html(notebook: "NotebookNode", template: Path, name: str) -> str:
    from nbconvert.exporters.templateexporter import TemplateExporter

    from distillab.reporting.furniture import furnished
    from distillab.reporting.palette import css

    filters = {"prose": _prose, "furnish": lambda shown: furnished(shown, template.parent)}
    exporter = TemplateExporter(template_file=str(template.resolve()), filters=filters)
    image, answer = _card(notebook)
    resources = {"title": _title(notebook), "palette": css(), "answer": answer, "card": f"{name}.png" if image else ""}
    page, _ = exporter.from_notebook_node(notebook, resources=resources)
    return str(page)


def _card(notebook: "NotebookNode") -> tuple[bytes, str]:
    """The image that stands for the page, and the answer that it shows; empty where no cell made one."""
    outputs = [output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", ())]
    made = next((data for data in outputs if "image/png" in data), None)
    return (b64decode(made["image/png"]), str(made["text/plain"])) if made else (b"", "")


def _prose(markdown: str) -> str:
    """Markdown as HTML, its headings without the link to themselves that screen readers would read out."""
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

    renderer = IPythonRenderer(escape=False, exclude_anchor_links=True)
    return str(MarkdownWithMath(renderer=renderer).render(markdown))


def _title(notebook: "NotebookNode") -> str:
    """The text of the first ``<h1>`` among the outputs."""
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            found = re.search(r"<h1[^>]*>(.*?)</h1>", output.get("data", {}).get("text/html", ""), re.DOTALL)
            if found:
                return unescape(re.sub(r"<[^>]+>", "", found.group(1)))
    return "distillab"
