"""What papers print and cannot mean: sentences in a file of data, shown as a list."""

from html import escape
from typing import Any

import yaml

from distillab.core.errors import ArtifactError
from distillab.reporting.display import Html
from distillab.reporting.reported import RESTORE, Reported

FILE = "errata.yaml"


def errata(papers: Reported, key: str) -> Html:
    """The sentences under a key of the file as a list.

    Raises:
        ArtifactError: the file is absent, is not YAML, or holds no list of sentences under the key.
    """
    sentences = read_errata(papers).get(key)
    if not isinstance(sentences, list) or not all(isinstance(each, str) and each for each in sentences):
        raise ArtifactError("not a list of sentences", where=f"{papers.folder / FILE}, key {key}", do=RESTORE)
    return Html(f"<ul>{''.join(f'<li>{escape(sentence)}</li>' for sentence in sentences)}</ul>")


def read_errata(papers: Reported) -> dict[str, Any]:
    """The file: key to sentences.

    Raises:
        ArtifactError: it is absent, or no YAML with keys.
    """
    path = papers.path(FILE)
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ArtifactError("not YAML", where=str(path), got=str(error).splitlines()[0], do=RESTORE) from error
    if not isinstance(found, dict):
        raise ArtifactError("not YAML with keys", where=str(path), got=type(found).__name__, do=RESTORE)
    return found
