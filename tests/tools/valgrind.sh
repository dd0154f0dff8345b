#!/bin/bash
# Valgrind over whole commands: no invalid access, nothing definitely lost.
set -u
here=$(cd "$(dirname "$0")" && pwd)
certbatch=${CERTBATCH:-./certbatch}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r samples/renewal samples/policy "$work"
cd "$work/renewal" || exit 1
bad=0
check() { # name expected-exit arguments...
  local name=$1 want=$2 rc
  shift 2
  valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite \
    --suppressions="$here/valgrind.supp" --log-file="$work/$name.log" "$certbatch" "$@" > "$work/$name.out" 2>&1
  rc=$?
  if [ $rc -eq "$want" ]; then echo "ok valgrind $name"; else
    echo "not ok valgrind $name (exit $rc)"; tail -n 30 "$work/$name.log" "$work/$name.out"; bad=1
  fi
}
cat > small.batch.yaml << 'EOF'
certbatch: 1
name: small
change: {ticket: CHG0000001, requested_by: a@example.com, approved_by: [b@example.com], approved_at: 2026-11-20T10:00:00Z}
policy: [private]
ca: lab
defaults: {product: tls-server, key: ec-p256, validity: 30d, outputs: [pem, pfx, jks]}
orders:
  - {id: a, common_name: a.example.com, san: [a.example.com]}
  - {id: hsm, csr: csr/hsm.csr, outputs: [pem]}
EOF
check lint 0 lint CHG0031337.batch.yaml csr/payments.csr current/www.pem
check run 0 run small.batch.yaml
check again 0 run small.batch.yaml
check verify 0 verify small-delivery.tar.gz --passwords small-passwords.csv
check audit 0 verify small-audit.tar.gz
check inspect 0 inspect csr/hsm.csr current/www.pem small.state/items/a/certificate.pem
exit $bad
