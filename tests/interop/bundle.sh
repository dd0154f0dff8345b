#!/bin/sh
# Bundles of a real run, checked by stock tools and by `verify`, then damaged on purpose.
#
#   tests/interop/bundle.sh        the program is $CERTBATCH, else ./certbatch
#
# Prints "ok ..." or "not ok ..." for every check; exit 1 when one failed. A tool that is not
# installed is skipped with a line of its own, never silently.
set -u
cd "$(dirname "$0")/../.." || exit 1
CERTBATCH=${CERTBATCH:-./certbatch}
case $CERTBATCH in /*) ;; *) CERTBATCH=$PWD/$CERTBATCH ;; esac
[ -x "$CERTBATCH" ] || { echo "not ok no program at $CERTBATCH"; exit 1; }

T=$(mktemp -d "${TMPDIR:-/tmp}/cb-bundle-XXXXXX") || exit 1
trap 'rm -rf "$T"' EXIT
bad=0
NAME=CHG0000042-interop

ok() { # title, command...
  title=$1; shift
  if "$@" >"$T/log" 2>&1; then echo "ok $title"; else
    echo "not ok $title"; sed 's/^/    /' "$T/log" | head -20; bad=1
  fi
}
have() { command -v "$1" >/dev/null 2>&1 || { echo "# skipped: $1 is not installed ($2)"; return 1; }; }
same() { [ -s "$1" ] && cmp "$1" "$2"; } # two empty files prove nothing

cat >"$T/certbatch.yaml" <<'YAML'
certbatch_config: 1
cas:
  lab: {type: local, directory: ./lab-ca}
YAML
cat >"$T/m.batch.yaml" <<YAML
certbatch: 1
name: $NAME
change: {ticket: CHG0000042, type: standard, requested_by: a.singh@example.com, approved_by: [m.ortiz@example.com], approved_at: 2026-11-20T09:00:00Z}
policy: [./site.policy.yaml]
ca: lab
defaults: {key: ec-p256, validity: 30d, outputs: [pem, pfx, jks]}
orders:
  - {id: web, common_name: web.corp.example.com, san: [web.corp.example.com, "ip:192.0.2.7"]}
  - {id: app, common_name: app.corp.example.com, san: [app.corp.example.com], key: rsa-2048}
  - {id: plain, common_name: plain.corp.example.com, san: [plain.corp.example.com], outputs: [pem]}
YAML
cat >"$T/site.policy.yaml" <<'YAML'
certbatch_policy: 1
name: site
extends: [private]
YAML

cd "$T" || exit 1
ok "run makes both bundles" "$CERTBATCH" run m.batch.yaml
A=$NAME-audit.tar.gz D=$NAME-delivery.tar.gz P=$NAME-passwords.csv
[ -f "$A" ] && [ -f "$D" ] && [ -f "$P" ] || { echo "not ok bundles are missing"; exit 1; }

# --- stock tools ---
ok "tar lists the audit bundle" tar tf "$A"
ok "tar lists the delivery bundle" tar tf "$D"
ok "gzip finds both whole" gzip -t "$A" "$D"
have bsdtar "second tar reader" && ok "bsdtar lists both" sh -c "bsdtar tf $A && bsdtar tf $D"
ok "one top directory each" sh -c "test \$(tar tf $A | cut -d/ -f1 | sort -u) = $NAME-audit && test \$(tar tf $D | cut -d/ -f1 | sort -u) = $NAME-delivery"
ok "passwords file is private" sh -c "test \$(stat -c %a $P) = 600"
tar xzf "$A" && tar xzf "$D" || exit 1
ok "sha256sum agrees with both manifests" sh -c "cd $NAME-audit && sha256sum -c --strict --quiet manifest-sha256.txt tagmanifest-sha256.txt"
ok "no file outside the manifests" sh -c "cd $NAME-audit && test \$(find data -type f | wc -l) = \$(wc -l < manifest-sha256.txt)"
ok "report.json and record.json are JSON" sh -c "for f in $NAME-audit/data/*.json $NAME-audit/data/items/*/record.json; do /usr/bin/python3 -m json.tool \$f >/dev/null || exit 1; done"
ok "counts of report.json add up" /usr/bin/python3 -c "
import json
r = json.load(open('$NAME-audit/data/report.json'))
c = dict(r['counts']); n = c.pop('items')
assert n == len(r['items']) == sum(c.values()) == 3 and c['issued'] == 3, c"
ok "the journal is an unbroken chain" /usr/bin/python3 -c "
import hashlib, json
prev = '0' * 64
for line in open('$NAME-audit/data/journal.jsonl', 'rb'):
    assert json.loads(line)['prev'] == prev
    prev = hashlib.sha256(line.rstrip(b'\n')).hexdigest()"
