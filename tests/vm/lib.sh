# lib.sh: what the scenarios share. Sourced inside the guest, by bash.
# A scenario prints one line a check: "ok SENTENCE [ids]" or "not ok SENTENCE [ids]: why", and ends with `finish`.
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
python=/usr/bin/python3
gatehoused=$BUILD/proxy/gatehoused
failed=0

# check SENTENCE COMMAND...: runs the command in a subshell; its status is the verdict, its last line the reason.
check() {
  local sentence=$1 said
  shift
  if said=$("$@" 2>&1); then
    echo "ok $sentence"
  else
    echo "not ok $sentence: $(tail -n 1 <<<"${said:-$1 gave no reason}")"
    failed=1
  fi
}

# must WHAT COMMAND...: a step that everything after depends on. Its failure ends the scenario.
must() {
  local what=$1 said
  shift
  said=$("$@" 2>&1) && return
  echo "not ok $what: $(tail -n 1 <<<"${said:-$1 gave no reason}")"
  exit 1
}

finish() {
  exit "$failed"
}

# same WHAT GOT WANTED: true when equal, else says both.
same() {
  [ "$2" = "$3" ] || { echo "$1 is '$2', not '$3'"; return 1; }
}

# wait_for SECONDS WHAT COMMAND...: polls until the command is true; false with a line when the time is up. In QEMU the time is longer.
wait_for() {
  local seconds=$(($1 * ${PATIENCE:-1})) what=$2 deadline
  deadline=$(($(date +%s%3N) + seconds * 1000))
  shift 2
  until "$@" >/dev/null 2>&1; do
    [ "$(date +%s%3N)" -lt "$deadline" ] || { echo "$what did not come within $seconds s"; return 1; }
    sleep 0.05
  done
}

# write_gateway_config NAME VSOCK-PORT CID: /lab/NAME.conf, one untrusted guest vm1 behind that CID and port, its server the knfsd below.
write_gateway_config() {
  cat >"/lab/$1.conf" <<CONF
[[listener]]
name = "nfs"
address = "vsock:any:$2"
[[backend]]
name = "nfs"
address = "tcp:127.0.0.1:2049"
programs = ["nfs:4"]
[[guest]]
name = "vm1"
cid = $3
source_address = "127.66.0.1"
sec = ["sys"]
backends = ["nfs"]
CONF
}

# start_gateway NAME: runs gatehoused on /lab/NAME.conf (copied where only root can write) and waits until it is ready. Its log is
# /lab/NAME.log, its process id /run/NAME.pid, and once it has ended its status is in /run/NAME.status. All of a scenario's have
# one secret, as one that is started again has.
start_gateway() {
  install -D -m 600 "/lab/$1.conf" "/run/gatehouse/$1.conf"
  rm -f "/run/$1.status"
  : >"/lab/$1.log"   # before anybody looks for event=ready in it
  (
    STATE_DIRECTORY=/run/gatehouse/state "$gatehoused" --config "/run/gatehouse/$1.conf" >>"/lab/$1.log" 2>&1 &
    echo $! >"/run/$1.pid"
    wait $!
    echo $? >"/run/$1.status"
  ) >/dev/null 2>&1 &   # whoever reads the output of a check would wait for it
  wait_for 10 "event=ready of gatehoused" gateway_ready "$1" >/dev/null && [ ! -s "/run/$1.status" ] && return
  echo "not ok gatehoused is ready with /lab/$1.conf: it said $(tail -n 1 "/lab/$1.log")"
  exit 1
}

# gateway_ready NAME: true when gatehoused is ready, and when it has ended, so that nobody waits for the dead.
gateway_ready() {
  grep -q 'event=ready' "/lab/$1.log" || [ -s "/run/$1.status" ]
}

# signal_gateway NAME SIGNAL: sends gatehoused a signal.
signal_gateway() {
  kill "-$2" "$(cat "/run/$1.pid")"
}

# stop_gateway NAME: ends gatehoused by SIGTERM; true when it did so itself, with status 0, within 10 s.
stop_gateway() {
  signal_gateway "$1" TERM || return
  wait_for 10 "the end of gatehoused after SIGTERM" test -s "/run/$1.status" || { signal_gateway "$1" KILL; return 1; }
  same "gatehoused's exit status" "$(cat "/run/$1.status")" 0
}

# start_relay NAME LISTEN CID PORT keep|high [PREFIX]: the byte relay of a virtual machine, log /lab/NAME.log, recordings in PREFIX-*.
start_relay() {
  "$python" "$here/relay.py" "$2" "$3" "$4" --source "$5" --record "${6:-}" >"/lab/$1.log" 2>&1 &
  must "the relay $1 listens" wait_for 10 "the relay's listening socket" grep -q '^ready' "/lab/$1.log"
}

# start_guest_relay NAME LISTEN CID PORT: gatehouse-guest, log /lab/NAME.log, process id /run/NAME.pid.
start_guest_relay() {
  "$BUILD/guest/gatehouse-guest" --listen "127.0.0.1:$2" --to "vsock:$3:$4" >"/lab/$1.log" 2>&1 &
  echo $! >"/run/$1.pid"
  must "gatehouse-guest listens on port $2" wait_for 10 "its listening socket" listens_on "$2"
}

# listens_on PORT: whether somebody listens on that TCP port.
listens_on() {
  [ -n "$(ss -tlnH "( sport = :$1 )")" ]
}

# logged NAME WORDS...: waits for one line of /lab/NAME.log that holds all the words (extended regular expressions).
logged() {
  local log=/lab/$1.log
  shift
  wait_for 5 "a log line with: $*" line_with "$log" "$@"
}

# line_with FILE WORDS...: prints the lines of the file that hold all the words; false when there is none.
line_with() {
  local log=$1 lines word
  shift
  lines=$(cat "$log")
  for word; do lines=$(grep -E -e "$word" <<<"$lines") || return; done
  echo "$lines"
}
