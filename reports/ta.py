# %% tags=["parameters"]
tables = "results/digits/tables/ta"
reported = "reports/reported"

# %%
from html import escape

from distillab.reporting import boxes, chain_attacks, chain_plots, chain_text, chain_views, examples
from distillab.reporting.display import Html, folded
from distillab.reporting.reported import Reported
from distillab.reporting.tables import Tables

read, papers = Tables(tables), Reported(reported)
Html(f"<h1>Defensive distillation with teacher assistants on {escape(read.dataset)}</h1>")

# %%
chain_text.claims_answer(read)

# %%
Html('<nav aria-label="Pages"><span>Pages</span><a href="index.html">Overview</a></nav>')

# %% [markdown]
# A *teacher* is trained on labels at a temperature T, an *assistant* on the teacher's soft labels, a *student* on the
# assistant's, each with the same network and the same T; all are used at T = 1. The assistant is what Papernot et al.
# (2016) call a defensively distilled network, so the claim that it helps is the comparison of student and assistant.
# The paper's baseline is the teacher at T = 1.

# %% [markdown]
# ## The paper's claims

# %%
chain_views.claims_table(read)

# %% [markdown]
# ## Validity

# %%
boxes.validity(read)

# %% [markdown]
# ## Accuracy

# %%
chain_plots.accuracy_by_temperature(read)

# %%
chain_views.steps_table(read, papers)

# %% [markdown]
# ## What happens at T = 1
#
# A network that fits soft labels at T has logits about T times as large as one trained at T = 1. Used at T = 1, its
# softmax saturates: with a margin of m logits every entry of softmax's Jacobian is of the order of exp(−m). That is
# why gradients vanish, not because the function became flat: multiplying logits by a constant moves no boundary, and
# the exact smallest perturbation stays what it was. Attacks that follow the gradient of probabilities, or of
# cross-entropy, in float32 then fail for numerical reasons (*gradient masking*); attacks on differences of logits do
# not, and dividing the logits by T repairs the others. Defensive distillation is not a defense: what follows shows how
# a metric moves, not that a network got safer.

# %%
chain_text.saturation(read)

# %%
chain_plots.sensitivity_by_temperature(read)

# %%
chain_attacks.masking_table(read)

# %% [markdown]
# ## Robustness

# %%
chain_plots.robustness_by_temperature(read)

# %%
chain_attacks.differences_table(read)

# %%
chain_plots.one_norm_by_temperature(read)

# %% [markdown]
# ## Confidence

# %%
chain_plots.confidence_by_temperature(read)

# %% [markdown]
# ## Further steps

# %%
chain_plots.accuracy_by_step(read)

# %%
chain_plots.robustness_by_step(read)

# %% [markdown]
# ## Adversarial examples

# %%
examples.triptychs(read, models=chain_views.shown_models(read))

# %% [markdown]
# ## Where this differs from the paper
#
# - Intervals over seeds and over images, and a correction for the number of claims; the paper shows single runs.
# - The attacks run on the logits and on the logits over T. A number that differs between the two measures the attack.
# - Attacks are untargeted unless the parameters below name a target, start from images that the model classifies
#   correctly, and are measured in their own norm. A failed search counts as a failure and, in means, as the farthest
#   point of the pixel box, never as zero.
# - Gradient amplitudes are computed in log space; float32 reads far smaller ones as exact zeros, which is shown beside.

# %%
folded("Misprints of the paper, and what was adopted", chain_text.misprints(papers))

# %%
folded("The papers' own numbers", chain_views.printed_table(papers))

# %% [markdown]
# ## How to reproduce this page

# %%
boxes.reproduce(read)

# %% [markdown]
# ## Provenance

# %%
boxes.provenance(read)
