# SPDX-License-Identifier: Apache-2.0
"""Active Directory Certificate Services, by its web enrolment. See client_v1.py for what a client module says.
Revocation is a command here: it plays the officer, who runs certutil and publishes the CRL."""
import history

PRODUCT = "WebServer"
CANNOT_FIND = True  # the web enrolment has no list: what was lost a person looks up
CONFIG = """\
certbatch_config: 1
cas:
  sim:
    type: adcs
    base_url: https://localhost:%(port)d/certsrv
    ca_setup_type: enterprise
    ca_config: 'CA01\\Simulator Issuing CA'
    auth: {mode: basic, username: svc-enroll, password: {file: ./access.secret}}
    revocation: {mode: command, command: [%(officer)s, "{config}", "{serial}", "{reason}"]}
    tls: {ca_file: ./tls.pem}
    limits: {in_flight: %(in_flight)d, orders_per_second: 1000, burst: 10000}
    enroll: {back_off_seconds: 1, max_back_off_seconds: 1, max_attempts: 30}
    timeouts: {connect_seconds: %(connect)d, request_seconds: %(request)d}
policy: [private, adcs, sim.policy.yaml]
"""
# certutil in the hands of an officer: CONFIG SERIAL REASON. See sim_adcs_officer.c.
OFFICER = """\
#!/bin/sh
exec curl -sS --fail-with-body --cacert %(base)s/ca.pem -H "X-Officer: $(cat %(base)s/access.secret)" -d "" \\
  "https://localhost:%(port)d/officer/revoke?serial=$2&reason=$3&publish=1"
"""
POLICY = """\
certbatch_policy: 1
name: sim
rules:
  name.special-use: disabled
"""


def secrets(place, other):
    place.access = history.word()
    place.write("access.secret", place.access + "\n", 0o600)
    place.write("canaries", place.access + "\n", 0o600)
    return ["--access-key-file", place.path("access.secret")]


def config(place, values):
    place.write("officer", OFFICER % dict(port=place.port, base=place.base), 0o700)
    return CONFIG % dict(values, officer=place.path("officer"))


def subject(place, order):
    """Certificates are known by their serial numbers only."""
    row = next(i for i in place.report("old")["items"] if i["order"] == order)
    return 'serial: "%s"' % row["serial"]
