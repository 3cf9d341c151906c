#!/bin/bash
# The test bed itself: user-mode Linux saves its processes' registers by means that newer processors outgrow (xstate.c, guest-init.sh).
# Where it loses some, whatever runs here fails at random.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

must "cc builds registers.c" cc -O1 -fno-builtin -o /run/registers "$here/registers.c"
check "processes in user-mode Linux keep their vector registers over signals and each other's turns" /run/registers
finish
