"""Measurements and attacks: every model crossed with every question."""

for shape in PLAN.stage("measure"):

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
        threads: threads_of(shape)
        resources:
            gpu=GPU,
        params:
            digest=digest_of(shape),
            job=job_of(shape),
        shell:
            "distillab measure {params.job:q} > {log:q} 2>&1"


for shape in PLAN.stage("attack"):

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
        threads: threads_of(shape)
        resources:
            gpu=GPU,
        params:
            digest=digest_of(shape),
            job=job_of(shape),
        shell:
            "distillab attack {params.job:q} > {log:q} 2>&1"
