#!/bin/bash
# ACME against a server that is not ours: Debian's pebble with its challenge server, external account
# binding required, three nonces of ten rejected, authorizations never reused, several chains. A hook
# publishes the challenges; pebble looks for them. Everything listens on loopback and is ended here.
#
#   tests/interop/acme_pebble.sh        the program is $CERTBATCH, else ./certbatch
#   ACME_KEEP     directory to which all is copied at the end
#   ACME_ORDERS   how many the long batch has (default 12)
set -u
cd "$(dirname "$0")/../.." || exit 1
CERTBATCH=$(realpath "${CERTBATCH:-./certbatch}")
[ -x "$CERTBATCH" ] || { echo "not ok no program at $CERTBATCH"; exit 1; }
for tool in pebble pebble-challtestsrv curl openssl; do
  command -v $tool > /dev/null || { echo "# skipped: $tool is not installed"; exit 0; }
done
T=$(mktemp -d "${TMPDIR:-/tmp}/cb-acme-XXXXXX") || exit 1
export XDG_STATE_HOME=$T/xdg
pids=''
finish() {
  for pid in $pids; do kill "$pid" 2> /dev/null && wait "$pid" 2> /dev/null; done
  [ -n "${ACME_KEEP:-}" ] && { rm -rf "$ACME_KEEP"; cp -r "$T" "$ACME_KEEP"; }
  rm -rf "$T"
}
trap finish EXIT
bad=0
ok() { # title command...
  local title=$1
  shift
  if "$@" > "$T/log" 2>&1; then echo "ok $title"; else
    echo "not ok $title"
    sed 's/^/    /' "$T/log" | tail -n 20
    bad=1
    return 1
  fi
}
is() { [ "$1" = "$2" ] || { echo "is '$1', not '$2'"; return 1; }; }

# --- the server
read -r API ADMIN HTTP DNS MANAGE < <(python3 -c '
import socket
held = [socket.socket() for _ in range(5)]
for s in held: s.bind(("127.0.0.1", 0))
print(*[s.getsockname()[1] for s in held])')
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$T/tls.key" -out "$T/tls.pem" -days 30 \
  -subj /CN=localhost -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' 2> /dev/null
MAC=$(openssl rand -base64 33 | tr '+/' '-_' | tr -d '=\n')
cat > "$T/pebble.json" << JSON
{"pebble": {"listenAddress": "127.0.0.1:$API", "managementListenAddress": "127.0.0.1:$ADMIN",
 "certificate": "$T/tls.pem", "privateKey": "$T/tls.key", "httpPort": $HTTP, "tlsPort": 1, "ocspResponderURL": "",
 "externalAccountBindingRequired": true, "externalAccountMACKeys": {"kid-1": "$MAC"}}}
JSON
pebble-challtestsrv -management "127.0.0.1:$MANAGE" -http01 "127.0.0.1:$HTTP" -https01 '' -tlsalpn01 '' \
  -dns01 "127.0.0.1:$DNS" -defaultIPv4 127.0.0.1 -defaultIPv6 '' > "$T/challenge.log" 2>&1 &
pids="$pids $!"
PEBBLE_WFE_NONCEREJECT=30 PEBBLE_VA_NOSLEEP=1 PEBBLE_AUTHZREUSE=0 PEBBLE_ALTERNATE_ROOTS=1 PEBBLE_CHAIN_LENGTH=2 \
  pebble -config "$T/pebble.json" -dnsserver "127.0.0.1:$DNS" -strict > "$T/pebble.log" 2>&1 &
pids="$pids $!"
for _ in $(seq 100); do
  curl -sf --cacert "$T/tls.pem" "https://localhost:$API/dir" > "$T/dir.json" && break
  sleep 0.1
done
ok 'pebble is there, and wants external account binding' grep -q externalAccountRequired.*true "$T/dir.json"
admin() { curl -sf --cacert "$T/tls.pem" "https://localhost:$ADMIN/$1"; }

# --- hook, account, configuration
cat > "$T/hook" << 'HOOK'
#!/bin/sh
# CERTBATCH_HOOK_MANAGE is the challenge server
tell() { curl -sf -X POST -d "$2" "$CERTBATCH_HOOK_MANAGE/$1"; }
echo "$1 $CERTBATCH_DCV_TYPE $2 $3" >> "$CERTBATCH_HOOK_CALLS"
case $CERTBATCH_DCV_TYPE.$1 in
  dns-01.present) tell set-txt "{\"host\": \"$2.\", \"value\": \"$3\"}" ;;
  dns-01.cleanup) tell clear-txt "{\"host\": \"$2.\"}" ;;
  http-01.present)
    tell add-http01 "{\"token\": \"$CERTBATCH_DCV_TOKEN\", \"content\": \"$CERTBATCH_DCV_KEY_AUTHORIZATION\"}" ;;
  http-01.cleanup) tell del-http01 "{\"token\": \"$CERTBATCH_DCV_TOKEN\"}" ;;
  *) exit 3 ;;
