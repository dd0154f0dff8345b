#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# certbatch lint against the verdicts of others: boulder, badkeys, ROCA, OpenSSL on every CSR of the
# corpora. The program itself is run, as a user runs it, on files; keys and bare moduli are put into
# requests first (their signatures are not valid: only the key rules are read). Prints "ok" for every
# corpus without an unexplained disagreement, then the table. agreement.py CERTBATCH T_RULES-LOG
#
# DISAGREEMENTS.tsv explains: corpus, file, expected, ours, why. An entry that no longer holds fails.
import base64, csv, json, os, re, subprocess, sys, tempfile

here = os.path.dirname(os.path.abspath(__file__))
certbatch, log = os.path.abspath(sys.argv[1]), sys.argv[2]


def tsv(name):
    with open(os.path.join(here, name), encoding="utf-8") as f:
        rows = [line.rstrip("\n").split("\t") for line in f]
    head = [c.lstrip("#") for c in rows[0]]
    return [dict(zip(head, r + [""] * (len(head) - len(r)))) for r in rows[1:]]


# --- DER, as much as a request needs ---
def tlv(tag, body):
    n = len(body)
    size = bytes([n]) if n < 128 else bytes([0x80 | (n.bit_length() + 7) // 8]) + \
        n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes([tag]) + size + body


def seq(*parts):
    return tlv(0x30, b"".join(parts))


def integer(n):
    return tlv(2, n.to_bytes(n.bit_length() // 8 + 1, "big"))


RSA = bytes.fromhex("06092a864886f70d010101")
SAN = bytes.fromhex("0603551d11")
REQUEST = bytes.fromhex("06092a864886f70d01090e")
SHA256_RSA = bytes.fromhex("300d06092a864886f70d01010b0500")


def spki_of(n, e=65537):
    return seq(seq(RSA, b"\x05\x00"), tlv(3, b"\0" + seq(integer(n), integer(e))))


def request(spki):
    name = seq(tlv(0x31, seq(bytes.fromhex("0603550403"), tlv(0x0C, b"www.example.com"))))
    san = seq(tlv(0x82, b"www.example.com"))
    ask = tlv(0xA0, seq(REQUEST, tlv(0x31, seq(seq(SAN, tlv(4, san))))))
    return seq(seq(integer(0), name, spki, ask), SHA256_RSA, tlv(3, b"\0" + b"\1" * 256))


def pem(path):
    text = open(path, encoding="ascii", errors="replace").read()
    m = re.search(r"-----BEGIN ([A-Z ]+)-----(.*?)-----END", text, re.S)
    if not m:
        return "", b""
    body = re.sub(r"[^A-Za-z0-9+/=]", "", m.group(2))
    try:
        return m.group(1), base64.b64decode(body, validate=True)
    except ValueError:
        return m.group(1), b""


def spki_in(path):
    """SubjectPublicKeyInfo of a file with a public key, or None."""
    label, der = pem(path)
    if label == "RSA PUBLIC KEY":
        return seq(seq(RSA, b"\x05\x00"), tlv(3, b"\0" + der))
    return der if label == "PUBLIC KEY" and der else None


# --- running the program ---
def lint(files, policy):
    """Path -> set of rules that found something. Many files to one process."""
    got = {}
    for i in range(0, len(files), 100):
        run = subprocess.run([certbatch, "lint", "--format", "json", "--as-of", "2026-11-21",
                              "--policy", policy] + files[i:i + 100], capture_output=True, text=True)
        if run.returncode not in (0, 1):
            sys.exit("certbatch ended with %d: %s" % (run.returncode, run.stderr[-500:]))
        for f in json.loads(run.stdout)["files"]:
            got[f["path"]] = {x["rule"] for x in f["findings"] if x["severity"] != "info"}
    return got


WEAK = {"key.rsa.roca", "key.rsa.fermat", "key.rsa.modulus.perfect-power", "key.rsa.modulus.prime",
        "key.rsa.modulus.small-factor", "key.rsa.modulus.odd", "key.rsa.negative", "key.known-public",
        "key.rsa.exponent.oversize", "key.rsa.exponent.odd", "key.rsa.exponent.range",
        "key.debian-weak", "key.ec.named-curve", "key.spki.decode", "key.rsa.multiple-of-8"}
EXPECT = {"fermat": {"key.rsa.fermat", "key.rsa.modulus.perfect-power"}, "roca": {"key.rsa.roca"},
          "ROCA": {"key.rsa.roca"}, "small factor": {"key.rsa.modulus.small-factor"},
          "rocacheck": {"key.rsa.roca"}, "prime": {"key.rsa.modulus.prime"},
          "large e": {"key.rsa.exponent.oversize", "key.rsa.exponent.range"},
          "blocklist rfc": {"key.known-public", "key.ec.named-curve"}}


def weak_because(why):
    for word, rules in EXPECT.items():
        if word in why:
            return rules
    return WEAK


class Table:
    def __init__(self):
        self.rows, self.bad = [], False
        self.known = {(r["corpus"], r["file"]): r for r in tsv("DISAGREEMENTS.tsv")}
        self.seen = set()

    def corpus(self, name, verdicts):
        """verdicts: (file, expected, ours)."""
        agree = explained = 0
        wrong = []
        for file, expected, ours in verdicts:
            row = self.known.get((name, file))
            if expected == ours:
                agree += 1
            elif row and row["expected"] == expected and row["ours"] == ours and row["why"]:
                explained += 1
                self.seen.add((name, file))
            else:
                wrong.append("%s: expected %s, ours %s" % (file, expected, ours))
        self.add(name, agree + explained + len(wrong), agree, explained, len(wrong))
        for w in wrong:
            print("not ok %s %s" % (name, w))
        if not wrong:
            print("ok %s: %d agree, %d explained" % (name, agree, explained))
        self.bad |= bool(wrong)

    def add(self, name, n, agree, explained, wrong):
        self.rows.append((name, n, agree, explained, wrong))

    def close(self):
        for key in sorted(set(self.known) - self.seen):
            print("not ok DISAGREEMENTS.tsv: %s %s holds no longer" % key)
            self.bad = True
        print("%-22s %9s %7s %10s %6s" % ("corpus", "verdicts", "agree", "explained", "wrong"))
        for row in self.rows:
            print("%-22s %9d %7d %10d %6d" % row)
        return self.bad


def csr_oracle(table):
    rows = tsv("CSR_ORACLE.tsv")
    paths = {r["file"]: os.path.join(here, r["file"]) for r in rows}
    got = lint(sorted(paths.values()), "private")
    unreadable = ("csr.der.parse", "csr.input.kind", "csr.pem.armor", "csr.der.depth", "csr.size",
                  "csr.pem.label")
    parse, signature = [], []
    for r in rows:
        rules = got[paths[r["file"]]]
        ours = "no" if rules & set(unreadable) else "yes"
        parse.append((r["file"], r["openssl_parse"], ours))
        if r["openssl_parse"] == "yes" and ours == "yes":
            expected = "ok" if r["self_signature"] == "ok" else "fails"
            signature.append((r["file"], expected, "fails" if "sig.verify" in rules else "ok"))
    table.corpus("csr-parse", parse)
    table.corpus("csr-self-signature", signature)


def moduli_of(name, rows):
    for i, r in enumerate(rows):
        yield "%s:%d" % (name, i + 1), r


def keys(table, work):
    """badkeys, ROCA and boulder's vectors: a key is weak, or it is not."""
    todo = []  # corpus, file, lint path, verdict, rules that count
    policy = os.path.join(work, "keys.policy.yaml")
    with open(policy, "w", encoding="ascii") as f:
        f.write("certbatch_policy: 1\nname: keys\nextends: [cabf-tls]\n"
                "rules: {key.rsa.modulus.prime: error}\n")

    def add(corpus, file, spki, weak, rules):
        path = os.path.join(work, "%s-%s.csr" % (corpus, re.sub(r"[^A-Za-z0-9]", "_", file)))
        with open(path, "wb") as f:
            f.write(request(spki))
        todo.append((corpus, file, path, weak, rules))

    for corpus in ("badkeys", "roca"):
        for r in tsv(corpus + "/INDEX.tsv"):
            path = os.path.join(here, corpus, r["file"])
            weak = {"weak": True, "clean": False}.get(r["verdict"])
            if weak is None or not os.path.exists(path):
                continue
            rules = weak_because(r["why"]) if weak else WEAK
            if r["kind"] in ("cert", "csr"):
                todo.append((corpus, r["file"], path, weak, rules))
            elif path.endswith(".txt"):
                text = open(path, encoding="ascii").read().strip()
                hexa = text[2:] if text.startswith("0x") else text
                n = int(hexa, 16) if re.fullmatch(r"[0-9a-fA-F]+", hexa) else \
                    int.from_bytes(base64.b64decode(text), "big")
                add(corpus, r["file"], spki_of(n), weak, rules)
            elif spki_in(path):
                add(corpus, r["file"], spki_in(path), weak, rules)
    for name, r in moduli_of("fake_moduli", tsv("roca/vectors/fake_moduli.tsv")):
        add("roca", name, spki_of(int(r["modulus(decimal)"])), False, {"key.rsa.roca"})
    for name, r in moduli_of("rsa_moduli", tsv("boulder/vectors/rsa_moduli.tsv")):
        what = r["expected"]
        rules = {"2040 bits": {"key.rsa.min-bits"}, "4097 bits": {"key.rsa.max-bits"},
                 "2049 bits": {"key.rsa.multiple-of-8"}, "ROCA": {"key.rsa.roca"},
                 "(2)": {"key.rsa.modulus.odd"}, "by 3": {"key.rsa.modulus.small-factor"},
                 "exponent": {"key.rsa.exponent.range", "key.rsa.exponent.odd"}}
        count = next((v for k, v in rules.items() if k in what),
                     {"key.rsa.fermat", "key.rsa.modulus.perfect-power"})
        add("boulder-moduli", name, spki_of(int(r["modulus (decimal)"]), int(r["exponent"])),
            not what.startswith("must NOT"), count)
    got = lint([t[2] for t in todo], policy)
    for corpus in ("badkeys", "roca", "boulder-moduli"):
        table.corpus(corpus, [(file, "weak" if weak else "clean",
                               "weak" if got[path] & rules else "clean")
                              for c, file, path, weak, rules in todo if c == corpus])


def names(table, work):
    """boulder's identifiers: refused, or valid, as names of an order for a public certificate."""
    rows = [r for r in tsv("boulder/vectors/identifiers.tsv") if r["type"] == "dns" and r["value"]]
    rows = [r for r in rows if all(0x20 < ord(c) < 0x7F for c in r["value"]) and
            not re.search(r"[\"'\\\\:/#]", r["value"])]
    path = os.path.join(work, "names.batch.yaml")
    with open(path, "w", encoding="ascii") as f:
        f.write("certbatch: 1\nname: names\npolicy: [./names.policy.yaml]\nca: local\norders:\n")
        for i, r in enumerate(rows):
            f.write("  - {id: n%d, san: ['dns:%s']}\n" % (i, r["value"]))
    with open(os.path.join(work, "names.policy.yaml"), "w", encoding="ascii") as f:
        f.write("certbatch_policy: 1\nname: names\nextends: [cabf-tls]\n"
                "rules: {wildcard.allowed: {allow: true}}\n")
    run = subprocess.run([certbatch, "lint", "--format", "json", "--as-of", "2026-11-21", path],
                         capture_output=True, text=True)
    refused = {}
    for x in json.loads(run.stdout)["files"][0]["findings"]:
        if x["severity"] == "error" and x["item"]:
            refused.setdefault(x["item"], set()).add(x["rule"])
    expected = "expected (boulder error constant or valid)"
    table.corpus("boulder-names", [(r["value"], "valid" if r[expected] == "valid" else "refused",
                                    "refused" if "n%d" % i in refused else "valid")
                                   for i, r in enumerate(rows)])


def named_certificates(table):
    """zlint's and pkilint's certificates: t_rules compares them rule by rule (RULES.tsv)."""
    text = open(log, encoding="utf-8", errors="replace").read()
    m = re.search(r"(\d+) verdicts agree, (\d+) differ for a stated reason", text)
    if not m or "FAILED" in text:
        print("not ok zlint and pkilint: t_rules did not compare them")
        table.bad = True
        return
    agree, differ = int(m.group(1)), int(m.group(2))
    table.add("zlint, pkilint, pyca", agree + differ, agree, differ, 0)
    print("ok zlint, pkilint, pyca ...: %d agree, %d explained in RULES.tsv" % (agree, differ))


def main():
    table = Table()
    with tempfile.TemporaryDirectory() as work:
        csr_oracle(table)
        keys(table, work)
        names(table, work)
    named_certificates(table)
    sys.exit(1 if table.close() else 0)


main()
