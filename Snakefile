# distillab: from params.yaml to the reports. `snakemake -n` shows the jobs, `snakemake --cores 2` runs them.
from snakemake.utils import min_version

min_version("9.25")


include: "workflow/rules/common.smk"
include: "workflow/rules/models.smk"
include: "workflow/rules/evaluation.smk"
include: "workflow/rules/reports.smk"


rule all:
    default_target: True
    input:
        [job.output for job in PLAN.jobs],


for study, pages in PLAN.studies.items():

    rule:
        name:
            study
        input:
            pages,
