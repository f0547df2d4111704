"""`chainrule derive`: equations, steps, LaTeX, comparisons, verification, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from chainrule.cli.terminal import columns
from unit.cli.commands import SIGMOID, run, write_network, write_systems


@pytest.fixture
def systems(tmp_path: Path) -> Path:
    return write_systems(tmp_path)


def test_the_derivatives_of_all_params_are_shown(systems: Path) -> None:
    result = run("derive", systems / "softmax.eq")
    assert (result.exit_code, result.output) == (0, "∂C/∂z[j] = a[j] − y[j]\n")


def test_what_reads_the_derivatives_is_no_derivative(tmp_path: Path) -> None:
    file = tmp_path / "m.eq"
    lines = ["param w", "state s = 0", "cost C = w^2", "norm = abs(∂C/∂w)", "update s = norm", "update w = w - s"]
    file.write_text("\n".join(lines), encoding="utf-8")
    assert run("derive", file).output == "∂C/∂w = 2·w\n"


def test_names_in_a_derivative_are_derived_too(tmp_path: Path) -> None:
    result = run("derive", write_network(tmp_path / "n.safetensors"), "--wrt", "W1")
    assert result.output.splitlines() == [
        "∂C/∂z2[k] = a2[k] − y[k]",
        "∂C/∂z1[j] = a1[j]·(1 − a1[j])·Σ_k W2[k,j]·∂C/∂z2[k]",
        "∂C/∂W1[j,i] = x[i]·∂C/∂z1[j]",
    ]


@pytest.mark.parametrize("name", ["z", "∂C/∂z", "∂C/∂z[j]", "z[j]"])
def test_steps_are_numbered_lines(systems: Path, name: str) -> None:
    result = run("derive", systems / "sigmoid.eq", "--wrt", name, "--steps")
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert lines[1] == "  1  chain rule: C depends on z[j] through every a[k]; the contributions add up"
    assert lines[-1] == "  so ∂C/∂z[j] = a[j]·(a[j] − y[j])·(1 − a[j])"


def test_several_derivations_are_shown_one_after_the_other(systems: Path) -> None:
    result = run("derive", systems / "sigmoid.eq", "--wrt", "z", "--wrt", "a", "--steps")
    assert "\n\n∂C/∂a[k]\n" in result.output


def test_special_cases_of_an_unknown_function_stand_beside_it(systems: Path) -> None:
    assert run("derive", systems / "unknown.eq").output.splitlines() == [
        "∂C/∂z[j] = Σ_k ∂C/∂a[k]·∂a[k]/∂z[j]",
        "  if a is applied elementwise, a[k] = sigma(z[k]): ∂C/∂z[j] = ∂C/∂a[j]·sigma'(z[j])",
        "  if a is the softmax of z: ∂C/∂z[j] = a[j]·(∂C/∂a[j] − Σ_k a[k]·∂C/∂a[k])",
    ]


def test_an_unknown_derivative_is_itself(systems: Path) -> None:
    assert run("derive", systems / "unknown.eq", "--wrt", "a").output.startswith("∂C/∂a[k] = ∂C/∂a[k]\n")


def test_latex_of_equations_and_of_steps(systems: Path) -> None:
    result = run("derive", systems / "softmax.eq", "--form", "latex")
    assert result.output.splitlines() == [
        r"\begin{aligned}",
        r"\frac{\partial C}{\partial z_{j}} &= a_{j} - y_{j}",
        r"\end{aligned}",
    ]
    assert run("derive", systems / "softmax.eq", "--form", "latex", "--steps").output.startswith(r"\begingroup")


def test_a_comparison_is_latex_too(systems: Path) -> None:
    latex = run("derive", systems / "softmax.eq", "--form", "latex", "--compare", systems / "sigmoid.eq").output
    assert r"\item[1.]" in latex
    assert r"\item[A2.]" in latex
    assert r"\item[B2.]" in latex
    assert latex.splitlines()[-3].startswith(r"\noindent A: not diagonal: every")


def test_json_holds_steps_as_text_and_latex(systems: Path) -> None:
    (derivation,) = nodes("derive", systems / "sigmoid.eq", "--wrt", "z", "--steps", "--json")
    heading, steps, *_ = derivation["nodes"]
    assert heading["words"] == [{"text": "∂C/∂z[j]", "latex": r"\frac{\partial C}{\partial z_{j}}"}]
    assert [step["label"] for step in steps["nodes"]][:2] == ["1", "2"]
    assert {step["role"] for step in steps["nodes"]} == {"step"}
    first = steps["nodes"][0]["nodes"][1]["nodes"][0]
    assert (first["kind"], first["text"]) == ("formula", "= Σ_k ∂C/∂a[k]·∂a[k]/∂z[j]")


def test_json_holds_equations_and_what_verification_says(systems: Path) -> None:
    equations, verification = nodes("derive", systems / "softmax.eq", "--json", "--verify")
    (formula,) = equations["nodes"][0]["nodes"]
    assert formula["text"] == "∂C/∂z[j] = a[j] − y[j]"
    assert verification["nodes"][0]["words"][0].startswith("∂C/∂z[j]: ")


def test_json_of_a_jacobian(systems: Path) -> None:
    (equations,) = nodes("derive", systems / "softmax.eq", "--of", "a", "--wrt", "z", "--json")
    assert [node["text"] for node in equations["nodes"]] == ["∂a[k]/∂z[j] = a[k]·([k = j] − a[j])"]
    (derivation,) = nodes("derive", systems / "softmax.eq", "--of", "a", "--wrt", "z", "--json", "--steps")
    assert derivation["role"] == "derivation"


def nodes(*arguments: object) -> list[Any]:
    """Return the nodes of the document that a command prints as JSON."""
    document = json.loads(run(*arguments).output)["document"]
    assert document["role"] == "derivatives"
    found: list[Any] = document["nodes"]
    return found


def test_two_systems_are_compared(systems: Path) -> None:
    result = run("derive", systems / "softmax.eq", "--wrt", "z", "--compare", systems / "sigmoid.eq", "--verify")
    lines = result.output.splitlines()
    assert lines[0] == f"A  {systems / 'softmax.eq'}"
    assert "They part at step 2." in lines
    assert lines[-2].startswith(f"{systems / 'softmax.eq'}: ∂C/∂z[j]: verified 1")
    assert lines[-1].startswith(f"{systems / 'sigmoid.eq'}: ∂C/∂z[j]: verified 7 of 7 steps")


def test_the_reason_for_the_sum_with_random_numbers_and_with_those_of_a_file(systems: Path, tmp_path: Path) -> None:
    drawn = run("derive", systems / "unknown.eq", "--why")
    assert drawn.exit_code == 0
    assert drawn.output.startswith("Why ∂C/∂z[j] = Σ_k ∂C/∂a[k]·∂a[k]/∂z[j]\n")
    assert "with random smooth functions for a and C" in drawn.output
    values = tmp_path / "values.json"
    values.write_text('{"z": [0, 1, 2], "y": [0, 0, 1]}', encoding="utf-8")
    given = run("derive", systems / "softmax.eq", "--why", "--data", values, "--at", "j=2")
    assert "In numbers: z[2] = 2 moves by h = 0.01." in given.output
    explained = run("explain", systems / "softmax.eq", "--why", "--of", "z", "--data", values, "--at", "j=2")
    assert explained.output == given.output


def test_the_reason_is_given_for_the_derivative_nearest_to_the_cost_that_is_a_sum(tmp_path: Path) -> None:
    saved = write_network(tmp_path / "n.safetensors")
    assert run("derive", saved, "--why").output.startswith("Why ∂C/∂z2[k] = Σ_m ∂C/∂a2[m]·∂a2[m]/∂z2[k]\n")
    assert run("derive", saved, "--why", "--wrt", "W1").output.startswith("Why ∂C/∂W1[j,i] = Σ_m ∂C/∂z1[m]·")


def test_every_step_is_verified(systems: Path) -> None:
    lines = run("derive", systems / "sigmoid.eq", "--steps", "--verify").output.splitlines()
    assert lines[-3] == ""
    assert lines[-2].startswith("∂C/∂a[k]: verified 5 of 5 steps")
    assert lines[-1].startswith("∂C/∂z[j]: verified 7 of 7 steps at random points in float64")


def test_the_system_may_come_from_the_standard_input() -> None:
    assert run("derive", "-", stdin=SIGMOID).output == "∂C/∂z[j] = a[j]·(a[j] − y[j])·(1 − a[j])\n"


def test_help_shows_examples() -> None:
    assert "\n    chainrule derive softmax.eq --wrt z --steps\n" in run("derive", "--help").output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing.eq"], "missing.eq cannot be read: No such file or directory"),
        (["."], ". cannot be read: Is a directory"),
        (["bytes.eq"], "bytes.eq is not text in UTF-8"),
        (["broken.eq"], "broken.eq, line 2: no function is named sigmoyd"),
        (["softmax.eq", "--wrt", "w"], "no tensor named 'w'"),
        (
            ["softmax.eq", "--form", "pdf"],
            "there is no form 'pdf'\n  one of index, latex, html, mathml, matrix, ",
        ),
        (["softmax.eq", "--json", "--form", "latex"], "JSON has text and LaTeX of one derivation\n  Leave --form"),
        (
            ["softmax.eq", "--why", "--steps"],
            "--why cannot be combined with other options\n  Leave out all options but --wrt",
        ),
        (["softmax.eq", "--at", "j=1"], "--data and --at are for the numbers of --why"),
        (["softmax.eq", "--why", "--at", "j"], "--at 'j' is no entry"),
        (["softmax.eq", "--json", "--compare", "sigmoid.eq"], "JSON has text and LaTeX of one derivation"),
        (
            ["softmax.eq", "--compare", "no_params.eq"],
            "no tensor of no_params.eq is named z\n  derivatives by tensors that",
        ),
        (["no_params.eq"], "the system has no params to differentiate with respect to\n  Say what is meant: --wrt z"),
        (["missing.safetensors"], "missing.safetensors"),
    ],
)
def test_what_is_wrong_is_one_message_with_exit_code_2(
    systems: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.chdir(systems)
    result = run("derive", *arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("Error: ")
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_an_error_in_the_text_shows_its_line_with_a_caret(systems: Path) -> None:
    lines = run("derive", systems / "broken.eq").stderr.splitlines()
    assert lines[1:3] == ["  a[k] = sigmoyd(z[k])", "         ^"]


def test_a_standard_input_that_is_no_text_is_refused() -> None:
    result = run("derive", "-", stdin=b"\xff\xfe")
    assert (result.exit_code, result.stderr) == (2, "Error: the standard input is not text in UTF-8\n")


def test_an_error_in_the_standard_input_says_so() -> None:
    assert run("derive", "-", stdin="param z[").stderr.startswith("Error: standard input, line 1: ")


def test_a_jacobian_as_an_equation_as_steps_and_as_latex(systems: Path) -> None:
    asked = ("derive", systems / "softmax.eq", "--of", "a", "--wrt", "z")
    assert run(*asked).output == "∂a[k]/∂z[j] = a[k]·([k = j] − a[j])\n"
    assert run("derive", systems / "softmax.eq", "--of", "a[k]", "--wrt", "z[j]").output == run(*asked).output
    assert run(*asked, "--steps").output.splitlines()[-1] == "  so ∂a[k]/∂z[j] = a[k]·([k = j] − a[j])"
    latex = run(*asked, "--form", "latex").output
    assert r"\frac{\partial a_{k}}{\partial z_{j}} &= a_{k}" in latex
    assert latex.startswith(r"\begin{aligned}")
    assert run(*asked, "--steps", "--form", "latex").output.startswith(r"\begingroup")
    assert "∂a[k]/∂z[j]: verified 7 of 7 steps" in run(*asked, "--verify").output


def test_a_hessian_is_by_all_params_or_by_those_named(systems: Path) -> None:
    line = "∂²C/∂z[j]∂z[k] = a[j]·([j = k] − a[k])\n"
    assert run("derive", systems / "softmax.eq", "--hessian").output == line
    assert run("derive", systems / "softmax.eq", "--hessian", "--wrt", "z").output == line
    assert "6 of 6 steps" in run("derive", systems / "softmax.eq", "--hessian", "--verify").output


@pytest.mark.parametrize(
    ("file", "options", "what", "more"),
    [
        ("softmax.eq", ("--of", "a"), "a Jacobian is taken by one tensor, not 0", "--of a --wrt z"),
        (
            "softmax.eq",
            ("--of", "a", "--wrt", "z", "--wrt", "y"),
            "a Jacobian is taken by one tensor, not 2",
            "--wrt z",
        ),
        ("softmax.eq", ("--of", "a", "--hessian"), "a Hessian is of the cost", "Leave --of out"),
        (
            "softmax.eq",
            ("--of", "a", "--wrt", "z", "--compare", "sigmoid.eq"),
            "only derivatives of the cost are compared",
            "Leave --compare out",
        ),
        ("softmax.eq", ("--of", "q", "--wrt", "z"), "no tensor named 'q'", "known are"),
        ("no_params.eq", ("--hessian",), "no tensor to derive by", "one name or several"),
    ],
)
def test_what_is_no_jacobian_is_refused(
    systems: Path, file: str, options: tuple[str, ...], what: str, more: str
) -> None:
    result = run("derive", systems / file, *options)
    assert result.exit_code == 2
    assert what in result.stderr
    assert more in result.stderr


def test_a_narrow_terminal_gets_narrow_lines(systems: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for width in (60, 80, 300):
        monkeypatch.setattr("chainrule.cli.derive.columns", lambda width=width: min(width, 100))
        lines = run("derive", systems / "softmax.eq", "--wrt", "z", "--steps").stdout.splitlines()
        words = [line for line in lines if " = " not in line]
        assert max(map(len, words)) <= min(width, 100)
        assert max(map(len, words)) > min(width, 100) - 25


def test_what_goes_to_a_file_is_as_wide_on_every_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    assert columns() == 100
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    assert columns() == 40


def test_second_derivatives_of_a_family_hold_for_every_number_of_steps(tmp_path: Path) -> None:
    text = "param w[t;]\nh[0;] = 1\nfor t = 1..T:\n    h[t;] = w[t;]*h[t-1;]\ncost C = h[T;]\n"
    file = tmp_path / "chain.eq"
    file.write_text(text, encoding="utf-8")
    found = run("derive", file, "--hessian")
    assert found.exit_code == 0
    assert "∂h[t;]/∂w[m;] = w[t;]·∂h[t-1;]/∂w[m;] + [m = t]·h[t-1;]   for m = 1..T, t = 1..T" in found.output
    assert r"\qquad m = 1, \ldots, T" in run("derive", file, "--hessian", "--form", "latex").output
    assert "without steps" in run("derive", file, "--hessian", "--steps").output
    assert "a Hessian is of the cost" in run("derive", file, "--hessian", "--of", "h").output


def test_a_file_of_values_without_an_ending_gets_advice_with_one(systems: Path, tmp_path: Path) -> None:
    (tmp_path / "63").write_text("{}", encoding="utf-8")
    result = run("derive", systems / "sigmoid.eq", "--why", "--data", tmp_path / "63")
    assert result.exit_code == 2
    assert "Write one with np.savez('values.npz', " in result.stderr
