# SPDX-License-Identifier: Apache-2.0
"""Entrust CA Gateway. See client_v1.py. The client is known by its certificate alone: a PKCS#12 store
whose password and key are the secrets."""
import os
import subprocess

import history

PRODUCT = "tls"
CONFIG = """\
certbatch_config: 1
cas:
  sim:
    type: entrust
    url: https://localhost:%(port)d/cagw
    ca_id: CA-1001
    connector: com.entrust.SecurityManager
    tls:
      ca_file: ./tls.pem
      client_keystore: {file: ./tenant.p12, type: pkcs12, password: {file: ./store.secret}}
    profiles: {tls-server: {sans: [dNSName]}}
    products: {tls: {code: tls-server, level: private}}
    limits: {in_flight: %(in_flight)d, orders_per_second: 1000, burst: 10000}
    settle_seconds: %(settle)d
    timeouts: {connect_seconds: %(connect)d, request_seconds: %(request)d}
policy: [private, sim.policy.yaml]
"""
POLICY = """\
certbatch_policy: 1
name: sim
rules:
  name.special-use: disabled
"""


def identity(place, cn="tenant-7"):
    """A client certificate that is its own root, as PKCS#12."""
    key, cert, password = place.path("client.secret"), place.path("client.pem"), history.word()
    place.write("store.secret", password + "\n", 0o600)
    done = dict(check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-keyout", key, "-out", cert, "-days", "2", "-subj", "/O=Acme/CN=" + cn], **done)
    subprocess.run(["openssl", "pkcs12", "-export", "-inkey", key, "-in", cert, "-passout",
                    "file:" + place.path("store.secret"), "-out", place.path("tenant.p12")], **done)
    os.chmod(place.path("tenant.p12"), 0o600)
    with open(key) as f:
        line = f.read().splitlines()[1]
    place.write("canaries", password + "\n" + line + "\n", 0o600)
    return cert


def secrets(place, other):
    return ["--tls-client-ca", identity(place)]


def config(place, values):
    return CONFIG % values
