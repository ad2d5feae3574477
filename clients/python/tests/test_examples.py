"""The examples in the docstrings do what they say: the synchronous ones, and the same awaited."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import doctest
import importlib
import inspect
import io
import pkgutil
from typing import Any, Callable, Dict, Iterator, Tuple

import fake
import keypace
import pytest


def examples() -> Iterator[Tuple[str, doctest.DocTest]]:
    finder = doctest.DocTestFinder(exclude_empty=True)
    for module in pkgutil.walk_packages(keypace.__path__, "keypace."):
        loaded = importlib.import_module(module.name)
        for test in finder.find(loaded, extraglobs={}):
            if test.examples:
                yield test.name, test


def methods() -> Iterator[Tuple[str, Callable[..., Any]]]:
    """Every public method of the clients and of their nouns."""
    for kind in (keypace.Keypace, keypace.AsyncKeypace):
        client = kind(fake.BASE_URL, fake.TOKEN)
        for holder in [client, *(noun for noun in vars(client).values() if type(noun).__module__.startswith("keypace.") and hasattr(noun, "_client"))]:
            for name, method in inspect.getmembers(type(holder), inspect.isfunction):
                if not name.startswith("_"):
                    yield f"{type(holder).__name__}.{name}", method


def run(test: doctest.DocTest) -> None:
    """As doctest does, with `await` allowed."""
    checker = doctest.OutputChecker()
    names: Dict[str, Any] = dict(test.globs)
    loop = asyncio.new_event_loop()
    kind = keypace.AsyncKeypace if "await " in test.docstring else keypace.Keypace
    names.setdefault("client", kind(fake.BASE_URL, fake.TOKEN, transport=fake.Fake()))
    names["keypace"] = keypace
    try:
        for example in test.examples:
            if example.options.get(doctest.SKIP):
                continue
            said = io.StringIO()
            with contextlib.redirect_stdout(said):
                made = eval(compile(example.source, test.name, "single", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), names)
                if inspect.iscoroutine(made):
                    loop.run_until_complete(made)
            flags = doctest.NORMALIZE_WHITESPACE if "  " in example.want else 0
            assert checker.check_output(example.want, said.getvalue(), flags), f"{example.source}gave\n{said.getvalue()}not\n{example.want}"
        closing = names["client"].close() if hasattr(names["client"], "close") else None
        if inspect.isawaitable(closing):
            loop.run_until_complete(closing)
    finally:
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


@pytest.mark.parametrize("test", [pytest.param(test, id=name) for name, test in examples()])
def test_example(test: doctest.DocTest) -> None:
    run(test)


def test_every_public_method_has_words_and_an_example() -> None:
    without = [name for name, method in methods() if not method.__doc__ or ">>>" not in method.__doc__]
    assert sorted(set(without)) == [
        "AsyncKeypace.close", "AsyncKeypace.perform", "Keypace.close", "Keypace.perform",
    ]


def test_the_examples_of_the_asynchronous_client_are_awaited() -> None:
    client = keypace.AsyncKeypace(fake.BASE_URL, fake.TOKEN)
    assert "await client.query(" in (client.query.__doc__ or "")
    assert "(await client.api_keys.rename(" in (client.api_keys.rename.__doc__ or "")


def test_an_example_that_is_wrong_fails() -> None:
    wrong = doctest.DocTestParser().get_doctest(">>> 1 + 1\n3\n", {}, "wrong", None, None)
    with pytest.raises(AssertionError):
        run(wrong)