ok "no private key and no password in the audit bundle" sh -c "! grep -rq 'PRIVATE KEY' $NAME-audit && for p in \$(tail -n +2 $P | cut -d, -f4 | sort -u); do ! grep -rq \"\$p\" $NAME-audit || exit 1; done"
ok "no clear key and no password in the delivery bundle" sh -c "! grep -rqE 'BEGIN (RSA |EC )?PRIVATE KEY' $NAME-delivery && for p in \$(tail -n +2 $P | cut -d, -f4 | sort -u); do ! grep -rq \"\$p\" $NAME-delivery || exit 1; done"

password() { # item output
  sed -n "s/^$1,$2,[^,]*,//p" "$P" | head -1
}
for id in web app plain; do
  I=$NAME-audit/data/items/$id O=$NAME-delivery/$id
  ok "$id: chain verifies" openssl verify -no_check_time -partial_chain -trusted "$O/chain.pem" "$O/certificate.pem"
  ok "$id: chain verifies from its root" openssl verify -no_check_time -CAfile "$O/chain.pem" "$O/certificate.pem"
  openssl x509 -noout -pubkey -in "$O/certificate.pem" >"$T/pub" 2>/dev/null
  ok "$id: same certificate in both bundles" same "$I/certificate.pem" "$O/certificate.pem"
  ok "$id: fullchain starts with the certificate" sh -c "cat $O/certificate.pem $O/chain.pem | cmp - $O/fullchain.pem"
  openssl req -noout -pubkey -in "$I/request.csr" >"$T/req" 2>/dev/null
  ok "$id: request and certificate have one key" same "$T/req" "$T/pub"
  openssl pkey -in "$O/key.pem" -passin "pass:$(password "$id" key.pem)" -pubout >"$T/key" 2>/dev/null
  ok "$id: key.pem opens and matches" same "$T/key" "$T/pub"
  [ -f "$O/$id.p12" ] || continue
  openssl pkcs12 -in "$O/$id.p12" -passin "pass:$(password "$id" "$id.p12")" -nodes 2>/dev/null |
    openssl pkey -pubout >"$T/p12" 2>/dev/null
  ok "$id: openssl opens the PFX, key matches" same "$T/p12" "$T/pub"
  have keytool "reads PFX and JKS" || continue
  for s in p12 jks; do
    CB_PASS=$(password "$id" "$id.$s") && export CB_PASS
    ok "$id: keytool lists the $s" sh -c "keytool -list -v -keystore $O/$id.$s -storepass:env CB_PASS | grep -q PrivateKeyEntry"
    openssl x509 -in "$O/certificate.pem" -outform DER -out "$T/leaf.der"
    keytool -exportcert -alias "$id" -keystore "$O/$id.$s" -storepass:env CB_PASS >"$T/java.der" 2>/dev/null
    ok "$id: keytool shows the certificate of the $s" same "$T/leaf.der" "$T/java.der"
  done
done

# --- the same state gives the same bytes ---
mkdir again
ok "bundle makes them again" "$CERTBATCH" bundle "$NAME.state" -o again
ok "audit bundle is the same, byte for byte" cmp "$A" "again/$A"

# --- verify: sound ones ---
ok "verify accepts the audit bundle" "$CERTBATCH" verify "$A"
ok "verify accepts the audit bundle, knowing the passwords" "$CERTBATCH" verify --passwords "$P" "$A"
ok "verify accepts the delivery bundle" "$CERTBATCH" verify "$D"
ok "verify opens keys and stores" sh -c "$CERTBATCH verify --passwords $P $D | grep -q '7 opened'"
ok "repacked with GNU tar and gzip it still verifies" sh -c "tar --sort=name --owner=0 --group=0 -cf - $NAME-audit | gzip -n > repacked.tar.gz && $CERTBATCH verify repacked.tar.gz"

# --- verify: damaged ones ---
seal() { # makes the manifests of the bag in $1 fit its files, as a forger would
  (cd "$1" && find data -type f | LC_ALL=C sort | xargs sha256sum >manifest-sha256.txt &&
    printf 'Payload-Oxum: %s.%s\n' "$(find data -type f -exec cat {} + | wc -c)" "$(find data -type f | wc -l)" >bag-info.txt &&
    sha256sum bagit.txt bag-info.txt README.txt manifest-sha256.txt >tagmanifest-sha256.txt)
}
found() { # title, rule, archive, [passwords]: exit 1, and the rule is named
  "$CERTBATCH" verify ${4:+--passwords "$4"} "$3" >"$T/out" 2>&1
  code=$?
  if [ $code = 1 ] && grep -q "\\[$2\\]" "$T/out"; then echo "ok found: $1 [$2]"; else
    echo "not ok found: $1 [$2] (exit $code)"; sed 's/^/    /' "$T/out" | head -20; bad=1
  fi
}
tamper() { # title, rule, shell code run in the bag, sealed|open
  rm -rf t && mkdir t && cp -r "$NAME-audit" t/ && (cd "t/$NAME-audit" && sh -c "$3") || { echo "not ok cannot prepare: $1"; bad=1; return; }
  [ "$4" = open ] || seal "t/$NAME-audit"
  tar -C t --sort=name -czf t.tar.gz "$NAME-audit"
  found "$1" "$2" t.tar.gz
}
for f in $(cd "$NAME-audit" && find . -type f | sed 's|^\./||' | LC_ALL=C sort); do
  tamper "one byte of $f" verify.bag "/usr/bin/python3 -c \"
