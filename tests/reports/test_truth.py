"""What every page says of numbers is true of them; and each of these checks finds a page that lies."""

import pytest
from in_process import PAGES, body
from truth import untrue
from variants import three_seeds, two_of_everything


@pytest.fixture(scope="module", params=[three_seeds, two_of_everything], ids=lambda make: make.__name__)
def pages(request, tmp_path_factory):
    tables = request.param(tmp_path_factory.mktemp("truth") / "tables")
    return {name: body(name, tables) for name in PAGES}


def test_every_page_tells_the_truth(pages):
    assert {name: untrue(page) for name, page in pages.items()} == {name: [] for name in PAGES}


TABLE = (
    '<figure class="table"><figcaption id="{name}-caption">{caption}</figcaption><table><thead><tr>{heads}</tr></thead>'
    "<tbody>{rows}</tbody></table></figure>"
)


def table(name, heads, *rows, caption=""):
    cells = ["".join(f"<td>{cell}</td>" for cell in row) for row in rows]
    return TABLE.format(name=name, caption=caption, heads="".join(f'<th scope="col">{head}</th>' for head in heads),
                        rows="".join(f"<tr>{row}</tr>" for row in cells))  # fmt: skip


CERTIFICATES = ("Model", "Clean ↑ accuracy, %", "IBP", "CROWN", "Gap ↓ points")


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("<p>a correlation of −0.491 [0, −0.344]</p>", "outside: −0.491 [0, −0.344]"),
        ("<p>+6.35 points [+7.00, +11.8]</p>", "outside: +6.35 points [+7.00, +11.8]"),
        ("<p>104 % of them</p>", "beyond 100 %: 104 %"),
        (table("t", ["Confidence", "Clean accuracy, %"], ("a", "99.0 [97.1, 103]")),
         "t, Clean accuracy, %: 99.0 [97.1, 103]"),
        (table("t", ["Teacher"], ("CE, 10 seeds",), ("LS, 3 seeds",), caption="n = 3, 3 seeds."),
         "t: 3 seeds over rows of [3, 10]"),
        (table("claims", "abcdefg", ("x", "V", "Z", "1", "u", "p", "holds"), ("x", "V", "Z/T", "1", "u", "p", "holds")),
         "claims: x in two views alike"),
        (table("certificates", CERTIFICATES, ("CE", "50.0", "40.0", "60.0", "0")),
         "certificates: CE certified 60.0 of clean 50.0 by CROWN"),
        (table("certificates", CERTIFICATES, ("CE", "70.0", "50.0", "60.0", "−3.1")),
         "certificates: CE certified above what attacks leave, −3.1"),
        (table("t", ["Model", "Accuracy"], ("CE", "50.0"), ("LS", "60.0"), caption=", n = 48 to 360 images."),
         "t: n = 48 to 360 in columns that are compared"),
        (table("t", ["Model", "Accuracy"], ("CE", "–<sup>b</sup>")), "t: dash b without a reason"),
    ],
)  # fmt: skip
def test_a_page_that_lies_is_found(page, said):
    assert untrue(page) == [said]
