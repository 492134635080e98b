"""A small page that stands in for the built console, as Vite leaves it and our build packs it."""

from pathlib import Path

from service.console.build import STAMP, pack

SCRIPT, STYLE = "assets/index-Dt_VLGI9.js", "assets/index-fA0nlzUC.css"
WORDS = "assets/words-Aa-_Bb12.json"
PAGE = f'<!doctype html><title>Cronsole</title><script type="module" src="/automation/{SCRIPT}"></script>'
FILES = {
    "index.html": PAGE,
    "favicon.svg": "<svg xmlns='http://www.w3.org/2000/svg'></svg>",
    SCRIPT: "console.log('here');\n" * 200,
    STYLE: "main { margin: 0; }\n" * 200,
    WORDS: "[" + "null, " * 500 + "null]",
    "assets/letters-B1c2d3e4.woff2": "wOF2",
    STAMP: "of no source",
}


def write_page(dist: Path) -> Path:
    """Write the page into a folder, still missing, and return that."""
    for name, text in FILES.items():
        path = dist / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    pack(dist)
    return dist
