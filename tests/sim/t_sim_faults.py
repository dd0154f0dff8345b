# SPDX-License-Identifier: Apache-2.0
"""Every fault of `casim --list`, by what a client sees of it."""
import email.utils
import gzip
import http.client
import json
import os
import socket
import ssl
import subprocess
import time

import sim_client as c
from sim_client import Sim, check, csr, meta, order

NO_RATE = ("--rate", "0")
tried = set()


def sim(scenario, *options):
    for line in scenario.split("\n"):
        for action in line.partition(":")[2].split():
            tried.add(action.partition("(")[0])
    return Sim(*NO_RATE, *options, scenario=scenario + "\n")


def seen(s, name="ValidateCredentials", timeout=10, **blocks):
    """Status, body and headers, or the kind of failure."""
    try:
        a, data = s.raw(name, dict(meta=meta(), **blocks), timeout=timeout)
        return a.status, data, dict(a.getheaders())
    except (http.client.HTTPException, OSError) as e:
        return type(e).__name__, b"", {}


def replaced():
    with sim("on validate: ok") as s:
        check("fault ok", seen(s)[0] == 200)
    with sim("on validate: reject(EMS-939,Something went Wrong)") as s:
        m = json.loads(seen(s)[1])["meta"]
        check("fault reject", m["errorCode"] == "EMS-939" and
              m["errorMessage"] == "Something went Wrong", m)
    with sim("on validate: meta-fail(Insufficient Credits)") as s:
        m = json.loads(seen(s)[1])["meta"]
        check("fault meta-fail", (m["status"], m["errorCode"]) == ("0", ""), m)
    with sim("on validate: no-meta") as s:
        check("fault no-meta", json.loads(seen(s)[1]) == {})
    with sim("on validate nth 1: throttle\non validate nth 2: throttle(7)") as s:
        check("fault throttle", b"Inactive Account User." in seen(s)[1])
        status, _, headers = seen(s)
        check("fault throttle(7)", status == 429 and headers.get("Retry-After") == "7", headers)
    with sim("on validate: throttle-date(60)") as s:
        status, _, headers = seen(s)
        at = email.utils.parsedate_to_datetime(headers["Retry-After"]).timestamp()
        check("fault throttle-date", status == 429 and 50 < at - time.time() <= 61, headers)
    with sim("on validate: status(503)") as s:
        check("fault status", seen(s)[0] == 503)
    with sim("on validate: 401-after(2)") as s:
        check("fault 401-after", [seen(s)[0] for _ in range(4)] == [200, 200, 401, 401])
    with sim("on validate: html") as s:
        status, data, headers = seen(s)
        check("fault html", status == 200 and b"<html>" in data and
              headers["Content-Type"] == "text/html")
    with sim("on validate: garbage(999)") as s:
        data = seen(s)[1]
        check("fault garbage", len(data) == 999 and b"{" not in data, len(data))
    with sim("on validate: empty") as s:
        check("fault empty", seen(s)[:2] == (200, b""))
    with sim("on validate: redirect(https://evil.example/)") as s:
        status, _, headers = seen(s)
        check("fault redirect", status == 307 and headers["Location"] == "https://evil.example/")
    with sim("on validate: gzip-bomb") as s:
        status, data, headers = seen(s)
        check("fault gzip-bomb", headers.get("Content-Encoding") == "gzip" and len(data) < 1 << 20
              and len(gzip.decompress(data)) == 1 << 26, len(data))


def raw_socket(s, rest=b"", body=None, timeout=5):
    body = json.dumps({"meta": meta()}).encode() if body is None else body
    k = socket.create_connection(("127.0.0.1", s.port), timeout=timeout)
    k.sendall(b"POST /emSignHub-API/ValidateCredentials HTTP/1.1\r\nHost: x\r\n"
              b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % (len(body) + len(rest))
              + body)
    return k


def drain(k):
    data = b""
    try:
        while True:
            part = k.recv(65536)
            if not part:
                return data, "fin"
            data += part
    except ConnectionResetError:
        return data, "rst"
    except socket.timeout:
        return data, "timeout"


