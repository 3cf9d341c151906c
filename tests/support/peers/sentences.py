"""A hook for pytest: a test is shown as the sentence of its docstring, with the requirement ids it proves in brackets."""

import re

import pytest

IDS = re.compile(r"\[[A-Z]\d+(, ?[A-Z]\d+)*\]$")


def pytest_itemcollected(item: pytest.Item) -> None:
    """pytest_itemcollected replaces a test's id by its sentence: the first paragraph of its docstring, in which {name} stands for
    a parameter of that name. A test without a sentence that ends in ids is an error."""
    text = item.function.__doc__ or ""
    sentence = " ".join(text.split("\n\n")[0].split())
    if hasattr(item, "callspec"):
        sentence = sentence.format(**item.callspec.params)
    if not IDS.search(sentence):
        raise pytest.UsageError(f"{item.nodeid}: the docstring must begin with a sentence that ends in ids, such as [V5]")
    item._nodeid = f"{item.nodeid.split('::')[0]}::{sentence}"
