# shellcheck shell=bash disable=SC2034,SC2154 # read by bench_ca.sh, and its
product=7
floor_path=/emCAServices/rest/getCertificate
prepare() {
  casim_options=(--emca .)
  (umask 077 && for name in password emkey aes; do openssl rand -hex 32 > "emca-$name.secret"; done)
  openssl req -x509 -newkey rsa:2048 -nodes -keyout signer.key -out emca-signer.pem -subj /CN=batch-api 2> openssl.err
  openssl pkcs12 -export -inkey signer.key -in emca-signer.pem -out emca.p12 -passout file:emca-password.secret
}
settings() {
  cat << YAML
    type: emca
    version: V4.0.17
    base_url: https://127.0.0.1:$port
    username: batch-api
    password: {file: emca-password.secret}
    issuing_ca: Simulator Issuing CA
    subscriber_id: "1001"
    upload_file: {file: emca.p12, password: {file: emca-password.secret}}
    em_key: {file: emca-emkey.secret}
    aes_key: {file: emca-aes.secret}
    tls: {ca_file: ca.pem}
YAML
}
