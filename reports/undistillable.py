# %% tags=["parameters"]
tables = "results/digits/tables/undistillable"
reported = "reports/reported"

# %%
from html import escape

from distillab.core.identity import PAPER
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
    protection_views,
    robustness_views,
    sweep_views,
    text,
    thief_curves,
    thief_text,
    thief_views,
)
from distillab.reporting.display import Html, folded, paragraph
from distillab.reporting.reported import Reported
from distillab.reporting.selection import robbed_by
from distillab.reporting.tables import Tables

everyone, papers = Tables(tables), Reported(reported)
read = robbed_by(everyone, PAPER)
Html(f"<h1>Undistillable teachers and knockoff students on {escape(read.dataset)}</h1>")

# %%
thief_text.knockoff_answer(everyone)

# %%
Html('<nav aria-label="Pages"><span>Pages</span><a href="index.html">Overview</a></nav>')

# %% [markdown]
# A teacher is released as a black box that answers. A *thief* has some labeled images and buys answers; what it has and
# what an answer shows are its means. Its *knockoff* student learns from the answers; its *LS student* has the same
# architecture and learns from the thief's labels alone, with label smoothing. The teacher is *distillable* if some
# attack makes the knockoff the better of the two (Yang and Ye, Markov Knowledge Distillation, 2024). A defense is
# judged only where the teacher without protection is shown to leak.

# %% [markdown]
# ## Verdicts

# %%
thief_views.verdict_matrix(everyone) if len(everyone["verdicts"]) else None

# %% [markdown]
# ### What labels and answers are worth

# %%
thief_views.thieves_table(everyone) if len(everyone["verdicts"]) else None

# %%
thief_curves.curve_figure(everyone)

# %%
protection = protection_views.protection_table(everyone) if len(everyone["verdicts"]) else Html("")
Html("<h3>What the defenses remove</h3>") + protection if protection.text else None

# %% [markdown]
# ### The papers' thief and the papers' rule
#
# The papers' thief has every label, asks about the same images and sees probabilities. Two verdicts are given: over
# every attack here, which is the stronger statement, and over those that the paper ran.

# %%
thief_text.papers_rule(everyone)

# %%
knockoff_views.verdict_table(read) if len(read["verdicts"]) else paragraph("The papers' thief took no part.")

# %% [markdown]
# ## Validity

# %%
boxes.validity(everyone)

# %% [markdown]
# ### What the test images and seeds cannot decide

# %%
text.resolution(everyone)

# %% [markdown]
# ## The knockoff matrix of the papers' thief

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
model_views.training_figure(read)

# %% [markdown]
# ## Where this differs from the papers
#
# - The paper has one thief, who holds every label. Others with fewer labels stand beside it.
# - The verdict needs bounds over seeds, is corrected for taking the best of several attacks, for the number of teachers
#   and for looking again, and needs an unprotected teacher that leaks; the paper compares means. Both are shown.
# - The smoothing of the LS student is chosen on validation images, as is every other setting, and no student is trained
#   again with those images afterwards; the test images are used once, at the last epoch.
# - Knockoffs are compared with the mean of all LS students of their thief, not with one of them. Students of one seed
#   share their initialization, their labels and their data order.
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
boxes.provenance(everyone)
