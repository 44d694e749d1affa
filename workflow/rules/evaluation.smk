"""Measurements, attacks and certificates: every model crossed with every question."""

for shape in shapes_of("measure", "sensitivity", "attack", "certify"):

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
            gpu=gpu_of(shape),
        params:
            digest=digest_of(shape),
            stage=shape.stage,
            job=job_of(shape),
        shell:
            "exec distillab {params.stage} {params.job:q} > {log:q} 2>&1"
