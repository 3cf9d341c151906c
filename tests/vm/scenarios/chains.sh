#!/bin/bash
# The comparison of ../bench in small: relay and gateway, socat, and relay and systemd-socket-proxyd carry calls whose every reply is
# verified: small ones one by one and 128 at a time, and reads and writes of 1 MiB. Nothing is measured.
ROUNDS=1 CALLS=0.02 MODES=1x1,16x8,read,write
. "$(dirname "${BASH_SOURCE[0]}")/../bench/chains.sh"
