"""What changes the hash of a method's code, tried on a copy of the package."""

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import distillab
from distillab.core.code_hash import _written, code_hash, import_closure, modules_imported_by

PACKAGE = Path(distillab.__file__).parent
METHODS = ("distillab.defenses.ls", "distillab.stages.teach")
"""A method and the stage that runs it."""

SCRIPT = """
import json, sys
from distillab.core import code_hash
print(json.dumps([code_hash.__file__, code_hash.code_hash(sys.argv[1:])]))
"""


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """A copy of the package that tests edit and restore."""
    root = tmp_path_factory.mktemp("code")
    shutil.copytree(PACKAGE, root / "distillab", ignore=shutil.ignore_patterns("__pycache__"))
    return root


@pytest.fixture(scope="module")
def before(original):
    """The hash of the copy as it was."""
    return hash_in(original)


@pytest.fixture
def package(original):
    """The copy, restored after the test."""
    edited = {}

    def edit(module, old, new):
        path = original / f"{module}.py"
        edited.setdefault(path, path.read_text())
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    yield edit
    for path, text in edited.items():
        path.write_text(text)


def hash_in(root, *modules):
    environment = os.environ | {"PYTHONPATH": str(root)}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *(modules or METHODS)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    file, digest = json.loads(done.stdout)
    assert Path(file).is_relative_to(root)
    return digest


PROSE = {
    "module docstring": (
        "distillab/defenses/ls",
        '"""LS: label smoothing',
        '"""Another sentence about label smoothing',
    ),
    "class docstring": ("distillab/defenses/ls", '"""``(1 - s)', '"""Something else: ``(1 - s)'),
    "function docstring": ("distillab/training/schedules", '"""The learning rate of', '"""Something else of'),
    "no docstring": ("distillab/defenses/ls", '        """Cross-entropy against the smoothed label."""\n', ""),
    "comment": ("distillab/training/fit", "import math", "import math  # for isfinite"),
    "blank lines": ("distillab/training/fit", "import math\n", "import math\n\n\n\n"),
    "docstring of a constant": ("distillab/training/fit", '"""Called after each epoch', '"""Told after each epoch'),
}
INFRASTRUCTURE = {
    "registry line": ("distillab/defenses/__init__", "    CrossEntropyDefense,\n", ""),
    "another method": ("distillab/defenses/ce", "CrossEntropyObjective()", "CrossEntropyObjective(0.5)"),
    "how files are written": ("distillab/core/files", "os.fsync(handle.fileno())", "pass"),
    "how errors read": ("distillab/core/errors", '"; ".join', '", ".join'),
    "the command line": ("distillab/cli/run", "start=1", "start=0"),
}
CODE = {
    "the method": ("distillab/defenses/ls", "default=0.05", "default=0.06"),
    "what it imports": (
        "distillab/training/supervised",
        "label_smoothing: float = 0.0",
        "label_smoothing: float = 0.1",
    ),
    "what that imports": ("distillab/losses/cross_entropy", 'reduction="none"', 'reduction="mean"'),
    "the stage": ("distillab/stages/teach", 'ROLE = "teacher"', 'ROLE = "student"'),
    "the stage's recipe": ("distillab/training/schedules", "0.5 * (1 +", "0.4 * (1 +"),
    "the seeds": ("distillab/core/seeds", "digest_size=8", "digest_size=9"),
    "an import inside a function": ("distillab/data/splits", "+ 0.5)", "+ 0.4)"),
}


@pytest.mark.parametrize("edit", [*PROSE.values(), *INFRASTRUCTURE.values()], ids=[*PROSE, *INFRASTRUCTURE])
def test_what_computes_nothing_changes_nothing(original, before, package, edit):
    package(*edit)
    assert hash_in(original) == before


@pytest.mark.parametrize("edit", CODE.values(), ids=CODE)
def test_what_computes_changes_the_hash(original, before, package, edit):
    package(*edit)
    assert hash_in(original) != before


def test_the_hash_does_not_depend_on_place_order_or_repetition(before):
    assert before == code_hash(METHODS) == code_hash([*reversed(METHODS), METHODS[0]])
    assert code_hash(METHODS) != code_hash(METHODS[:1])


def test_the_closure_is_deep_and_without_packages():
    closure = import_closure("distillab.stages.teach")
    assert {"distillab.training.fit", "distillab.data.splits", "distillab.core.seeds"} <= closure
    assert not any((PACKAGE.parent / name.replace(".", "/")).is_dir() for name in closure)
    assert "distillab.defenses.ls" not in closure
    assert {name for name in closure if ".core." in name} == {"distillab.core.seeds", "distillab.core.generators"}


def test_a_file_outside_the_package_imports_its_modules(tmp_path):
    page = tmp_path / "page.py"
    page.write_text("import json\nfrom distillab.reporting import tables\nfrom distillab.core import errors\n")
    assert modules_imported_by(page) == {"distillab.reporting.tables"}


def test_a_tree_is_written_alike_by_every_python():
    """Later ones add ``type_params`` and leave out empty lists: the literal is what Python 3.11's ``ast.dump`` says."""
    tree = ast.parse("def f(x=None):\n    return g()")
    assert _written(tree) == (
        "Module(body=[FunctionDef(name='f', args=arguments(posonlyargs=[], args=[arg(arg='x')], kwonlyargs=[], "
        "kw_defaults=[], defaults=[Constant(value=None)]), body=[Return(value=Call(func=Name(id='g', ctx=Load()), "
        "args=[], keywords=[]))], decorator_list=[])], type_ignores=[])"
    )


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="later versions of ast.dump write other texts")
def test_a_tree_is_written_as_by_the_first_python_that_made_results():
    source = (PACKAGE / "stages" / "measure.py").read_text()
    assert _written(ast.parse(source)) == ast.dump(ast.parse(source))
