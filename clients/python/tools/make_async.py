#!/usr/bin/env python3
"""Writes the asynchronous half of the package, src/keypace/_async, from the synchronous one: the same text, awaited.

    tools/make_async.py            writes it
    tools/make_async.py --check    names what differs from what it would write; a test runs this

A file of FILES becomes the file of the same name in `_async`:
- lines that end in `# sync only` are left out;
- PHRASES are said otherwise, NAMES replaced, and every class that is defined in FILES has `Async` in front;
- calls of what AWAITED names are awaited; functions of these names, and those in which something is awaited, are `async def`;
- a parameter that AWAITED names gives an Awaitable; loops over what ITERATED names are `async for`;
- the examples of docstrings are awaited too, and names in backquotes replaced.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from pathlib import Path
from typing import Dict, List, NamedTuple, Set, Tuple

PACKAGE = Path(__file__).resolve().parents[1] / "src" / "keypace"
OUT = PACKAGE / "_async"
FILES = (
    "_client", "_http_pool", "_performs", "_retries", "_streams", "_wire", "access_tokens", "agents", "api_keys", "audit", "hubs", "usage",
)
MODULES = {"_blocking": "_run"}
"""Where a name of one module is imported from another."""
NAMES = {
    "BaseTransport": "AsyncBaseTransport", "Client": "AsyncClient", "iter_bytes": "aiter_bytes", "Iterator": "AsyncIterator",
    "__enter__": "__aenter__", "__exit__": "__aexit__", "__iter__": "__aiter__", "__next__": "__anext__",
}
PHRASES = {
    "from time import sleep": "from asyncio import sleep",
    "Generator[str, None, None]": "AsyncGenerator[str, None]", "Any, Generator,": "Any, AsyncGenerator,",
    "response.read()": "response.aread()", "response.close()": "response.aclose()", "_texts.close()": "_texts.aclose()", "_http.close()": "_http.aclose()",
    "with one access token. Thread-safe; make one and keep it.": "with one access token, awaited. For one event loop; make one and keep it.",
    "one pool of connections, again where that is surely safe. Thread-safe.": "one pool of connections, again where that is surely safe. For one event loop.",
}
AWAITED = {
    "perform", "query", "query_many", "open_stream", "perform_run", "close", "aclose", "aread", "exchange", "begin", "rest", "send", "read", "sleep",
    "until_settled", "with_suggestion", "_settled", "_send", "__aenter__", "__aexit__", "__anext__",
}
ITERATED = {"aiter_bytes", "chunks"}
SYNC_ONLY = "# sync only"
HEADER = "# Written by tools/make_async.py from ../{0}.py: change that file, then run clients/python/tools/make_async.py.\n"
INIT = '"""The asynchronous half. tools/make_async.py writes every file here from the synchronous file of the same name."""\n'


class Edit(NamedTuple):
    """A piece of text at a place: line from 1, column in characters, and how many characters it replaces."""

    line: int
    column: int
    length: int
    text: str


def edited(text: str, edits: List[Edit]) -> str:
    """The text with all edits made; of several at one place, the last named comes first."""
    lines = text.splitlines(keepends=True)
    for _, edit in sorted(enumerate(edits), key=lambda numbered: (numbered[1].line, numbered[1].column, -numbered[0]), reverse=True):
        line = lines[edit.line - 1]
        lines[edit.line - 1] = line[: edit.column] + edit.text + line[edit.column + edit.length :]
    return "".join(lines)


class Places:
    """Where the parts of parsed Python are, in characters (the parser counts bytes)."""

    def __init__(self, text: str) -> None:
        self._lines = text.splitlines(keepends=True)

    def start(self, node: "ast.expr | ast.stmt") -> Tuple[int, int]:
        return self._at(node.lineno, node.col_offset)

    def end(self, node: "ast.expr | ast.stmt") -> Tuple[int, int]:
        return self._at(node.end_lineno or 0, node.end_col_offset or 0)

    def text(self, node: "ast.expr | ast.stmt") -> str:
        (first, left), (last, right) = self.start(node), self.end(node)
        if first == last:
            return self._lines[first - 1][left:right]
        return self._lines[first - 1][left:] + "".join(self._lines[first : last - 1]) + self._lines[last - 1][:right]

    def _at(self, line: int, offset: int) -> Tuple[int, int]:
        return line, len(self._lines[line - 1].encode()[:offset].decode())


def called(node: ast.AST) -> str:
    """The name of the function that is called; empty when it has none, or it is no call."""
    function = node.func if isinstance(node, ast.Call) else None
    return function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""


def awaits(call: ast.Call, inside: Set[ast.AST], places: Places) -> List[Edit]:
    """`await` before a call, in brackets where something is taken of its result."""
    start, end = places.start(call), places.end(call)
    return [Edit(*start, 0, "(await "), Edit(*end, 0, ")")] if call in inside else [Edit(*start, 0, "await ")]


def taken_of(tree: ast.AST) -> Set[ast.AST]:
    """What an attribute or item is taken of."""
    return {node.value for node in ast.walk(tree) if isinstance(node, (ast.Attribute, ast.Subscript))}


def awaited(text: str) -> str:
    """Python with `async` and `await`."""
    tree, places = ast.parse(text), Places(text)
    inside, edits, wraps = taken_of(tree), [], False
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and called(node) in AWAITED:
            edits += awaits(node, inside, places)
        elif isinstance(node, ast.For) and called(node.iter) in ITERATED:
            edits.append(Edit(*places.start(node), 0, "async "))
        elif isinstance(node, ast.FunctionDef):
            if node.name in AWAITED or waits(node):
                edits.append(Edit(*places.start(node), 0, "async "))
            for each in [*node.args.args, *node.args.kwonlyargs]:
                if each.arg in AWAITED and isinstance(each.annotation, ast.Subscript) and isinstance(each.annotation.slice, ast.Tuple):
                    given = each.annotation.slice.elts[-1]
                    edits += [Edit(*places.start(given), 0, "Awaitable["), Edit(*places.end(given), 0, "]")]
                    wraps = True
        docstring = docstring_of(node)
        if docstring is not None:
            at = places.start(docstring)
            edits += [Edit(at[0] + number, at[1] if number == 0 else 0, length, line) for number, length, line in documented(places.text(docstring))]
    text = edited(text, edits)
    return re.sub(r"(?m)^from typing import (.*)$", lambda found: typing_import(found[1], wraps), text)


def typing_import(names: str, wraps: bool) -> str:
    return "from typing import " + ", ".join(sorted({*names.split(", "), *(["Awaitable"] if wraps else [])}))


def waits(function: ast.FunctionDef) -> bool:
    """Whether something is awaited in it, functions inside it aside."""
    left: List[ast.AST] = list(function.body)
    while left:
        node = left.pop()
        if called(node) in AWAITED or isinstance(node, ast.For) and called(node.iter) in ITERATED:
            return True
        if not isinstance(node, (ast.FunctionDef, ast.Lambda)):
            left += ast.iter_child_nodes(node)
    return False


def docstring_of(node: ast.AST) -> "ast.expr | None":
    if not isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) or not node.body or ast.get_docstring(node) is None:
        return None
    first = node.body[0]
    assert isinstance(first, ast.Expr)
    return first.value


def documented(docstring: str) -> List[Tuple[int, int, str]]:
    """A docstring's lines that are said otherwise: number, length before, and text."""
    lines = docstring.split("\n")
    said = [re.sub(r"`[^`]*`", lambda quoted: renamed(str(quoted[0])), line) for line in lines]
    at = 0
    while at < len(lines):
        if not lines[at].lstrip().startswith(">>> "):
            at += 1
            continue
        end = at + 1
        while end < len(lines) and lines[end].lstrip().startswith("... "):
            end += 1
        indent = len(lines[at]) - len(lines[at].lstrip()) + 4
        source = "\n".join(line[indent:] for line in lines[at:end]) + "\n"
        for number, line in enumerate(awaited_example(renamed(source)).split("\n")[: end - at], at):
            said[number] = lines[number][:indent] + line
        at = end
        while at < len(lines) and lines[at].strip() and not lines[at].lstrip().startswith((">>> ", '"""')):
            said[at] = renamed(lines[at])
            at += 1
    return [(number, len(line), said[number]) for number, line in enumerate(lines) if said[number] != line]