def broken():
    with sim("on validate: close") as s:
        got = drain(raw_socket(s))
        check("fault close", got == (b"", "fin"), got)
    with sim("on validate: rst") as s:
        got = drain(raw_socket(s))
        check("fault rst", got == (b"", "rst"), got)
    with sim("on validate: hang") as s:
        got = drain(raw_socket(s, timeout=1))
        check("fault hang", got == (b"", "timeout"), got)
    with sim("on validate: close-before-read") as s:
        k = raw_socket(s, rest=b"x")  # an octet of the body never comes
        got = drain(k)
        check("fault close-before-read", got[0] == b"" and got[1] in ("fin", "rst"), got)
        check("close-before-read is in wire.log", s.wire()[-1]["outcome"] == "close-before-read")
    with sim("on validate: truncate(10)") as s:
        data, how = drain(raw_socket(s))
        body = data.partition(b"\r\n\r\n")[2]
        check("fault truncate", len(body) == 10 and how == "fin", (data, how))
    with sim("on validate: half-close") as s:
        k = raw_socket(s)
        data, how = drain(k)
        head, _, body = data.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r")[0])
        k.sendall(b"still here")
        check("fault half-close", len(body) == length // 2 and how == "fin", (data, how))
    with sim("on validate: drip(5)") as s:
        start = time.monotonic()
        status, data, _ = seen(s)
        took = time.monotonic() - start
        check("fault drip", status == 200 and json.loads(data)["meta"]["status"] == "1" and
              took > 0.005 * len(data) * 0.8, took)
    with sim("on validate: delay(300)") as s:
        start = time.monotonic()
        check("fault delay", seen(s)[0] == 200 and time.monotonic() - start >= 0.3)
    with sim("on validate: chunk-flood(5000)") as s:
        _, data, headers = seen(s)
        check("fault chunk-flood", len(data) > 5000 and json.loads(data)["meta"]["status"] == "1" and
              headers.get("Transfer-Encoding") == "chunked", headers)
    with sim("on validate: header-flood(2000)") as s:
        data, _ = drain_headers(raw_socket(s))
        check("fault header-flood", data.count(b"X-Flood-") == 2000, data.count(b"X-Flood-"))
    with sim("on validate: date-skew(86400)") as s:
        _, data, headers = seen(s)
        m = json.loads(data)["meta"]
        check("fault date-skew", m["errorMessage"].startswith("Timestamp") and
              m["ts"][:10] in (c.now(86400 + 19800)[:10],) and "Date" in headers, m)
    with sim("on validate nth 1: ok") as s:
        check("other requests are not touched", seen(s)[0] == 200 and seen(s)[0] == 200)
    with Sim("--latency", "200") as s:
        start = time.monotonic()
        check("--latency", seen(s)[0] == 200 and time.monotonic() - start >= 0.2)


def drain_headers(k):
    data = b""
    while b"\r\n\r\n" not in data:
        part = k.recv(65536)
        if not part:
            break
        data += part
    return data, None


def accepted():
    for action in ("close", "rst", "status(502)", "garbage(9)", "empty"):
        with sim("on POST order nth 1: accept " + action) as s:
            first = seen(s, "GenerateOrderSSL", orderDetails=order())
            rows = s.report(domainName="www.example.com")["orderDetails"]["ordersArray"]
            check("accept " + action, len(s.ledger("order")) == 1 and len(rows) == 1 and
                  b"orderNumber" not in first[1], (first, rows))
    for action in ("close", "rst", "status(502)"):
        with sim("on POST order nth 1: " + action) as s:
            seen(s, "GenerateOrderSSL", orderDetails=order())
            check("not accepted: " + action, s.ledger() == [])
    with sim("on POST order nth 2 conn reused: accept close") as s:
        k = s.connect()
        for n in range(2):
            s.place(order(), connection=k)
        try:
            s.place(order(), connection=k)
            lost = False
        except (http.client.HTTPException, OSError):
            lost = True
        check("conn reused nth 2", lost and len(s.ledger("order")) == 3, s.ledger("order"))
    with sim("on order conn fresh: status(500)") as s:
        check("conn fresh", seen(s, "GenerateOrderSSL", orderDetails=order())[0] == 500)
    with sim("on order item web-02.example.com: status(500)\non order item chg-7: status(501)") as s:
        good = seen(s, "GenerateOrderSSL", orderDetails=order("web-01.example.com"))
        bad = seen(s, "GenerateOrderSSL", orderDetails=order("web-02.example.com"))
        tag = seen(s, "GenerateOrderSSL", orderDetails=order(
            additionalInformation={"remarks": "r", "tags": ["chg-7"]}))
        check("item", (good[0], bad[0], tag[0]) == (200, 500, 501), (good, bad, tag))
    with sim("on any from 3: status(500)") as s:
        check("from", [seen(s)[0] for _ in range(4)] == [200, 200, 500, 500])
    with sim("on any every 2: status(500)") as s:
        check("every", [seen(s)[0] for _ in range(4)] == [200, 500, 200, 500])


def bent():
    with sim("on order: dup-order") as s:
        s.place(order())
        check("fault dup-order", len(s.ledger("order")) == 2 and
              s.report()["orderDetails"]["totalNoOfResults"] == 2)
    with sim("on report: stale-list(600)") as s:
        s.place(order())
        first = s.report()["orderDetails"]["totalNoOfResults"]
        time.sleep(0.7)
        check("fault stale-list", (first, s.report()["orderDetails"]["totalNoOfResults"]) == (0, 1))
    with sim("on report: empty-product") as s:
        s.place(order())
        check("fault empty-product",
              s.report()["orderDetails"]["ordersArray"][0]["productCode"] == "")
    with sim("on report: report-failure") as s:
        check("fault report-failure", s.report()["meta"]["status"] == "0")
    with sim("on order: pending(2)") as s:
        number = s.place(order())["orderDetails"]["orderNumber"]
        states = [s.track(number)["certificateStatusId"] for _ in range(3)]
        check("fault pending", states == ["24", "24", "20"], states)
    with sim("on order: cancelled") as s:
        number = s.place(order())["orderDetails"]["orderNumber"]
        state = s.track(number)
        check("fault cancelled", (state["orderStatusId"], state["certificateStatusId"]) == ("5", "13"), state)
    for action, what, want in (
            ("wrong-name(add)", ("-ext", "subjectAltName"), "added.example.net"),
            ("wrong-name(swap)", ("-ext", "subjectAltName"), "swapped.example.net"),
            ("expired", ("-checkend", "0"), None), ("not-yet", ("-dates",), None)):
        for kind in ("order", "get"):
            with sim("on %s: %s" % (kind, action)) as s:
                number = s.place(order())["orderDetails"]["orderNumber"]
                pem = s.get(number)["certificateDetails"]["endEntityCertificate"]
                out = subprocess.run(["openssl", "x509", "-noout", *what], input=pem.encode(),
                                     stdout=subprocess.PIPE)
                if action == "expired":
                    good = out.returncode == 1
                elif action == "not-yet":
                    begin = out.stdout.decode().split("notBefore=")[1].split("\n")[0]
                    good = ssl.cert_time_to_seconds(begin) > time.time() + 3600
                else:
                    good = want in out.stdout.decode()
                check("fault %s on %s" % (action, kind), good, out)
    bent_certificates()


def bent_certificates():
    with sim("on get: wrong-name(drop)") as s:
        o = order(product="844")
        o["certificateInformation"]["additionalDomains"] = ["b.example.com"]
        number = s.place(o)["orderDetails"]["orderNumber"]
        pem = s.get(number)["certificateDetails"]["endEntityCertificate"]
        check("fault wrong-name(drop)", "b.example.com" not in c.text(pem, "-ext", "subjectAltName"))
    with sim("on get nth 1: wrong-key") as s:
        request = csr("www.example.com")
        number = s.place(order(request=request))["orderDetails"]["orderNumber"]
        ours = subprocess.run(["openssl", "req", "-pubkey", "-noout"], input=request.encode(),
                              stdout=subprocess.PIPE).stdout.decode()
        keys = [c.text(s.get(number)["certificateDetails"]["endEntityCertificate"], "-pubkey")
                for _ in range(2)]
        check("fault wrong-key, once", keys[0] != ours and keys[1] == ours)
    with sim("on get: wrong-issuer") as s:
        number = s.place(order())["orderDetails"]["orderNumber"]
        path = os.path.join(Sim.work, "stranger.pem")
        with open(path, "w") as f:
            f.write(s.get(number)["certificateDetails"]["endEntityCertificate"])
        out = subprocess.run(["openssl", "verify", "-CAfile", s.ca_file, path],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        check("fault wrong-issuer", out.returncode != 0)
    with sim("on get: swap-certs(a.example.com,b.example.com)") as s:
        numbers = [s.place(order(d))["orderDetails"]["orderNumber"]
                   for d in ("a.example.com", "b.example.com")]
        for n in numbers:
            s.track(n)
        subjects = [c.text(s.get(n)["certificateDetails"]["endEntityCertificate"], "-subject")
                    for n in numbers]
        check("fault swap-certs", "b.example" in subjects[0] and "a.example" in subjects[1], subjects)
    with sim("on get nth 1: chain-shuffle\non get nth 2: no-chain\non get nth 3: serial-decimal") as s:
        number = s.place(order())["orderDetails"]["orderNumber"]
        d = s.get(number)["certificateDetails"]
        check("fault chain-shuffle", "Root CA" in c.text(d["caCertificate"], "-subject"))
        d = s.get(number)["certificateDetails"]
        check("fault no-chain", (d["caCertificate"], d["rootCertificate"]) == ("", ""))
        d = s.get(number)["certificateDetails"]
        serial = int(c.text(d["endEntityCertificate"], "-serial").strip().split("=")[1], 16)
        check("fault serial-decimal", d["ceritficateSerialNumber"] == str(serial), d)


def by_default():
    with Sim(*NO_RATE, "--faulty", "7", calm=False) as s:
        got = [seen(s)[0:2] for _ in range(200)]
        with open(s.err_file) as f:
            said = f.read()
        check("faulty by default: the seed is printed", "seed 7" in said, said)
    lost = sum(g[0] not in (200, 503) for g in got)
    throttled = sum(b"Inactive" in g[1] for g in got)
    failed = sum(g[0] == 503 for g in got)
    check("faulty: replies are lost", 2 <= lost <= 25, lost)
    check("faulty: throttled", 2 <= throttled <= 25, throttled)
    check("faulty: 5xx", 1 <= failed <= 15, failed)
    with Sim(*NO_RATE, "--faulty", "7", calm=False) as s:
        again = [seen(s)[0] for _ in range(200)]
    check("faulty: the seed repeats it", again == [g[0] for g in got])
    with Sim() as s:
        check("--calm", all(seen(s)[0] == 200 for _ in range(50)))


def handshake(s, cafile=None, host="localhost"):
    context = ssl.create_default_context(cafile=cafile)
    try:
        with socket.create_connection(("127.0.0.1", s.port), timeout=5) as k:
            with context.wrap_socket(k, server_hostname=host) as t:
                return t.version()
    except ssl.SSLCertVerificationError as e:
        return e.verify_message
    except (ssl.SSLError, OSError) as e:
        return "failed: %s" % e


def tls():
    with Sim("--tls", "good") as s:
        got = handshake(s, s.ca_file)
        check("tls good", got in ("TLSv1.2", "TLSv1.3"), got)
        check("tls good, not trusted by others", "unable to get" in handshake(s) or
              "self-signed" in handshake(s), handshake(s))
    for mode, want in (("selfsigned", ""), ("expired", "expired"), ("wronghost", "ostname"),
                       ("tls1.1", "failed"), ("cut-handshake", "failed")):
        with Sim("--tls", mode) as s:
            got = handshake(s, s.ca_file)
            check("tls " + mode, got not in ("TLSv1.2", "TLSv1.3") and want in got, got)


def all_tried():
    listed = subprocess.run([Sim.program, "--list"], stdout=subprocess.PIPE).stdout.decode()
    names = {line.split()[0] for line in listed.splitlines()}
    tried.add("token-ttl")  # with OAuth, in t_sim.py
    check("every fault was tried", names <= tried, names - tried)


parts = [replaced, broken, accepted, bent, by_default, tls, all_tried]
