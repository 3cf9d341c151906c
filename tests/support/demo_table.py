"""The table that the demonstration prints."""

import textwrap
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """Row is a line of the table; `expected` says whether it came out as the policies say."""
    guest: str
    did: str
    claim: str
    recorded: str
    verdict: str
    why: str
    expected: bool

    def cells(self) -> tuple[str, ...]:
        return self.guest, self.did, self.claim, self.recorded, self.verdict, self.why


def verdict(allowed: bool) -> str:
    """verdict is the word for what the gateway or the server did."""
    return "allowed" if allowed else "refused"


def table(rows: list[Row]) -> str:
    """table lays the rows out in columns; the last is broken into lines of its own."""
    lines = [("guest", "does", "claims", "server recorded", "verdict", "why")]
    for row in rows:
        *cells, why = row.cells()
        first, *more = textwrap.wrap(why, 64)
        lines += [(*cells, first), *(("", "", "", "", "", text) for text in more)]
    widths = [max(len(line[column]) for line in lines) for column in range(6)]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines]
    return "\n".join([text[0], "-" * (sum(widths) + 10), *text[1:]])
