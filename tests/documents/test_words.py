"""The words of the documents: the glossary's and Microsoft's terms, short sentences, and nothing of the tests' own."""

import re
from pathlib import Path

import pytest

from tests.documents.pages import DOCUMENTS, FENCE, ROOT, name_of

# Other words for what has a term, and the term.
OTHER_WORDS = {
    r"Azure Active Directory(?! Graph)": "Entra ID",
    r"\bAAD\b": "Entra ID",
    r"\b(?:client|sub-|end-customer) ?tenants?\b": "customer's tenant",
    r"\bend customers?\b": "customer",
    r"\bre-?consent\w*": "consent anew",
    r"\bre-?authenticat\w*": "sign in anew",
    r"\blog(?:ged)? (?:in|into)\b": "sign in",
    r"\b(?:white|black)list\w*": "allow, refuse",
    r"\bbearer secrets?\b": "access token",
    r"\brefresh tokens? rotation\b": "renewal",
}
# Pages that show the evidence for each of their rows, for whoever examines the broker.
EVIDENCE = {"docs/security.md", "docs/threat-model.md"}
LONGEST = 40  # words of a sentence
PAGES = pytest.mark.parametrize("file", DOCUMENTS, ids=name_of)


def prose(file: Path) -> str:
    """The page without blocks, tables, headings, pictures, code and addresses."""
    lines = FENCE.sub("", file.read_text()).splitlines()
    text = "\n".join(line for line in lines if not line.startswith(("|", "#", "!", "<")))
    return re.sub(r"`[^`]*`", "x", re.sub(r"\]\([^)]*\)", "]", text))


@PAGES
def test_what_has_a_term_is_called_by_it(file: Path) -> None:
    # What is emphasised may be the name that somebody else has given a thing.
    text = re.sub(r"`[^`]*`|\]\([^)]*\)|\*[^*\n]+\*", "", FENCE.sub("", file.read_text()))
    assert {word: term for word, term in OTHER_WORDS.items() if re.search(word, text)} == {}


@PAGES
def test_no_sentence_is_so_long_that_its_beginning_is_forgotten(file: Path) -> None:
    sentences = [said for line in prose(file).splitlines() for said in re.split(r"(?<=[.:;?!])\s+", line)]
    assert [said for said in sentences if len(said.split()) > LONGEST] == []


@PAGES
def test_a_page_for_readers_names_no_test(file: Path) -> None:
    if name_of(file) not in EVIDENCE:
        assert re.findall(r"\btest_\w+(?!\w*\.py)\b(?!\.py)", file.read_text()) == []


def test_the_glossary_is_in_order_and_each_term_is_told_in_a_few_words() -> None:
    text = (ROOT / "docs" / "glossary.md").read_text()
    terms = re.findall(r"^## (.+)\n\n(.+)$", text, re.MULTILINE)
    names = [name.lower() for name, _ in terms]
    assert len(names) == len(re.findall(r"^## ", text, re.MULTILINE)) == len(set(names))
    assert [name for name, told in terms if len(told.split()) > LONGEST * 2] == []
