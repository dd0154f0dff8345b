#!/bin/sh
# What the linker really made: PIE, RELRO with immediate binding, no executable stack, stack
# protector, fortified calls.
set -eu
cd "$(dirname "$0")/../.."
program=${1:-build/check/certbatch}
bad=0
want() { # text, pattern, what
  echo "$1" | grep -qE "$2" || { echo "hardening: $3"; bad=1; }
}
want "$(readelf -h "$program")" 'Type: +DYN' 'not position independent'
want "$(readelf -lW "$program")" 'GNU_RELRO' 'no RELRO'
want "$(readelf -dW "$program")" 'BIND_NOW|NOW' 'lazy binding'
want "$(readelf -lW "$program" | grep GNU_STACK)" 'RW ' 'executable stack'
want "$(readelf -sW --dyn-syms "$program")" '__stack_chk_fail' 'no stack protector'
want "$(readelf -sW --dyn-syms "$program")" '_chk@' 'no fortified calls'
exit $bad
