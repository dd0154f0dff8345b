# shellcheck shell=bash disable=SC2034,SC2154 # read by bench_ca.sh, and its
# Every order is ready at once: no challenges, no hook. newOrder, order, finalize, order, certificate.
product=plain
floor_path=/acme/new-order
prepare() {
  (umask 077 && openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out account.key 2> openssl.err)
}
settings() {
  cat << YAML
    type: acme
    directory_url: https://127.0.0.1:$port/acme/directory
    account_key: {file: account.key}
    accept_tos: true
    enroll: {back_off_seconds: 1, max_back_off_seconds: 1, max_attempts: 100}
    tls: {ca_file: ca.pem}
    products: {plain: {code: plain, level: dv}}
YAML
}
