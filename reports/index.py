# %% tags=["parameters"]
tables = "results/digits/tables/index"

# %%
from html import escape

from distillab.core.identity import PAPER
from distillab.reporting import (
    boxes,
    chain_text,
    knockoff_views,
    robust_text,
    robustness_views,
    sparse_text,
    studies,
    text,
    thief_curves,
    thief_text,
    thief_views,
)
from distillab.reporting.display import Html, paragraph
from distillab.reporting.selection import robbed_by
from distillab.reporting.tables import Tables

read = Tables(tables)
paper = robbed_by(read, PAPER)
chains_alone = len(read["claims"]) and not len(read["verdicts"])
ran = studies.studies_of(read)
Html(f"<h1>Distillation, theft and defense on {escape(read.dataset)}</h1>")

# %%
None if chains_alone else thief_text.knockoff_answer(read)

# %%
None if chains_alone else text.robustness_answer(read)

# %%
chain_text.claims_answer(read) if len(read["claims"]) else None

# %%
sparse_text.sparse_answer(paper) if "sparse" in ran else None

# %%
robust_text.adversarial_answer(read) if "adversarial" in ran else None

# %%
studies.study_links(read)

# %% [markdown]
# ## Can the teachers be stolen?

# %%
thief_views.verdict_matrix(read) if len(read["verdicts"]) else paragraph("No knockoff was trained.")

# %%
thief_curves.curve_figure(read)

# %%
knockoff_views.verdict_figure(paper) if len(paper["verdicts"]) else None

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
