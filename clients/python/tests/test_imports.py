"""No module needs another that needs it: the package can be read from the bottom up."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Dict, Iterator, List, Mapping, Set

import keypace

PACKAGE = Path(keypace.__file__).parent


def modules(root: Path, package: str) -> Dict[str, Path]:
    """Every module by its full name; a folder's is that of its `__init__.py`."""
    found = {}
    for path in root.rglob("*.py"):
        parts = [package, *path.relative_to(root).with_suffix("").parts]
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported(name: str, path: Path, known: Mapping[str, Path]) -> Iterator[str]:
    """Modules that one imports anywhere: at the top, inside functions, and for types alone."""
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        if isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *(node.module.split(".") if node.module else [])])
            for alias in node.names:
                one = f"{module}.{alias.name}"
                yield from (each for each in ([one] if one in known else [module]) if each in known and each != name)


def graph(root: Path, package: str) -> Dict[str, Set[str]]:
    known = modules(root, package)
    return {name: set(imported(name, path, known)) for name, path in known.items()}


def circles(graph: Mapping[str, Set[str]]) -> List[List[str]]:
    """Each circle of imports that there is, once; empty when there is none."""
    reached: Dict[str, Set[str]] = {}
    for start in graph:
        seen: Set[str] = set()
        left = list(graph[start])
        while left:
            name = left.pop()
            if name not in seen:
                seen.add(name)
                left += graph[name]
        reached[start] = seen
    found = {tuple(sorted(other for other in graph if other in reached[name] and name in reached[other])) for name in graph if name in reached[name]}
    return [list(circle) for circle in sorted(found)]


def test_no_imports_go_in_a_circle() -> None:
    there = graph(PACKAGE, "keypace")
    assert there["keypace._run"] >= {"keypace._async._wire", "keypace._routes.agents", "keypace._ledger"}  # inside functions and folders too
    assert circles(there) == []


def test_a_circle_is_found_wherever_the_import_stands(tmp_path: Path) -> None:
    (tmp_path / "room").mkdir()
    (tmp_path / "__init__.py").write_text("from .a import A\n")
    (tmp_path / "a.py").write_text("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .b import B\n")
    (tmp_path / "b.py").write_text("def f():\n    from .room import c\n")
    (tmp_path / "room" / "__init__.py").write_text("")
    (tmp_path / "room" / "c.py").write_text("from ..a import A\nfrom . import d\n")
    (tmp_path / "room" / "d.py").write_text("import p.room.c\n")
    assert circles(graph(tmp_path, "p")) == [["p.a", "p.b", "p.room.c", "p.room.d"]]


def test_the_asynchronous_half_and_the_synchronous_one_share_what_is_beneath_and_nothing_else() -> None:
    there = graph(PACKAGE, "keypace")
    halves = {path.stem for path in (PACKAGE / "_async").glob("*.py")} - {"__init__"}
    for name in halves:
        assert not there[f"keypace._async.{name}"] & {f"keypace.{other}" for other in halves}, name
