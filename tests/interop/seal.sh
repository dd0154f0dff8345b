#!/bin/sh
# A signed and timestamped batch: checked by exactly the commands its own README.txt prints, then
# changed file by file; a TSA that misbehaves; keys and certificates that do not fit.
#
#   tests/interop/seal.sh        the program is $CERTBATCH, else ./certbatch
#
# Prints "ok ..." or "not ok ..." for every check; exit 1 when one failed.
set -u
cd "$(dirname "$0")/../.." || exit 1
TSA_PY=$PWD/tests/interop/tsa.py
suite=seal
# shellcheck source=tests/tools/say.sh
. tests/tools/say.sh
tsa_pid=''
stop_tsa() {
  [ -z "$tsa_pid" ] || { kill "$tsa_pid" 2>/dev/null; wait "$tsa_pid" 2>/dev/null; }
  tsa_pid=''
}
trap 'stop_tsa; rm -rf "$T"' EXIT
NAME=CHG0000077-seal
A=$NAME-audit.tar.gz
D=$NAME-delivery.tar.gz

# --- certificates ---
cd "$T" || exit 1
cert() { # name issuer extensions [algorithm option]
  openssl genpkey -algorithm "${4:-EC}" -pkeyopt "${5:-ec_paramgen_curve:P-256}" -out "$1.key" 2>/dev/null
  openssl req -new -key "$1.key" -subj "/O=Example Corp/CN=$1" -out "$1.csr"
  printf '%b' "$3" >"$1.ext"
  if [ "$2" = "$1" ]; then set -- "$1" "$2" -signkey "$1.key" -days 3650
  else set -- "$1" "$2" -CA "$2.pem" -CAkey "$2.key" -CAcreateserial -days 60; fi
  name=$1; shift 2
  openssl x509 -req -in "$name.csr" "$@" -extfile "$name.ext" -out "$name.pem" 2>/dev/null
  chmod 600 "$name.key"
}
CA='basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n'
SIGNS='keyUsage=critical,digitalSignature\nextendedKeyUsage=1.3.6.1.5.5.7.3.36\n'
cert audit-root audit-root "$CA"
cert audit-sub audit-root "$CA"
cert audit-signer audit-sub "$SIGNS"
cert audit-rsa audit-sub "$SIGNS" RSA rsa_keygen_bits:3072
cert audit-p384 audit-sub "$SIGNS" EC ec_paramgen_curve:P-384
cert audit-web audit-sub 'keyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\n'
cert forger-root forger-root "$CA"
cert forger forger-root "$SIGNS"
cert tsa-ca tsa-ca "$CA"
cert tsa tsa-ca 'keyUsage=critical,digitalSignature\nextendedKeyUsage=critical,timeStamping\n'
cert other-tsa forger-root 'keyUsage=critical,digitalSignature\nextendedKeyUsage=critical,timeStamping\n'
openssl ec -in audit-signer.key -aes256 -passout pass:open-sesame -out audit-locked.key 2>/dev/null
chmod 600 audit-locked.key
echo 01 >serial
cat >tsa.cnf <<CONF
[tsa]
default_tsa = t
[t]
serial = $T/serial
signer_digest = sha256
default_policy = 1.3.6.1.4.1.99999.1
other_policies = 1.3.6.1.4.1.99999.2
digests = sha256, sha384, sha512
accuracy = secs:1
ess_cert_id_alg = sha256
CONF

# --- the TSA ---
start_tsa() {
  rm -f port
  /usr/bin/python3 "$TSA_PY" "$T" &
  tsa_pid=$!
  for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    [ -f port ] && break
    sleep 0.25
  done
  [ -f port ] || { echo "not ok the test TSA did not start"; exit 1; }
  PORT=$(cat port)
}
asked() { [ -f asked ] && wc -l <asked || echo 0; }
start_tsa