esac
HOOK
chmod 755 "$T/hook"
export CERTBATCH_HOOK_MANAGE=http://127.0.0.1:$MANAGE CERTBATCH_HOOK_CALLS=$T/calls
: > "$T/calls"
umask 077
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$T/account.pem" 2> /dev/null
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$T/rsa.pem" 2> /dev/null
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$T/stranger.pem" 2> /dev/null
printf '%s=\n' "$MAC" > "$T/mac"
ca() { # name account challenge more...
  local name=$1 account=$2 challenge=$3
  shift 3
  cat << YAML
  $name:
    type: acme
    public: false
    directory_url: https://localhost:$API/dir
    account_key: {file: $account}
    contact: [mailto:pki@example.com]
    accept_tos: true
    challenge: $challenge
    hook: [./hook]
    limits: {in_flight: 8}
    tls: {ca_file: tls.pem}
YAML
  printf '    %s\n' "$@"
}
EAB='eab: {kid: kid-1, hmac_key: {file: mac}}'
admin roots/0 > "$T/root0.pem"
admin roots/1 > "$T/root1.pem"
top=$(openssl x509 -in "$T/root1.pem" -noout -subject -nameopt multiline | sed -n 's/.*commonName *= //p')
{
  echo 'certbatch_config: 1'
  echo 'cas:'
  ca dns account.pem dns-01 "$EAB"
  ca http account.pem http-01 "$EAB" "preferred_chain: $top"
  ca rsa rsa.pem http-01 "$EAB"
  ca waits account.pem dns-01 'ari: wait' 'max_orders_per_run: 1'
  ca unbound stranger.pem dns-01
  ca bykey stranger.pem dns-01 "$EAB" 'certificate_keys: [own.key]'
  ca nowhere nothing.pem dns-01
  ca nohook account.pem dns-01 | sed '/^ *hook:/d'
  echo 'policy: [site.policy.yaml]'
} > "$T/certbatch.yaml"
cat > "$T/site.policy.yaml" << 'YAML'
certbatch_policy: 1
name: site
rules:
  name.special-use: disabled
  wildcard.allowed: disabled
  validity.private: disabled # pebble issues for five years
YAML
batch() { # name ca; orders and revocations on stdin
  cat > "$T/$1.batch.yaml" << YAML
certbatch: 1
name: $1
ca: $2
change: {ticket: CHG0000044, requested_by: me@example.com, approved_by: [you@example.com],
         approved_at: 2026-11-20T10:00:00Z}
defaults: {key: ec-p256, outputs: [pem]}
YAML
  cat >> "$T/$1.batch.yaml"
}
run() { # name options...
  local name=$1
  shift
  (cd "$T" && timeout 300 "$CERTBATCH" run "$@" "$name.batch.yaml" > "$name.out" 2> "$name.err")
  code=$?
}
calls() { grep -c "^$1 " "$T/calls"; }
issued() { grep -c '"state": "issued"' "$T/$1.state/report.json"; }

# --- dns-01: one name, several, a wildcard beside its base
batch d dns << 'YAML'
orders:
  - {id: one, common_name: one.example.com, san: [one.example.com]}
  - {id: many, common_name: www.example.com, san: [www.example.com, api.example.com, example.com]}
  - {id: wild, common_name: "*.apps.example.com", san: ["*.apps.example.com", apps.example.com]}
YAML
run d
ok 'dns-01: exit 0' is "$code" 0 || cat "$T/d.err" "$T/d.out"
ok 'dns-01: three certificates' is "$(issued d)" 3
ok 'dns-01: six names, six records, all removed' is "$(calls present) $(calls cleanup)" '6 6'
ok 'dns-01: certificates chain up to the root of pebble' bash -c "
  cd '$T' && tar xzf d-delivery.tar.gz && f=\$(find d-delivery -name '*fullchain*' -o -name '*chain*.pem' | head -n 1) &&
  openssl verify -partial_chain -trusted root0.pem -untrusted \$f \$f"
ok 'audit bundle verifies' bash -c "cd '$T' && '$CERTBATCH' verify d-audit.tar.gz"
run d
ok 'run again: nothing happens' is "$code $(calls present)" '0 6'

# --- http-01, and a chain by its top issuer
: > "$T/calls"
batch h http << 'YAML'
orders:
  - {id: one, common_name: one.web.example.com, san: [one.web.example.com, two.web.example.com]}
YAML
run h
ok 'http-01: exit 0' is "$code" 0 || cat "$T/h.err" "$T/h.out"
ok 'http-01: the hook got files' is "$(grep -c '^present http-01 http://[a-z.]*/.well-known/acme-challenge/' "$T/calls")" 2
ok 'http-01: all removed' is "$(calls cleanup)" 2
(cd "$T" && tar xzf h-delivery.tar.gz)
last=$(find "$T/h-delivery" -name '*chain*.pem' | head -n 1)
ok 'preferred_chain: the alternate root is the issuer at the top' bash -c "
  openssl crl2pkcs7 -nocrl -certfile '$last' | openssl pkcs7 -print_certs -noout | grep issuer | tail -n 1 |
  grep -q 'CN = $top'"

