#!/bin/sh
# What a run leaves in report.csv, report.xlsx, junit.xml, findings.sarif, close-notes.txt and
# record.json, read by programs that are not certbatch and compared row by row with report.json;
# `status` with filters against the same filters in Python; progress on a pseudo terminal.
set -eu
cd "$(dirname "$0")/../.."
exec /usr/bin/python3 tests/interop/reports.py "${CERTBATCH:-./certbatch}"