def awaited_example(source: str) -> str:
    """An example with its client's calls awaited.

    >>> awaited_example("client.api_keys.get('main').limit\\n")
    "(await client.api_keys.get('main')).limit\\n"
    """
    tree, places = ast.parse(source), Places(source)
    inside, edits, streams = taken_of(tree), [], set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and re.match(r"client(\.\w+)+\(", places.text(node)) and not any(isinstance(each, ast.Call) for each in ast.walk(node.func)):
            edits += awaits(node, inside, places)
        if isinstance(node, ast.With):
            streams |= {item.optional_vars.id for item in node.items if isinstance(item.optional_vars, ast.Name)}
            edits.append(Edit(*places.start(node), 0, "async "))
        if isinstance(node, ast.For) and isinstance(node.iter, ast.Name) and node.iter.id in streams:
            edits.append(Edit(*places.start(node), 0, "async "))
    return edited(source, edits)


def renamed(text: str) -> str:
    """Text that is not parsed, with the names of classes replaced."""
    return re.sub(r"\w+", lambda name: CLASSES.get(str(name[0]), str(name[0])), text)


def replaced(text: str) -> str:
    """Python with the names replaced, but for those in texts and comments."""
    names = {**NAMES, **CLASSES}
    edits = [
        Edit(*token.start, len(token.string), names[token.string])
        for token in tokenize.generate_tokens(io.StringIO(text).readline) if token.type == tokenize.NAME and token.string in names
    ]
    return edited(text, edits)


