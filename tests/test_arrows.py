"""Data flows one way: a module imports only from rooms to its left."""

import ast
from pathlib import Path

import gan_course

PACKAGE = Path(gan_course.__file__).parent
LEVELS = [
    {"errors"},
    {"files", "locks", "paths", "settings"},
    {"runtime"},
    {"data"},
    {"models"},
    {"training"},
    {"weights"},
    {"evaluation"},
    {"inference", "viz"},
    {"lessons"},
    {"commands"},
    {"cli"},
    {"__main__"},
]
OURS = ("gan_course.", "maintain", "benchmarks")
LEVEL = {room: number for number, rooms in enumerate(LEVELS) for room in rooms}
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def imported_modules(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(OURS):
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith(OURS))


def test_no_arrow_runs_back():
    backward = []
    for path in MODULES:
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        for module in imported_modules(path):
            root, _, inner = module.partition(".")
            if root != "gan_course" or LEVEL[inner.split(".")[0]] > LEVEL[parts[0]]:
                backward.append(f"{'.'.join(parts)} imports {module}")
    assert not backward


def test_networks_never_import_losses():
    models = [path for path in MODULES if path.parent.name == "models"]
    assert not [
        path.name for path in models for name in imported_modules(path) if "training" in name
    ]


def test_the_loop_knows_nothing_of_gans():
    imports = set(imported_modules(PACKAGE / "training" / "loop.py"))
    assert imports == {"gan_course.errors"}


def test_every_room_has_a_place_and_none_is_called_utils():
    rooms = {path.relative_to(PACKAGE).with_suffix("").parts[0] for path in MODULES}
    assert rooms <= LEVEL.keys()
    assert not any(path.stem in ("utils", "helpers", "misc", "common") for path in MODULES)


def test_import_is_light():
    import subprocess
    import sys

    code = (
        "import gan_course, gan_course.cli, sys; assert not {'torch', 'numpy', 'matplotlib'} &"
        " sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
