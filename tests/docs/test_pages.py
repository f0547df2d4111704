"""README and docs are true: their code runs, their output is the tool's own, their links and paths lead somewhere."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

import chainrule as cr
from chainrule.expr.functions import FUNCTIONS
from chainrule.notation.advice import RESERVED
from chainrule.notation.operators import MAX_EXPONENT
from chainrule.notation.source import MAX_BYTES, MAX_DEPTH, MAX_EQUATIONS, MAX_SIGNS, MAX_WORD
from docs.pages import KINDS, LINKING, PAGES, ROOT, WITH_DATA, anchors, blocks, prose, replaced, tables
from docs.running import Page

by_page = pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
every_page = pytest.mark.parametrize("path", [*PAGES, *WITH_DATA], ids=lambda path: path.name)
NOTATION = (ROOT / "docs/notation.md").read_text(encoding="utf-8")
ARCHITECTURE = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")


@by_page
def test_what_a_page_shows_is_what_comes_out(
    path: Path, rewrites: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    compare(path, rewrites)


@pytest.mark.slow
@pytest.mark.parametrize("path", WITH_DATA, ids=lambda path: path.name)
def test_what_a_page_with_large_data_shows_is_what_comes_out(
    path: Path, rewrites: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data_dir: Path
) -> None:
    monkeypatch.setenv("CHAINRULE_DATA", str(data_dir.resolve()))
    monkeypatch.chdir(tmp_path)
    compare(path, rewrites)


def compare(path: Path, rewrites: bool) -> None:
    """Run a page in the current folder, and say what is not as it shows, or write it anew."""
    text = path.read_text(encoding="utf-8")
    page = Page()
    for block in blocks(text):
        page.run(block)
    if rewrites:
        for difference in reversed(page.differences):
            if difference.mended is not None:
                text = replaced(text, difference.block, difference.mended)
        path.write_text(text, encoding="utf-8")
    told = [str(difference) for difference in page.differences if difference.source != "all of the block"]
    assert not told, "\n\n".join([f"{path.name}: pytest tests/docs --rewrite-docs writes the outputs anew", *told])


@every_page
def test_every_block_says_what_it_is(path: Path) -> None:
    found = blocks(path.read_text(encoding="utf-8"))
    assert [f"line {block.line}: {block.info}" for block in found if block.kind not in KINDS] == []
    pairs = zip(found, [*found[1:], None], strict=False)
    assert [b.line for b, after in pairs if b.role == "refused" and (after is None or after.kind != "text")] == []


@every_page
def test_every_make_command_of_a_page_is_a_target(path: Path) -> None:
    targets = set(re.findall(r"(?m)^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8")))
    text = path.read_text(encoding="utf-8")
    named = [
        name for block in blocks(text) if block.kind == "sh" for name in re.findall(r"(?m)^make (\S+)", block.text)
    ]
    assert set(named + re.findall(r"`make (\S+)`", prose(text))) <= targets


@pytest.mark.parametrize("path", LINKING, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_leads_to_a_file_and_to_a_heading_in_it(path: Path) -> None:
    broken = []
    plain = re.sub(r"`[^`]*`", "", prose(path.read_text(encoding="utf-8")))
    for target in re.findall(r"\]\(([^)\s]+)\)", plain):
        if re.match(r"\w+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = path.parent / name if name else path
        if not file.exists() or (anchor and anchor not in anchors(file.read_text(encoding="utf-8"))):
            broken.append(target)
    assert broken == []


@every_page
def test_every_path_of_source_that_a_page_names_exists(path: Path) -> None:
    roots = (ROOT, ROOT / "src/chainrule", path.parent)
    folders = {folder.name for root in roots for folder in root.iterdir() if folder.is_dir()}
    spans = re.findall(r"`([\w./-]+)`", prose(path.read_text(encoding="utf-8")))
    named = [s for s in spans if s.split("/")[0] in folders - {s} or re.search(r"\w\.(py|md|toml|lark)$", s)]
    assert [name for name in named if not any((root / name).exists() for root in roots)] == []


def test_each_example_of_the_tables_of_the_notation_can_be_read() -> None:
    preamble = next(block.text for block in blocks(NOTATION) if block.role == "preamble")
    examples = 0
    for heading, rows in tables(NOTATION):
        if "example" in heading:
            for row in rows:
                lines = re.findall(r"`([^`]+)`", row[heading.index("example")])
                cr.parse("\n".join([preamble, *lines]))
                examples += len(lines)
    assert examples > 20


def test_the_derivatives_in_the_page_are_those_that_are_used() -> None:
    rows = next(rows for heading, rows in tables(NOTATION) if heading[0] == "function")
    shown = {name.strip("`").partition("(")[0]: tuple(re.findall(r"`([^`]+)`", found)) for name, found, *_ in rows}
    assert shown == {name: function.derivative for name, function in FUNCTIONS.items()}


def test_the_words_that_cannot_be_names_are_all_in_the_page() -> None:
    listed = re.search(r"These words are taken: `([^`]+)`", NOTATION)
    assert listed is not None
    assert sorted(listed[1].split()) == sorted(RESERVED)


def test_the_limits_in_the_page_are_those_that_are_enforced() -> None:
    limits = " ".join(NOTATION[NOTATION.index("## Limits") :].split())
    for limit in (
        f"{MAX_BYTES // 1_000_000} MB",
        f"{MAX_EQUATIONS:,} equations",
        f"{MAX_SIGNS:,} words and signs",
        f"deeper than {MAX_DEPTH}",
        f"longer than {MAX_WORD} characters",
        f"up to {MAX_EXPONENT}",
    ):
        assert limit in limits


def test_the_picture_of_the_house_shows_every_folder() -> None:
    folders = {path.name for path in (ROOT / "src/chainrule").iterdir() if (path / "__init__.py").exists()}
    rows = next(rows for heading, rows in tables(ARCHITECTURE) if heading[0] == "folder")
    shown = [row[0].strip("`/") for row in rows]
    assert sorted(name for name in shown if not name.endswith(".py")) == sorted(folders)


def test_every_kind_and_role_of_a_document_is_in_the_schema() -> None:
    schema = (ROOT / "docs/explaining.md").read_text(encoding="utf-8").partition("## As JSON")[2]
    files = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "src/chainrule").rglob("*.py"))]
    source = "".join(text for text in files if "chainrule.render.document" in text)
    named = re.findall(r'\brole="([\w ]+)"', source) + re.findall(r'"kind": "(\w+)"', source)
    assert len(named) > 20
    assert [name for name in dict.fromkeys(named) if f"`{name}`" not in schema] == []


def test_the_order_of_imports_is_the_one_that_is_enforced() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = next(c["layers"] for c in settings["tool"]["importlinter"]["contracts"] if c["id"] == "layers")
    order = " > ".join(re.sub(r" \| \(\w+\)|\(|\)", "", layer) for layer in layers if not layer.startswith("("))
    assert order in " ".join(ARCHITECTURE.split()), order


SOFTMAX = "data y[k]\nparam z[j]\na[k] = exp(z[k])/(sum(m) exp(z[m]))\ncost C = -(sum(k) y[k]*log(a[k]))"


def questions() -> list[tuple[str, str, str]]:
    return [row for heading, rows in tables(ARCHITECTURE) if heading[0] == "question" for row in rows]


def test_what_the_answers_to_six_questions_name_is_where_they_say() -> None:
    assert len(questions()) == 6
    for question, first, answer in questions():
        for name, elsewhere in re.findall(r"`(\w+)`(?: in `([\w/]+\.py)`)?", answer):
            file = ROOT / "src/chainrule" / (elsewhere or first.strip("`"))
            text = file.read_text(encoding="utf-8")
            assert re.search(rf"^(def|class) {name}\b|^{name}\b.*=", text, re.MULTILINE), question


def test_the_functions_that_the_answers_name_take_the_steps_of_softmax_with_cross_entropy() -> None:
    steps = cr.backprop(cr.parse("given sum(k) y[k] = 1\n" + SOFTMAX)).derivation("z").steps
    inner = [step for outer in steps if outer.detail for step in outer.detail.steps]
    taken = {tuple(step.where.rsplit(".", 2)[-2:]) for step in (*steps, *inner)}
    assert {("chain_rule", "chain_rule"), ("collapse", "leave_one_term"), ("collapse", "free_the_delta")} <= taken
    assert {("recognise", "use_name"), ("recognise", "use_given"), ("factoring", "common_factor")} <= taken


def test_that_a_sum_is_missing_is_decided_where_the_answer_says(monkeypatch: pytest.MonkeyPatch) -> None:
    system = cr.parse(SOFTMAX)
    said = "the sum over k is missing"
    assert said in str(cr.check(system, "∂C/∂a[j]*∂a[j]/∂z[j]", wrt="z"))
    monkeypatch.setattr("chainrule.checking.diagnosis.lost_terms", lambda *asked: lambda expr, scope: iter(()))
    assert said not in str(cr.check(system, "∂C/∂a[j]*∂a[j]/∂z[j]", wrt="z"))
