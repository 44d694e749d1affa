"""Where each stage's payloads go, under ``results/<preset>/``; a path says the lineage of what it holds."""

PATTERNS: dict[str, str] = {
    "prepare": "data/{part}.safetensors",
    "teach": "teachers/{teacher}/s{seed}.safetensors",
    "baseline": "students/{student}/s{seed}.safetensors",
    "knockoff": "knockoffs/{teacher}/{knockoff}/s{seed}.safetensors",
    "distill": "chains/{chain}/T{temperature}/step{step}/{part}-s{seed}.safetensors",
    "measure": "measures/{family}/{model}/s{seed}.safetensors",
    "sensitivity": "sensitivity/{family}/{model}/s{seed}.parquet",
    "attack": "attacks/{family}/{model}/{attack}/{logits}-s{seed}.parquet",
    "certify": "certificates/{family}/{model}/{certifier}-s{seed}.parquet",
    "collect": "{file}",
    "report": "reports/{report}.html",
}

ALWAYS_BATCHED: dict[str, tuple[str, ...]] = {"prepare": ("part",), "distill": ("part",), "collect": ("file",)}
"""Axes that one process always loops over."""

TABLES = (
    "tables/models.parquet",
    "tables/knockoff.parquet",
    "tables/verdicts.parquet",
    "tables/robustness.parquet",
    "tables/curves.parquet",
    "tables/cmi.parquet",
    "tables/leaks.parquet",
    "tables/simplex.parquet",
    "tables/ablations.parquet",
    "tables/hypotheses.parquet",
    "tables/worst.parquet",
    "tables/certificates.parquet",
    "tables/certified_images.parquet",
    "tables/cascades.parquet",
    "tables/responses.parquet",
    "tables/profiles.parquet",
    "tables/history.parquet",
    "tables/examples.parquet",
    "tables/sensitivity.parquet",
    "tables/steps.parquet",
    "tables/claims.parquet",
    "tables/facts.json",
    "tables/run.json",
    "plots/history.csv",
    "plots/robustness.csv",
    "plots/cmi.csv",
    "metrics.json",
)
"""What the reports, DVC's metrics and DVC's plots read."""

REPORTS = ("index", "undistillable", "ta", "sparse", "adversarial", "certified")
"""The index page and one page per study."""

BENCHMARKS = {"certified": "benchmarks/certify/results/*.json"}
"""Page to the recorded benchmarks that it shows."""