# --- the batch ---
config() { # signing lines, timestamp lines
  { printf 'certbatch_config: 1\ncas:\n  lab: {type: local, directory: ./lab-ca}\n'
    [ -z "$1" ] || printf 'signing: {%s}\n' "$1"
    [ -z "$2" ] || printf 'timestamp: {%s}\n' "$2"; } >certbatch.yaml
}
SIGN='certificate: audit-signer.pem, chain: audit-sub.pem, key: {file: audit-signer.key}'
STAMP="url: 'http://127.0.0.1:$PORT/tsr', ca_file: tsa-ca.pem"
manifest() { # name
  cat >"$1.batch.yaml" <<YAML
certbatch: 1
name: $1
change: {ticket: CHG0000077, type: standard, requested_by: a.singh@example.com, approved_by: [m.ortiz@example.com], approved_at: 2026-11-20T09:00:00Z}
policy: [./site.policy.yaml]
ca: lab
defaults: {key: ec-p256, validity: 30d, outputs: [pem, pfx, jks]}
orders:
  - {id: web, common_name: web.corp.example.com, san: [web.corp.example.com]}
  - {id: app, common_name: app.corp.example.com, san: [app.corp.example.com], outputs: [pem]}
YAML
}
printf 'certbatch_policy: 1\nname: site\nextends: [private]\n' >site.policy.yaml
config "$SIGN" "$STAMP"
manifest "$NAME"
ok "a run signs and stamps" "$CERTBATCH" run "$NAME.batch.yaml"
[ -f "$A" ] && tar xzf "$A" || { echo "not ok there is no audit bundle"; exit 1; }
B=$NAME-audit
ok "the TSA was asked twice: for the signature and for the tag manifest" test "$(asked)" = 2
for f in tagmanifest-sha256.txt.p7s tagmanifest-sha256.txt.tsr seal-sha256.txt provenance.dsse.json; do
  ok "the bag has $f" test -s "$B/$f"
done

# --- exactly the commands of README.txt ---
cp -r "$B" readme
cp audit-root.pem readme/SIGNER-CA.pem
cp tsa-ca.pem readme/TSA-CA.pem
cp "$A" readme/
mkdir bin && ln -s "$CERTBATCH" bin/certbatch
/usr/bin/python3 - "$NAME" <<'PY'
import re, sys
block, blocks = [], []
for line in open("readme/README.txt", encoding="ascii"):
    if line.startswith("    "):
        block.append(line[4:])
    elif block:
        blocks.append("".join(block))
        block = []
if block:
    blocks.append("".join(block))
blocks = [b for b in blocks if re.match(r"(openssl|sed|sha256sum|certbatch|\{)", b)]
for i, b in enumerate(blocks):
    b = b.replace("items/ID/", "items/web/").replace("sed -n Np", "sed -n 2p").replace("NAME-audit", sys.argv[1] + "-audit")
    open(f"readme/{i}.sh", "w", encoding="ascii").write("set -e\n" + b)
PY
n=0
while [ -f "readme/$n.sh" ]; do
  ok "README.txt: $(sed -n 2p "readme/$n.sh" | cut -c1-56)" sh -c "cd readme && PATH=$T/bin:\$PATH sh $n.sh"
  n=$((n + 1))
done
ok "README.txt has commands for all of it" test "$n" -ge 8
ok "the statement is in-toto JSON about these certificates" /usr/bin/python3 -c "
import hashlib, json
s = json.load(open('readme/statement'))
assert s['_type'] == 'https://in-toto.io/Statement/v1' and s['predicateType'] == 'https://slsa.dev/provenance/v1'
d = {x['name']: x['digest']['sha256'] for x in s['subject'] + s['predicate']['buildDefinition']['resolvedDependencies']}
for i in ('web', 'app'):
    for f in ('certificate.pem', 'request.csr'):
        p = 'data/items/%s/%s' % (i, f)
        assert d[p] == hashlib.sha256(open('$B/' + p, 'rb').read()).hexdigest(), p
assert 'data/manifest.yaml' in d"
tar xzf "$D"
ok "and about the files of the delivery" /usr/bin/python3 -c "
import hashlib, json, os
s = json.load(open('readme/statement'))
d = {x['name']: x['digest']['sha256'] for x in s['subject']}
for f in ('web.p12', 'web.jks', 'key.pem'):
    p = '$NAME-delivery/web/' + f
    assert d[p] == hashlib.sha256(open(p, 'rb').read()).hexdigest(), p"
