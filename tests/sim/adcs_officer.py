# SPDX-License-Identifier: Apache-2.0
"""adcs_officer.py CONFIG SERIAL REASON: certutil in the hands of an officer, at the simulated CA (sim_adcs.h):
revokes, publishes the CRL, says what certutil says. Also: adcs_officer.py PATH, a request as it is.

    CASIM_PORT   where it listens
    CASIM_DIR    of access.secret and ca.pem
"""
import os
import ssl
import sys
import urllib.error
import urllib.parse
import urllib.request


def ask(path):
    base = os.environ["CASIM_DIR"]
    with open(os.path.join(base, "access.secret")) as f:
        key = f.read().strip()
    request = urllib.request.Request("https://localhost:%s/officer/%s" % (os.environ["CASIM_PORT"], path), data=b"",
                                     headers={"X-Officer": key})
    roots = ssl.create_default_context(cafile=os.path.join(base, "ca.pem"))
    try:
        with urllib.request.urlopen(request, context=roots) as answer:
            return True, answer.read().decode()
    except urllib.error.HTTPError as e:
        return False, e.read().decode()


def main(arguments):
    if len(arguments) == 1:
        good, said = ask(arguments[0])
    else:
        _, serial, reason = arguments
        good, said = ask("revoke?" + urllib.parse.urlencode({"serial": serial, "reason": reason}))
        if good and not os.environ.get("OFFICER_FORGETS"):
            good, more = ask("publish")
            said += more
    sys.stdout.write(said)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
