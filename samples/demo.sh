#!/bin/sh
# make demo: the sample change ticket from lint to verified bundles, and what stock tools say.
set -eu
cd "$(dirname "$0")/.."
certbatch=$PWD/certbatch
work=$PWD/build/demo
rm -rf "$work"
mkdir -p "$work"
cp -r samples/policy "$work/policy"
cp -r samples/renewal "$work/renewal"
cp -r samples/revocation "$work/revocation"
say() { printf '\n== %s\n' "$*"; }
show() { printf '$ %s\n' "$*"; }

cd "$work/renewal"
say '1. Lint the manifest, its CSRs and the policy (offline)'
show certbatch lint CHG0031337.batch.yaml
"$certbatch" lint CHG0031337.batch.yaml

say '2. Plan: what would happen'
show certbatch plan CHG0031337.batch.yaml
"$certbatch" plan CHG0031337.batch.yaml -o plan.json

say '3. Run: 25 orders at the embedded CA "lab"'
show certbatch run CHG0031337.batch.yaml
"$certbatch" run CHG0031337.batch.yaml

say '4. Verify both bundles'
show certbatch verify CHG0031337-web-audit.tar.gz
"$certbatch" verify CHG0031337-web-audit.tar.gz
show certbatch verify CHG0031337-web-delivery.tar.gz --passwords CHG0031337-web-passwords.csv
"$certbatch" verify CHG0031337-web-delivery.tar.gz --passwords CHG0031337-web-passwords.csv

say '5. The same without certbatch: sha256sum, openssl, keytool'
mkdir -p look && tar xzf CHG0031337-web-audit.tar.gz -C look && tar xzf CHG0031337-web-delivery.tar.gz -C look
(cd look/CHG0031337-web-audit &&
  sha256sum -c --quiet --strict manifest-sha256.txt tagmanifest-sha256.txt &&
  echo "sha256sum: every file of the audit bag is intact")
openssl verify -CAfile lab-ca/root.pem -untrusted look/CHG0031337-web-delivery/www/chain.pem \
  look/CHG0031337-web-delivery/www/certificate.pem
# item,output,alias,password
password() { sed -n "s/^$1,$2,[^,]*,//p" CHG0031337-web-passwords.csv | tr -d '\r'; }
openssl pkcs12 -in look/CHG0031337-web-delivery/www/www.p12 -passin "pass:$(password www www.p12)" -nokeys -info \
  2>&1 | grep -E '^(MAC|PKCS7 Enc)' || true
if command -v keytool > /dev/null 2>&1; then
  keytool -list -keystore look/CHG0031337-web-delivery/www/www.jks -storepass "$(password www www.jks)" 2> /dev/null |
    grep -E 'Keystore type|PrivateKeyEntry'
else
  echo "(no keytool here: the JKS was not tried)"
fi

cd "$work/revocation"
say '6. Replace and revoke (samples/revocation)'
show certbatch run 1-issue.batch.yaml
"$certbatch" run -q 1-issue.batch.yaml
show certbatch run 2-replace-and-revoke.batch.yaml
"$certbatch" run -q 2-replace-and-revoke.batch.yaml
show openssl crl -in lab-ca/crl.pem -noout -text
openssl crl -in lab-ca/crl.pem -noout -text | grep -E 'Serial Number|Reason|Key Compromise|Superseded|Cessation' || true

say "Look around in $work"
echo "renewal/CHG0031337-web-delivery.tar.gz   for the server team"
echo "renewal/CHG0031337-web-audit.tar.gz      for the ticket and the auditor"
echo "renewal/CHG0031337-web-passwords.csv     passwords of keys and key stores (mode 0600)"
echo "renewal/CHG0031337-web.state/            the durable state of the run"
echo "renewal/lab-ca/                          the private CA that was made"
