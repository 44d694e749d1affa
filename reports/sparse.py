# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% tags=["parameters"]
tables = "results/digits/tables/sparse"
reported = "reports/reported"

# %%
from distillab.core.identity import PAPER
from distillab.reporting import (
    boxes,
    card,
    departures,
    heads,
    hypothesis_views,
    knockoff_views,
    matrix_views,
    method_views,
    model_views,
    release_settings,
    response_views,
    robustness_views,
    sparse_text,
    text,
    thief_views,
)
from distillab.reporting.display import Html, folded, paragraph
from distillab.reporting.project import in_project
from distillab.reporting.reported import Reported
from distillab.reporting.selection import only, robbed_by
from distillab.reporting.tables import Tables

everyone, papers = Tables(in_project(tables)), Reported(in_project(reported))
read = robbed_by(everyone, PAPER)
shown, own = only(read, *sparse_text.KINDS), only(read, sparse_text.KIND)
robbed = only(everyone, *sparse_text.KINDS)
heads.head(everyone, "sparse")

# %%
answer = sparse_text.sparse_answer(read)
answer

# %%
gains = knockoff_views.worst_cases(shown)

# %%
picture = knockoff_views.verdict_figure(shown, gains)
picture

# %% [markdown]
# ## Verdicts
#
# An *adversarial sparse teacher* (AST) learns to answer an image as it answers an adversarial version of it, with all
# but its few largest outputs removed. It stands here beside CE, LS, the nasty teacher (NT) and the stingy one (ST).


# %%
def verdicts():
    if not len(robbed["verdicts"]):
        return paragraph("No knockoff was trained.")
    table = knockoff_views.verdict_table(shown) if len(shown["verdicts"]) else Html("")
    knockoffs = matrix_views.knockoff_table(shown, papers) if len(shown["knockoff"]) else Html("")
    return Html("") + thief_views.verdict_matrix(robbed) + table + knockoffs


heads.told_on(everyone, "undistillable", "Verdicts on every teacher, and every knockoff", verdicts)

# %% [markdown]
# ## What protection costs

# %%
heads.told_on(
    everyone, "undistillable", "Accuracy, calibration and time of every teacher",
    lambda: model_views.utility_table(shown, papers),
)  # fmt: skip

# %% [markdown]
# ## How the teachers answer
#
# What can be learned from answers is what differs between images: how much mass lies off the top class, on how many
# classes, and in which order.

# %%
response_views.responses_table(shown)

# %%
answers = response_views.sorted_answers(shown)

# %%
response_views.profile_figure(answers)

# %% [markdown]
# ## The loss
#
# The authors' release passes probabilities to a Kullback-Leibler loss that expects their logarithms. What it computes
# is the *exponential predictive divergence*, EPD(p, r) = Σ exp(r) (r − p), of the teacher's softened answer p and the
# sparse answer r. It pulls p toward the largest class of r, but does not make p like r.

# %%
divergences = response_views.divergence_rows()

# %%
response_views.divergence_figure(divergences)

# %%
ablations = hypothesis_views.ablations(own)

# %%
Html("<h2>What the parameters do</h2>") + hypothesis_views.ablation_figures(own, ablations) if len(ablations) else None

# %% [markdown]
# ## Does it resist adversarial examples?
#
# Adversarial images take part in the training, but only to make targets: nothing in the loss makes the network robust.

# %%
robustness = robustness_views.robustness_curves(shown)


# %%
def attacked():
    table = robustness_views.robustness_table(shown, roles=("teacher",))
    return Html("") + table + robustness_views.robustness_figure(shown, robustness)


heads.told_on(everyone, "adversarial", "Every attack on every teacher", attacked)

# %% [markdown]
# ## What cannot be decided

# %%
heads.told_on(everyone, "undistillable", "Margins, intervals and the error rate", lambda: text.resolution(robbed))

# %%
boxes.validity(everyone) + departures.departures_table(everyone, papers)

# %% [markdown]
# ## How to reproduce this page

# %%
boxes.reproduce(read)

# %% [markdown]
# ### Where this differs from the paper
#
# - No table of the paper's results was available, so nothing of ours can stand beside a printed number.
# - The loss is that of the authors' release. Whether the paper prints the same equation could not be checked.
# - The release clips normalized images as if they were not, and pairs each image with the adversarial version of some
#   other one. Here the attack works on pixels and on the image itself; the release's ways are settings.

# %%
folded("Settings, the releases' and ours", release_settings.settings_tables(read, papers))

# %%
heads.told_on(
    everyone, "undistillable", "Methods, sources, grades",
    lambda: folded("Methods, sources, grades", method_views.methods_table(read)),
)  # fmt: skip

# %%
boxes.provenance(everyone)

# %%
card.social_card("sparse", answer, picture)
