# %% tags=["parameters"]
tables = "results/digits/tables"
reported = "reports/reported"

# %%
from html import escape

from distillab.reporting import boxes, examples, knockoff_views, model_views, robustness_views, text
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
# Distillation, 2024).

# %% [markdown]
# ## Verdicts

# %%
knockoff_views.verdict_table(read) if len(read["verdicts"]) else None

# %% [markdown]
# ## The knockoff matrix

# %%
knockoff_views.knockoff_table(read) if len(read["knockoff"]) else paragraph("No knockoff was trained.")

# %%
knockoff_views.delta_figure(read) if read["knockoff"]["delta"].notna().any() else None

# %% [markdown]
# ## Validity

# %%
boxes.validity(read)

# %% [markdown]
# ### What the test images and seeds cannot decide

# %%
text.resolution(read)

# %% [markdown]
# ## How concentrated the answers are
#
# The conditional mutual information (CMI) of a class is how far its answers scatter around their mean; the power
# transform sharpens or softens them first, as a distiller's temperature does. A teacher without scatter has only its
# class means to give away.

# %%
model_views.concentration_figure(read) if len(read["cmi"]) else paragraph("No CMI was measured.")

# %%
model_views.entropy_table(read, papers)

# %% [markdown]
# ## What protection costs

# %%
text.paper_scale(read, papers)

# %%
model_views.accuracy_table(read, papers)

# %%
boxes.paper_table(papers)

# %% [markdown]
# ## Do the defended teachers resist adversarial examples?

# %%
text.robustness_answer(read)

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
# - The smoothing of the LS student is chosen on validation images, as is every other setting; the test images are
#   used once, at the last epoch.
# - Knockoff and LS student of one seed share their initialization and data order, so that their difference is paired.
# - Methods of grade S or R are rebuilt from second-hand or incomplete descriptions and do not stand for their authors'
#   code.
# - Data sets, networks and epochs are those of the preset, under *How to reproduce this page*.

# %%
folded("Glossary", Html(
    "<dl class='glossary'>"
    "<dt>CE, LS</dt><dd>Teachers trained with cross-entropy, and with label smoothing (Szegedy et al., 2016).</dd>"
    "<dt>NT</dt><dd>Nasty teacher: keeps its accuracy while its soft answers diverge from a plain teacher's "
    "(Ma et al., Undistillable: Making a Nasty Teacher, 2021).</dd>"
    "<dt>ST</dt><dd>Stingy teacher: answers only with the largest probabilities (Ma et al., Stingy Teacher, 2022).</dd>"
    "<dt>AST</dt><dd>Adversarial sparse teacher (Yilmaz and Keles, 2024).</dd>"
    "<dt>CMIM</dt><dd>Trained to make the CMI small at every power (anonymous authors, Towards Undistillable Models by "
    "Minimizing Conditional Mutual Information).</dd>"
    "<dt>MAD</dt><dd>Perturbs each answer to mislead the knockoff's gradient (Orekondy et al., Prediction Poisoning, "
    "2020).</dd>"
    "<dt>KD</dt><dd>Knowledge distillation (Hinton et al., 2015).</dd>"
    "<dt>MKD</dt><dd>Markov knowledge distillation (Yang and Ye, 2024).</dd>"
    "<dt>DKD</dt><dd>Decoupled knowledge distillation (Zhao et al., 2022).</dd>"
    "<dt>DIST</dt><dd>Matches correlations within and between classes (Huang et al., 2022).</dd>"
    "<dt>HTC</dt><dd>Head to toe: rebuilt after Jandial et al., Distilling the Undistillable, 2022.</dd>"
    "<dt>AVG</dt><dd>Averager student: learns from class averages (Keser and Toreyin, 2023).</dd>"
    "<dt>Knockoff</dt><dd>Knockoff nets: trains on the answers alone (Orekondy et al., 2019).</dd>"
    "<dt>ECE, NLL</dt><dd>Expected calibration error; negative log-likelihood.</dd>"
    "</dl>"
))  # fmt: skip

# %% [markdown]
# ## How to reproduce this page

# %%
boxes.reproduce(read)

# %% [markdown]
# ## Provenance

# %%
boxes.provenance(read)
