import pandas as pd
import pytest
from scipy import stats

from distillab.reporting.chain_lines import STEPS, TEMPERATURES, chain_figure, chain_line, chain_lines
from distillab.reporting.drawing import panels_of
from distillab.reporting.summaries import over_seeds


def line(values=(0.5, 0.6), *, panel="p", order=0, counterpart=False, x=(1.0, 4.0), **more):
    bounds = {"low": [value - 0.1 for value in values], "high": [value + 0.1 for value in values]}
    named = {"panel": panel, "series": f"s{order}{counterpart}", "order": order, "counterpart": counterpart, "seeds": 3}
    return pd.DataFrame(named | {"x": x, "value": values} | bounds | more)


def drawn(*lines, xlabel=TEMPERATURES):
    (chart,) = chain_figure(pd.concat(lines), name="n", what="w", caption="c", xlabel=xlabel).charts
    return [figure.axes[0] for figure in panels_of(chart)]


def series(ax):
    return [line for line in ax.lines if (line.get_gid() or "").startswith("series")]


def test_a_line_is_drawn_at_its_values_with_its_bars():
    (ax,) = drawn(line())
    assert series(ax)[0].get_xydata().ravel().tolist() == pytest.approx([1, 0.5, 4, 0.6])
    assert [tuple(segment[:, 1]) for segment in ax.collections[0].get_segments()] == [
        pytest.approx((0.4, 0.6)),
        pytest.approx((0.5, 0.7)),
    ]


def test_a_counterpart_is_broken_and_hollow():
    solid, broken = series(drawn(line(), line(counterpart=True))[0])
    assert solid.get_linestyle() == "-"
    assert broken.get_linestyle() == "--"
    assert solid.get_markerfacecolor() != broken.get_markerfacecolor()


def test_bars_of_neighbors_do_not_hide_each_other():
    (ax,) = drawn(line(), line(order=1))
    first, second = series(ax)
    places = [each.get_transform().transform((1.0, 0.5))[0] for each in (first, second)]
    assert places[1] - places[0] == pytest.approx(3.0 / 72 * ax.figure.dpi)


def test_panels_come_in_their_order_whatever_the_order_of_lines():
    frame = pd.concat([line(panel="b", order=1), line(panel="a")])
    (chart,) = chain_figure(frame, name="n", what="w", caption="c").charts
    assert [title for title, _ in chart.panels()] == ["b", "a"]


def test_a_baseline_crosses_its_panel_only():
    left, right = drawn(line(panel="a", baseline=None), line(panel="b", baseline=0.3))
    assert len(left.lines) == 1
    assert right.lines[0].get_ydata() == [0.3, 0.3]


def test_temperatures_are_labeled_where_their_labels_have_room():
    grid = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 40.0, 100.0)
    (ax,) = drawn(line([0.5] * 8, x=grid))
    assert ax.get_xticks().tolist() == list(grid)
    shown = [label.get_text() for label in ax.get_xticklabels()]
    assert shown[-1] == "100"
    assert shown[:3] == ["1", "2", "5"]
    assert "" in shown


def test_steps_stand_side_by_side_as_they_are_counted():
    (ax,) = drawn(line(x=(0.0, 1.0)), xlabel=STEPS)
    assert ax.get_xscale() == "linear"
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0", "1"]


def test_several_chains_have_panels_of_their_own():
    lines = chain_lines([line(chain="left"), line(chain="right")])
    assert list(lines["panel"].unique()) == ["left: p", "right: p"]
    assert set(chain_lines([line(chain="left")])["panel"]) == {"p"}
    assert chain_lines([]).empty


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


def test_a_point_without_a_value_has_no_seeds_to_count():
    lines = pd.concat([line(), line((float("nan"),), x=(8.0,)).assign(seeds=0)])
    assert "c 3 seeds." in chain_figure(lines, name="n", what="w", caption="c", xlabel=TEMPERATURES).text
