# shellcheck shell=bash disable=SC2034,SC2154 # read by bench_ca.sh, and its
product=842
packs='cabf-tls, certinext'
floor_path=/emSignHub-API/TrackOrder
settings() {
  cat << YAML
    type: certinext
    api_url: https://127.0.0.1:$port/emSignHub-API/
    account_number: "1234567890"
    group_number: "2345678901"
    organization_number: "3456789012"
    auth: {access_key: {file: key}}
    requestor: {name: PKI, email: pki@nordwind-handel.de, isd_code: "1", mobile_number: "5550100123", designation: Engineer}
    signer: {name: PKI, place: Austin, ip: 198.41.0.4}
    pickup: {first_seconds: 1}
    tls: {ca_file: ca.pem}
    products: {dv: {code: "842", level: dv}}
YAML
}
