"""A function's source as a tree has the lines of its file."""

import ast
import functools
from typing import Any

from pipeline.dependencies.trees import nodes_of, tree_of


def plain():
    return 1


@functools.cache
def decorated():
    return 2


one, other = (lambda: 1), (lambda: 2)
alone = lambda x: x + 3  # noqa: E731


class Holder:
    def method(self):
        def inside():
            return 4

        return inside


def line_of(tree: Any) -> int:
    return int(tree.body[-1].lineno)


def test_a_function_is_found_by_its_first_line_whatever_stands_above_it():
    for function in (plain, decorated.__wrapped__, Holder.method, Holder().method()):
        tree = tree_of(function)
        assert isinstance(tree, ast.FunctionDef)
        assert tree.name == function.__name__
        begin = function.__code__.co_firstlineno
        assert begin < line_of(tree) < begin + 6


def test_a_lambda_is_found_if_it_is_the_only_one_of_its_line():
    assert isinstance(tree_of(alone), ast.Lambda)
    assert tree_of(one) is None
    assert tree_of(other) is None


def test_there_is_none_without_a_source():
    space: dict[str, Any] = {}
    exec("def made(): return 1", space)
    assert tree_of(space["made"]) is None
    assert nodes_of("/no/such/file.py") == ()


def test_a_file_without_python_has_no_nodes(tmp_path):
    file = tmp_path / "odd.py"
    file.write_text("this is no Python")
    assert nodes_of(str(file)) == ()
