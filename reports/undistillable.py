# %% tags=["parameters"]
tables = "results/digits/tables/undistillable"
reported = "reports/reported"

# %%
from html import escape

from distillab.reporting import (
    boxes,
    examples,
    hypothesis_views,
    knockoff_views,
    leak_views,
    matrix_views,
    method_views,
    model_views,
    paper_notes,
    paper_views,
    robustness_views,
    sweep_views,
    text,
)
from distillab.reporting.display import Html, folded, paragraph
from distillab.reporting.reported import Reported
from distillab.reporting.tables import Tables

read, papers = Tables(tables), Reported(reported)
Html(f"<h1>Undistillable teachers and knockoff students on {escape(read.dataset)}</h1>")

# %%
text.knockoff_answer(read)

# %%
Html('<nav aria-label="Pages"><span>Pages</span><a href="index.html">Overview</a></nav>')

# %% [markdown]
# A teacher is released as a black box that answers with probabilities. A *knockoff* student learns from those answers;
# the *LS student* has the same architecture and learns from the labels alone, with label smoothing. The teacher is
# *distillable* if some distillation attack makes the knockoff the better of the two (Yang and Ye, Markov Knowledge
# Distillation, 2024). Two verdicts are given: over every attack here, which is the stronger statement, and over those
# that the paper ran.

# %% [markdown]
# ## Verdicts

# %%
knockoff_views.verdict_table(read) if len(read["verdicts"]) else None

# %% [markdown]
# ## Validity

# %%
boxes.validity(read)

# %% [markdown]
# ### What the test images and seeds cannot decide

# %%
text.resolution(read)

# %% [markdown]
# ## The knockoff matrix

# %%
matrix_views.knockoff_table(read, papers) if len(read["knockoff"]) else paragraph("No knockoff was trained.")

# %%
matrix_views.delta_figure(read) if read["knockoff"]["delta"].notna().any() else None

# %% [markdown]
# ### The student to beat

# %%
sweep_views.smoothing_figure(read)

# %% [markdown]
# ## How concentrated the answers are
#
# The conditional mutual information (CMI) of a class is how far its answers scatter around their mean; the power
# transform sharpens or softens them first, as a distiller's temperature does. A teacher without scatter has only its
# class means to give away.

# %%
leak_views.concentration_figure(read) if len(read["cmi"]) else paragraph("No CMI was measured.")

# %%
leak_views.classes_figure(read)

# %%
leak_views.leaks_table(read) if len(read["leaks"]) else None

# %%
leak_views.simplex_figure(read)

# %%
model_views.entropy_table(read, papers)

# %% [markdown]
# ## What protection costs

# %%
text.paper_scale(read, papers)

# %%
model_views.utility_table(read, papers)

# %%
Html("<h2>What the method's parameters do</h2>") + hypothesis_views.ablation_figures(read) if len(
    read["ablations"]
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
text.post_hoc(read) if len(read["robustness"]) else None

# %%
robustness_views.robustness_table(read, roles=("teacher",)) if len(read["robustness"]) else None

# %%
robustness_views.robustness_figure(read) if len(read["curves"]) else None

# %%
Html("<h3>Adversarial examples</h3>") + examples.triptychs(read) if len(read["examples"]) else None

# %% [markdown]
# ## Training curves

# %%
model_views.training_figure(read) if len(read["history"]) else paragraph("No training history was kept.")

# %% [markdown]
# ## Where this differs from the papers
#
# - The verdict needs an interval over seeds and is corrected for taking the best of several attacks; the paper compares
#   means. Both are shown.
# - The smoothing of the LS student is chosen on validation images, as is every other setting, and no student is trained
#   again with those images afterwards; the test images are used once, at the last epoch.
# - Knockoff and LS student of one seed share their initialization and data order, so that their difference is paired.
# - Methods of grade S or R are rebuilt from second-hand or incomplete descriptions and do not stand for their authors'
#   code.
# - Data sets, networks and epochs are those of the preset, under *How to reproduce this page*.

# %%
folded("Methods, sources, grades", method_views.methods_table(read))

# %%
boxes.paper_table(papers)

# %%
folded("The paper's tables", paper_views.paper_tables(papers, beside=bool(papers.dataset(read.facts))))

# %%
folded("Where the paper contradicts itself", paper_notes.knockoff_misprints(papers))

# %% [markdown]
# ## How to reproduce this page

# %%
boxes.reproduce(read)

# %% [markdown]
# ## Provenance

# %%
boxes.provenance(read)
