"""Which functions of ours a function calls, read off the syntax trees."""

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any


@cache
def syntax(function: Callable[..., Any]) -> ast.AST:
    """Return the syntax tree of a function."""
    return ast.parse(textwrap.dedent(inspect.getsource(function)))


def functions_under(function: Callable[..., Any], package: str = "service.api") -> set[Callable[..., Any]]:
    """Return a function, and all functions and methods of the package that it may call, by any detour."""
    found: set[Callable[..., Any]] = set()
    waiting = [(inspect.unwrap(function), getattr(function, "__self__", None))]
    while waiting:
        each, owner = waiting.pop()
        each = getattr(each, "__func__", each)
        if each not in found:
            found.add(each)
            waiting += [(called, owner) for called in called_by(each, owner) if of_package(called, package)]
    return found


def called_by(function: Callable[..., Any], owner: object) -> Iterator[Callable[..., Any]]:
    """Yield the functions that a function names: those of its module, and methods of its own class."""
    for node in ast.walk(syntax(function)):
        match node:
            case ast.Name(id=name):
                called = function.__globals__.get(name)
            case ast.Attribute(value=ast.Name(id="self"), attr=name):
                called = getattr(type(owner), name, None)
            case _:
                continue
        if inspect.isfunction(called):
            yield inspect.unwrap(called)


def of_package(function: Callable[..., Any], package: str) -> bool:
    """Answer whether a function is defined in the package."""
    return function.__module__.startswith(package)
