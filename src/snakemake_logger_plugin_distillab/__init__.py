"""Snakemake's logger plugin `distillab`: a run in the words of its field.

Snakemake finds it by its name. Whatever goes wrong in it, Snakemake's own words take its place.
"""

import logging
import os
import sys
import threading
from typing import TYPE_CHECKING

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

if TYPE_CHECKING:
    from distillab.cli.narrator import Narrator

EVERY = 1.0
"""Seconds between two looks at a run in a terminal; ten times as many without one."""

MUTED = {
    LogEvent.SHELLCMD, LogEvent.JOB_STARTED, LogEvent.PROGRESS, LogEvent.RESOURCES_INFO, LogEvent.WORKFLOW_STARTED,
    LogEvent.RUN_INFO,
}  # fmt: skip

BEFORE = ("Assuming unrestricted", "host: ", "Building DAG", "Using shell: ", "Select jobs")
"""What Snakemake says before each run."""

OF_FAILURE = ("Exiting because a job execution failed", "At least one job did not complete", "exec distillab ")
"""What Snakemake says besides which job failed."""

OF_SLURM = ("SLURM run ID", "No SLURM account given", "No account was given", "Unable to guess SLURM account")
"""What the plugin for Slurm says of each run, though the profile says that no account is wanted."""

INPUTS = 3
"""Input files of a job that a dry run names."""


class LogHandler(LogHandlerBase):
    """Tells of a run; what is no run, or told with more words on purpose, is Snakemake's."""

    def __post_init__(self) -> None:
        from snakemake.logging import ColorizingTextHandler, DefaultFilter, DefaultFormatter

        said = self.common_settings
        self._stream = sys.stdout if said.stdout else sys.stderr
        self._own: logging.Handler = ColorizingTextHandler(
            nocolor=said.nocolor,
            stream=self._stream,
            formatter=DefaultFormatter(said.quiet, said.show_failed_logs),
            filter=DefaultFilter(said.quiet, said.debug_dag, said.verbose, said.dryrun, said.printshellcmds),
        )
        self._quiet = {str(each.value) for each in said.quiet or ()}
        self._aside = said.verbose or said.debug_dag or said.printshellcmds or "all" in self._quiet
        self._live = self._stream.isatty() and os.environ.get("TERM") != "dumb" and not said.nocolor
        self._narrator: Narrator | None = None
        self._jobs: dict[int, tuple[str, str]] = {}
        self._idle = False
        self._ended = threading.Event()

    def emit(self, record: logging.LogRecord) -> None:
        """Tell what a record says, or hand it to Snakemake's own handler."""
        try:
            told = not self._aside and self._tell(record)
        except Exception:
            told, self._aside, self._narrator = False, True, None
        if not told:
            if self._narrator:
                self._narrator.clear()
            self._own.handle(record)

    def _tell(self, record: logging.LogRecord) -> bool:
        """Whether no other words are needed."""
        event, said = getattr(record, "event", None), record.__dict__
        if self.common_settings.dryrun:
            if event == LogEvent.JOB_INFO and len(inputs := said["input"]) > INPUTS:
                said["input"] = [*inputs[:INPUTS], f"and {len(inputs) - INPUTS} more"]
            return event is None and record.levelno < logging.WARNING and self._is_noise(record)
        if event in MUTED:
            return True
        if event == LogEvent.JOB_INFO:
            self._jobs[said["jobid"]] = (said["rule_name"], (said["wildcards"] or {}).get("job", ""))
            return self._told(said["jobid"], "started")
        if event == LogEvent.JOB_FINISHED:
            return self._told(said["job_id"], "finished")
        if event == LogEvent.JOB_ERROR:
            return self._told(said["jobid"], "failed")
        return self._is_noise(record)

    def _told(self, jobid: int, what: str) -> bool:
        if self._narrator is None:
            self._narrator = self._begun()
        stage, job = self._jobs[jobid]
        if job:
            getattr(self._narrator, what)(stage, job)
        return True

    def _begun(self) -> "Narrator":
        from distillab.cli.narrator import Narrator

        narrator = Narrator(self._stream, live=self._live, quiet="progress" in self._quiet)
        threading.Thread(target=self._tick, daemon=True).start()
        return narrator

    def _tick(self) -> None:
        while not self._ended.wait(EVERY if self._live else 10 * EVERY):
            self.acquire()
            try:
                if self._narrator and not self._ended.is_set():
                    self._narrator.tick()
            except Exception:
                self._aside, self._narrator = True, None
            finally:
                self.release()

    def _is_noise(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        self._idle |= text.startswith("Nothing to be done")
        if text.startswith(OF_SLURM):
            return True
        if record.levelno < logging.WARNING:
            return text.startswith(BEFORE) or (self._narrator is not None and not self.common_settings.dryrun)
        return self._narrator is not None and any(part in text for part in OF_FAILURE)

    def close(self) -> None:
        """The run has ended."""
        self.acquire()
        try:
            first, narrator = not self._ended.is_set(), self._narrator
            self._ended.set()
            if first and narrator:
                narrator.end()
            elif first and self._idle and self._live and not self.common_settings.dryrun:
                from distillab.cli.narrator import say_answer

                say_answer(self._stream)
        except Exception as error:
            self._stream.write(f"distillab: the end of the run could not be told: {type(error).__name__}\n")
        finally:
            self.release()
        super().close()

    @property
    def writes_to_stream(self) -> bool:
        """In place of Snakemake's own words."""
        return True

    @property
    def writes_to_file(self) -> bool:
        """It does not."""
        return False

    has_filter = has_formatter = writes_to_stream
    needs_rulegraph = writes_to_file
