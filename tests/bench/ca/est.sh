# shellcheck shell=bash disable=SC2034,SC2154 # read by bench_ca.sh, and its
product=tls
packs=private
floor_path=/.well-known/est/cacerts
casim_options=(--est-labels tls)
settings() {
  printf 'EXAMPLE-EST-PASSWORD\n' > est.key
  chmod 600 est.key
  cat << YAML
    type: est
    base_url: https://127.0.0.1:$port
    auth: {username: estuser, password: {file: est.key}}
    tls: {ca_file: ca.pem}
YAML
}
