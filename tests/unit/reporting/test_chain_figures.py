import numpy as np
import pandas as pd
import pytest
from scipy import stats

from distillab.reporting.chain_figures import chain_curves, chain_line
from distillab.reporting.drawing import style
from distillab.reporting.summaries import over_seeds


def line(values=(0.5, 0.6), *, panel="p", order=0, counterpart=False, x=(1.0, 4.0)):
    bounds = {"low": [value - 0.1 for value in values], "high": [value + 0.1 for value in values]}
    named = {"panel": panel, "series": f"s{order}", "order": order, "counterpart": counterpart}
    return pd.DataFrame(named | {"x": x, "value": values} | bounds)


def drawn(*lines, **options):
    with style():
        return chain_curves(pd.concat(lines), xlabel="T", doubling=True, **options)


def test_a_line_is_drawn_at_its_values_with_its_bars():
    (ax,) = drawn(line()).axes
    assert ax.lines[0].get_xydata().ravel().tolist() == pytest.approx([1, 0.5, 4, 0.6])
    assert [tuple(segment[:, 1]) for segment in ax.collections[0].get_segments()] == [
        pytest.approx((0.4, 0.6)),
        pytest.approx((0.5, 0.7)),
    ]


def test_a_counterpart_is_broken_and_hollow():
    solid, broken = drawn(line(), line(counterpart=True)).axes[0].lines
    assert solid.get_linestyle() == "-"
    assert broken.get_linestyle() == "--"
    assert solid.get_markerfacecolor() != broken.get_markerfacecolor()


def test_bars_of_neighbors_do_not_hide_each_other():
    first, second = drawn(line(), line(order=1)).axes[0].lines
    assert (np.asarray(first.get_xdata()) < np.asarray(second.get_xdata())).all()


def test_panels_wrap_and_unused_ones_are_hidden():
    figure = drawn(*(line(panel=name) for name in "abcd"), widest=3)
    assert [ax.get_title(loc="left") for ax in figure.axes if ax.get_visible()] == list("abcd")
    assert len(figure.axes) == 6


def test_a_baseline_crosses_its_panel_only():
    baseline = pd.DataFrame({"panel": ["b"], "value": [0.3]})
    left, right = drawn(line(panel="a"), line(panel="b"), baseline=baseline).axes
    assert len(left.lines) == 1
    assert right.lines[-1].get_ydata() == [0.3, 0.3]


def test_temperatures_are_labeled_where_their_labels_have_room():
    grid = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 40.0, 100.0)
    (ax,) = drawn(line([0.5] * 8, x=grid)).axes
    assert ax.get_xticks().tolist() == list(grid)
    assert [label.get_text() for label in ax.get_xticklabels()] == ["1", "2", "5", "10", "20", "", "40", "100"]


def test_the_interval_of_a_logarithm_is_not_cut_at_zero():
    values = [-90.0, -100.0, -110.0]
    frame = pd.DataFrame({"chain": "ta", "temperature": 20.0, "seed": [0, 1, 2], "log10_median": values})
    row = chain_line(frame, "log10_median", "p", "s", 0).iloc[0]
    low, high = stats.t.interval(0.95, 2, -100, stats.sem(values))
    assert (row["value"], row["low"], row["high"]) == pytest.approx((-100, low, high))


def test_a_share_in_percent_has_the_interval_of_a_share():
    """Cut at 100 alone, it would be Student's, and not the one of the table beside the figure."""
    frame = pd.DataFrame({"chain": "ta", "temperature": 1.0, "seed": [0, 1, 2], "test_accuracy": [0.97, 0.99, 1.0]})
    row = chain_line(frame, "test_accuracy", "p", "s", 0, scale=100).iloc[0]
    beside = over_seeds(frame, ["chain"], "test_accuracy").iloc[0]
    assert (row["value"], row["low"], row["high"]) == pytest.approx(tuple(100 * beside[["value", "low", "high"]]))
    assert row["high"] < 100
