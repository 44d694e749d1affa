# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% tags=["parameters"]
tables = "results/digits/tables/ta"
reported = "reports/reported"

# %%
from distillab.reporting import (
    boxes,
    card,
    chain_attacks,
    chain_differences,
    chain_plots,
    chain_text,
    chain_views,
    departures,
    examples,
    heads,
)
from distillab.reporting.display import folded
from distillab.reporting.errata import errata
from distillab.reporting.project import in_project
from distillab.reporting.reported import Reported
from distillab.reporting.tables import Tables

read, papers = Tables(in_project(tables)), Reported(in_project(reported))
heads.head(read, "ta")

# %%
answer = chain_text.claims_answer(read)
answer

# %%
perturbations = chain_plots.perturbations(read)
largest = chain_plots.perturbations(read, "max_distance")

# %%
picture = chain_plots.figure(read, perturbations, "robustness")
picture

# %%
folded("The largest perturbations", chain_plots.figure(read, largest, "largest")) if len(largest) else None

# %% [markdown]
# ## The paper's claims
#
# A *teacher* is trained on labels at a temperature T, an *assistant* on the teacher's soft labels, a *student* on the
# assistant's; all are used at T = 1. The assistant is what Papernot et al. (2016) call a defensively distilled network,
# so the claim that it helps is the comparison of student and assistant.

# %%
chain_views.claims_table(read)

# %%
chain_differences.differences_table(read)

# %% [markdown]
# ## What happens at T = 1
#
# A network that fits soft labels at T has logits about T times as large. Used at T = 1, its softmax saturates:
# gradients vanish, but no boundary moves, and the smallest perturbation stays what it was. Attacks that follow the
# gradient of probabilities in float32 fail for numerical reasons (*gradient masking*); dividing the logits by T
# repairs them. What follows shows how a metric moves, not that a network got safer.

# %%
chain_text.saturation(read)

# %%
gradients = chain_plots.sensitivities(read)

# %%
chain_plots.figure(read, gradients, "sensitivity")

# %%
chain_attacks.masking_table(read)

# %% [markdown]
# ## Accuracy and confidence

# %%
accuracies = chain_plots.shares(read, "test_accuracy")
confidences = chain_plots.shares(read, "confidence")

# %%
chain_plots.figure(read, accuracies, "accuracy")

# %%
chain_plots.figure(read, confidences, "confidence")

# %%
chain_views.steps_table(read, papers)

# %% [markdown]
# ## Further steps

# %%
by_step = chain_plots.accuracies_by_step(read)
further, averages = chain_plots.perturbations(read, further=True), chain_plots.averages_by_step(read)
lengths = chain_plots.lengths(read)

# %%
chain_plots.figure(read, by_step, "steps-accuracy")

# %%
chain_plots.figure(read, further, "steps-robustness")

# %%
chain_plots.figure(read, averages, "steps-averaged")

# %%
folded("The attacks in one norm", chain_plots.figure(read, lengths, "one-norm"))

# %%
folded("Adversarial examples", examples.triptychs(read, models=chain_views.shown_models(read)))

# %% [markdown]
# ## What cannot be decided

# %%
boxes.validity(read) + departures.departures_table(read, papers)

# %% [markdown]
# ## How to reproduce this page

# %%
boxes.reproduce(read)

# %% [markdown]
# ### Where this differs from the paper
#
# - Intervals over seeds and images, and a correction for the number of claims; the paper shows single runs.
# - The attacks run on the logits and on the logits over T.
# - Attacks are untargeted unless a target is named, start from correctly classified images, and are measured in their
#   own norm; in means a failed search counts as the farthest point of the pixel box.

# %%
folded("Misprints of the paper, and what was adopted", errata(papers, "ta"))

# %%
folded("The papers' own numbers", chain_views.printed_table(papers)) if papers.chain_dataset(read.facts) else None

# %%
boxes.provenance(read)

# %%
card.social_card("ta", answer, picture)
