#!/bin/bash
# The real pre-commit runs our hooks: a manifest, a policy and a CSR that are refused stop the
# commit, good ones pass, nothing of the terminal reaches the log, every file is seen by one process.
set -u
cd "$(dirname "$0")/../.." || exit 1
root=$PWD
certbatch=${CERTBATCH:-$root/certbatch}
command -v pre-commit > /dev/null 2>&1 || { echo "not ok pre-commit is not installed"; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bad=0
ok() { echo "ok $1"; }
not_ok() { echo "not ok $1"; cat "$work/log"; bad=1; }
expect() { # name, wanted exit (0 or 1), pattern the log must hold
  if [ "$2" -eq "$code" ] && { [ -z "$3" ] || grep -qE "$3" "$work/log"; }; then ok "$1"; else not_ok "$1 (exit $code)"; fi
}
export HOME=$work/home PRE_COMMIT_HOME=$work/cache
export GIT_AUTHOR_NAME=t GIT_AUTHOR_EMAIL=t@example.com GIT_COMMITTER_NAME=t GIT_COMMITTER_EMAIL=t@example.com
unset CI CERTBATCH_CONFIG GIT_DIR GIT_INDEX_FILE GIT_WORK_TREE
mkdir -p "$work/home" "$work/bin" "$work/hooks" "$work/repo/csr"
ln -s "$certbatch" "$work/bin/certbatch"
PATH=$work/bin:$PATH

# the repository the hooks come from
cp .pre-commit-hooks.yaml "$work/hooks/"
(cd "$work/hooks" && git init -q . && git add -A && git commit -qm hooks) || exit 1
rev=$(git -C "$work/hooks" rev-parse HEAD)
pre-commit validate-manifest .pre-commit-hooks.yaml > "$work/log" 2>&1; code=$?
expect 'pre-commit takes .pre-commit-hooks.yaml' 0 ''

# a repository that uses them
cd "$work/repo" || exit 1
git init -q .
cat > .pre-commit-config.yaml << YAML
repos:
  - repo: $work/hooks
    rev: $rev
    hooks:
      - id: certbatch-manifest
        args: [--as-of=2026-11-21]
      - id: certbatch-policy
      - id: certbatch-csr
        args: [--policy, private]
YAML
pre-commit validate-config > "$work/log" 2>&1; code=$?
expect 'pre-commit takes the configuration' 0 ''
manifest() { # name, dns name
  printf 'certbatch: 1\nname: %s\npolicy: [private]\n' "$1"
  printf 'change: {ticket: CHG0031337, requested_by: a@example.com, approved_by: [b@example.com], approved_at: 2026-11-20T10:00:00Z}\n'
  printf 'ca: local\norders:\n  - {id: www, san: ["%s"]}\n' "$2"
}
csr() { # name, key bits
  openssl req -new -newkey "rsa:$2" -nodes -keyout "$work/key.pem" -subj /CN=www.corp.internal \
    -addext 'subjectAltName=DNS:www.corp.internal' -out "csr/$1.csr" 2> /dev/null
}
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do manifest "m$i" "www$i.corp.internal" > "m$i.batch.yaml"; done
printf 'certbatch_policy: 1\nname: site\nextends: [private]\n' > site.policy.yaml
csr good 2048
git add -A
pre-commit run > "$work/log" 2>&1; code=$?
expect 'good files pass' 0 'certbatch manifests\.+Passed'
if [ "$(grep -c 'Passed' "$work/log")" = 3 ]; then ok 'all three hooks ran'; else not_ok 'all three hooks ran'; fi

pre-commit install > /dev/null 2>&1
git commit -qm 'good' > "$work/log" 2>&1; code=$?
expect 'a good commit goes through' 0 ''

manifest m1 'www_1.corp.internal.' > m1.batch.yaml
git add -A && git commit -qm 'bad manifest' > "$work/log" 2>&1; code=$?
expect 'a bad manifest stops the commit, with file, line and column' 1 \
  '^m1\.batch\.yaml:7:21: error: .*\[dns\.trailing-dot\]'
expect 'pre-commit shows the exit code of findings' 1 'exit code: 1'
git checkout -q HEAD -- m1.batch.yaml

printf 'certbatch_policy: 1\nname: site\nrules: {no.such.rule: error}\n' > site.policy.yaml
git add -A && git commit -qm 'bad policy' > "$work/log" 2>&1; code=$?
expect 'a bad policy stops the commit' 1 '^site\.policy\.yaml:3:.*\[policy\.rule\.unknown\]'
git checkout -q HEAD -- site.policy.yaml

csr weak 1024
git add -A && git commit -qm 'bad csr' > "$work/log" 2>&1; code=$?
expect 'a weak CSR stops the commit, with file and line' 1 '^csr/weak\.csr:[0-9]+:[0-9]+: error: .*\[key\.rsa\.min-bits\]'
git rm -qf csr/weak.csr

# with colours pre-commit gives hooks a pseudo terminal: nothing of ours may answer to it
manifest m1 'www_1.corp.internal.' > m1.batch.yaml
git add -A
script -qec "pre-commit run --color=always certbatch-manifest" /dev/null > "$work/log" 2>&1; code=$?
expect 'on a terminal too' 1 'm1\.batch\.yaml:7:21: error:'
if grep -a 'batch\.yaml:' "$work/log" | grep -q "$(printf '\033')"; then not_ok 'no colour of ours'; else ok 'no colour of ours'; fi
if grep -aE '[0-9]+%|ETA' "$work/log" > /dev/null; then not_ok 'no progress line'; else ok 'no progress line'; fi

# one process for all twelve: pre-commit splits lists of six and more unless a hook asks otherwise
cat > "$work/bin/certbatch.count" << SH
#!/bin/sh
echo "\$#" >> "$work/calls"
exec "$certbatch" "\$@"
SH
chmod +x "$work/bin/certbatch.count"
mv "$work/bin/certbatch.count" "$work/bin/certbatch"
git checkout -q HEAD -- m1.batch.yaml
pre-commit run --all-files certbatch-manifest > "$work/log" 2>&1; code=$?
expect 'all files' 0 'Passed'
if [ "$(wc -l < "$work/calls")" = 1 ]; then ok 'one process sees all manifests'; else not_ok 'one process sees all manifests'; fi

# a policy changes, the manifests do not: the hook over everything finds what breaks
sed -i 's/certbatch-csr/certbatch-all/; s/--policy, private/--as-of=2026-11-21/' .pre-commit-config.yaml
printf 'certbatch_policy: 1\nname: site\nextends: [private]\nrules: {dns.labels.max: {max: 2, severity: error}}\n' > site.policy.yaml
sed -i 's/policy: \[private\]/policy: [.\/site.policy.yaml]/' m2.batch.yaml
git add -A
git commit -qm 'stricter' > "$work/log" 2>&1; code=$?
expect 'a stricter policy stops the commit for manifests that did not change' 1 '^m2\.batch\.yaml:.*\[dns\.labels\.max\]'
exit $bad
