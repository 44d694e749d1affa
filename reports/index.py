# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% tags=["parameters"]
tables = "results/digits/tables/index"

# %%
from distillab.reporting import answer, boxes, card, first_screen, heatmap, thief_rows
from distillab.reporting.project import in_project
from distillab.reporting.tables import Tables

read = Tables(in_project(tables))
verdicts = thief_rows.hardest_first(read)

# %%
picture = heatmap.verdict_heatmap(read, verdicts)
first_screen.first_screen(read, picture)

# %% [markdown]
# ## What each study found

# %%
first_screen.findings(read)

# %% [markdown]
# ## What this rests on

# %%
boxes.validity(read, whole=True)

# %% [markdown]
# ## How to reproduce this page

# %%
boxes.reproduce(read, whole=True)

# %%
boxes.provenance(read, whole=True)

# %%
card.social_card("index", answer.answer_sentence(read), picture)
