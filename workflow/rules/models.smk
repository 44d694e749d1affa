"""Data, teachers, LS students, knockoffs: everything that is trained. One rule per shape of jobs."""

for shape in PLAN.stage("prepare"):

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
            "distillab prepare {params.job:q} > {log:q} 2>&1"


for shape in PLAN.stage("teach"):

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
            "distillab teach {params.job:q} > {log:q} 2>&1"


for shape in PLAN.stage("baseline"):

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
            "distillab baseline {params.job:q} > {log:q} 2>&1"


for shape in PLAN.stage("knockoff"):

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
            "distillab knockoff {params.job:q} > {log:q} 2>&1"
