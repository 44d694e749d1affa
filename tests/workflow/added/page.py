# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% tags=["parameters"]
tables = "results/digits/tables/classes"
reported = "reports/reported"

# %%
from distillab.reporting import boxes, heads, model_views, robustness_views
from distillab.reporting.columns import Heading, declared, rows_of
from distillab.reporting.kit import PageTable
from distillab.reporting.project import in_project
from distillab.reporting.reported import Reported
from distillab.reporting.summaries import teachers_of
from distillab.reporting.tables import Tables

read = Tables(in_project(tables))
heads.head(read, "classes")

# %%
frame = read["per_class"][read["per_class"]["model"].isin(teachers_of(read)["model"])]

# %%
columns = {
    "teacher": Heading("Teacher"),
    "class": Heading("Class"),
    "accuracy": declared("per_class", "accuracy", "Accuracy ↑"),
}
shown = frame.assign(**{"teacher": frame["model"].map(read.label), "class": frame["label"].map(str)})
PageTable("per-class", "Accuracy on the test images of one class", columns, rows_of(shown, columns))

# %%
model_views.utility_table(read, Reported(in_project(reported)))

# %%
robustness_views.robustness_table(read)

# %%
boxes.validity(read)

# %%
boxes.provenance(read)
