"""Each page renders from synthetic tables, says what it must, and can be read by everybody."""

import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from in_process import PAGES, REPORTS, body
from variants import chains_alone, nothing, one_certifier, one_teacher

from distillab.reporting.export import render
from distillab.reporting.furniture import furnished
from distillab.studies import PAGES as PAGES_IN_ORDER

SILENT = {
    "index": ("No attack of a fixed radius was run.", "No certificate was computed"),
    "undistillable": ("No knockoff verdict", "No attack of a fixed radius was run.", "No hypothesis about CMIM"),
    "ta": ("No claim of the paper can be checked", "No Jacobian was computed", "No minimum-norm attack was run"),
    "sparse": ("No adversarial sparse teacher was attacked", "No answers were compared."),
    "certified": ("No certificate was computed", "Tightness can be compared where two certifiers"),
    "adversarial": ("No teacher met an attack", "No attack of a fixed radius", "No attack was carried over"),
    "audit": ("No knockoff was trained.", "No protection was tried."),
}
"""What a page says where nothing was run."""

ALONE = "audit"
"""The page of a run of its own, which no other page leads to."""


class Page(HTMLParser):
    """Tags with attributes, and the text that a reader sees."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.source, self.tags, self.words, self._hidden = source, [], [], 0
        self.feed(source)
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._hidden += tag in {"style", "script"}

    def handle_endtag(self, tag):
        self._hidden -= tag in {"style", "script"}

    def handle_data(self, data):
        if not self._hidden:
            self.words.append(data)

    def all(self, *names):
        return [attributes for tag, attributes in self.tags if tag in names]

    @property
    def chips(self):
        """Verdicts of this run, which stand before all that is said of the papers' numbers."""
        return set(re.findall(r'class="chip ([a-z-]+)"', self.source.split(">What cannot be decided<")[0]))

    @property
    def headings(self):
        found = re.findall(r"<(h[1-6])[^>]*>(.*?)</h[1-6]>", self.source, re.DOTALL)
        return [(int(level[1]), re.sub(r"<[^>]*>", "", title).strip()) for level, title in found]


def rendered(name, tables, folder):
    parameters = {"tables": tables.as_posix()}
    parameters |= {"reported": (REPORTS / "reported").as_posix()} if name != "index" else {}
    html = folder / f"{name}.html"
    render(REPORTS / f"{name}.py", parameters, html, folder / "scratch")
    return Page(html.read_text())