def imported(found: "re.Match[str]") -> str:
    """A relative import, from one folder deeper."""
    module = MODULES.get(found[2], found[2])
    return f"{found[1]}from {'.' if module in FILES else '..'}{module} import"


CLASSES: Dict[str, str] = {
    name: f"Async{name}" for file in FILES for name in re.findall(r"(?m)^class (\w+)", (PACKAGE / f"{file}.py").read_text())
}


def made() -> Dict[str, str]:
    """Each file of `_async`: name and text."""
    texts, unused = {"__init__.py": INIT}, set(PHRASES)
    for file in FILES:
        text = "".join(line for line in (PACKAGE / f"{file}.py").read_text().splitlines(keepends=True) if not line.rstrip().endswith(SYNC_ONLY))
        unused -= {phrase for phrase in PHRASES if phrase in text}
        for phrase, other in PHRASES.items():
            text = text.replace(phrase, other)
        text = re.sub(r"(?m)^( *)from \.([\w.]*) import", imported, text)
        texts[f"{file}.py"] = HEADER.format(file) + re.sub(r"\n{4,}", "\n\n\n", awaited(replaced(text)))
    if unused:
        raise SystemExit(f"Phrases that no file says any more: {sorted(unused)}")
    return texts


def main(arguments: List[str]) -> int:
    texts = made()
    there = {path.name: path.read_text() for path in OUT.glob("*.py")}
    other = sorted(name for name in {*texts, *there} if texts.get(name) != there.get(name))
    if arguments == ["--check"]:
        for name in other:
            print(f"src/keypace/_async/{name} is not what tools/make_async.py writes. Run it.", file=sys.stderr)
        return 1 if other else 0
    if arguments:
        print(__doc__, file=sys.stderr)
        return 2
    OUT.mkdir(exist_ok=True)
    for name in other:
        (OUT / name).write_text(texts[name]) if name in texts else (OUT / name).unlink()
        print(f"src/keypace/_async/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
