#!/usr/bin/python3
"""table.py KERNEL...: makes a markdown table of the samples on stdin, lines "KERNEL # JSON". Ratios of minima over the rounds."""

import json
import sys

CHAINS = ("gatehouse", "socat", "proxyd")
MODES = {"1x1": "1 connection, 1 small call", "16x8": "16 connections, 8 small calls each", "read": "1 MiB reads", "write": "1 MiB writes"}


def main() -> int:
    best: dict[tuple[str, str, str, str], float] = {}
    for line in sys.stdin:
        kernel, _, text = line.partition(" # ")
        one = json.loads(text)
        for what in ("seconds", "cpu"):
            key = kernel, one["mode"], one["chain"], what
            best[key] = min(best.get(key, float("inf")), one[what] / one["calls"])
    print("| kernel | load | time, gatehouse / socat | time, gatehouse / proxyd | processor, gatehouse / socat | processor, gatehouse / proxyd "
          "| gatehouse | socat | proxyd |")
    print("|---|---|---|---|---|---|---|---|---|")
    for kernel in sys.argv[1:]:
        for mode, title in MODES.items():
            if (kernel, mode, "gatehouse", "cpu") not in best:
                continue
            ratios = [best[kernel, mode, "gatehouse", what] / best[kernel, mode, other, what]
                      for what in ("seconds", "cpu") for other in ("socat", "proxyd")]
            bulk = mode in ("read", "write")
            used = [f"{best[kernel, mode, c, 'cpu'] * (1024 if bulk else 1e6):.{2 if bulk else 0}f} {'s/GiB' if bulk else 'µs/call'}"
                    for c in CHAINS]
            print("|", " | ".join([kernel, title, *(f"{r:.2f}" for r in ratios), *used]), "|")
    return 0


if __name__ == "__main__":
    sys.exit(main())
