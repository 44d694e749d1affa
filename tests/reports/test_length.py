"""Pages stay short: the synthetic run with everything in it has no more words than a person has read."""

import pytest
from in_process import PAGES
from length import count
from test_browser import written

MOST = 9_200


def test_the_pages_of_a_run_stay_short(tables):
    assert sum(count(written(name, tables)) for name in PAGES if name != "audit") <= MOST


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("<p>One two 3 97.1 [96, 98] T = 1</p>", 3),
        ("<details><summary>Folded</summary><p>counts</p></details>", 2),
        ('<svg><text>label</text></svg><style>p {}</style><pre class="bibtex">@misc</pre>', 0),
        ('<section class="glossary"><dl>KD</dl></section>after', 1),
    ],
)
def test_what_is_read_counts_and_numbers_do_not(page, words):
    assert count(page) == words
