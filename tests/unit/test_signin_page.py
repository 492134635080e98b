"""The sign-in page as people with other eyes and other tools meet it: names, landmarks, contrast."""

import re
from html.parser import HTMLParser

import pytest

from service.api.signin import PAGES

STYLE = (PAGES / "signin.css").read_text(encoding="utf-8")
# name: light-dark(#rrggbb, #rrggbb)
COLOURS = {
    name: (light, dark)
    for name, light, dark in re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\);", STYLE)
}
LIGHT, DARK = 0, 1
TEXTS = [
    ("text", "page"),
    ("text", "card"),
    ("muted", "card"),
    ("fault", "card"),
    ("on-action", "action"),
    ("on-action", "action-hover"),
]
EDGES = [("border", "card"), ("action", "card"), ("action", "page")]


class Page(HTMLParser):
    """The elements of the page, with their attributes and text."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self.feed((PAGES / "signin.html").read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.elements:
            self.texts.setdefault(self.elements[-1][0], data.strip())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of every element of this name."""
        return [attributes for name, attributes in self.elements if name == tag]


def luminance(colour: str) -> float:
    """How light a colour is, 0 to 1.

    Source: https://www.w3.org/TR/WCAG22/#dfn-relative-luminance
    """
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [LIGHT, DARK])
@pytest.mark.parametrize(("pairs", "least"), [(TEXTS, 4.5), (EDGES, 3)])
def test_everything_can_be_told_from_what_it_stands_on(
    scheme: int, pairs: list[tuple[str, str]], least: float
):
    """Text, and the edges of what can be used; in the light and in the dark."""
    found = {pair: contrast(COLOURS[pair[0]][scheme], COLOURS[pair[1]][scheme]) for pair in pairs}
    assert {pair: value for pair, value in found.items() if value < least} == {}


def test_no_colour_stands_outside_the_list():
    """Or nobody would have compared it; a shadow is no colour of anything that is read."""
    rules = re.sub(r"--[\w-]+: light-dark\([^)]*\);|box-shadow:[^;]*;", "", STYLE)
    assert re.findall(r"#[0-9a-f]{3,8}\b|rgb|hsl", re.sub(r"^#[\w-]+", "", rules, flags=re.MULTILINE)) == []
    assert set(re.findall(r"var\(--([\w-]+)\)", STYLE)) == set(COLOURS)


def test_the_page_says_what_it_is():
    """Its language, its title, one heading in one main landmark."""
    page = Page()
    assert page.all("html") == [{"lang": "en"}]
    assert page.texts["title"] == "Sign in to Cronsole"
    assert (len(page.all("main")), page.texts["h1"]) == (1, "Cronsole")


def test_every_field_that_can_be_seen_has_a_label_and_says_what_is_wrong():
    """Also to who hears the page: the fault is announced, and belongs to the field."""
    page = Page()
    [field] = [each for each in page.all("input") if each.get("type") != "hidden"]
    assert [each.get("for") for each in page.all("label")] == [field["id"]]
    described_by = (field["aria-describedby"] or "").split()
    assert {each["id"]: each.get("role") for each in page.all("p")} == {"about": None, "message": "alert"}
    assert described_by == ["about", "message"]