openssl cms -cmsout -print -inform DER -in "$B/tagmanifest-sha256.txt.p7s" >cms.txt 2>/dev/null
ok "the signature carries a timestamp (CAdES-T)" grep -q id-smime-aa-timeStampToken cms.txt
ok "and names its certificate (CAdES)" grep -q id-smime-aa-signingCertificateV2 cms.txt

# --- the same state gives the same bytes ---
stop_tsa
mkdir again
ok "bundle makes them again while the TSA is away" "$CERTBATCH" bundle "$NAME.state" -o again
ok "the same bytes" cmp "$A" "again/$A"
mv certbatch.yaml certbatch.yaml.off
mkdir elsewhere
ok "and where neither key nor configuration is" "$CERTBATCH" bundle "$NAME.state" -o elsewhere
ok "the same bytes there" cmp "$A" "elsewhere/$A"
mv certbatch.yaml.off certbatch.yaml
ok "nobody was asked for it" test "$(asked)" = 2
start_tsa
STAMP="url: 'http://127.0.0.1:$PORT/tsr', ca_file: tsa-ca.pem"

# --- verify ---
PIN="--signer-ca audit-root.pem --tsa-ca tsa-ca.pem"
# shellcheck disable=SC2086
pinned() { "$CERTBATCH" verify $PIN "$@"; }
exits "verify without anchors says who signed" 0 "CN=audit-signer (not pinned)" "$CERTBATCH" verify "$A"
pinned "$A" >"$T/log" 2>&1
say $? "verify with anchors"
grep -q 'signature     O=Example Corp, CN=audit-signer$' "$T/log" && grep -q 'timestamp .* by O=Example Corp, CN=tsa$' "$T/log"
say $? "and then it is pinned"
exits "a signer of another CA" 1 '\[verify.signature\]' "$CERTBATCH" verify --signer-ca forger-root.pem "$A"
exits "a TSA of another CA" 1 '\[verify.timestamp\]' "$CERTBATCH" verify --tsa-ca audit-root.pem "$A"
exits "the very certificate of the signer is an anchor" 0 'valid' "$CERTBATCH" verify --signer-ca audit-signer.pem "$A"
exits "anchors that cannot be read" 3 'signer-ca' "$CERTBATCH" verify --signer-ca serial "$A"
exits "a delivery bundle has no signature to show" 1 '\[verify.signature\]' "$CERTBATCH" verify --signer-ca audit-root.pem "$D"
ok "the JSON says valid" sh -c "$CERTBATCH verify --format json $PIN $A | /usr/bin/python3 -c 'import json,sys; assert json.load(sys.stdin)[\"valid\"]'"

# --- every kind of file changed ---
pack() { tar -C t --sort=name -czf t.tar.gz "$B"; }
prepare() { # shell code run in a copy of the bag
  rm -rf t && mkdir t && cp -r "$B" t/ && (cd "t/$B" && sh -c "$1") && pack
}
found() { # title, rule, [anchors]
  # shellcheck disable=SC2086
  "$CERTBATCH" verify ${3-$PIN} t.tar.gz >"$T/log" 2>&1
  code=$?
  [ $code = 1 ] && grep -q "\\[$2\\]" "$T/log"
  say $? "found: $1 [$2]"
}
tamper() { # title, rule, code, [anchors]
  prepare "$3" || { echo "not ok cannot prepare: $1"; bad=1; return; }
  found "$1" "$2" "${4-$PIN}"
}
flip() { # file position(python expression of n)
  echo "/usr/bin/python3 -c \"
p='$1'; b=bytearray(open(p,'rb').read()); n=len(b); b[$2]^=1; open(p,'wb').write(b)\""
}
sums() { (cd "t/$B" && sha256sum -c --strict --quiet manifest-sha256.txt tagmanifest-sha256.txt seal-sha256.txt); }
cms() { (cd "t/$B" && openssl cms -verify -binary -inform DER -in tagmanifest-sha256.txt.p7s -content tagmanifest-sha256.txt -CAfile ../../audit-root.pem -purpose any -cades -out /dev/null); }
stamped() { (cd "t/$B" && openssl ts -verify -data tagmanifest-sha256.txt -in tagmanifest-sha256.txt.tsr -CAfile ../../tsa-ca.pem); }
blind() { # title, command: the stock command finds it too
  "$2" >"$T/log" 2>&1
  [ $? -ne 0 ]
  say $? "$1, says the stock command ($2)"
}
prepare true && sums >/dev/null 2>&1 && cms >/dev/null 2>&1 && stamped >/dev/null 2>&1
say $? "the stock commands accept the bag as it is"

