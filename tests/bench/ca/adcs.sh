# shellcheck shell=bash disable=SC2034,SC2154 # read by bench_ca.sh, and its
product=WebServer
packs='private, adcs'
floor_path=/certsrv/certfnsh.asp
prepare() { # before the key of the others is written
  printf 'EXAMPLE-ACCESS-KEY-0001\n' > password
  chmod 600 password
}
settings() {
  cat << YAML
    type: adcs
    base_url: https://127.0.0.1:$port/certsrv
    ca_setup_type: enterprise
    ca_config: 'CA01\\Simulator Issuing CA'
    auth: {mode: basic, username: svc-enroll, password: {file: password}}
    revocation: {mode: script}
    tls: {ca_file: ca.pem}
YAML
}
