#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The kill matrix. A small batch at the embedded CA is killed at every occurrence of every system
# call that makes something durable (strace injects the signal), or is told that the call failed;
# then the same command runs again and check_run.py looks at what is there. Random pairs kill the
# second run too. One line a group of points: "ok NAME: N points, 0 violations".
#
#   CERTBATCH     the program (default ./certbatch)
#   CRASH_PAIRS   random pairs of kills (default 60); CRASH_SEED (default: the time, printed)
#   CRASH_POINTS  so many random points of each group (default 0: all)
#   CRASH_ONLY    run only groups whose name matches this regular expression
set -u
here=$(cd "$(dirname "$0")" && pwd)
certbatch=${CERTBATCH:-$here/../../certbatch}
certbatch=$(cd "$(dirname "$certbatch")" && pwd)/$(basename "$certbatch")
pairs=${CRASH_PAIRS:-60}
seed=${CRASH_SEED:-$(date +%s)}
only=${CRASH_ONLY:-.}
most=${CRASH_POINTS:-0}
RANDOM=$((seed % 32768))
unset CERTBATCH_CONFIG
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
umask 077
bad=0
points=0
violations=0

command -v strace > /dev/null || { echo 'not ok crash: strace is missing'; exit 1; }

# --- the place: a CA that has issued `old`, the batch, nothing else
mkdir "$work/template"
cp "$here/old.yaml" "$here/batch.yaml" "$work/template"
(cd "$work/template" && "$certbatch" run old.yaml > log 2>&1 &&
  cp old.state/items/old/certificate.pem old.pem && rm -rf old.state old-* log) ||
  { echo 'not ok crash: the first certificate could not be issued'; cat "$work/template/log"; exit 1; }
place=$work/place

fresh() { rm -rf "$place"; cp -r "$work/template" "$place"; }
run() { (cd "$place" && "$certbatch" run batch.yaml > run.log 2>&1); }
traced() { # strace options...
  # the inner shell says "Killed" of every point: not here
  (cd "$place" || exit 1; strace -f -qq -o /dev/null "$@" "$certbatch" run batch.yaml > run.log 2>&1; exit $?) 2> /dev/null
}
# the paths of the state and of the CA: program start-up opens a hundred files that do not matter
paths() {
  local p
  for p in "$@"; do printf -- '-P\n%s\n' "$place/$p"; done
}
mapfile -t all < <(paths . crash.state crash.state/journal.jsonl crash.state/passwords.csv \
  crash.state/lock crash.state/keys crash.state/items crash.state/policy crash.state/items/www \
  crash.state/items/www/out crash.state/items/api crash.state/items/api/out local-ca \
  local-ca/index.jsonl local-ca/lock)
mapfile -t worker < <(paths crash.state/keys crash.state/items crash.state/items/www \
  crash.state/items/www/out crash.state/items/db crash.state/items/db/out)

violated() { # name text
  violations=$((violations + 1))
  bad=1
  echo "  $1: $2" | head -c 600
  echo
}
resume_and_check() { # name
  local code text
  points=$((points + 1))
  run
  code=$?
  if [ $code -ne 0 ]; then
    violated "$1" "the next run ended with $code: $(tail -n 3 "$place/run.log" | tr '\n' ' ')"
  elif ! text=$("$here/check_run.py" "$place" "$certbatch" 2>&1); then
    violated "$1" "$text"
  fi
}
# strace counts per thread: how often does the busiest one make the call?
occurrences() { # calls filter...
  local calls=$1
  shift
  fresh
  (cd "$place" && strace -f -qq -o trace.log -e trace="$calls" "$@" "$certbatch" run batch.yaml > run.log 2>&1)
  awk '$2 !~ /^(\+\+\+|---|<\.\.\.)/ {n[$1]++} END {m = 0; for (t in n) if (n[t] > m) m = n[t]; print m}' "$place/trace.log"
}
selected() { [[ $1 =~ $only ]]; }
report() { # name points-before violations-before
  local n=$((points - $2)) v=$((violations - $3))
  if [ $v -eq 0 ] && [ $n -gt 0 ]; then echo "ok $1: $n points, 0 violations"; else echo "not ok $1: $n points, $v violations"; bad=1; fi
}

# --- one call, every occurrence
matrix() { # name calls injection filter...
  local name=$1 calls=$2 injection=$3 n k before=$points vbefore=$violations code
  shift 3
  selected "$name" || return 0
  n=$(occurrences "$calls" "$@")
  for k in $(if [ "$most" -gt 0 ] && [ "$n" -gt "$most" ]; then shuf -i "1-$n" -n "$most"; else seq "$n"; fi); do
    fresh
    traced -e trace="$calls" -e inject="$calls:$injection:when=$k" "$@"
    code=$?
    case $injection in
      signal=KILL) [ $code -eq 137 ] || continue ;; # this thread never came to it
      *) [ $code -lt 128 ] || violated "$name $k" "ended with $code: $(tail -n 2 "$place/run.log")" ;;
    esac
    resume_and_check "$name $k"
  done
  report "$name" "$before" "$vbefore"
}

