"""Data, teachers, LS students, knockoffs, chains: everything that is trained."""


rule prepare:
    # the data set's images, and the index of its splits
    input:
        inputs_of("prepare"),
    output:
        f"{RESULTS}/receipts/prepare/{{job}}.json",
    log:
        f"{RESULTS}/logs/prepare/{{job}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/prepare/{{job}}.tsv"
    priority: priority_of("prepare")
    threads: threads_of("prepare")
    resources:
        mem_mb=memory_of("prepare"),
        runtime=minutes_of("prepare"),
    params:
        digest=digest_of("prepare"),
    shell:
        "exec distillab prepare {wildcards.job:q} --digest {params.digest} > {log:q} 2>&1"


rule teach:
    # teachers: one network per defense, pair and seed
    input:
        inputs_of("teach"),
    output:
        f"{RESULTS}/receipts/teach/{{job}}.json",
    log:
        f"{RESULTS}/logs/teach/{{job}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/teach/{{job}}.tsv"
    priority: priority_of("teach")
    threads: threads_of("teach")
    resources:
        gpu=GPU,
        mem_mb=memory_of("teach"),
        runtime=minutes_of("teach"),
    params:
        digest=digest_of("teach"),
    shell:
        "exec distillab teach {wildcards.job:q} --digest {params.digest} > {log:q} 2>&1"


rule baseline:
    # LS students: what a thief reaches without a teacher
    input:
        inputs_of("baseline"),
    output:
        f"{RESULTS}/receipts/baseline/{{job}}.json",
    log:
        f"{RESULTS}/logs/baseline/{{job}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/baseline/{{job}}.tsv"
    priority: priority_of("baseline")
    threads: threads_of("baseline")
    resources:
        gpu=GPU,
        mem_mb=memory_of("baseline"),
        runtime=minutes_of("baseline"),
    params:
        digest=digest_of("baseline"),
    shell:
        "exec distillab baseline {wildcards.job:q} --digest {params.digest} > {log:q} 2>&1"


rule knockoff:
    # students trained on a teacher's answers
    input:
        inputs_of("knockoff"),
    output:
        f"{RESULTS}/receipts/knockoff/{{job}}.json",
    log:
        f"{RESULTS}/logs/knockoff/{{job}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/knockoff/{{job}}.tsv"
    priority: priority_of("knockoff")
    threads: threads_of("knockoff")
    resources:
        gpu=GPU,
        mem_mb=memory_of("knockoff"),
        runtime=minutes_of("knockoff"),
    params:
        digest=digest_of("knockoff"),
    shell:
        "exec distillab knockoff {wildcards.job:q} --digest {params.digest} > {log:q} 2>&1"


rule distill:
    # the steps of chains, each on the soft labels of the one before
    input:
        inputs_of("distill"),
    output:
        f"{RESULTS}/receipts/distill/{{job}}.json",
    log:
        f"{RESULTS}/logs/distill/{{job}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/distill/{{job}}.tsv"
    priority: priority_of("distill")
    threads: threads_of("distill")
    resources:
        gpu=GPU,
        mem_mb=memory_of("distill"),
        runtime=minutes_of("distill"),
    params:
        digest=digest_of("distill"),
    shell:
        "exec distillab distill {wildcards.job:q} --digest {params.digest} > {log:q} 2>&1"
