#!/bin/sh
# The JSON Schemas of `certbatch schema` against an independent validator (python3-jsonschema):
# they are valid 2020-12 schemas, take the samples, and refuse what certbatch refuses.
set -eu
cd "$(dirname "$0")/../.."
exec /usr/bin/python3 tests/interop/schema.py "${CERTBATCH:-./certbatch}"