fresh
run && "$here/check_run.py" "$place" "$certbatch" && echo 'ok undisturbed' || { echo 'not ok undisturbed'; cat "$place/run.log"; exit 1; }

matrix 'kill fsync' fsync signal=KILL
matrix 'kill fdatasync' fdatasync signal=KILL
matrix 'kill syncfs' syncfs signal=KILL
matrix 'kill rename' rename,renameat,renameat2 signal=KILL
matrix 'kill mkdir' mkdir,mkdirat signal=KILL
matrix 'kill unlink' unlink,unlinkat signal=KILL
matrix 'kill truncate' ftruncate,fallocate signal=KILL
matrix 'kill write' write,pwrite64 signal=KILL
matrix 'kill open' openat signal=KILL "${all[@]}"
matrix 'kill worker open' openat signal=KILL "${worker[@]}"
matrix 'EIO fsync' fsync error=EIO
matrix 'EIO fdatasync' fdatasync error=EIO
matrix 'EIO syncfs' syncfs error=EIO
matrix 'EIO journal write' write,pwrite64 error=EIO "${all[@]}"
matrix 'ENOSPC write' write,pwrite64 error=ENOSPC
matrix 'ENOSPC open' openat error=ENOSPC "${worker[@]}"
matrix 'EIO rename' rename,renameat,renameat2 error=EIO
matrix 'ENOSPC allocate' fallocate error=ENOSPC

# --- two kills: the run, and the run after it
calls=(fsync fdatasync 'rename,renameat,renameat2' 'write,pwrite64' openat mkdirat unlinkat)
random_kill() {
  local c=${calls[$((RANDOM % ${#calls[@]}))]}
  traced -e trace="$c" -e inject="$c:signal=KILL:when=$((RANDOM % 30 + 1))" "${all[@]}"
}
if selected 'pairs'; then
  before=$points vbefore=$violations
  for ((i = 0; i < pairs; i++)); do
    fresh
    random_kill
    random_kill
    resume_and_check "pair $i (seed $seed)"
  done
  report "pairs (seed $seed)" "$before" "$vbefore"
fi

# --- a finished batch is run again: nothing changes, not a byte
if selected 'again'; then
  fresh
  run
  (cd "$place" && sha256sum crash-*.tar.gz crash.state/journal.jsonl local-ca/index.jsonl > sums)
  run && (cd "$place" && sha256sum --quiet -c sums) && echo 'ok again' || { echo 'not ok again'; bad=1; }
fi

# --- two runs at once: one works, the other leaves with 7
if selected 'together'; then
  before=$points vbefore=$violations
  for i in 1 2 3 4 5; do
    fresh
    (cd "$place" && "$certbatch" run batch.yaml > a.log 2>&1; echo $? > a.code) &
    (cd "$place" && "$certbatch" run batch.yaml > b.log 2>&1; echo $? > b.code) &
    wait
    case $(sort "$place/a.code" "$place/b.code" | tr '\n' ' ') in
      '0 7 ' | '0 0 ') ;;
      *) violated "together $i" "$(cat "$place"/?.code "$place"/?.log)" ;;
    esac
    resume_and_check "together $i"
  done
  report together "$before" "$vbefore"
fi

# --- SIGTERM: what is in flight is finished, nothing new begins, the next run ends it
many() {
  sed '/^orders:/,$d' "$here/batch.yaml"
  echo 'orders:'
  for ((i = 0; i < 400; i++)); do
    printf '  - {id: m%03d, common_name: m%03d.corp.example.com, san: [m%03d.corp.example.com]}\n' $i $i $i
  done
}
if selected 'term'; then
  before=$points vbefore=$violations
  for delay in 0.05 0.15 0.3 0.6; do
    fresh
    many > "$place/batch.yaml"
    # 143 is said by the program itself: it ends in order
    (cd "$place" && exec "$certbatch" run batch.yaml > run.log 2>&1) &
    pid=$!
    sleep $delay
    kill -TERM $pid 2> /dev/null
    wait $pid
    code=$?
    [ $code -eq 143 ] || [ $code -eq 0 ] || violated "term $delay" "ended with $code: $(tail -n 2 "$place/run.log")"
    points=$((points + 1))
    run || violated "term $delay" "the next run ended with $?: $(tail -n 2 "$place/run.log")"
    n=$(grep -o '"ev":"issue".*"item":"m[0-9]*"' "$place/local-ca/index.jsonl" | grep -o '"m[0-9]*"' | sort | uniq -c | awk '$1 != 1 {bad++} {n++} END {print n + 0, bad + 0}')
    [ "$n" = '400 0' ] || violated "term $delay" "items and doubles: $n"
  done
  report term "$before" "$vbefore"
fi

echo "$points points, $violations violations"
exit $bad
