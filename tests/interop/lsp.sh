#!/bin/bash
# `certbatch lsp` against a real client, Neovim's, and against the protocol octet by octet.
set -u
cd "$(dirname "$0")/../.." || exit 1
CERTBATCH=${CERTBATCH:-$PWD/certbatch}
case $CERTBATCH in /*) ;; *) CERTBATCH=$PWD/$CERTBATCH ;; esac
unset CERTBATCH_CONFIG
WORK=$(mktemp -d)
OUT=$WORK/lines
trap 'rm -rf "$WORK"' EXIT
export CERTBATCH WORK OUT HOME=$WORK XDG_CONFIG_HOME=$WORK/xdg XDG_DATA_HOME=$WORK/xdg XDG_STATE_HOME=$WORK/xdg
bad=0

cat > "$WORK/web shop.batch.yaml" << 'YAML'
certbatch: 1
name: lsp
policy: [private]
change: {ticket: CHG0031337, requested_by: a@example.com, approved_by: [b@example.com], approved_at: 2026-11-20T10:00:00Z}
ca: local
orders:
  - {comment: "😀é🚀", id: one, san: ["www.corp.internal."]}
  - {id: three, san: ["intranet.corp.internal."]}
YAML
cat > "$WORK/site.policy.yaml" << 'YAML'
certbatch_policy: 1
name: site
extends: [private]
rules: {no.such.rule: error, dns.labels.max: warning}
YAML
mkdir "$WORK/xdg" "$WORK/conf"
openssl req -new -newkey rsa:1024 -nodes -keyout /dev/null -subj /CN=www.corp.internal \
  -addext 'subjectAltName=DNS:www.corp.internal' -out "$WORK/weak.csr" 2> /dev/null
printf 'certbatch_config: 1\ncas: {local: {type: local}}\ncolour: blue\n' > "$WORK/conf/certbatch.yaml"

if command -v nvim > /dev/null 2>&1; then
  timeout 120 nvim --headless --clean -i NONE -n -c 'luafile tests/interop/lsp_nvim.lua' -c 'cquit! 3' > "$WORK/log" 2>&1
  code=$?
  cat "$OUT"
  if [ "$code" -ne 0 ]; then
    echo "not ok nvim: exit $code"
    cat "$WORK/log"
    bad=1
  fi
else
  echo "not ok nvim is not installed"
  bad=1
fi
timeout 300 python3 tests/interop/lsp_protocol.py "$CERTBATCH" || bad=1
exit $bad
