# %% tags=["parameters"]
tables = "results/digits/tables/classes"
reported = "reports/reported"

# %%
from html import escape

from distillab.reporting import boxes, model_views, robustness_views
from distillab.reporting.display import Html, header, percent, table
from distillab.reporting.reported import Reported
from distillab.reporting.summaries import teachers_of
from distillab.reporting.tables import Tables

read = Tables(tables)
Html(f"<h1>Class by class on {escape(read.dataset)}</h1>")

# %%
shown = read["per_class"][read["per_class"]["model"].isin(teachers_of(read)["model"])]
table(
    shown.assign(
        model=shown["model"].map(read.label), label=shown["label"].map(str), accuracy=shown["accuracy"].map(percent)
    )[["model", "label", "accuracy"]],
    name="per-class",
    caption="<b>Accuracy on the test images of one class</b>.",
    labels={"model": "Teacher", "label": "Class", "accuracy": header("Accuracy ↑", "%")},
)

# %%
model_views.utility_table(read, Reported(reported))

# %%
robustness_views.robustness_table(read)

# %%
boxes.validity(read)

# %%
boxes.provenance(read)
