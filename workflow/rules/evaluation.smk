"""Measurements, attacks and certificates: every model crossed with every question."""


rule measure:
    # what models say about validation and test images
    input:
        inputs_of("measure"),
    output:
        f"{RESULTS}/receipts/measure/{{job}}.json",
    log:
        f"{RESULTS}/logs/measure/{{job}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/measure/{{job}}.tsv"
    priority: priority_of("measure")
    threads: threads_of("measure")
    resources:
        gpu=GPU,
        mem_mb=memory_of("measure"),
        runtime=minutes_of("measure"),
    params:
        digest=digest_of("measure"),
    shell:
        "exec distillab measure {wildcards.job:q} --digest {params.digest} > {log:q} 2>&1"


rule sensitivity:
    # amplitudes of the Jacobian at test images
    input:
        inputs_of("sensitivity"),
    output:
        f"{RESULTS}/receipts/sensitivity/{{job}}.json",
    log:
        f"{RESULTS}/logs/sensitivity/{{job}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/sensitivity/{{job}}.tsv"
    priority: priority_of("sensitivity")
    threads: threads_of("sensitivity")
    resources:
        gpu=GPU,
        mem_mb=memory_of("sensitivity"),
        runtime=minutes_of("sensitivity"),
    params:
        digest=digest_of("sensitivity"),
    shell:
        "exec distillab sensitivity {wildcards.job:q} --digest {params.digest} > {log:q} 2>&1"


rule attack:
    # adversarial attacks on models, one row per image
    input:
        inputs_of("attack"),
    output:
        f"{RESULTS}/receipts/attack/{{job}}.json",
    log:
        f"{RESULTS}/logs/attack/{{job}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/attack/{{job}}.tsv"
    priority: priority_of("attack")
    threads: threads_of("attack")
    resources:
        gpu=GPU,
        mem_mb=memory_of("attack"),
        runtime=minutes_of("attack"),
    params:
        digest=digest_of("attack"),
    shell:
        "exec distillab attack {wildcards.job:q} --digest {params.digest} > {log:q} 2>&1"


rule certify:
    # certificates of models, one row per image and radius
    input:
        inputs_of("certify"),
    output:
        f"{RESULTS}/receipts/certify/{{job}}.json",
    log:
        f"{RESULTS}/logs/certify/{{job}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/certify/{{job}}.tsv"
    priority: priority_of("certify")
    threads: threads_of("certify")
    resources:
        gpu=GPU,
        mem_mb=memory_of("certify"),
        runtime=minutes_of("certify"),
    params:
        digest=digest_of("certify"),
    shell:
        "exec distillab certify {wildcards.job:q} --digest {params.digest} > {log:q} 2>&1"
