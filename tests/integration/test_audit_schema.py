"""docs/operations/audit.md and conf/audit.schema.json say the same, and the examples in the document are lines of the log."""

import json
import re

from peers import audit
from peers.build import ROOT

DOCUMENT = (ROOT / "docs/operations/audit.md").read_text()
SCHEMA = json.loads(audit.SCHEMA.read_text())
# Of every line, by the document's first table.
EVERY = {"time": ("string", True), "event": ("string", True)}


def documented() -> dict[str, dict[str, tuple[str, bool]]]:
    """documented are the events of the document with their fields: type, and whether they are always there."""
    found = {}
    for part in re.split(r"^### ", DOCUMENT.partition("\n## Examples")[0], flags=re.M)[1:]:
        word = re.match(r"`([a-z-]+)`\n", part).group(1)
        rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (yes)? ?\|", part, re.M)
        assert len(rows) == part.count("\n| `"), part
        found[word] = {**EVERY, **{name: (kind, bool(always)) for name, kind, always in rows}}
    return found


def resolved(field: dict) -> dict:
    return SCHEMA["$defs"][field["$ref"].rpartition("/")[2]] if "$ref" in field else field


def type_of(field: dict) -> str:
    field = resolved(field)
    if "const" in field or "enum" in field:
        return "string"
    return field["type"]


def test_schema_is_the_document():
    """every event, field, type and whether it is always there is the same in the document and in the schema [L6]"""
    events = [each["$ref"].rpartition("/")[2] for each in SCHEMA["oneOf"]]
    stated = {word: {name: (type_of(field), name in SCHEMA["$defs"][word]["required"])
                     for name, field in SCHEMA["$defs"][word]["properties"].items()} for word in events}
    assert stated == documented()
    assert all(SCHEMA["$defs"][word]["additionalProperties"] is False for word in events)


def test_words_are_documented():
    """every word that a field may have is in its event's part of the document [L6]"""
    for part in re.split(r"^### ", DOCUMENT, flags=re.M)[1:]:
        word = re.match(r"`([a-z-]+)`", part).group(1)
        for name, field in SCHEMA["$defs"][word]["properties"].items():
            for value in resolved(field).get("enum", []):
                assert f"`{value}`" in part, f"{value} of {name} of {word}"


def test_examples():
    """the examples of the document are lines of the schema [L6]"""
    (block,) = re.findall(r"```json\n(.*?)```", DOCUMENT, re.S)
    lines = audit.parse(block.encode())
    assert len({line["event"] for line in lines}) == len(lines) > 3
