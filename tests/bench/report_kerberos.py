"""Markdown of the Kerberos part of a benchmark run: the goals with their ratios, then the figures behind them."""

from __future__ import annotations

from dataclasses import dataclass

from kerberos import CHURNED, GATEHOUSE, MANY_CONTEXTS, SHA1, SHA384, SMALL_MODES, TERMINATOR, call_key
from report import Results, against, goal_text, number, ratio, table

CALL = "cpu_us_per_call"
SPEED = "mb_per_cpu_s"
GIB = "cpu_s_per_gib"
CONTEXTS = "contexts_per_cpu_s"
FEW, MANY, ALL = "contexts 10/10", f"contexts {MANY_CONTEXTS}/10", f"contexts {MANY_CONTEXTS}/{MANY_CONTEXTS}"

Place = tuple[str, str]


@dataclass(frozen=True)
class Goal:
    """One row: the figure `key` of `own` divided by that of `base`, and what it must come to. A speed is to be at least
    the goal, a cost at most."""

    what: str
    against: str
    key: str
    own: Place
    base: Place
    goal: tuple[float, float] | None  # must, reach for

    @property
    def at_most(self) -> bool:
        return self.key in (CALL, GIB)

    def row(self, results: Results) -> list[str] | None:
        best = min if self.at_most else max
        own = results.pick(best, *self.own, self.key)
        base = results.pick(best, *self.base, self.key)
        quotient = ratio(own, base)
        if quotient is None:
            return None
        sign = "<=" if self.at_most else ">="
        digits = {CALL: 3, GIB: 3, SPEED: 0, CONTEXTS: 0}[self.key]
        return [self.what, self.against, number(own, digits), number(base, digits), f"{quotient:.2f}",
                goal_text(self.goal, sign), against(quotient, self.goal, self.at_most)]


def gateway(mode: str, sec: str, digest: str = SHA1) -> Place:
    return call_key(mode, sec, digest), GATEHOUSE


def openssl(operation: str) -> Place:
    return operation, "openssl"


def goals() -> list[Goal]:
    sys_call = gateway("16x8", "sys")
    rows = [Goal("krb5 call, 16x8, us CPU", "AUTH_SYS call", CALL, gateway("16x8", "krb5"), sys_call, (1.4, 1.25)),
            Goal("krb5p call, 16x8, us CPU", "AUTH_SYS call", CALL, gateway("16x8", "krb5p"), sys_call, (2.2, 1.75))]
    for mode, way, goal in (("read", "seal", (0.8, 1.2)), ("write", "open", (0.7, 0.85))):
        rows += [Goal(f"krb5p 1 MiB {mode}s, {digest}, MB per CPU s", f"OpenSSL, {way}", SPEED, gateway(mode, "krb5p", digest),
                      openssl(f"{way}-{digest}"), goal) for digest in (SHA1, SHA384)]
    for mode in ("read", "write"):
        rows += [Goal(f"krb5i 1 MiB {mode}s, {digest}, MB per CPU s", "OpenSSL, HMAC", SPEED, gateway(mode, "krb5i", digest),
                      openssl(f"mac-{digest}"), (0.65, 0.8)) for digest in (SHA1, SHA384)]
    for mode, goal in (("read", (0.35, 0.25)), ("write", (0.25, 0.18))):
        rows += [Goal(f"krb5p 1 MiB {mode}s, CPU s/GiB", "libgssapi terminator", GIB, gateway(mode, "krb5p"),
                      (call_key(mode, "krb5p"), TERMINATOR), goal)]
    rows += [Goal("contexts per CPU s", "bare gss_accept_sec_context", CONTEXTS, ("churn", CHURNED), ("churn", "accept"),
                  (0.5, 0.65))]
    # Lookups are to be flat. With all in use what is seen besides is the processor's cache, which holds no 10 000 contexts.
    for what, key, goal in (("10 in use", MANY, (1.1, 1.03)), ("all in use", ALL, None)):
        rows += [Goal(f"krb5 call, {MANY_CONTEXTS} contexts, {what}, us CPU", "10 contexts", CALL, (key, GATEHOUSE),
                      (FEW, GATEHOUSE), goal)]
    return rows


def goals_table(results: Results) -> str:
    rows = [row for row in (goal.row(results) for goal in goals()) if row]
    head = ["Kerberos", "against", "gatehouse", "reference", "ratio", "must (reach for)", ""]
    return table(head, rows) if rows else ""


def lines(results: Results, modes: tuple[str, ...], columns: list[tuple[str, str, str, str]], key: str, digits: int) -> list[list[str]]:
    """A row for each mode that was measured: what each column (head, flavor, digest, relay) needed at the least."""
    rows = []
    for mode in modes:
        cells = [results.pick(min, call_key(mode, sec, digest), relay, key) for _, sec, digest, relay in columns]
        if any(cell is not None for cell in cells):
            rows.append([mode, *(number(cell, digits) for cell in cells)])
    return rows


def calls_table(results: Results) -> str:
    columns = [(sec, sec, SHA1, GATEHOUSE) for sec in ("sys", "krb5", "krb5i", "krb5p")]
    columns += [("krb5p, sha384", "krb5p", SHA384, GATEHOUSE)]
    columns += [(f"terminator, {sec}", sec, SHA1, TERMINATOR) for sec in ("krb5i", "krb5p")]
    rows = lines(results, SMALL_MODES, columns, CALL, 3)
    return table(["Kerberos, us CPU/call", *(column[0] for column in columns)], rows) if rows else ""


def bulk_table(results: Results) -> str:
    columns = [(sec, sec, SHA1, GATEHOUSE) for sec in ("krb5", "krb5i", "krb5p")]
    columns += [(f"{sec}, sha384", sec, SHA384, GATEHOUSE) for sec in ("krb5i", "krb5p")]
    columns += [(f"terminator, {sec}", sec, SHA1, TERMINATOR) for sec in ("krb5i", "krb5p")]
    rows = lines(results, ("read", "write"), columns, GIB, 3)
    return table(["Kerberos, 1 MiB, CPU s/GiB", *(column[0] for column in columns)], rows) if rows else ""


def render(results: Results) -> list[str]:
    """The tables of what was measured."""
    return [goals_table(results), calls_table(results), bulk_table(results)]
