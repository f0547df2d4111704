"""`--form html` and `--form mathml`: a page of its own, and a piece to be pasted into one, of all that LaTeX is of."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from unit.cli.commands import run, write_network, write_systems
from unit.cli.test_derive_names import LAYERS
from web import MATH, formulas, seen, signs, tree_of

ASKED = {
    "equations": ["softmax.eq"],
    "steps": ["softmax.eq", "--steps"],
    "steps of one": ["softmax.eq", "--wrt", "z", "--steps", "--verify"],
    "compared": ["softmax.eq", "--compare", "sigmoid.eq", "--verify"],
    "Jacobian": ["softmax.eq", "--of", "a", "--wrt", "z"],
    "steps of a Jacobian": ["softmax.eq", "--of", "a", "--wrt", "z", "--steps", "--verify"],
    "Hessian": ["softmax.eq", "--hessian", "--wrt", "z"],
    "families": ["layers.eq"],
    "steps of families": ["layers.eq", "--steps", "--wrt", "z", "--names", "textbook", "--verify"],
    "families, written out": ["layers.eq", "--size", "L=2", "--steps"],
    "local derivative": ["layers.eq", "--of", "z[l+1]", "--wrt", "z[l]", "--steps"],
    "names": ["saved.safetensors", "--names", "ng", "--wrt", "W2"],
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_systems(tmp_path)
    (tmp_path / "layers.eq").write_text(LAYERS, encoding="utf-8")
    write_network(tmp_path / "saved.safetensors")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)
def test_derive_writes_a_piece_and_a_page(folder: Path, asked: list[str]) -> None:
    piece = run("derive", *asked, "--form", "mathml")
    assert piece.exit_code == 0, piece.stderr
    tree = tree_of(piece.output)
    assert list(formulas(tree))
    assert ("verified" in seen(tree)) == ("--verify" in asked)
    page = run("derive", *asked, "--form", "html").output
    assert page.startswith("<!DOCTYPE html>")
    assert piece.output.strip() in page
    ET.fromstring(page)


def test_names_of_a_book_stand_on_a_page_too(folder: Path) -> None:
    tree = tree_of(run("derive", *ASKED["names"], "--form", "mathml").output)
    assert "dzk[2]=∂C∂zk[2]=ak[2]−yk" in signs(next(iter(formulas(tree))))


def test_check_and_its_exit_code(folder: Path) -> None:
    right = run("check", "softmax.eq", "--wrt", "z", "a[j] - y[j]", "--form", "mathml")
    assert right.exit_code == 0
    assert "Right: ∂C∂zj=aj−yj" in seen(tree_of(right.output))
    wrong = run("check", "softmax.eq", "--wrt", "z", "y[j] - a[j]", "--form", "html")
    assert wrong.exit_code == 1
    assert "the sign is wrong" in wrong.output


def test_explain(folder: Path) -> None:
    (folder / "values.json").write_text('{"y": [1, 0], "z": [0.5, -0.5]}', encoding="utf-8")
    asked = ["explain", "softmax.eq", "--data", "values.json", "--of", "z", "--at", "j=0"]
    for more in ([], ["--paths"], ["--why"]):
        tree = tree_of(run(*asked, *more, "--form", "mathml").output)
        assert len(list(formulas(tree))) > 2
        assert list(tree.iter("table"))


def test_a_file_cannot_write_into_the_page(folder: Path) -> None:
    (folder / "<b>&.eq").write_text((folder / "softmax.eq").read_text(encoding="utf-8"), encoding="utf-8")
    tree = tree_of(run("derive", "softmax.eq", "--compare", "<b>&.eq", "--form", "mathml").output)
    assert "B: <b>&.eq" in seen(tree)


def test_a_name_in_the_notation_is_one_name_in_mathml(folder: Path) -> None:
    (folder / "long.eq").write_text("param weight[k]\ncost C = sum(k) weight[k]^2", encoding="utf-8")
    tree = tree_of(run("derive", "long.eq", "--form", "mathml").output)
    assert {name.text for name in tree.iter(f"{MATH}mi")} == {"C", "∂", "k", "weight"}
