# SPDX-License-Identifier: Apache-2.0
"""CERTInext, V1, as history.py configures it. What a client module has to say:

    PRODUCT                    that the orders of a place ask for
    POLICY                     text of sim.policy.yaml
    secrets(place, other)      writes secret files and `canaries` into the place; options of casim that
                               name them. `other`: the second way to authenticate, if there is one
    NO_REVOCATION              True: the CA cannot be asked to revoke
    WEATHER                    scenarios of the kill matrix in turn; may be missing
    BLIND                      True: the CA cannot be searched, so that an order may be unknown to the end
    WRITE_OFF(number)          True: nobody can get the certificate of this order any more
    config(place, values)      text of certbatch.yaml: one CA named `sim` at https://localhost:PORT, roots in
                               tls.pem; values: port, in_flight, settle, connect, request
    subject(place, order)      what a revocation names; without it the order
    left_behind(place, done)   what is wrong outside of state and CA after a kill, or when all is done
"""
import history

API, ROOT, OAUTH_ONLY = "v1", "emSignHub-API/", False
PRODUCT = "plain"
CONFIG = """\
certbatch_config: 1
cas:
  sim:
    type: certinext
    api: %(api)s
    api_url: https://localhost:%(port)d/%(root)s
    account_number: "1234567890"
    group_number: "2345678901"
    organization_number: "3456789012"
    auth: %(auth)s
    requestor: {name: PKI Automation, email: pki-admin@example.com, isd_code: "1", mobile_number: "5550100123"}
    signer: {name: Dana Sample, place: Austin, ip: 203.0.113.10}
    tls: {ca_file: ./tls.pem}
    products: {plain: {code: "842", level: dv}}
    limits: {in_flight: %(in_flight)d, orders_per_second: 1000, burst: 10000}
    pickup: {first_seconds: 0, interval_seconds: 1, settle_seconds: %(settle)d}
    timeouts: {connect_seconds: %(connect)d, request_seconds: %(request)d}
policy: [cabf-tls, certinext, sim.policy.yaml]
"""
POLICY = """\
certbatch_policy: 1
name: sim
rules:
  name.special-use: disabled
  product.environment: disabled
"""


def secrets(place, other):
    place.access, place.client = history.word(), history.word()
    place.write("access.secret", place.access + "\n", 0o600)
    place.write("client.secret", place.client + "\n", 0o600)
    place.write("canaries", place.access + "\n" + place.client + "\n", 0o600)
    place.oauth = other or OAUTH_ONLY
    args = ["--access-key-file", place.path("access.secret")]
    return args + (["--oauth-secret-file", place.path("client.secret")] if place.oauth else [])


def config(place, values):
    auth = "{mode: access_key, access_key: {file: ./access.secret}}"
    if place.oauth:
        auth = ("{mode: oauth, token_url: 'https://localhost:%d/oauth/token', client_id: '1234567890', "
                "client_secret: {file: ./client.secret}}" % values["port"])
    return CONFIG % dict(values, api=API, root=ROOT, auth=auth)