@pytest.fixture(scope="module")
def pages(tables, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    return {name: rendered(name, tables, folder) for name in PAGES}


@pytest.fixture(scope="module")
def one_seed(make_tables, tmp_path_factory):
    tables = make_tables(tmp_path_factory.mktemp("one") / "tables", seeds=1)
    return {name: Page(body(name, tables)) for name in ("index", "undistillable", "ta")}


@pytest.fixture(params=PAGES)
def page(request, pages):
    return pages[request.param]


def test_index_answers_first_and_ends_with_provenance(pages):
    assert [title for level, title in pages["index"].headings if level == 2] == [
        "What each study found",
        "What this rests on",
        "How to reproduce this page",
        "Appendix",
        "Glossary",
    ]
    assert re.search(
        r"On Synthetic digits .*, CE ?, the unprotected teacher, leaks to .* of 18 defended teachers, against poor",
        pages["index"].text,
    )
    links = {link["href"] for link in pages["index"].all("a")}
    assert {f"{name}.html" for name in PAGES[1:] if name != ALONE} <= links


def test_study_page_has_its_sections(pages):
    titles = [title for _, title in pages["undistillable"].headings]
    wanted = (
        "Verdicts",
        "What labels and answers are worth",
        "What the defenses remove",
        "The papers' thief and the papers' rule",
        "How concentrated the answers are",
        "What protection costs",
        "What the method's parameters do",
        "Where the method might be weak",
        "Do the defended teachers resist adversarial examples?",
        "What cannot be decided",
        "How to reproduce this page",
        "Where this differs from the papers",
        "Papers",
        "Glossary",
    )
    assert tuple(title for title in titles[1:] if title in wanted) == wanted
    folded = re.findall(r"<summary>(.*?)</summary>", pages["undistillable"].source)
    assert {"Methods, sources, grades", "Every knockoff of the papers&#x27; thief", "Single classes"} <= set(folded)


def test_headings_start_at_one_and_skip_no_level(page):
    levels = [level for level, _ in page.headings]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_every_image_has_words(page):
    drawn = [a for a in page.all("div") if a.get("role") == "img"]
    images = page.all("img") + drawn
    assert images or ">Overview ·" in page.source, "the overview's picture is a table"
    assert all((image.get("alt") or image.get("aria-label") or "").strip() for image in images)
    assert len(drawn) == sum("drawing" in a.get("class", "") for a in page.all("figure"))
    assert len(page.all("svg")) == sum(
        panels.count("<svg")
        for panels in re.findall(r'<div class="panels" role="img".*?</div>', page.source, re.DOTALL)
    )


def test_tables_have_captions_and_scopes(page):
    assert all(head.get("scope") in {"row", "col", "colgroup"} for head in page.all("th"))
    named = {a["id"] for _, a in page.tags if "id" in a}
    assert all(a["aria-labelledby"] in named for _, a in page.tags if "aria-labelledby" in a)


def test_ids_are_unique(page):
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_the_page_is_one_small_file_in_english(page):
    assert page.all("html") == [{"lang": "en"}]
    assert page.source.count("<title>") == 1
    assert len(page.source.encode()) < 1_500_000
    assert page.all("script", "link") == [{}]
    assert not re.search(r'src="(https?:)?//', page.source)
    outside = [a["href"] for a in page.all("a") if "//" in a.get("href", "").partition("base64,")[0]]
    assert all(href.startswith("https://arxiv.org/abs/") for href in outside)


def test_every_link_within_a_page_has_its_place(page):
    ids = {attributes["id"] for _, attributes in page.tags if "id" in attributes}
    targets = [a["href"][1:] for a in page.all("a") if a.get("href", "").startswith("#")]
    assert len(targets) > 5
    assert set(targets) <= ids


def test_a_page_leads_to_all_others_and_says_which_run_it_is_of(page):
    nav = page.source.split('<nav aria-label="Pages">')[1].split("</nav>")[0]
    (current,) = re.findall(r'href="(\w+)\.html" aria-current="page"', nav)
    others = [name for name in PAGES_IN_ORDER if name != ALONE or current == ALONE]
    assert re.findall(r'href="(\w+)\.html"', nav) == others
    assert "2026-03-01 · preset synthetic · commit 0123456789abcdef" in page.text


def test_nothing_is_nan_and_no_code_is_shown(page, tables):
    assert not re.search(r"\b(nan|inf|None|NaN|NaT)\b", page.text)
    assert not re.search(r"Traceback|\bimport |<matplotlib|Html\(", page.text)
    assert tables.parent.as_posix() not in page.source


def test_a_missing_cell_is_a_dash_with_its_reason(pages):
    reasons = [a["title"] for a in pages["undistillable"].all("abbr")]
    assert "not run in this preset" in reasons
    assert "run, but no finite result" in reasons


def test_numbers_come_with_their_interval_and_n(pages):
    text = pages["undistillable"].text
    assert "n = 360 test images" in text
    assert re.search(r"9\d\.\d \[9\d\.\d, (9\d\.\d|100)\]", text)


def test_flags_and_missing_cells_reach_the_validity_strip(page):
    assert "all 49 done" in page.text
    assert "zero gradients under PGD-20" in page.text


def test_the_paper_stands_apart_where_the_data_differ(pages):
    text = pages["undistillable"].text
    assert "The paper prints no number for Synthetic digits" in text
    assert "Ours − paper" not in text


def test_one_seed_shows_points_and_decides_nothing(one_seed):
    assert "Below three seeds nothing is decided." in one_seed["ta"].text
    for page in (one_seed["index"], one_seed["undistillable"]):
        assert "is not shown to leak, so no defense can be judged: the largest gain is" in page.text
        assert not page.chips & {"distillable", "undistillable", "nothing-to-steal"}
    assert "With 1 seed there is no interval over seeds: nothing is decided." in one_seed["undistillable"].text
    knockoff = one_seed["undistillable"].source.split('id="knockoff-caption"')[1].split("</table>")[0]
    assert "interval" not in knockoff
    assert "<strong>" not in knockoff


@pytest.fixture(scope="module")
def silent(tmp_path_factory):
    return nothing(tmp_path_factory.mktemp("nothing") / "tables")


@pytest.mark.parametrize("name", PAGES)
def test_a_preset_that_ran_nothing_says_so(name, silent):
    page = Page(body(name, silent))
    for sentence in SILENT[name]:
        assert sentence in page.text


def test_the_claims_are_answered_first_and_each_view_is_told_apart(pages):
    lead = pages["ta"].text.split("Figure 5")[0]
    assert "hold : accuracy falls slightly as T grows; robustness in L2 grows with T (attacks on Z) –" in lead
    assert "do not hold : robustness in L2 grows with T (attacks on Z and Z/T) –" in lead
    assert "are undecided : 1." in lead


def test_masked_and_unmasked_attacks_stand_side_by_side(pages):
    table = pages["ta"].source.split('id="masking-caption"')[1].split("</table>")[0]
    row = re.sub(r"<[^>]*>", " ", next(row for row in table.split("<tr") if "FGSM" in row and "T = 20" in row))
    assert "11.3 [6.8, 18.2] 71.3 [65.4, 76.6]" in " ".join(row.split())
    assert row.split()[-1] == "80.0"


def test_a_study_without_the_other_studys_models_renders(tmp_path):
    tables = chains_alone(tmp_path / "tables")
    for name in ("index", "undistillable", "ta"):
        page = Page(body(name, tables))
        assert ("No knockoff was trained." in page.text) == (name == "undistillable")
        assert "these claims of the paper" in page.text or name == "undistillable"


def test_one_teacher_and_one_attack_make_a_page(tmp_path):
    page = Page(body("undistillable", one_teacher(tmp_path / "tables")))
    assert "CE, the unprotected teacher, is not shown to leak" in page.text
    assert "What the method's parameters do" not in page.text
    assert not re.search(r"\b(nan|inf|None|NaN)\b", page.text)


def test_every_reconstruction_says_so_where_its_number_stands(pages):
    source = pages["undistillable"].source
    for table in ("verdicts", "knockoff", "leaks", "entropy", "utility"):
        body = source.split(f'id="{table}-caption"')[1].split("</table>", 1)[0]
        assert re.search(r"APGP <span class='grade'>R</span>", body)
    assert "R reconstruction, which does not stand for its authors" in source.split('id="thieves-caption"')[0]
    assert "APGP (R)" in source.split('id="deltas-', 1)[1]


def test_a_defense_that_shares_its_label_is_told_apart_everywhere(pages):
    text = pages["undistillable"].text
    assert "MAD (argmax)" in text
    assert "mad_argmax" not in re.sub(r"data:text/csv;base64,\S*", "", text)


@pytest.mark.parametrize("name", ["index", "ta"])
def test_equal_tables_give_equal_bytes(name, pages, tables, tmp_path):
    assert rendered(name, tables, tmp_path).source == pages[name].source


@pytest.mark.parametrize("name", PAGES)
def test_a_page_holds_what_its_cells_show(name, pages, tables):
    shown = furnished(body(name, tables), REPORTS / "template")
    for part in (shown.top, shown.body, shown.papers, shown.glossary):
        assert " ".join(" ".join(Page(part).words).split()) in pages[name].text


@pytest.mark.parametrize("name", PAGES)
def test_no_number_is_typed_into_a_report(name):
    source = (REPORTS / f"{name}.py").read_text().split("# %%", 2)[2]
    prose = re.sub(r"\b(19|20)\d\d\b|<h\d>|</h\d>|\bT = 1\b|\b1/T\b|\bfloat32\b", "", source)
    assert not re.findall(r"(?<![A-Za-z_])\d+", prose)


def test_the_other_study_pages_have_their_sections(pages):
    ends = ("What cannot be decided", "How to reproduce this page")
    last = ("Papers", "Glossary")
    wanted = {
        "sparse": ("Verdicts", "What protection costs", "How the teachers answer", "The loss",
                   "Does it resist adversarial examples?", *ends, *last),
        "adversarial": ("The worst case", "Every attack on every model", "Attacks without the gradients",
                        "Does robustness survive distillation?", "Can robust teachers be stolen?", *ends, *last),
        "certified": ("Certificates", "How tight the bounds are", "What bounds cost", "Cascades", *ends, *last),
    }  # fmt: skip
    for name, titles in wanted.items():
        assert tuple(title for level, title in pages[name].headings if level == 2) == titles


def test_the_page_of_ast_is_about_ast_and_its_rivals_alone(pages):
    table = pages["sparse"].source.split('id="responses-caption"')[1].split("</table>")[0]
    assert all(re.search(rf">{re.escape(label)}</(a|th)>", table) for label in ("AST", "AST (clean)", "CE", "LS", "NT"))
    assert not any(label in table for label in ("CMIM", "MAD", "Madry"))
    assert "No table of the paper's results was available" in pages["sparse"].text


def test_the_page_of_adversarial_training_answers_with_its_own_budget(pages):
    lead = pages["adversarial"].text.split("What robustness costs")[0]
    assert "under the worst of 4 attacks at L∞, eps 0.1: TRADES (6) keeps 76.0 %" in lead
    assert ". Do not trust that number" in lead
    assert "β = 6" in pages["adversarial"].text
    assert "The papers' numbers" not in pages["adversarial"].text


def test_the_page_of_certificates_bounds_robustness_from_both_sides(pages):
    lead = pages["certified"].text.split("What is proved")[0]
    assert "at L∞, eps 0.05: WK is certified on 47.5 % [45.4, 49.6] by the best of several bounds" in lead
    assert "attacks leave 56.0 %, and 8.50 points are open; Madry" in lead
    assert "n = 120 images, 3 seeds" in lead
    assert "WK dual (paper)" in pages["certified"].text
    assert "no attack on this model at this radius" in {a["title"] for a in pages["certified"].all("abbr")}
    assert "distillab certify --weights" in pages["certified"].text


def test_one_certifier_without_attacks_or_cascades_makes_a_page(tmp_path):
    page = Page(body("certified", one_certifier(tmp_path / "tables")))
    assert "with no attack beside it" in page.text
    assert "nothing bounds the truth from above" in page.text
    assert "Tightness can be compared where two certifiers" in page.text
    assert "Cascades" not in [title for _, title in page.headings]
    assert not re.search(r"\b(nan|inf|None|NaN)\b", page.text)
