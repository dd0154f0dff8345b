# SPDX-License-Identifier: Apache-2.0
"""ACME, with external account binding. See client_v1.py.

    subject(place, order)      what a revocation names: ACME ends certificates, not orders
"""
import base64
import os
import subprocess

PRODUCT = "plain"
CONFIG = """\
certbatch_config: 1
cas:
  sim:
    type: acme
    directory_url: https://localhost:%(port)d/acme/directory
    account_key: {file: ./account.secret}
    accept_tos: true
    contact: mailto:pki@example.com
    eab: {kid: "1234567890", hmac_key: {file: ./mac.secret}}
    profile: {name: plain, required: true}
    tls: {ca_file: ./tls.pem}
    products: {plain: {code: plain, level: dv}}
    limits: {in_flight: %(in_flight)d, orders_per_second: 1000, burst: 10000}
    enroll: {back_off_seconds: 1, max_back_off_seconds: 1, max_attempts: 200}
    timeouts: {connect_seconds: %(connect)d, request_seconds: %(request)d}
policy: [cabf-tls, sim.policy.yaml]
"""
POLICY = """\
certbatch_policy: 1
name: sim
rules:
  name.special-use: disabled
"""


def secrets(place, other):
    mac = base64.urlsafe_b64encode(os.urandom(33)).decode()
    key = subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout.decode()
    place.write("mac.secret", mac + "\n", 0o600)
    place.write("account.secret", key, 0o600)
    place.write("canaries", mac + "\n" + key.splitlines()[1] + "\n", 0o600)
    return ["--oauth-secret-file", place.path("mac.secret")]


def config(place, values):
    return CONFIG % values


def subject(place, order):
    return "certificate: old.state/items/o1/certificate.pem"
