# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% tags=["parameters"]
tables = "results/audit/tables/audit"
reported = "reports/reported"

# %%
from distillab.reporting import (
    audit_rows,
    audit_text,
    audit_views,
    boxes,
    card,
    heads,
    leak_figures,
    leak_views,
    method_views,
    model_views,
    thief_curves,
    thief_views,
)
from distillab.reporting.display import folded
from distillab.reporting.project import in_project
from distillab.reporting.reported import Reported
from distillab.reporting.tables import Tables

read, papers = Tables(in_project(tables)), Reported(in_project(reported))
heads.head(read, "audit")

# %%
answer = audit_text.audit_answer(read)
answer

# %%
curves = thief_curves.curves(read)

# %%
picture = thief_curves.curve_figure(read, curves)
picture

# %% [markdown]
# ## The verdict and its control
#
# A *thief* has a few labeled images and asks the model about many others. Its *copy* learns from the answers; the same
# student *without answers* learns from the labels, and from the other images as its own first guess names them. The
# model can be stolen if the copy is surely better than both. The *control* is a teacher without protection that was
# trained here: where it does not leak either, nothing is said of the model.

# %%
audit_views.verdicts_table(read)

# %%
thief_views.controls_table(read)

# %% [markdown]
# ## What would protect it

# %%
protections = audit_rows.protection_rows(read)

# %%
audit_views.protections_figure(read, protections)

# %%
audit_views.protections_table(read, protections)

# %% [markdown]
# ## What to do

# %%
audit_text.advice(read)

# %% [markdown]
# ## The evidence
#
# Nothing but answers was used. Concentrated answers tell a thief less: the conditional mutual information (CMI) of a
# class is how far its answers scatter around their mean.

# %%
leak_views.leaks_table(read)

# %%
model_views.entropy_table(read, papers)

# %%
folded("Accuracy and calibration", model_views.utility_table(read, papers))

# %%
concentrations = leak_figures.concentrations(read)

# %%
folded("Concentration by power", leak_figures.concentration_figure(concentrations))

# %% [markdown]
# ## What this rests on

# %%
boxes.validity(read)

# %%
folded("Methods, sources, grades", method_views.methods_table(read))

# %% [markdown]
# ## How to reproduce this page

# %%
boxes.reproduce(read)

# %%
boxes.provenance(read)

# %%
card.social_card("audit", answer, picture)
