"""Completion in shells: what gatehousectl --help lists is offered, and guests by name from the daemon."""

import os
import re
import subprocess

import pytest
from peers import toml
from peers.build import ROOT, program
from peers.gateway import Gateway
from peers.process import private_directory, remove_directory

SCRIPT = ROOT / "conf/completions/gatehousectl.bash"


def offered(*line: str) -> set[str]:
    """offered are the words that bash's completion offers for the last word of a line."""
    asked = ('source "$1"; shift; COMP_WORDS=(gatehousectl "$@"); COMP_CWORD=$#; _gatehousectl; '
             'printf "%s\\n" "${COMPREPLY[@]}"')
    done = subprocess.run(["bash", "-c", asked, "bash", str(SCRIPT), *line], capture_output=True, text=True, timeout=30, check=True,
                          env={**os.environ, "PATH": f"{program('proxy/gatehousectl').parent}:{os.environ['PATH']}"})
    assert done.stderr == "", done.stderr
    return set(done.stdout.split())


def listed(section: str, *words: str) -> set[str]:
    """listed are the words that a section of the help lists, by its layout: two spaces, the words, their meaning."""
    text = subprocess.run([program("proxy/gatehousectl"), *words, "--help"], text=True, capture_output=True, check=True).stdout
    block = re.search(rf"(?m)^{section}:\n((?:  .*\n)*)", text)
    return {word for line in re.findall(r"(?m)^  ([a-z-][\w,-]*)", block.group(1) if block else "") for word in line.split(",")}


def test_subcommands():
    """bash's completion offers each subcommand that --help lists, and those alone that begin as was typed [T7]"""
    everything = listed("Subcommands")
    assert {"check", "explain", "status", "guests", "sessions", "contexts", "evict", "drain", "reload", "log-level", "trace"} <= everything
    assert offered("") == everything
    assert offered("--json", "--socket", "/x", "") == everything
    assert offered("s") == {word for word in everything if word.startswith("s")} and offered("nothing") == set()


def test_options():
    """bash's completion offers each option that --help lists, before a subcommand and after each of them [T7]"""
    common = listed("Options")
    assert {"--config", "--socket", "--json", "-h", "--help"} <= common and offered("-") == common
    for name in sorted(listed("Subcommands")):
        own = listed("Options", name)
        assert offered(name, "-") == common | own, name
        assert offered("--config", "/x", name, "--") == {word for word in common | own if word.startswith("--")}, name


def test_values():
    """bash's completion offers levels and flavors by their words, and nothing where only the user knows [T7]"""
    assert offered("log-level", "") == {"debug", "info", "warning", "error"}
    assert offered("explain", "--sec", "krb5") == {"krb5", "krb5i", "krb5p"}
    assert offered("evict", "--session", "") == set() and offered("status", "") == set()


def test_guests():
    """bash's completion offers the guests of the daemon that the line asks, and none where no daemon is [T7]"""
    directory = private_directory()
    try:
        gateway = Gateway(directory, toml.config({}, {}, {name: {"uid": uid} for uid, name in enumerate(("web1", "web2", "db1"), 1000)},
                                                 admin={"socket": str(directory / "admin.sock")}))
        try:
            where = ("--socket", str(directory / "admin.sock"))
            assert offered(*where, "evict", "--guest", "") == {"web1", "web2", "db1"}
            assert offered("trace", "--config", str(gateway.config), "--guest", "web") == {"web1", "web2"}
        finally:
            gateway.stop()
        assert offered("evict", *where, "--guest", "") == set()
    finally:
        remove_directory(directory)


@pytest.mark.parametrize("name", ["gatehousectl.bash", "_gatehousectl", "gatehousectl.fish"])
def test_form(name):
    """the completion for each shell knows every option that takes what only the user knows [T7]"""
    text = (ROOT / "conf/completions" / name).read_text()
    for option in ("session", "principal", "count", "for", "cid", "listener", "port", "uid", "gid", "gids", "program", "version", "procedure"):
        assert f"--{option}" in text, option
