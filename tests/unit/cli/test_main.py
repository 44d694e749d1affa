"""The command line: its commands, exit codes, one line for an error, and what a stage's command does."""

import logging
import re
import sys

import pytest

from distillab import __version__
from distillab.cli import main
from distillab.cli.main import parser
from distillab.core.errors import ArtifactError, ContractError, SpecError
from distillab.core.signals import Interrupted
from distillab.core.stages import STAGES


def lines_of(capsys):
    """What was printed, and what was said on the other stream."""
    captured = capsys.readouterr()
    return captured.out.splitlines(), captured.err.splitlines()


def failing(monkeypatch, error):
    """Make ``distillab check`` fail."""

    def command(_options):
        raise error

    monkeypatch.setattr("distillab.cli.manage.run_check", command)


def test_the_version_is_that_of_the_package(capsys):
    with pytest.raises(SystemExit) as end:
        main(["--version"])
    assert end.value.code == 0
    assert lines_of(capsys) == ([f"distillab {__version__}"], [])


def test_a_command_must_be_named_and_known(capsys):
    for arguments, says in (
        ([], "the following arguments are required: COMMAND"),
        (["tech"], "invalid choice: 'tech'"),
    ):
        with pytest.raises(SystemExit) as end:
            main(arguments)
        assert end.value.code == 2
        _out, err = lines_of(capsys)
        assert err[0].startswith("usage: distillab ")
        assert says in err[-1]


def test_every_stage_is_a_command_that_says_what_it_does(capsys):
    for stage, declared in STAGES.items():
        with pytest.raises(SystemExit):
            main([stage, "--help"])
        said = " ".join(capsys.readouterr().out.split())
        assert f"usage: distillab {stage} [-h]" in said
        assert f"Stage {stage}: {declared.says}." in said
        assert said.count("[job]") == 1
        assert ("published weights: Instead of a job: a file" in said) == (stage == "certify")


def test_help_begins_with_what_users_need_and_ends_with_the_stages(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    said = capsys.readouterr().out
    names = re.findall(r"^    ([a-z]+) ", said, flags=re.MULTILINE)
    assert names[:7] == ["audit", "use", "check", "plan", "status", "resume", "answer"]
    assert names[-len(STAGES) :] == [*STAGES]
    assert all(f" {stage.says}\n" in said for stage in STAGES.values())


def test_a_job_is_optional():
    options = parser().parse_args(["teach", "all"])
    assert (options.stage_name, options.job, options.debug) == ("teach", "all", False)
    assert parser().parse_args(["--debug", "report"]).debug is True
    assert parser().parse_args(["report"]).job is None


def test_without_a_job_the_jobs_are_listed(project, capsys):
    listed = {stage: (main([stage]), lines_of(capsys)[0]) for stage in ("teach", "report", "certify", "distill")}
    assert listed == {
        "teach": (0, ["all  (2 members)"]),
        "report": (0, ["index  (1 member)", "undistillable  (1 member)"]),
        "certify": (0, []),
        "distill": (0, []),
    }


def test_a_job_is_run(project, monkeypatch, capsys):
    ran = []
    monkeypatch.setattr("distillab.cli.run.run_job", lambda plan, *job, digest: ran.append((plan.preset, *job, digest)))
    assert main(["report", "undistillable"]) == 0
    assert main(["teach", "all", "--digest", "0123"]) == 0
    assert ran == [("tiny", "report", "undistillable", None), ("tiny", "teach", "all", "0123")]
    assert lines_of(capsys) == ([], [])


def test_an_unknown_job_is_one_line(project, capsys):
    assert main(["teach", "7"]) == 2
    assert lines_of(capsys) == ([], ["distillab: unknown teach job; expected one of all; got 7"])
    assert main(["certify", "7"]) == 2
    assert lines_of(capsys) == ([], ["distillab: unknown certify job; expected one of none; got 7"])


def test_every_error_is_a_line_of_its_own(project, capsys):
    (project / "params.yaml").write_text("preset: tiny\noverride: {seeds: 3, device: gpu}\n")
    assert main(["check"]) == 2
    assert lines_of(capsys) == (
        [],
        [
            "distillab: params: seeds: expected a list; got 3",
            "distillab: params: device: expected one of auto, cpu, cuda; got 'gpu'; did you mean cpu?",
        ],
    )


@pytest.mark.parametrize(("error", "code"), [(SpecError, 2), (ArtifactError, 3), (ContractError, 4)])
def test_the_exit_code_says_what_kind_of_error_it_was(monkeypatch, capsys, error, code):
    failing(monkeypatch, error("broken", where="here"))
    assert main(["check"]) == code
    assert lines_of(capsys) == ([], ["distillab: here: broken"])


def test_debug_shows_the_traceback(monkeypatch):
    failing(monkeypatch, SpecError("broken"))
    with pytest.raises(SpecError, match=r"^broken$"):
        main(["--debug", "check"])


def test_an_interruption_is_one_line_and_the_shells_exit_code(monkeypatch, capsys):
    failing(monkeypatch, Interrupted(15))
    assert main(["check"]) == 143
    said = "distillab: ended by SIGTERM; nothing that was finished is lost: run again to go on"
    assert lines_of(capsys) == ([], [said])


def test_only_a_process_of_its_own_takes_the_signals(monkeypatch):
    taken = []
    monkeypatch.setattr(sys.modules["distillab.cli.main"], "end_on_signals", lambda: taken.append(True))
    monkeypatch.setattr("distillab.cli.manage.run_check", lambda _options: len(taken))
    assert main(["check"]) == 0
    monkeypatch.setattr(sys, "argv", ["distillab", "check"])
    assert main() == 1


def test_other_errors_are_not_hidden(monkeypatch):
    failing(monkeypatch, ZeroDivisionError("a bug"))
    with pytest.raises(ZeroDivisionError, match="a bug"):
        main(["check"])


def test_a_reader_who_leaves_is_no_traceback(monkeypatch, tmp_path):
    failing(monkeypatch, BrokenPipeError())
    with (tmp_path / "pipe").open("w") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        assert main(["check"]) == 1
        stream.write("nobody reads this")
    assert (tmp_path / "pipe").read_text() == ""


def test_the_log_is_on_the_other_stream_and_says_when(project, monkeypatch, capsys):
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    monkeypatch.setattr(logging.getLogger(), "level", logging.WARNING)
    log = logging.getLogger("distillab")
    monkeypatch.setattr("distillab.cli.manage.run_check", lambda _options: log.info("made %d", 3) or 0)
    assert main(["check"]) == 0
    out, (line,) = lines_of(capsys)
    assert out == []
    assert re.fullmatch(r"\d\d:\d\d:\d\d made 3", line)
