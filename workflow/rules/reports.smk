"""Tables for people and for DVC, and the pages."""

for shape in PLAN.stage("collect"):

    rule:
        name:
            shape.rule
        input:
            inputs_of(shape),
        output:
            shape.outputs,
        log:
            beside(shape, "logs", ".log"),
        benchmark:
            beside(shape, "benchmarks", ".tsv")
        wildcard_constraints:
            **shape.constraints,
        params:
            digest=digest_of(shape),
            job=job_of(shape),
        shell:
            "distillab collect {params.job:q} > {log:q} 2>&1"


for shape in PLAN.stage("report"):

    rule:
        name:
            shape.rule
        input:
            inputs_of(shape),
        output:
            shape.outputs,
        log:
            beside(shape, "logs", ".log"),
        benchmark:
            beside(shape, "benchmarks", ".tsv")
        wildcard_constraints:
            **shape.constraints,
        params:
            digest=digest_of(shape),
            job=job_of(shape),
        shell:
            "distillab report {params.job:q} > {log:q} 2>&1"
