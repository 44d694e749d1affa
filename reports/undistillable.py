# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% tags=["parameters"]
tables = "results/digits/tables/undistillable"
reported = "reports/reported"

# %%
from distillab.core.identity import PAPER
from distillab.reporting import (
    boxes,
    card,
    departures,
    examples,
    heads,
    hypothesis_views,
    knockoff_views,
    leak_figures,
    leak_views,
    matrix_views,
    method_views,
    model_views,
    paper_views,
    protection_views,
    robustness_views,
    sweep_views,
    text,
    thief_curves,
    thief_text,
    thief_views,
)
from distillab.reporting.display import Html, folded
from distillab.reporting.errata import errata
from distillab.reporting.project import in_project
from distillab.reporting.reported import Reported
from distillab.reporting.selection import robbed_by
from distillab.reporting.tables import Tables

everyone, papers = Tables(in_project(tables)), Reported(in_project(reported))
read = robbed_by(everyone, PAPER)
beside = bool(papers.dataset(read.facts))
heads.head(everyone, "undistillable")

# %%
answer = thief_text.knockoff_answer(everyone)
answer

# %%
curves = thief_curves.curves(everyone)

# %%
picture = thief_curves.curve_figure(everyone, curves)
picture

# %% [markdown]
# ## Verdicts
#
# A *thief* has some labeled images and buys answers of a teacher. Its *knockoff* learns from the answers; its *LS
# student* has the same architecture and the thief's labels alone. The teacher is *distillable* if some attack makes the
# knockoff the better of the two. A defense is judged only where the unprotected teacher is shown to leak.

# %%
thief_views.verdict_matrix(everyone)

# %% [markdown]
# ### What labels and answers are worth

# %%
thief_views.thieves_table(everyone)

# %%
protection = protection_views.protection_table(everyone)
Html("<h3>What the defenses remove</h3>") + protection if protection.text else None

# %% [markdown]
# ## The papers' thief and the papers' rule
#
# The papers' thief has every label, asks about the same images and sees probabilities.

# %%
thief_text.papers_rule(everyone)

# %%
knockoff_views.verdict_table(read)

# %%
gains, smoothings = matrix_views.gains(read), sweep_views.smoothings(read)

# %%
folded(
    "Every knockoff of the papers' thief",
    matrix_views.knockoff_table(read, papers),
    matrix_views.delta_figure(read, gains),
    sweep_views.smoothing_figure(read, smoothings),
)

# %% [markdown]
# ## How concentrated the answers are
#
# The conditional mutual information (CMI) of a class is how far its answers scatter around their mean; a small power
# softens them first, as a distiller's temperature does.

# %%
concentrations = leak_figures.concentrations(read)

# %%
leak_figures.concentration_figure(concentrations)

# %%
leak_views.leaks_table(read)

# %%
classes, answers = leak_figures.single_classes(read), leak_figures.answers(read)

# %%
folded("Single classes", leak_figures.classes_figure(classes), leak_figures.simplex_figure(read, answers))

# %%
model_views.entropy_table(read, papers)

# %% [markdown]
# ## What protection costs

# %%
text.paper_scale(read, papers)

# %%
model_views.utility_table(read, papers)

# %%
ablations = hypothesis_views.ablations(read)

# %%
Html("<h2>What the method's parameters do</h2>") + hypothesis_views.ablation_figures(read, ablations) if len(
    ablations
) else None

# %% [markdown]
# ## Where the method might be weak

# %%
hypothesis_views.hypotheses_table(read)

# %% [markdown]
# ## Do the defended teachers resist adversarial examples?

# %%
text.robustness_answer(read)

# %%
robustness = robustness_views.robustness_curves(read)


# %%
def attacked():
    table = robustness_views.robustness_table(read, roles=("teacher",))
    shown = text.post_hoc(read) + table + robustness_views.robustness_figure(read, robustness)
    return shown + Html("<h3>Adversarial examples</h3>") + examples.triptychs(read)


heads.told_on(everyone, "adversarial", "Every attack on every teacher", attacked) if len(read["robustness"]) else None

# %% [markdown]
# ## What cannot be decided

# %%
text.resolution(everyone)

# %%
boxes.validity(everyone) + departures.departures_table(everyone, papers)

# %% [markdown]
# ## How to reproduce this page

# %%
boxes.reproduce(read)

# %% [markdown]
# ### Where this differs from the papers
#
# - The verdict needs bounds over seeds, is corrected for attacks, teachers and looks, and needs an unprotected teacher
#   that leaks; the paper compares means.
# - Settings are chosen on validation images; the test images are used once, at the last epoch.
# - Knockoffs are compared with the mean of all LS students of their thief, not with one of them.
# - Methods of grade S or R are rebuilt from second-hand or incomplete descriptions.

# %%
folded("Methods, sources, grades", method_views.methods_table(read))

# %%
training = model_views.training_curves(read)

# %%
folded("Training losses", model_views.training_figure(training))

# %%
folded("The paper's own table", paper_views.best_table(papers)) if beside else None

# %%
folded("The paper's tables", paper_views.paper_tables(papers, beside=True)) if beside else None

# %%
folded("Where the paper contradicts itself", errata(papers, "cmim")) if beside else None

# %%
boxes.provenance(everyone)

# %%
card.social_card("undistillable", answer, picture)
