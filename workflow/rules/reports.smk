"""Tables for people and for DVC, and the pages."""


rule collect:
    # tables, DVC's metrics and plots, from what was made
    input:
        inputs_of("collect"),
    output:
        f"{RESULTS}/receipts/collect/{{job}}.json",
    log:
        f"{RESULTS}/logs/collect/{{job}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/collect/{{job}}.tsv"
    priority: priority_of("collect")
    threads: threads_of("collect")
    resources:
        mem_mb=memory_of("collect"),
        runtime=minutes_of("collect"),
    params:
        digest=digest_of("collect"),
    shell:
        "exec distillab collect {wildcards.job:q} --digest {params.digest} > {log:q} 2>&1"


rule report:
    # pages, from the tables
    input:
        inputs_of("report"),
    output:
        f"{RESULTS}/reports/{{job}}.html",
    log:
        f"{RESULTS}/logs/report/{{job}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/report/{{job}}.tsv"
    priority: priority_of("report")
    threads: threads_of("report")
    resources:
        mem_mb=memory_of("report"),
        runtime=minutes_of("report"),
    params:
        digest=digest_of("report"),
    shell:
        "exec distillab report {wildcards.job:q} --digest {params.digest} > {log:q} 2>&1"