# --- an RSA account, many orders, nonces rejected all the time
batch r rsa << YAML
orders:
$(for i in $(seq "${ACME_ORDERS:-12}"); do
  echo "  - {id: r$i, common_name: r$i.example.com, san: [r$i.example.com]}"
done)
YAML
run r
ok "RSA account, ${ACME_ORDERS:-12} orders: exit 0" is "$code" 0 || cat "$T/r.err" "$T/r.out"
ok 'the server rejected nonces of orders' grep -q '"ev":"reply".*"class":"auth"\|badNonce' "$T/r.state/journal.jsonl"
ok 'all issued' is "$(issued r)" "${ACME_ORDERS:-12}"

# --- renewals: this pebble knows no renewal information; one order a run
cp "$T/d.state/items/one/certificate.pem" "$T/old.pem"
batch w waits << 'YAML'
orders:
  - {id: one, action: renew, replaces: {certificate: old.pem}, common_name: one.example.com, san: [one.example.com]}
  - {id: two, common_name: two.example.com, san: [two.example.com]}
YAML
offered=$(grep -c renewalInfo "$T/dir.json")
run w
ok 'ari: wait at a CA without renewal information: said, and ordered' bash -c "
  [ $offered = 0 ] && grep -q 'one: the CA offers no renewal information' '$T/w.err' && grep -q '\"ev\":\"cert\",\"item\":\"one\"' '$T/w.state/journal.jsonl'"
ok 'max_orders_per_run: exit 5, one is left, and said so' bash -c "
  [ $code = 5 ] && [ $(issued w) = 1 ] && grep -q '1 order at waits (max_orders_per_run: 1)' '$T/w.err'"
run w
ok 'the next run orders it' is "$code $(issued w)" '0 2'

# --- revocation: by the account, twice, by the key of the certificate
cert() { echo "$T/$1.state/items/$2/certificate.pem"; }
serial() { openssl x509 -in "$1" -noout -serial | cut -d= -f2 | tr A-F a-f | sed 's/^0*//'; }
cp "$(cert d one)" "$T/one.pem"
cp "$(cert d many)" "$T/many.pem"
cp "$(cert h one)" "$T/own.pem"
cp "$T/h.state/keys/one.pem" "$T/own.key"
batch v dns << 'YAML'
revocations:
  - {id: one, certificate: one.pem, reason: keyCompromise}
  - {id: many, certificate: many.pem, reason: keyCompromise}
YAML
run v
ok 'revocation by the account: exit 0' is "$code" 0 || cat "$T/v.err" "$T/v.out"
ok 'the server says revoked, with the reason' bash -c "
  curl -sf --cacert '$T/tls.pem' https://localhost:$ADMIN/cert-status-by-serial/$(serial "$T/one.pem") | tr -d ' \n' |
  grep -q '\"Revoked\".*\"Reason\":1'"
batch again dns << 'YAML'
revocations:
  - {id: one, certificate: one.pem, reason: superseded}
YAML
run again
ok 'revoked already: done, exit 0' is "$code" 0 || cat "$T/again.err" "$T/again.out"
batch k unbound << 'YAML'
revocations:
  - {id: own, certificate: own.pem, reason: superseded}
YAML
run k
ok 'an account that cannot be made: exit 4 or 5, and why' bash -c "[ $code -ne 0 ] && grep -q 'external account binding' '$T/k.err' '$T/k.out'"
sed -i 's/^ca: unbound/ca: bykey/; s/^name: k/name: bykey/' "$T/k.batch.yaml" && mv "$T/k.batch.yaml" "$T/bykey.batch.yaml"
run bykey
ok 'revocation by the key of the certificate: exit 0' is "$code" 0 || cat "$T/bykey.err" "$T/bykey.out"
ok 'the server says revoked' bash -c "
  curl -sf --cacert '$T/tls.pem' https://localhost:$ADMIN/cert-status-by-serial/$(serial "$T/own.pem") | grep -q '\"Revoked\"'"

# --- what goes wrong
batch none nowhere << 'YAML'
orders:
  - {id: one, common_name: n.example.com, san: [n.example.com]}
YAML
run none
ok 'no account key: says so, and how to make one' bash -c "[ $code -ne 0 ] && grep -q genpkey '$T/none.err' '$T/none.out'"
: > "$T/calls"
sed -i 's/^case/exit 0; case/' "$T/hook"
batch f dns << 'YAML'
orders:
  - {id: one, common_name: failed.example.com, san: [failed.example.com]}
YAML
run f
ok 'a hook that publishes nothing: the item fails with the words of the CA' bash -c "[ $code -eq 4 ] && grep -qi 'TXT' '$T/f.out' '$T/f.err'"
ok 'and is cleaned up after' is "$(calls present) $(calls cleanup)" '1 1'
sed -i 's/^exit 0; case/case/' "$T/hook"

# --- the other commands
cd "$T" || exit 1
ok 'inventory lists the orders of the account' bash -c "'$CERTBATCH' inventory dns --format csv > inv.csv; grep -c 'example.com' inv.csv | grep -qv '^0'"
ok 'products: an ACME server without profiles has none' bash -c "'$CERTBATCH' products dns"
ok 'doctor' bash -c "'$CERTBATCH' doctor dns"
exit $bad
