"""TOML text from Python values, for the configurations of tests."""


def value(item) -> str:
    """value writes a string, number, boolean, list or (inline) table."""
    if isinstance(item, bool):
        return "true" if item else "false"
    if isinstance(item, (int, float)):
        return str(item)
    if isinstance(item, dict):
        return "{ " + ", ".join(f"{key} = {value(each)}" for key, each in item.items()) + " }"
    if isinstance(item, (list, tuple)):
        return "[" + ", ".join(map(value, item)) + "]"
    text = str(item).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def section(name: str, /, **keys) -> str:
    """section writes a table: [name] and its keys."""
    return "\n".join([f"[{name}]", *(f"{key} = {value(each)}" for key, each in keys.items()), ""])


def entry(array: str, name: str, /, **keys) -> str:
    """entry writes one element of an array of tables: [[array]], its name and its keys."""
    return section(f"[{array}]", name=name, **keys)


def config(listeners: dict[str, str], backends: dict[str, dict], guests: dict[str, dict], **sections: dict) -> str:
    """config writes a whole configuration: listeners as name = address, backends and guests as name = keys, other sections (such
    as defaults or trust) as they are. There is no admin socket unless one is stated: the default is one place for the whole host; None for
    `admin` leaves it out, for text that goes behind other."""
    admin = sections.pop("admin", {})
    if admin is not None:
        sections["admin"] = {"socket": "", **admin}
    parts = [section(name, **keys) for name, keys in sections.items()]
    parts += [entry("listener", name, address=address) for name, address in listeners.items()]
    parts += [entry("backend", name, **keys) for name, keys in backends.items()]
    parts += [entry("guest", name, **keys) for name, keys in guests.items()]
    return "\n".join(parts)
