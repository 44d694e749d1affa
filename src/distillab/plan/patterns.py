"""What the workflow's last stages make: the tables, and the pages."""

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