for f in $(cd "$B" && find . -type f | sed 's|^\./||' | LC_ALL=C sort); do
  case $f in *.p7s) rule=verify.signature ;; *.tsr) rule=verify.timestamp ;; seal-*) rule=verify.signature ;; *) rule=verify.bag ;; esac
  tamper "one byte of $f" "$rule" "$(flip "$f" 'n//2')" ''
  blind "one byte of $f" sums
done
# Bytes all over the seals and what they cover; without anchors, and nothing is passed over.
for f in tagmanifest-sha256.txt.p7s tagmanifest-sha256.txt.tsr tagmanifest-sha256.txt provenance.dsse.json; do
  ok "found: each of 25 bytes of $f" /usr/bin/python3 - "$CERTBATCH" "$B" "$f" <<'PY'
import io, os, subprocess, sys, tarfile
program, bag, name = sys.argv[1:]
files = sorted(os.path.join(d, n) for d, _, names in os.walk(bag) for n in names)
whole = {p: open(p, "rb").read() for p in files}

def verdict(changed):
    with tarfile.open("b.tar.gz", "w:gz", compresslevel=1) as t:
        for p in files:
            data = changed if changed is not None and p == f"{bag}/{name}" else whole[p]
            info = tarfile.TarInfo(p)
            info.size = len(data)
            t.addfile(info, io.BytesIO(data))
    return subprocess.run([program, "verify", "b.tar.gz"], stdout=subprocess.DEVNULL).returncode

