# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% tags=["parameters"]
tables = "results/digits/tables/certified"
reported = "reports/reported"
measured = "benchmarks/certify/results"

# %%
from distillab.reporting import (
    boxes,
    card,
    certified_costs,
    certified_papers,
    certified_pictures,
    certified_plots,
    certified_text,
    certified_views,
    departures,
    heads,
)
from distillab.reporting.display import Html, folded
from distillab.reporting.errata import errata
from distillab.reporting.project import in_project
from distillab.reporting.reported import Reported
from distillab.reporting.tables import Tables

read, papers = Tables(in_project(tables)), Reported(in_project(reported))
heads.head(read, "certified")

# %%
answer = certified_text.certified_answer(read)
answer

# %%
radii = certified_plots.radii(read)

# %%
picture = certified_plots.radii_figure(read, radii)
picture

# %% [markdown]
# ## Certificates
#
# A *certificate* proves that no perturbation of an image within a radius changes the network's class: a lower bound of
# the right logit's margin stays above zero. Attacks bound robustness from above, certificates from below. A certified
# image that an attack changes would have stopped the run.

# %%
certified_text.rounding(read)

# %%
certified_views.certificate_table(read)

# %%
certified_views.cost_table(read)

# %% [markdown]
# ## How tight the bounds are
#
# Interval arithmetic (IBP) bounds every unit by itself. The dual of Wong and Kolter and CROWN follow linear bounds of
# the units back to the image; alpha-CROWN improves their slopes, and a linear program (LP) finds the best bound that
# lines around each unit allow. A mixed-integer program is exact and only for tiny networks.

# %%
bounds = certified_plots.bounds(read)

# %%
certified_plots.tightness_figure(read, bounds)

# %%
folded("Which orderings are theorems", errata(papers, "orderings"))

# %%
ladder = certified_pictures.ladder(in_project(measured))
outlines = certified_pictures.outlines(in_project(measured))

# %%
folded(
    "Bounds of a tiny network, step by step",
    certified_pictures.ladder_figure(ladder),
    certified_pictures.polytope_figure(in_project(measured), outlines),
)

# %% [markdown]
# ## What bounds cost

# %%
costs = certified_costs.costs(in_project(measured))

# %%
certified_costs.width_figure(in_project(measured), costs)

# %%
cascades = certified_views.cascade_table(read)
Html("<h2>Cascades</h2>") + cascades if cascades.text else None

# %% [markdown]
# ## What cannot be decided

# %%
boxes.validity(read) + departures.departures_table(read, papers)

# %% [markdown]
# ## How to reproduce this page

# %%
boxes.reproduce(read)

# %% [markdown]
# ### Certify published weights

# %%
certified_text.command()

# %% [markdown]
# ### Where this differs from the papers
#
# - Layers are bounded by the tighter of intervals and sweeps, and pixels stay in their range. Rows of the papers' own
#   settings are certifiers of their own. An image counts as certified if its bound exceeds a slack for rounding.
# - No epoch and no cascade is chosen by test images.
# - Radii are exact fractions on the pixel scale; the release rounds those on color images down.

# %%
beside = certified_papers.comparable(read, papers)
Html("<h2>The papers' numbers</h2>") + certified_papers.printed_tables(read, papers) if beside else None

# %%
folded("What the survey gets wrong", errata(papers, "certified")) if beside else None

# %%
boxes.provenance(read)

# %%
card.social_card("certified", answer, picture)
