# %% tags=["parameters"]
tables = "results/digits/tables/certified"
reported = "reports/reported"
measured = "benchmarks/certify/results"

# %%
from html import escape

from distillab.reporting import (
    boxes,
    certified_papers,
    certified_pictures,
    certified_plots,
    certified_text,
    certified_views,
)
from distillab.reporting.display import Html, folded
from distillab.reporting.reported import Reported
from distillab.reporting.tables import Tables

read, papers = Tables(tables), Reported(reported)
Html(f"<h1>Certified robustness on {escape(read.dataset)}</h1>")

# %%
certified_text.certified_answer(read)

# %%
Html('<nav aria-label="Pages"><span>Pages</span><a href="index.html">Overview</a></nav>')

# %% [markdown]
# A *certificate* proves that no perturbation of an image within a radius changes the network's class: a lower bound
# of the right logit's margin over every other logit stays above zero. An attack bounds robustness from above, as
# better ones may come; certificates bound it from below, as tighter ones may come. A certified image that an attack
# changes would be a contradiction, and would have stopped the run.

# %%
certified_text.rounding(read)

# %% [markdown]
# ## Certificates

# %%
certified_views.certificate_table(read)

# %% [markdown]
# ## Validity

# %%
boxes.validity(read)

# %% [markdown]
# ## Proved, open, broken

# %%
certified_plots.radii_figure(read)

# %% [markdown]
# ## How tight the bounds are
#
# Interval arithmetic (IBP) bounds every unit by itself. The dual of Wong and Kolter (2018) and CROWN (Zhang et al.,
# 2018) follow linear bounds of the units back to the image; alpha-CROWN (Xu et al., 2021) improves their slopes, and a
# linear program (LP) finds the best bound that lines around each unit allow. A mixed-integer program is exact and only
# for tiny networks.

# %%
certified_plots.tightness_figure(read)

# %%
certified_pictures.ladder_figure(measured)

# %%
folded("Which orderings are theorems", certified_text.orderings())

# %%
certified_pictures.polytope_figure(measured)

# %% [markdown]
# ## What bounds cost

# %%
certified_plots.width_figure(measured)

# %%
cascades = certified_views.cascade_table(read)
Html("<h2>Cascades</h2>") + cascades if cascades.text else None

# %% [markdown]
# ## Where this differs from the papers
#
# - Layers are bounded by the tighter of intervals and sweeps, pixels stay in their range, and “best” takes the largest
#   of several bounds, each of them sound. Rows of the papers' own settings are certifiers of their own.
# - An image counts as certified if its bound exceeds a slack for rounding, not zero.
# - No epoch and no cascade is chosen by test images.
# - Radii are exact fractions on the pixel scale; the release rounds those on color images down, and certifies
#   slightly smaller balls.
# - Certified and attacked accuracy are never averaged, and intervals stand beside both.

# %% [markdown]
# ## The papers' numbers

# %%
certified_papers.printed_tables(read, papers)

# %%
folded("What the survey gets wrong", certified_text.survey_corrections(papers))

# %% [markdown]
# ## Certify published weights

# %%
certified_text.command()

# %% [markdown]
# ## How to reproduce this page

# %%
boxes.reproduce(read)

# %% [markdown]
# ## Provenance

# %%
boxes.provenance(read)
