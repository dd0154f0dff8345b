# SPDX-License-Identifier: Apache-2.0
"""adcs_auth.py WORKDIR: see adcs_auth.sh. Lines "ok ..." and "not ok ..."."""
import base64
import http.client
import http.server
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time

WORK = sys.argv[1]
REALM, PASSWORD, DOMAIN = "CORP.EXAMPLE.TEST", "Kodiak-7-lantern", "CORP"
KEY = "EXAMPLE-ACCESS-KEY-0001"
BEHIND = "Basic " + base64.b64encode(("svc-enroll:" + KEY).encode()).decode()
MODULES = "/usr/lib/apache2/modules"
children, failed = [], 0


def path(*names):
    return os.path.join(WORK, *names)


def write(name, text, mode=0o600):
    with open(os.open(path(name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w") as f:
        f.write(text)
    return path(name)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def start(*args, env=None, log="log"):
    with open(path(log), "ab") as out:
        p = subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=env, cwd=WORK)
    children.append(p)
    return p


def call(*args, env):
    done = subprocess.run(args, env=env, cwd=WORK, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    if done.returncode:
        raise RuntimeError("%s: %s" % (args[0], done.stdout.decode(errors="replace")))


def wait_for(port):
    for _ in range(500):
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise RuntimeError("nothing listens on port %d" % port)


def test(name, good, why=""):
    global failed
    failed += not good
    print(("ok " if good else "not ok ") + "logins of AD CS: " + name)
    if not good:
        print("  " + str(why)[-1500:].replace("\n", "\n  "))
    sys.stdout.flush()


# --- the CA behind the doors ---
def casim():
    start(os.environ["CASIM"], "--calm", "--rate", "0", "--port-file", path("port"), "--ledger", path("ledger"),
          "--ca-out", path("ca.pem"), "--validity-days", "199", "--wire", path("wire"))
    for _ in range(500):
        if os.path.exists(path("port")):
            break
        time.sleep(0.02)
    with open(path("port")) as f:
        return int(f.read())


def ledger():
    try:
        with open(path("ledger")) as f:
            return [r for r in map(json.loads, f) if r["kind"] == "order"]
    except OSError:
        return []


# --- Kerberos: a realm of our own, and a web server that takes its tickets ---
def kerberos(ca_port):
    port, web = free_port(), free_port()
    env = dict(os.environ, KRB5_CONFIG=path("krb5.conf"), KRB5_KDC_PROFILE=path("kdc.conf"))
    write("krb5.conf", """\
[libdefaults]
  default_realm = %(realm)s
  dns_lookup_kdc = false
  dns_lookup_realm = false
  dns_canonicalize_hostname = false
  rdns = false
  udp_preference_limit = 1
[realms]
  %(realm)s = {
    kdc = 127.0.0.1:%(port)d
  }
[domain_realm]
  localhost = %(realm)s
""" % dict(realm=REALM, port=port))
    write("kdc.conf", """\
[kdcdefaults]
  kdc_listen = 127.0.0.1:%(port)d
  kdc_tcp_listen = 127.0.0.1:%(port)d
[realms]
  %(realm)s = {
    database_name = %(dir)s/principal
    key_stash_file = %(dir)s/stash
    acl_file = %(dir)s/acl
  }
""" % dict(realm=REALM, port=port, dir=WORK))
    call("kdb5_util", "create", "-s", "-r", REALM, "-P", "master", env=env)
    for query in ("addprinc -pw %s svc-enroll@%s" % (PASSWORD, REALM), "addprinc -randkey HTTP/localhost@" + REALM,
                  "ktadd -k %s HTTP/localhost@%s" % (path("http.keytab"), REALM),
                  "ktadd -norandkey -k %s svc-enroll@%s" % (path("svc.keytab"), REALM)):
        call("kadmin.local", "-r", REALM, "-q", query, env=env)
    start("krb5kdc", "-n", "-r", REALM, "-P", path("kdc.pid"), env=env)
    wait_for(port)
    loads = "".join("LoadModule %s_module %s/mod_%s.so\n" % (m, MODULES, m) for m in (
        "mpm_event", "authn_core", "authz_core", "authz_user", "auth_gssapi", "headers", "proxy", "proxy_http"))
    write("httpd.conf", loads + """\
ServerName localhost
ServerRoot %(dir)s
PidFile %(dir)s/httpd.pid
ErrorLog %(dir)s/httpd.log
Mutex file:%(dir)s
Listen 127.0.0.1:%(web)d
<Location />
  AuthType GSSAPI
  AuthName certsrv
  GssapiCredStore keytab:%(dir)s/http.keytab
  GssapiAllowedMech krb5
  Require user svc-enroll@%(realm)s
  RequestHeader set Authorization "%(behind)s"
  ProxyPass http://127.0.0.1:%(ca)d/
</Location>
""" % dict(dir=WORK, web=web, realm=REALM, behind=BEHIND, ca=ca_port))
    start("apache2", "-DFOREGROUND", "-f", path("httpd.conf"), env=dict(env, KRB5_KTNAME="FILE:" + path("http.keytab")))
    wait_for(web)
    return web


# --- NTLM: each connection has a helper of Samba, which knows the password and judges ---
class Door(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    ca, lose, bodies, legs = 0, None, 0, 0
    helper, user = None, None

    def log_message(self, *_):
        pass

    def ask(self, line):
        if not self.helper:
            self.helper = subprocess.Popen(
                ["ntlm_auth", "--configfile=/dev/null", "--helper-protocol=squid-2.5-ntlmssp", "--username=svc-enroll",
                 "--domain=" + DOMAIN, "--password=" + PASSWORD], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL)
        self.helper.stdin.write(line.encode() + b"\n")
        self.helper.stdin.flush()
        return self.helper.stdout.readline().decode().strip()

    def finish(self):
        super().finish()
        if self.helper:
            self.helper.stdin.close()
            self.helper.wait()

    def refuse(self, challenge=""):
        self.send_response(401)
        self.send_header("WWW-Authenticate", ("NTLM " + challenge).strip())
        self.send_header("Content-Length", "0")
        self.end_headers()

    def known(self):
        """True: the connection is somebody's. What it says next on this connection it says as him."""
        shown = self.headers.get("Authorization", "")
        if self.user and not shown:
            return True
        if not shown.startswith("NTLM "):
            self.refuse()
            return False
        token = shown[5:].strip()
        Door.legs += 1
        if base64.b64decode(token)[8] == 1:
            self.refuse(self.ask("YR " + token).partition(" ")[2])
            return False
        said = self.ask("KK " + token)
        if not said.startswith("AF "):
            self.refuse()
            return False
        self.user = said[3:]
        return True

    def serve(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if not self.known():
            return
        if self.command == "POST" and body:
            Door.bodies += 1
        to = http.client.HTTPConnection("127.0.0.1", Door.ca)
        headers = {k: v for k, v in self.headers.items() if k.lower() in ("content-type", "user-agent", "accept")}
        to.request(self.command, self.path, body or None, dict(headers, Authorization=BEHIND))
        answer = to.getresponse()
        page = answer.read()
        if self.command == "POST" and Door.lose == "once":
            Door.lose = "lost"  # enrolled, and nobody learns of it
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.getheader("Content-Type", "text/html"))
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    do_GET = do_POST = serve


def ntlm(ca_port):
    Door.ca = ca_port
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Door)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


# --- the program ---
def run(name, port, auth, env=None, password=PASSWORD, host="localhost"):
    directory = path(name)
    os.makedirs(directory, 0o700)
    write(name + "/password", password + "\n")
    write(name + "/certbatch.yaml", """\
certbatch_config: 1
cas:
  sim:
    type: adcs
    base_url: http://%s:%d/certsrv
    auth: {%s}
    limits: {in_flight: 2}
    enroll: {back_off_seconds: 1, max_attempts: 3}
policy: [private, adcs, sim.policy.yaml]
""" % (host, port, auth))
    write(name + "/sim.policy.yaml", "certbatch_policy: 1\nname: sim\nrules:\n  name.special-use: disabled\n")
    write(name + "/web.batch.yaml", """\
certbatch: 1
name: web
ca: sim
change: {ticket: CHG0000001, type: standard, requested_by: ops@example.com, approved_by: [lead@example.com],
         approved_at: 2026-01-20T10:00:00Z}
defaults: {product: WebServer, key: ec-p256, validity: 199d}
orders:
""" + "".join("  - {id: %s%d, common_name: %s%d.example.com, san: [%s%d.example.com]}\n" % (
        name, i, name, i, name, i) for i in range(3)))
    base = {"PATH": os.environ["PATH"], "HOME": directory, "LC_ALL": "C", "XDG_STATE_HOME": directory,
            "KRB5_CONFIG": path("krb5.conf"), "KRB5CCNAME": "FILE:" + path("nobody")}
    done = subprocess.run([os.environ["CERTBATCH"], "run", "web.batch.yaml"], cwd=directory, env=dict(base, **(env or {})),
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
    return done.returncode, done.stdout.decode(errors="replace"), directory


def orders_for(name):
    return sum(r["domain"].startswith(name) for r in ledger())


def main():
    ca_port = casim()
    code, said, _ = run("basic", ca_port, "mode: basic, username: svc-enroll, password: {file: password}", password=KEY)
    test("Basic, three orders", code == 0 and orders_for("basic") == 3, said)
    web = kerberos(ca_port)
    krb5 = dict(os.environ, KRB5_CONFIG=path("krb5.conf"), KRB5CCNAME="FILE:" + path("cache"))
    call("kinit", "-k", "-t", path("svc.keytab"), "svc-enroll@" + REALM, env=krb5)
    code, said, _ = run("ticket", web, "mode: negotiate", env={"KRB5CCNAME": "FILE:" + path("cache")})
    test("Kerberos with the ticket of the process, three orders", code == 0 and orders_for("ticket") == 3, said)
    code, said, _ = run("keytab", web, "mode: negotiate, keytab: '%s'" % path("svc.keytab"))
    test("Kerberos with a key table, three orders", code == 0 and orders_for("keytab") == 3, said)
    code, said, _ = run("noticket", web, "mode: negotiate")
    test("Kerberos without a ticket: refused, said so, nothing ordered",
         code == 8 and orders_for("noticket") == 0 and "401" in said and "Negotiate" in said, said)
    code, said, _ = run("address", web, "mode: negotiate", host="127.0.0.1", env={"KRB5CCNAME": "FILE:" + path("cache")})
    test("Kerberos by the address: no ticket is for it, nothing ordered", code == 8 and orders_for("address") == 0, said)
    door = ntlm(ca_port)
    user = "mode: ntlm, username: 'CORP\\svc-enroll', password: {file: password}"
    code, said, _ = run("ntlm", door, user)
    test("NTLM, three orders, each body once", code == 0 and orders_for("ntlm") == 3 and Door.bodies == 3, said)
    test("NTLM, two legs each: three orders, three certificates", Door.legs == 12, Door.legs)
    Door.bodies = 0
    code, said, directory = run("wrong", door, user, password="wrong")
    test("NTLM with a wrong password: refused, said so, nothing ordered",
         code == 8 and orders_for("wrong") == 0 and Door.bodies == 0 and "401" in said and "NTLM" in said, said)
    Door.bodies, Door.lose = 0, "once"
    code, said, directory = run("lost", door, user)
    test("NTLM, the answer to an order is lost behind the login: in doubt, and not sent again",
         code == 6 and orders_for("lost") == 3 and Door.bodies == 3 and Door.lose == "lost", said)
    leaked = subprocess.run(["grep", "-rlE", "%s|%s" % (PASSWORD, KEY), "--include=*.json*", "--include=*.log",
                             "--include=*.csv", "--include=*.gz", WORK], stdout=subprocess.PIPE).stdout.decode()
    test("no password in a journal, report or bundle", not leaked, leaked)


try:
    main()
except Exception as e:  # a rig that does not stand is a failure, not a skip
    log = open(path("log"), errors="replace").read()[-800:] if os.path.exists(path("log")) else ""
    test("the rig stands", False, "%s: %s\n%s" % (type(e).__name__, e, log))
finally:
    for p in children:
        if p.poll() is None:
            p.send_signal(signal.SIGTERM)
    for p in children:
        try:
            p.wait(10)
        except subprocess.TimeoutExpired:
            p.kill()
sys.exit(failed != 0)
