#!/bin/sh
# What `certbatch lint --format ...` prints, read by programs that are not certbatch: the JSON Schema
# of SARIF, XML and TAP parsers, a decoder of GitHub's workflow commands.
set -eu
cd "$(dirname "$0")/../.."
exec /usr/bin/python3 tests/interop/lint_formats.py "${CERTBATCH:-./certbatch}"
