#!/bin/bash
# Every PFX profile and the JKS of a real run, in the readers that matter: openssl with and without
# its legacy provider, keytool, GnuTLS certtool and NSS pk12util. Each has to find the very key and
# certificate that were delivered. What is stored how is in keystores.sh.
#
#   tests/interop/profiles.sh        the program is $CERTBATCH, else ./certbatch
set -u
cd "$(dirname "$0")/../.." || exit 1
CERTBATCH=${CERTBATCH:-./certbatch}
case $CERTBATCH in /*) ;; *) CERTBATCH=$PWD/$CERTBATCH ;; esac
[ -x "$CERTBATCH" ] || { echo "not ok no program at $CERTBATCH"; exit 1; }
T=$(mktemp -d "${TMPDIR:-/tmp}/cb-profiles-XXXXXX") || exit 1
trap 'rm -rf "$T"' EXIT
export XDG_STATE_HOME=$T/xdg
bad=0
check() { # title command...
  local title=$1
  shift
  if "$@" > "$T/log" 2>&1; then echo "ok $title"; else
    echo "not ok $title"
    sed 's/^/    /' "$T/log" | tail -n 8
    bad=1
  fi
}
have() { command -v "$1" > /dev/null || { echo "# skipped: $1 is not installed"; return 1; }; }

# the profiles are what the schema says, not a list that could grow old
profiles=$("$CERTBATCH" schema manifest | /usr/bin/python3 -c "
import json, sys
def find(n):
    if isinstance(n, dict):
        p = n.get('properties', {}).get('profile', {})
        if 'enum' in p: return p['enum']
        n = list(n.values())
    for c in n if isinstance(n, list) else []:
        if (hit := find(c)): return hit
print(*find(json.load(sys.stdin)))")
check "the schema lists profiles" test "$(echo "$profiles" | wc -w)" -ge 5
{
  cat << 'YAML'
certbatch: 1
name: profiles
change: {ticket: CHG0000044, type: standard, requested_by: a.singh@example.com, approved_by: [m.ortiz@example.com], approved_at: 2026-11-20T09:00:00Z}
ca: local
defaults: {product: tls-server, validity: 30d}
orders:
YAML
  for p in $profiles; do
    for k in ec-p256 rsa-2048; do
      echo "  - {id: $p-$k, key: $k, common_name: $p-$k.corp.example.com, san: [$p-$k.corp.example.com], outputs: [{pfx: {profile: $p}}, jks]}"
    done
  done
} > "$T/m.batch.yaml"
cd "$T" || exit 1
check "run delivers a store of every profile" timeout 120 "$CERTBATCH" run m.batch.yaml
tar xzf profiles-delivery.tar.gz || exit 1

# with_openssl ID FILE PASSWORD OPTIONS...: key and certificate are those of the item
with_openssl() {
  local item=$1 file=$2 password=$3
  shift 3
  openssl pkcs12 -in "$file" -passin "pass:$password" "$@" -nodes -out both.pem &&
    openssl pkey -in both.pem -pubout > key.pub && openssl x509 -in "$item/certificate.pem" -noout -pubkey | cmp - key.pub &&
    test "$(grep -c 'BEGIN CERTIFICATE' both.pem)" = 2
}
with_keytool() { # ID FILE TYPE
  openssl x509 -in "$1/certificate.pem" -outform DER -out leaf.der
  keytool -exportcert -alias "$(basename "$1")" -keystore "$2" -storetype "$3" -storepass:env CB_PASS > java.der && cmp leaf.der java.der &&
    keytool -list -v -keystore "$2" -storetype "$3" -storepass:env CB_PASS | grep -q PrivateKeyEntry
}
with_certtool() { # ID FILE PASSWORD
  certtool --p12-info --inder --infile "$2" --password "$3" > gnu.out 2>&1 && grep -q 'BEGIN .*PRIVATE KEY' gnu.out &&
    test "$(grep -c 'BEGIN CERTIFICATE' gnu.out)" = 2
}
with_nss() { # ID FILE PASSWORD
  rm -rf nss && mkdir nss && certutil -N -d sql:nss --empty-password && pk12util -i "$2" -d sql:nss -W "$3" &&
    certutil -K -d sql:nss | grep -q "$(basename "$1")"
}
have keytool; java=$?
have certtool; gnu=$?
have pk12util; nss=$?
for p in $profiles; do
  for k in ec-p256 rsa-2048; do
    id=$p-$k item=profiles-delivery/$p-$k
    f=$item/$id.p12
    CB_PASS=$(sed -n "s/^$id,$id.p12,[^,]*,//p" profiles-passwords.csv) && export CB_PASS
    check "openssl: $id" with_openssl "$item" "$f" "$CB_PASS"
    check "openssl -legacy: $id" with_openssl "$item" "$f" "$CB_PASS" -legacy
    if [ $java = 0 ]; then check "keytool: $id" with_keytool "$item" "$f" PKCS12; fi
    if [ $gnu = 0 ]; then check "certtool: $id" with_certtool "$item" "$f" "$CB_PASS"; fi
    if [ $nss = 0 ]; then check "pk12util: $id" with_nss "$item" "$f" "$CB_PASS"; fi
  done
done
for k in ec-p256 rsa-2048; do
  id=modern-$k item=profiles-delivery/modern-$k
  CB_PASS=$(sed -n "s/^$id,$id.jks,[^,]*,//p" profiles-passwords.csv) && export CB_PASS
  [ $java = 0 ] || continue
  check "keytool: JKS of $id" with_keytool "$item" "$item/$id.jks" JKS
  rm -f from-jks.p12
  check "keytool turns the JKS of $id into a PFX" keytool -importkeystore -srckeystore "$item/$id.jks" -srcstoretype JKS -srcstorepass:env CB_PASS \
    -destkeystore from-jks.p12 -deststoretype PKCS12 -deststorepass:env CB_PASS -noprompt
  check "openssl: the key of that PFX" with_openssl "$item" from-jks.p12 "$CB_PASS"
done
exit $bad