assert verdict(None) == 0, "the bag as it is"
data = whole[f"{bag}/{name}"]
tried = 0
for at in range(0, len(data), len(data) // 25 + 1):
    b = bytearray(data)
    b[at] ^= 1
    assert verdict(bytes(b)) == 1, f"byte {at} of {len(data)}"
    tried += 1
assert tried >= 20, tried
PY
done
tamper "the tag manifest changed" verify.signature "$(flip tagmanifest-sha256.txt 'n//2')" ''
blind "the tag manifest changed" cms
blind "the tag manifest changed" stamped

# --- a forger who makes all sums fit again ---
refit() { # shell code; then manifests, tag manifest and seal sums are made anew
  echo "$1
    find data -type f | LC_ALL=C sort | xargs sha256sum >manifest-sha256.txt
    sed -i \"s/^Payload-Oxum: .*/Payload-Oxum: \$(find data -type f -exec cat {} + | wc -c).\$(find data -type f | wc -l)/\" bag-info.txt
    cut -c67- tagmanifest-sha256.txt | while read -r f; do [ ! -f \$f ] || sha256sum \$f; done >x && mv x tagmanifest-sha256.txt
    for f in tagmanifest-sha256.txt.p7s tagmanifest-sha256.txt.tsr; do [ ! -f \$f ] || sha256sum \$f; done >seal-sha256.txt"
}
tamper "a report edited, all sums made to fit" verify.signature "$(refit "sed -i 's/CHG0000077/CHG0000078/' data/report.csv data/findings.json data/report.json")" ''
blind "a report edited, all sums made to fit" cms
blind "a report edited, all sums made to fit" stamped
found "the statement tells that too" verify.provenance ''
tamper "a policy exchanged" verify.provenance "$(refit 'for f in data/policy/*; do echo "# more" >>$f; done')" ''
tamper "a file added to the payload" verify.provenance "$(refit 'echo x >data/extra.txt')" ''
tamper "a file added beside the payload" verify.bag 'echo x >NOTE.txt' ''
tamper "a file named like a seal" verify.bag 'echo x >seal-more.txt' ''
tamper "the signature removed" verify.signature 'rm tagmanifest-sha256.txt.p7s' ''
tamper "the signature removed, sums made to fit" verify.signature "$(refit 'rm tagmanifest-sha256.txt.p7s')" ''
tamper "the timestamp removed, sums made to fit" verify.timestamp "$(refit 'rm tagmanifest-sha256.txt.tsr')" ''
UNSEAL='rm tagmanifest-sha256.txt.p7s tagmanifest-sha256.txt.tsr provenance.dsse.json; sed -i /provenance/d tagmanifest-sha256.txt'
tamper "everything of the seals removed, known signer" verify.signature "$(refit "$UNSEAL"); rm seal-sha256.txt" '--signer-ca audit-root.pem'
tamper "everything of the seals removed, known TSA" verify.timestamp "$(refit "$UNSEAL"); rm seal-sha256.txt" '--tsa-ca tsa-ca.pem'
RESIGN='openssl cms -sign -binary -cades -in tagmanifest-sha256.txt -signer ../../forger.pem -inkey ../../forger.key -outform DER -out tagmanifest-sha256.txt.p7s'
SUMS='for f in tagmanifest-sha256.txt.p7s tagmanifest-sha256.txt.tsr; do sha256sum $f; done >seal-sha256.txt'
tamper "signed anew by somebody else" verify.signature "$RESIGN; $SUMS"
blind "signed anew by somebody else" cms
found "the statement is not by that signer" verify.provenance ''
tamper "a signature without the certificate bound in" verify.signature "openssl cms -sign -binary -in tagmanifest-sha256.txt -signer ../../audit-signer.pem -inkey ../../audit-signer.key -certfile ../../audit-sub.pem -outform DER -out tagmanifest-sha256.txt.p7s; $SUMS" ''
tamper "signed with the key of a web server" verify.signature "openssl cms -sign -binary -cades -in tagmanifest-sha256.txt -signer ../../audit-web.pem -inkey ../../audit-web.key -certfile ../../audit-sub.pem -outform DER -out tagmanifest-sha256.txt.p7s; $SUMS"
RESTAMP="openssl ts -query -data \$d -sha256 -cert -out q.tsq 2>/dev/null; openssl ts -reply -config ../../tsa.cnf -queryfile q.tsq -signer ../../\$s.pem -inkey ../../\$s.key -out tagmanifest-sha256.txt.tsr 2>/dev/null; rm q.tsq; $SUMS"
tamper "stamped by another TSA" verify.timestamp "d=tagmanifest-sha256.txt s=other-tsa; $RESTAMP"
blind "stamped by another TSA" stamped
tamper "a timestamp over something else" verify.timestamp "d=README.txt s=tsa; $RESTAMP" ''
blind "a timestamp over something else" stamped
/usr/bin/python3 - "$B" <<'PY'
import base64, json, sys
d = json.load(open(sys.argv[1] + "/provenance.dsse.json"))
s = json.loads(base64.b64decode(d["payload"]))
s["subject"] = [x for x in s["subject"] if "app" not in x["name"]]
d["payload"] = base64.b64encode(json.dumps(s).encode()).decode()
json.dump(d, open("less.dsse.json", "w"))
PY
tamper "a statement that leaves something out" verify.provenance "$(refit 'cp ../../less.dsse.json provenance.dsse.json')" ''
tamper "the statement removed" verify.provenance "$(refit 'rm provenance.dsse.json; sed -i /provenance/d tagmanifest-sha256.txt')" ''
head -c 6000 "$A" >t.tar.gz
found "an archive cut short" verify.bag ''
cp "$A" t.tar.gz && echo extra >>t.tar.gz
found "bytes behind the archive" verify.bag ''
prepare true
tar -C t -tzf "$A" | sort -r | sed 's|/$||' >order
tar -C t --no-recursion -czf t.tar.gz -T order
pinned t.tar.gz >"$T/log" 2>&1
say $? "files in another order are the same bag: it is its files that are signed"

# --- a TSA that fails ---
one() { manifest "$1"; rm -rf "$1.state" "$1"-*.gz "$1"-*.csv; }
trouble() { # mode, words
  echo "$1" >mode
  one "t-$1"
  exits "TSA $1: the bundle is made without a timestamp, and it is said" 0 "no timestamp.*$2" "$CERTBATCH" run "t-$1.batch.yaml"
  exits "TSA $1: the bundle is signed" 0 'signature     O=Example Corp, CN=audit-signer$' "$CERTBATCH" verify --signer-ca audit-root.pem "t-$1-audit.tar.gz"
  exits "TSA $1: a demanded timestamp is missing" 1 '\[verify.timestamp\]' "$CERTBATCH" verify --tsa-ca tsa-ca.pem "t-$1-audit.tar.gz"
}
SHORT="$STAMP, timeouts: {connect_seconds: 2, request_seconds: 2}"
config "$SIGN" "$SHORT"
trouble refuse 'no stamps today'
trouble garbage 'not a timestamp reply'
trouble html 'text/html'
trouble replay 'mismatch'
trouble status 'HTTP status 503'
echo good >mode
exits "the TSA is back: bundle asks again" 0 't-status-audit' "$CERTBATCH" bundle t-status.state
ok "and now it is stamped" "$CERTBATCH" verify --signer-ca audit-root.pem --tsa-ca tsa-ca.pem t-status-audit.tar.gz
echo slow >mode
config "$SIGN" "$SHORT, required: true"
one t-required
exits "a required timestamp that does not come ends the run with 8" 8 'timestamp: the TSA gave no answer' "$CERTBATCH" run t-required.batch.yaml
ok "no audit bundle is left" test ! -e t-required-audit.tar.gz
exits "the state is whole" 0 'web' "$CERTBATCH" status t-required.state
echo good >mode
stop_tsa
start_tsa
config "$SIGN" "url: 'http://127.0.0.1:$PORT/', ca_file: tsa-ca.pem, required: true"
exits "and bundle makes it when the TSA answers" 0 't-required-audit' "$CERTBATCH" bundle t-required.state
ok "stamped" "$CERTBATCH" verify --signer-ca audit-root.pem --tsa-ca tsa-ca.pem t-required-audit.tar.gz
config "$SIGN" "url: 'http://127.0.0.1:$PORT/', ca_file: forger-root.pem"
one t-stranger
exits "a TSA that does not lead to ca_file" 0 'no timestamp' "$CERTBATCH" run t-stranger.batch.yaml
config "$SIGN" "url: 'http://192.0.2.1/', ca_file: tsa-ca.pem"
one t-remote
exits "http:// beyond loopback is refused" 3 'loopback' "$CERTBATCH" run t-remote.batch.yaml
config '' "url: 'http://127.0.0.1:$PORT/', hash: sha512, policy: 1.3.6.1.4.1.99999.2"
one t-only
exits "a timestamp without a signature" 0 'audit bundle' "$CERTBATCH" run t-only.batch.yaml
exits "verifies" 0 'timestamp .*CN=tsa$' "$CERTBATCH" verify --tsa-ca tsa-ca.pem t-only-audit.tar.gz

# --- keys ---
for kind in rsa p384; do
  config "certificate: audit-$kind.pem, chain: audit-sub.pem, key: {file: audit-$kind.key}" ''
  one "k-$kind"
  ok "signed with $kind" "$CERTBATCH" run "k-$kind.batch.yaml"
  ok "$kind: verify" "$CERTBATCH" verify --signer-ca audit-root.pem "k-$kind-audit.tar.gz"
  tar xzf "k-$kind-audit.tar.gz"
  ok "$kind: openssl cms" sh -c "cd k-$kind-audit && openssl cms -verify -binary -inform DER -in tagmanifest-sha256.txt.p7s -content tagmanifest-sha256.txt -CAfile ../audit-root.pem -purpose any -cades -out /dev/null"
done
config 'certificate: audit-signer.pem, chain: audit-sub.pem, key: {file: audit-locked.key}, key_password: {env: SEAL_PASSWORD}' ''
one k-locked
SEAL_PASSWORD=open-sesame
export SEAL_PASSWORD
ok "an encrypted key" "$CERTBATCH" run k-locked.batch.yaml
ok "its bundle verifies" "$CERTBATCH" verify --signer-ca audit-root.pem k-locked-audit.tar.gz
ok "the key is in no bundle and in no state" sh -c "! grep -rqF \"\$(sed -n 2p audit-signer.key)\" k-locked.state && ! zcat k-locked-audit.tar.gz k-locked-delivery.tar.gz | grep -qF \"\$(sed -n 2p audit-signer.key)\" && ! grep -rq open-sesame k-locked.state"
SEAL_PASSWORD=wrong
refused() { # title, code, words, signing
  config "$4" ''
  one k-refused
  exits "$1" "$2" "$3" "$CERTBATCH" run k-refused.batch.yaml
  ok "  and nothing was begun" test ! -e k-refused.state
}
refused "the wrong password" 3 'signing.key' 'certificate: audit-signer.pem, key: {file: audit-locked.key}, key_password: {env: SEAL_PASSWORD}'
refused "the key of another" 3 'not that of' 'certificate: audit-signer.pem, key: {file: forger.key}'
refused "no key there" 3 'signing.key' 'certificate: audit-signer.pem, key: {file: nowhere.key}'
refused "no certificate there" 3 'signing.certificate' 'certificate: nowhere.pem, key: {file: audit-signer.key}'
refused "a certificate of a web server" 3 'extended key usage' 'certificate: audit-web.pem, key: {file: audit-web.key}'
refused "a PIN in the URI" 3 'key_password' "certificate: audit-signer.pem, key_uri: 'pkcs11:object=x?pin-value=1234'"
if openssl list -providers -provider pkcs11 2>/dev/null | grep -q pkcs11; then
  echo "# OpenSSL has a pkcs11 provider here, so its absence cannot be tested"
else
  refused "a token without a provider" 7 'no provider named pkcs11' "certificate: audit-signer.pem, key_uri: 'pkcs11:object=audit'"
fi

# --- the key is away when a finished batch is run again ---
config "$SIGN" "url: 'http://127.0.0.1:$PORT/', ca_file: tsa-ca.pem"
one k-away
ok "a batch that is signed and stamped" "$CERTBATCH" run k-away.batch.yaml
sha256sum k-away-audit.tar.gz k-away-delivery.tar.gz k-away.state/journal.jsonl >sums
unchanged() { ok "  and all is as it was" sha256sum -c --quiet sums; }
before=$(asked)
for away in 'audit-signer.key' 'audit-signer.pem' 'tsa-ca.pem'; do
  mv "$away" away
  exits "run again without $away" 0 'issued' "$CERTBATCH" run k-away.batch.yaml
  unchanged
  rm k-away-audit.tar.gz
  ok "the bundle is lost too: run makes it from what the state keeps" "$CERTBATCH" run k-away.batch.yaml
  sed -i '/journal/d' sums
  unchanged
  exits "so does bundle" 0 'k-away-audit' "$CERTBATCH" bundle k-away.state
  unchanged
  mv away "$away"
  sha256sum k-away.state/journal.jsonl >>sums
done
ok "nobody was asked for it" test "$(asked)" = "$before"
mv audit-signer.key away
cp -a k-away.state kept
rm k-away.state/seal/*.p7s
rm k-away-audit.tar.gz
exits "without the kept signature there is no bundle that looks whole" 3 'signing.key' "$CERTBATCH" run k-away.batch.yaml
ok "  none at all" test ! -e k-away-audit.tar.gz
exits "nor from bundle" 3 'signing.key' "$CERTBATCH" bundle k-away.state
rm -r k-away.state && mv kept k-away.state
ok "with it there is" "$CERTBATCH" bundle k-away.state
sed -i '/journal/d' sums
unchanged
sed -i '$a\  - {id: more, common_name: more.corp.example.com, outputs: [pem]}' k-away.batch.yaml
exits "what is still to be sent needs the key" 3 'signing.key' "$CERTBATCH" run k-away.batch.yaml
unchanged
mv away audit-signer.key
ok "it is back" "$CERTBATCH" run k-away.batch.yaml
exits "and three are in the bundle" 0 'certificates  3' "$CERTBATCH" verify --signer-ca audit-root.pem k-away-audit.tar.gz

# --- a rehearsal is not sealed ---
config "$SIGN" "url: 'http://127.0.0.1:$PORT/', ca_file: tsa-ca.pem"
one r-dry
before=$(asked)
ok "a rehearsal" "$CERTBATCH" run --simulate r-dry.batch.yaml
ok "asks no TSA" test "$(asked)" = "$before"
exits "and has no signature" 1 'not signed' "$CERTBATCH" verify --signer-ca audit-root.pem r-dry-simulate-audit.tar.gz

exit $bad
