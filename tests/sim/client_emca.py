# SPDX-License-Identifier: Apache-2.0
"""emCA V4.0.17 as history.py configures it; see client_v1.py for what a client module has to say."""
import os
import subprocess
import tempfile
import threading

import history

PRODUCT = "'7'"
CONFIG = """\
certbatch_config: 1
cas:
  sim:
    type: emca
    version: V4.0.17
    base_url: https://localhost:%(port)d
    username: batch-api
    password: {file: ./emca-password.secret}
    issuing_ca: Simulator Issuing CA
    subscriber_id: "1001"
    upload_file: {file: ./emca.p12, password: {file: ./emca-p12.secret}}
    em_key: {file: ./emca-emkey.secret}
    aes_key: {file: ./emca-aes.secret}
    aes_mode: %(aes)s
    crl_url: https://localhost:%(port)d/emca/issuing.crl
    issuing_ca_file: ./tls.pem
    enroll: {back_off_seconds: 1, max_attempts: 20}
    tls: {ca_file: ./tls.pem}
    limits: {in_flight: %(in_flight)d, orders_per_second: 1000, burst: 10000}
    timeouts: {connect_seconds: %(connect)d, request_seconds: %(request)d}
policy: [private, sim.policy.yaml]
"""
POLICY = """\
certbatch_policy: 1
name: sim
rules:
  name.special-use: disabled
"""
AES = os.environ.get("EMCA_AES", "cbc-prefixed-iv")
identity = {}
lock = threading.Lock()


def make_identity():
    """One key and certificate for all places of a process, as eMudhra hands out a PFX."""
    with lock, tempfile.TemporaryDirectory() as d:
        if not identity:
            password = history.word()
            key, cert, p12 = (os.path.join(d, n) for n in ("key.pem", "cert.pem", "emca.p12"))
            for command in (
                    ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-days", "30",
                     "-subj", "/CN=batch-api"],
                    ["pkcs12", "-export", "-inkey", key, "-in", cert, "-out", p12, "-passout", "env:P12"]):
                subprocess.run(["openssl", *command], check=True, stderr=subprocess.DEVNULL,
                               env=dict(os.environ, P12=password))
            with open(cert) as f, open(p12, "rb") as g:
                identity.update(password=password, cert=f.read(), p12=g.read())
    return identity


def secrets(place, other):
    own = make_identity()
    words = {"emca-password": history.word(), "emca-emkey": os.urandom(20).hex(), "emca-aes": os.urandom(32).hex()}
    for name, word in words.items():
        place.write(name + ".secret", word + "\n", 0o600)
    place.write("emca-p12.secret", own["password"] + "\n", 0o600)
    place.write("emca-signer.pem", own["cert"])
    with open(place.path("emca.p12"), "wb") as f:
        f.write(own["p12"])
    place.write("canaries", "\n".join([*words.values(), own["password"]]) + "\n", 0o600)
    return ["--emca", place.base, "--emca-aes", AES]


def config(place, values):
    return CONFIG % dict(values, aes=AES)


def subject(place, order):
    """Certificates are known by their serial numbers only."""
    row = next(i for i in place.report("old")["items"] if i["order"] == order)
    return 'serial: "%s"' % row["serial"]
