"""The rules of the house that no linter knows: length of files, docstrings, what an import may load, names of tests.

The import contracts are import-linter's, in pyproject.toml; here is only checked that they cover every folder. Each
rule is a function from source to complaints, and is itself tested with a source that breaks it.
"""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted((ROOT / "src").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
LONGEST_FILE = 400
SLOWEST_IMPORT = 0.5
SYMBOLIC = (
    "errors",
    "expr",
    "render",
    "rewrite",
    "system",
    "families",
    "matrix",
    "notation",
    "nn",
    "diff",
    "simplify",
    "lower",
)

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def length(source: str) -> Iterator[str]:
    """At most 400 lines: what is longer does more than one thing."""
    lines = source.count("\n")
    if lines > LONGEST_FILE:
        yield f"{lines} lines, more than {LONGEST_FILE}"


def star_imports(source: str) -> Iterator[str]:
    """No `import *`: a reader must see where a name comes from."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
            yield f"line {node.lineno}: import *"


def module_docstring(source: str) -> Iterator[str]:
    """A module opens with what it is."""
    if not ast.get_docstring(ast.parse(source)):
        yield "no docstring at the top"


def public_docstrings(source: str) -> Iterator[str]:
    """Every public class, function and method says what it does; a method that overrides is told by its base."""
    for node, owners in definitions(ast.parse(source)):
        public = not any(part.name.startswith("_") for part in (*owners, node))
        inside_function = any(not isinstance(owner, ast.ClassDef) for owner in owners)
        if public and not inside_function and not is_told_elsewhere(node) and not ast.get_docstring(node):
            yield f"line {node.lineno}: {node.name} has no docstring"


def is_told_elsewhere(node: Definition) -> bool:
    """Say whether a decorator points to the definition that carries the docstring."""
    names = {ast.unparse(decorator).rpartition(".")[2] for decorator in node.decorator_list}
    return bool(names & {"overload", "override", "setter"})


def repeated_tests(source: str) -> Iterator[str]:
    """No name is defined twice in one scope of a test module: the first of the two would silently never run."""
    tree = ast.parse(source)
    for scope in (tree, *(node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))):
        counts = Counter(node.name for node in scope.body if isinstance(node, Definition))
        yield from (f"{name} is defined {count} times" for name, count in counts.items() if count > 1)


def definitions(
    node: ast.AST, owners: tuple[Definition, ...] = ()
) -> Iterator[tuple[Definition, tuple[Definition, ...]]]:
    """Yield every class and function below a node, with those it stands in, outermost first."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Definition):
            yield child, owners
            yield from definitions(child, (*owners, child))
        else:
            yield from definitions(child, owners)


Rule = Callable[[str], Iterator[str]]
RULES: list[tuple[Rule, list[Path]]] = [
    (length, SOURCES + TESTS),
    (star_imports, SOURCES + TESTS),
    (module_docstring, SOURCES + TESTS),
    (public_docstrings, SOURCES),
    (repeated_tests, TESTS),
]


@pytest.mark.parametrize(("rule", "paths"), RULES, ids=[rule.__name__ for rule, _ in RULES])
def test_every_file_keeps_the_rule(rule: Rule, paths: list[Path]) -> None:
    complaints = [f"{name_of(path)}: {said}" for path in paths for said in rule(path.read_text(encoding="utf-8"))]
    assert not complaints, "\n".join([f"{rule.__doc__}", *complaints])


BROKEN: list[tuple[Rule, str, str]] = [
    (length, "\n" * 401, "401 lines"),
    (star_imports, "def f():\n    from numpy import *\n", "line 2: import *"),
    (module_docstring, "import os\n", "no docstring at the top"),
    (module_docstring, "", "no docstring at the top"),
    (public_docstrings, "def f():\n    pass\n", "line 1: f has no docstring"),
    (public_docstrings, "if True:\n    class A:\n        '''A.'''\n        def g(self): pass\n", "g has no docstring"),
    (repeated_tests, "def test_a(): pass\ndef test_b(): pass\ndef test_a(): pass\n", "test_a is defined 2 times"),
    (repeated_tests, "class T:\n    def test_a(self): pass\n    def test_a(self): pass\n", "test_a is defined 2 times"),
]


@pytest.mark.parametrize(("rule", "source", "complaint"), BROKEN)
def test_a_source_that_breaks_the_rule_is_caught(rule: Rule, source: str, complaint: str) -> None:
    assert any(complaint in said for said in rule(source))


@pytest.mark.parametrize(
    "source",
    [
        "def _f(): pass\n",
        "class _A:\n    def g(self): pass\n",
        "def f():\n    '''F.'''\n    def inner(): pass\n",
        "class A:\n    '''A.'''\n    @override\n    def g(self): pass\n    def __repr__(self): pass\n",
    ],
)
def test_what_is_private_or_told_elsewhere_needs_no_docstring(source: str) -> None:
    assert list(public_docstrings(source)) == []


def test_no_module_is_a_drawer_for_leftovers() -> None:
    assert [name_of(path) for path in SOURCES if path.stem in ("utils", "helpers", "misc", "common")] == []


def test_every_folder_of_source_is_a_package() -> None:
    folders = {path.parent for path in SOURCES} - {ROOT / "src"}
    assert [name_of(folder) for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []


def contracts() -> dict[str, dict[str, list[str]]]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return {contract["id"]: contract for contract in settings["tool"]["importlinter"]["contracts"]}


def test_the_contract_without_numpy_covers_the_symbolic_half() -> None:
    """A folder that does not exist yet cannot be listed; once it does, it must be."""
    present = [f"chainrule.{name}" for name in SYMBOLIC if (ROOT / "src/chainrule" / name).exists()]
    present += ["chainrule.errors", "chainrule.keywords"]
    assert sorted(contracts()["symbolic-without-numpy"]["source_modules"]) == sorted(present)


def test_imports_for_types_only_count_too() -> None:
    """A result that imports its printer, and a printer that imports the result for types, are a circle."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert settings["tool"]["importlinter"]["exclude_type_checking_imports"] is False


def run_python(code: str) -> str:
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT / "src")
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_importing_chainrule_loads_no_framework_and_no_compiler() -> None:
    loaded = run_python("import sys, chainrule; print(*sorted({name.partition('.')[0] for name in sys.modules}))")
    assert {"jax", "torch", "onnx", "llvmlite", "matplotlib", "sklearn"} & set(loaded.split()) == set()


DERIVE = """
import sys
sys.argv[1:] = ["derive", *sys.argv[1:]]
from chainrule.cli.main import main
try:
    main()
finally:
    print("loaded", *sorted(sys.modules))
"""


@pytest.mark.parametrize("options", [[], ["--steps"], ["--form", "latex"], ["--of", "z", "--wrt", "W"]])
def test_to_derive_loads_no_numbers_and_nothing_that_only_other_commands_need(
    options: list[str], tmp_path: Path
) -> None:
    """What `chainrule derive` does not need is most of what a process would take its time for."""
    text = "data x[i], y[k]\nparam W[k,i]\nz[k] = sum(i) W[k,i]*x[i]\ncost C = sum(k) (z[k] - y[k])^2\n"
    (tmp_path / "one.eq").write_text(text, encoding="utf-8")
    command = [sys.executable, "-c", DERIVE, "one.eq", *options]
    result = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    loaded = set(result.stdout.rpartition("loaded ")[2].split())
    unneeded = {"numpy", "llvmlite", "safetensors", "rich", "pydantic"}
    folders = {
        f"chainrule.{name}" for name in ("execute", "lower", "verify", "network", "explanation", "training", "checking")
    }
    assert loaded & (unneeded | folders | {"chainrule.data", "chainrule.nn"}) == set()
    assert "chainrule.notation.parser" in loaded
    steps = {"chainrule.diff.derivations", "chainrule.jacobians", "chainrule.simplify.stability"}
    assert options or not loaded & (steps | {"chainrule.cli.train", "chainrule.cli.explain"})


def test_to_check_an_answer_loads_no_network_and_no_explanation() -> None:
    loaded = run_python("import sys, chainrule.checking; print(*sorted(sys.modules))").split()
    parts = {name.split(".")[1] for name in loaded if name.startswith("chainrule.")}
    assert parts & {"network", "nn", "explanation", "training", "lower", "cli"} == set()


def test_importing_chainrule_is_quick() -> None:
    """The best of several, since the machine may be busy with other tests."""
    code = "import time; start = time.perf_counter(); import chainrule; print(time.perf_counter() - start)"
    seconds: list[float] = []
    while len(seconds) < 8 and min(seconds, default=1.0) >= SLOWEST_IMPORT:
        seconds.append(float(run_python(code)))
    assert min(seconds) < SLOWEST_IMPORT


IMPORT_EVERYTHING = """
import importlib, pkgutil, types, chainrule as cr
for module in pkgutil.walk_packages(cr.__path__, "chainrule."):
    try:
        importlib.import_module(module.name)
    except ModuleNotFoundError as error:
        if error.name.startswith("chainrule"):
            raise
hidden = [name for name in cr.__all__ if name != "nn" and isinstance(getattr(cr, name), types.ModuleType)]
print(callable(cr.train), hidden)
"""


def test_no_function_of_the_public_api_is_hidden_by_a_module_of_its_name() -> None:
    """`cr.train` stays callable after every submodule is imported; those that lack an optional library are left out."""
    assert run_python(IMPORT_EVERYTHING).strip() == "True []"


def modules(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / "src/chainrule" / folder).rglob("*.py"))]


def twice(names: Iterable[str]) -> list[str]:
    return sorted(name for name, count in Counter(names).items() if count > 1)


def test_no_two_classes_have_one_name() -> None:
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in modules("."))
    assert not twice(node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef))


def test_no_two_files_have_one_name_where_equations_are_derived_or_where_they_are_run() -> None:
    """`lower` has no numbers, but is where running begins."""
    deriving = [name for name in SYMBOLIC if name not in ("errors", "lower")]
    derived = modules(*deriving)
    run = [path for path in modules(".") if path not in derived]
    for half in (derived, run):
        assert not twice(path.name for path in half if path.name != "__init__.py")
