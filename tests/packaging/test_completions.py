"""Completion in bash, zsh and fish: what gatehousectl --help lists is offered, and guests by name from the daemon."""

import os
import re
import subprocess

import pytest
from peers import toml
from peers.build import ROOT, program
from peers.gateway import Gateway
from peers.process import private_directory, remove_directory

COMPLETIONS = ROOT / "conf/completions"
# What each shell runs to print the words that it would offer for the last of "$@"; $1 is the file. fish completes the line itself; in
# bash and zsh the function is called as their completion calls it, and of zsh's two ways to add words the words are printed.
ASK = {
    "bash": ("gatehousectl.bash", """source "$1"; shift; COMP_WORDS=(gatehousectl "$@"); COMP_CWORD=$#; _gatehousectl
                                     printf "%s\\n" "${COMPREPLY[@]}" """),
    "zsh": ("_gatehousectl", """compadd() { shift ${@[(i)--]}; print -rl -- "$@"; }
                                _describe() { print -rl -- "${(@)${(@P)@[-1]}%%:*}"; }
                                file=$1; shift; words=(gatehousectl "$@"); CURRENT=$#words
                                source $file"""),
    "fish": ("gatehousectl.fish", """source $argv[1]; complete -C (string join " " -- gatehousectl (string escape -n -- $argv[2..-1]))"""),
}
START = {"bash": ["bash", "-c"], "zsh": ["zsh", "-f", "-c"], "fish": ["fish", "--no-config", "-c"]}
shells = pytest.mark.parametrize("shell", list(ASK))


def offered(shell: str, *line: str) -> set[str]:
    """offered are the words that a shell's completion offers for the last word of a line."""
    file, asked = ASK[shell]
    name = [shell] if shell != "fish" else []
    done = subprocess.run([*START[shell], asked, *name, str(COMPLETIONS / file), *line], capture_output=True, text=True, timeout=30,
                          check=True, env={**os.environ, "PATH": f"{program('proxy/gatehousectl').parent}:{os.environ['PATH']}"})
    assert done.stderr == "", done.stderr
    words = {entry.split("\t")[0] for entry in done.stdout.splitlines()} - {""}
    # zsh itself leaves out what does not begin as was typed.
    return {word for word in words if word.startswith(line[-1])} if shell == "zsh" else words


def listed(section: str, *words: str) -> set[str]:
    """listed are the words that a section of the help lists, by its layout: two spaces, the words, their meaning."""
    text = subprocess.run([program("proxy/gatehousectl"), *words, "--help"], text=True, capture_output=True, check=True).stdout
    block = re.search(rf"(?m)^{section}:\n((?:  .*\n)*)", text)
    return {word for line in re.findall(r"(?m)^  ([a-z-][\w,-]*)", block.group(1) if block else "") for word in line.split(",")}


@shells
def test_subcommands(shell):
    """{shell}'s completion offers each subcommand that --help lists, and those alone that begin as was typed [T7]"""
    everything = listed("Subcommands")
    assert {"check", "explain", "status", "guests", "sessions", "contexts", "evict", "drain", "reload", "log-level", "trace"} <= everything
    assert offered(shell, "") == everything
    assert offered(shell, "--json", "--socket", "/x", "") == everything
    assert offered(shell, "s") == {word for word in everything if word.startswith("s")} and offered(shell, "zzz") == set()


@shells
def test_options(shell):
    """{shell}'s completion offers each option that --help lists, before a subcommand and after each of them [T7]"""
    common = listed("Options")
    assert {"--config", "--socket", "--json", "-h", "--help"} <= common and offered(shell, "-") == common
    for name in sorted(listed("Subcommands")):
        own = listed("Options", name)
        assert offered(shell, name, "-") == common | own, name
        assert offered(shell, "--config", "/x", name, "--") == {word for word in common | own if word.startswith("--")}, name


@shells
def test_values(shell):
    """{shell}'s completion offers levels and flavors by their words, and nothing where only the user knows [T7]"""
    assert offered(shell, "log-level", "") == {"debug", "info", "warning", "error"}
    assert offered(shell, "explain", "--sec", "krb5") == {"krb5", "krb5i", "krb5p"}
    assert offered(shell, "evict", "--session", "") == set() and offered(shell, "status", "") == set()


@shells
def test_guests(shell):
    """{shell}'s completion offers the guests of the daemon that the line asks, and none where no daemon is [T7]"""
    directory = private_directory()
    try:
        gateway = Gateway(directory, toml.config({}, {}, {name: {"uid": uid} for uid, name in enumerate(("web1", "web2", "db1"), 1000)},
                                                 admin={"socket": str(directory / "admin.sock")}))
        try:
            where = ("--socket", str(directory / "admin.sock"))
            assert offered(shell, *where, "evict", "--guest", "") == {"web1", "web2", "db1"}
            assert offered(shell, "trace", "--config", str(gateway.config), "--guest", "web") == {"web1", "web2"}
        finally:
            gateway.stop()
        assert offered(shell, "evict", *where, "--guest", "") == set()
    finally:
        remove_directory(directory)


@shells
def test_form(shell):
    """the completion for {shell} knows every option that takes what only the user knows [T7]"""
    text = (COMPLETIONS / ASK[shell][0]).read_text()
    for option in ("session", "principal", "count", "for", "cid", "listener", "port", "uid", "gid", "gids", "program", "version", "procedure"):
        assert f"--{option}" in text, option
