# %% tags=["parameters"]
tables = "results/digits/tables/adversarial"
reported = "reports/reported"

# %%
from html import escape

from distillab.reporting import (
    boxes,
    chain_views,
    examples,
    model_views,
    robust_papers,
    robust_text,
    robustness_views,
    survival_views,
    text,
    thief_views,
    tradeoff_views,
    worst_rows,
    worst_views,
)
from distillab.reporting.display import Html, folded
from distillab.reporting.reported import Reported
from distillab.reporting.selection import UNPROTECTED, only
from distillab.reporting.tables import Tables

read, papers = Tables(tables), Reported(reported)
robust = only(read, UNPROTECTED, worst_rows.ROBUST)
Html(f"<h1>Adversarial training and the worst case on {escape(read.dataset)}</h1>")

# %%
robust_text.adversarial_answer(read)

# %%
Html('<nav aria-label="Pages"><span>Pages</span><a href="index.html">Overview</a></nav>')

# %% [markdown]
# *Adversarial training* updates a network on the worst images that an adversary finds near the batch (Madry et al.,
# 2018). *TRADES* keeps the clean images and penalizes how far an adversary can move the answers, with a weight β that
# buys robustness with accuracy (Zhang et al., 2019). Each network is judged here by the worst case: an image counts as
# robust only if every attack fails on it. That is an upper bound of its robustness, never a guarantee.

# %% [markdown]
# ## The worst case

# %%
worst_views.worst_table(read)

# %% [markdown]
# ## Validity

# %%
boxes.validity(read)

# %% [markdown]
# ## What robustness costs

# %%
tradeoff_views.tradeoff_figure(read)

# %%
model_views.utility_table(robust, papers)

# %%
sizes = tradeoff_views.capacity_figure(read)
Html("<h3>Robustness and the size of the network</h3>") + sizes if sizes.text else None

# %% [markdown]
# ## Every attack on every model

# %%
text.post_hoc(read) if len(read["robustness"]) else None

# %%
robustness_views.robustness_table(read)

# %%
robustness_views.robustness_figure(read)

# %% [markdown]
# ## Attacks without the gradients
#
# An attack that sees the network's gradients cannot honestly lose to adversarial images that were made against another
# network. Madry et al. (2018) take those from an independent copy, from a network that was trained without an
# adversary, and from another architecture.

# %%
worst_views.transfer_table(read)

# %%
left = worst_views.survival_table(read)
Html("<h2>Does robustness survive distillation?</h2>") + left if left.text else None

# %%
survival_views.survival_figure(read)

# %%
stolen = thief_views.verdict_matrix(robust) if len(robust["verdicts"]) else Html("")
Html("<h2>Can robust teachers be stolen?</h2>") + stolen if stolen.text else None

# %% [markdown]
# ## Adversarial examples

# %%
examples.triptychs(read)

# %% [markdown]
# ## Where this differs from the papers
#
# - The adversary of the training sees the network in evaluation mode; the release of Madry et al. attacks it in
#   training mode, with statistics of the batch.
# - TRADES passes clean images once, its release twice; the latter is a setting.
# - The worst case is taken image by image over all attacks; the papers print one attack at a time.
# - Intervals are over seeds, or over images where there is one seed; the papers print single runs.
# - The release of TRADES rounds Madry et al.'s radius on color images down, which makes it another budget: the two
#   never share a column.

# %% [markdown]
# ## The papers' numbers

# %%
robust_papers.printed_tables(read, papers)

# %%
folded("Defensive distillation in print", chain_views.printed_table(papers))

# %%
folded("What the survey gets wrong", robust_text.survey_corrections(papers))

# %% [markdown]
# ## How to reproduce this page

# %%
boxes.reproduce(read)

# %% [markdown]
# ## Provenance

# %%
boxes.provenance(read)
