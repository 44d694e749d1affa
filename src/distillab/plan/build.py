"""Building a plan: parameters expanded to members, jobs and facts."""

from pathlib import Path

from distillab.core.job import Plan
from distillab.params.load import load_params
from distillab.plan.data_files import contents_of
from distillab.plan.expand import expand
from distillab.plan.facts import facts_of
from distillab.plan.jobs import jobs_of
from distillab.plan.resources import with_resources
from distillab.specs.brought import content_hash


def build_plan(root: Path = Path(), preset: str | None = None) -> Plan:
    """The plan of ``params.yaml`` or of another preset with its override, expanded to members and jobs."""
    params = load_params(root, preset)
    members = expand(params, root)
    plan = Plan(
        preset=params.preset,
        params=params.plain(),
        members=members,
        jobs=jobs_of(params, members),
        studies={study: (f"results/{params.preset}/reports/{study}.html",) for study in params.studies},
        facts=facts_of(params),
        files={
            str(file): content_hash(file, largest=model.largest)
            for model in params.models.values()
            for file in model.files()
        },
        data_files=contents_of(params, root),
    )
    return with_resources(plan)
