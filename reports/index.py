# %% tags=["parameters"]
tables = "results/digits/tables"
studies = {"undistillable": "Undistillable teachers and knockoff students"}

# %%
from html import escape

from distillab.reporting import boxes, knockoff_views, robustness_views, text
from distillab.reporting.display import Html, paragraph
from distillab.reporting.tables import Tables

read = Tables(tables)
links = "".join(f'<a href="{name}.html">{escape(title)}</a>' for name, title in studies.items())
Html(f"<h1>Distillation, theft and defense on {escape(read.dataset)}</h1>")

# %%
text.knockoff_answer(read)

# %%
text.robustness_answer(read)

# %%
Html(f'<nav aria-label="Study pages"><span>Studies</span>{links}</nav>') if links else None

# %% [markdown]
# ## Can the teachers be stolen?

# %%
knockoff_views.verdict_table(read) if len(read["verdicts"]) else None

# %%
knockoff_views.verdict_figure(read) if len(read["verdicts"]) else None

# %% [markdown]
# ## Do they resist adversarial examples?

# %%
robustness_views.robustness_table(read) if len(read["robustness"]) else paragraph("No attack was run.")

# %% [markdown]
# ## Validity

# %%
boxes.validity(read)

# %% [markdown]
# ## How to reproduce this page

# %%
boxes.reproduce(read)

# %% [markdown]
# ## Provenance

# %%
boxes.provenance(read)
