# %% tags=["parameters"]
tables = "results/digits/tables"
reported = "reports/reported"

# %%
from distillab.reporting.display import Html
from distillab.reporting.tables import Tables

read = Tables(tables)
Html("<h1>Defensive distillation with teacher assistants</h1>")
