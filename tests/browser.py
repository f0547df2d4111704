"""A web browser without a window, for what only a browser can tell: where signs stand on a page."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
MEASURE = """<script>
const box = e => { const b = e.getBoundingClientRect(); return [b.left, b.top, b.width, b.height]; };
const seen = [...document.querySelectorAll("math")].filter(m => m.checkVisibility());
const rows = t => [...t.querySelectorAll(":scope > semantics > mtable > mtr")];
const sign = r => [...r.querySelectorAll(":scope > mtd > mrow > mo")].find(o => o.textContent == "=");
const left = r => sign(r).closest("mtd").previousElementSibling.firstElementChild.lastElementChild;
const gap = r => box(sign(r))[0] - box(left(r))[0] - box(left(r))[2];
const found = {
  formulas: seen.map(box),
  equals: seen.map(m => rows(m).map(sign).filter(o => o).map(o => box(o)[0])).filter(r => r.length),
  gaps: seen.flatMap(m => rows(m).filter(r => sign(r) && left(r)).map(gap)),
  fences: seen.flatMap(m => [...m.querySelectorAll("mo[form=prefix]")].map(o => [o.textContent, ...box(o)])),
  notes: seen.filter(m => [...m.querySelectorAll("annotation")].some(a => a.checkVisibility())).length,
  folded: [...document.querySelectorAll("details")].map(d => d.open),
  heights: [],
  colour: seen.length ? getComputedStyle(seen[0]).color : "",
  wide: document.documentElement.scrollWidth > document.documentElement.clientWidth,
};
for (const d of document.querySelectorAll("details")) {
  const before = box(d)[3]; d.open = true; found.heights.push([before, box(d)[3]]);
}
document.body.dataset.found = JSON.stringify(found);
</script>"""


def look(page: str, folder: Path, *, dark: bool = False, width: int = 900) -> dict[str, Any]:
    """Return where a browser puts the formulas of a page; skips the test where there is no browser.

    `equals` are the places of the signs of equality, from the left, for each formula of several rows, `gaps` what is
    left free before each; `heights` those of each step closed and opened.
    """
    program = next((path for name in NAMES if (path := shutil.which(name))), "")
    if not program:
        pytest.skip("no Chromium is installed: apt-get install chromium")
    file = folder / "page.html"
    file.write_text(page.replace("</body>", f"{MEASURE}</body>"), encoding="utf-8")
    options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--window-size={width},2000"]
    options += ["--blink-settings=preferredColorScheme=0"] * dark
    options += [f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=2000", "--dump-dom"]
    command = [program, *options, file.as_uri()]
    shown = subprocess.run(command, check=True, capture_output=True, timeout=120, text=True).stdout
    (found,) = re.findall('data-found="([^"]*)"', shown)
    measured: dict[str, Any] = json.loads(unescape(found))
    return measured
