# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% tags=["parameters"]
tables = "results/digits/tables/adversarial"
reported = "reports/reported"

# %%
from distillab.reporting import (
    boxes,
    card,
    departures,
    examples,
    heads,
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
from distillab.reporting.errata import errata
from distillab.reporting.project import in_project
from distillab.reporting.reported import Reported
from distillab.reporting.selection import UNPROTECTED, only
from distillab.reporting.tables import Tables

read, papers = Tables(in_project(tables)), Reported(in_project(reported))
robust = only(read, UNPROTECTED, worst_rows.ROBUST)
heads.head(read, "adversarial")

# %%
answer = robust_text.adversarial_answer(read)
answer

# %%
tradeoffs = tradeoff_views.tradeoffs(read)

# %%
picture = tradeoff_views.tradeoff_figure(read, tradeoffs)
picture

# %% [markdown]
# ## The worst case
#
# *Adversarial training* updates a network on the worst images that an adversary finds near the batch; *TRADES*
# penalizes how far an adversary can move the answers, with a weight β. An image counts as robust only if every attack
# fails on it: an upper bound of robustness, never a guarantee.

# %%
worst_views.worst_table(read)

# %%
sizes = tradeoff_views.sizes(read)

# %%
Html("<h3>Robustness and the size of the network</h3>") + tradeoff_views.capacity_figure(read, sizes) if len(
    sizes
) else None

# %% [markdown]
# ## Every attack on every model

# %%
text.post_hoc(read) if len(read["robustness"]) else None

# %%
robustness_views.robustness_table(read)

# %%
robustness = robustness_views.robustness_curves(read)

# %%
robustness_views.robustness_figure(read, robustness)

# %% [markdown]
# ## Attacks without the gradients
#
# An attack that sees the gradients cannot honestly lose to images that were made against another network: a copy, one
# trained without an adversary, or another architecture.

# %%
worst_views.transfer_table(read)

# %%
left = worst_views.survival_table(read)
Html("<h2>Does robustness survive distillation?</h2>") + left if left.text else None

# %%
survival = survival_views.survivals(read)

# %%
survival_views.survival_figure(read, survival)


# %%
def stolen():
    matrix = thief_views.verdict_matrix(robust) if len(robust["verdicts"]) else Html("")
    return Html("") + matrix + model_views.utility_table(robust, papers)


Html("<h2>Can robust teachers be stolen?</h2>") + heads.told_on(
    read, "undistillable", "Verdicts and costs of every teacher", stolen
)

# %%
folded("Adversarial examples", examples.triptychs(read))

# %% [markdown]
# ## What cannot be decided

# %%
boxes.validity(read) + departures.departures_table(read, papers)

# %% [markdown]
# ## How to reproduce this page

# %%
boxes.reproduce(read)

# %% [markdown]
# ### Where this differs from the papers
#
# - The adversary of the training sees the network in evaluation mode; the release of Madry et al. attacks it in
#   training mode. TRADES passes clean images once, its release twice.
# - The worst case is taken image by image over all attacks; the papers print one attack at a time, of single runs.
# - The release of TRADES rounds Madry et al.'s radius on color images down: another budget, never in one column here.

# %%
beside = robust_papers.comparable(read, papers)
Html("<h2>The papers' numbers</h2>") + robust_papers.printed_tables(read, papers) if beside else None

# %%
folded("What the survey gets wrong", errata(papers, "adversarial")) if beside else None

# %%
boxes.provenance(read)

# %%
card.social_card("adversarial", answer, picture)