p='$f'; b=bytearray(open(p,'rb').read()); b[len(b)//2]^=1; open(p,'wb').write(b)\"" open
done
tamper "a file added" verify.bag "echo x > data/extra" open
tamper "a file removed" verify.bag "rm data/report.csv" open
tamper "certificates swapped" verify.pairing "mv data/items/web/certificate.pem x; mv data/items/app/certificate.pem data/items/web/; mv x data/items/app/certificate.pem" sealed
tamper "a request swapped" verify.pairing "cp data/items/web/request.csr data/items/app/" sealed
tamper "a chain replaced" verify.chain "cp data/items/app/certificate.pem data/items/web/chain.pem" sealed
tamper "a journal record edited" verify.journal "sed -i '5s/corp.example/evil.example/' data/journal.jsonl" sealed
tamper "a journal record removed" verify.journal "sed -i 4d data/journal.jsonl" sealed
tamper "the journal's end removed" verify.journal "sed -i '\$d' data/journal.jsonl" sealed
tamper "an item hidden from the report" verify.complete "sed -i 's/\"issued\": 3/\"issued\": 2/' data/report.json" sealed
tamper "an item removed" verify.complete "rm -r data/items/plain" sealed
tamper "the manifest edited" verify.complete "sed -i s/m.ortiz/x.other/ data/manifest.yaml" sealed
tamper "the plan edited" verify.complete "sed -i s/web.corp/wob.corp/ data/plan.json" sealed
tamper "a key put in" verify.secret "echo '-----BEGIN PRIVATE KEY-----' > data/items/web/key.pem" sealed
tamper "a symbolic link" verify.bag "ln -s /etc/passwd data/link" open

forge() { # title, rule, shell code run in the delivery directory
  rm -rf t && mkdir t && cp -r "$NAME-delivery" t/ && (cd "t/$NAME-delivery" && sh -c "$3") || { echo "not ok cannot prepare: $1"; bad=1; return; }
  tar -C t --sort=name -czf t.tar.gz "$NAME-delivery"
  found "$1" "$2" t.tar.gz "$P"
}
forge "certificates swapped" verify.pairing "mv web/certificate.pem x; mv app/certificate.pem web/; mv x app/certificate.pem"
forge "a damaged PFX" verify.keystore "head -c 700 web/web.p12 > x; mv x web/web.p12"
forge "a damaged JKS" verify.keystore "printf x >> web/web.jks"
forge "a missing key store" verify.keystore "rm app/app.jks"
forge "a key in the clear" verify.secret "openssl genpkey -algorithm ED25519 > web/key.pem 2>/dev/null"
forge "fullchain of another" verify.chain "cp app/fullchain.pem web/"

# --- no room for temporary files ---
tiny() { # command... with 256 KiB in $TMPDIR
  mkdir -p tiny
  unshare -rm sh -c 'mount -t tmpfs -o size=256k none tiny && TMPDIR=$PWD/tiny exec "$@"' sh "$@"
}
if tiny true 2>/dev/null; then
  { sed "s/^name: .*/name: room/; /^  - /d; s/pem, pfx, jks/pem/" m.batch.yaml
    for i in $(seq 400); do echo "  - {id: h$i, common_name: h$i.corp.example.com, san: [h$i.corp.example.com]}"; done
  } >room.batch.yaml
  tiny "$CERTBATCH" run room.batch.yaml >log 2>&1
  [ $? = 7 ] && grep -q 'spreadsheets need room in $TMPDIR' log
  ok "a report.xlsx that finds no room ends the run with 7 and says so" test $? = 0
  ok "no audit bundle with half a spreadsheet" test ! -e room-audit.tar.gz
  tiny "$CERTBATCH" status --format xlsx room.state >half.xlsx 2>log
  ok "nor has status half of one" sh -c "test $? = 7 && test ! -s half.xlsx"
  ok "the state is whole: run makes the bundles elsewhere" "$CERTBATCH" run room.batch.yaml
  ok "and nothing was ordered twice" sh -c 'test "$(grep -c "\"ev\":\"intent\"" room.state/journal.jsonl)" = 400'
  ok "verify" "$CERTBATCH" verify room-audit.tar.gz
else
  echo "# skipped: no mount of a small tmpfs here (a full \$TMPDIR)"
fi

head -c 3000 "$A" >cut.tar.gz
found "an archive cut short" verify.bag cut.tar.gz
cp "$A" long.tar.gz && echo extra >>long.tar.gz
found "bytes behind the archive" verify.bag long.tar.gz
tar -C "$NAME-audit" -P --transform 's|^|../|' -czf slip.tar.gz bagit.txt 2>/dev/null
found "a name that leaves the directory" verify.bag slip.tar.gz

exit $bad
