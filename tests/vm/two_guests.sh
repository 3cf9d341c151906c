# two_guests.sh: two machines behind one NFS server, a victim and who attacks it. Sourced after lib.sh and knfsd.sh. In user-mode Linux
# they are alpha and beta, both with CID 1: the listener tells them apart. In QEMU they are g42 and g43 (qemu_nfs.sh).
#   alpha's relay, TCP 20490 --vsock port 2049--> gatehoused --127.66.0.1--> knfsd
#   beta's relay,  TCP 20491 --vsock port 2050--> gatehoused --127.66.0.2--> knfsd
# alpha's root is squashed, and everybody of beta's, to the same user 65534: no user id stands between the two at the server.

victim=127.66.0.1   # its address at the server
exported=/export    # where the server has what it mounts
recording=/run/alpha
attack_by=()        # what runs the attacker's program

# write_alpha_beta NAME [LINE...]: /lab/NAME.conf; the lines go into [defaults].
write_alpha_beta() {
  local name=$1
  shift
  cat >"/lab/$name.conf" <<CONF
[[listener]]
name = "alpha"
address = "vsock:any:2049"
[[listener]]
name = "beta"
address = "vsock:any:2050"
[[backend]]
name = "nfs"
address = "tcp:127.0.0.1:2049"
programs = ["nfs:3-4"]
[defaults]
sec = ["sys"]
backends = ["nfs"]
limits = { log_lines = 1000 }
$(printf '%s\n' "$@")
[[guest]]
name = "alpha"
cid = 1
listener = "alpha"
source_address = "127.66.0.1"
[[guest]]
name = "beta"
cid = 1
listener = "beta"
source_address = "127.66.0.2"
squash = "all"
CONF
}

# start_alpha_and_beta NAME: the gateway on /lab/NAME.conf and both relays; alpha's calls are recorded.
start_alpha_and_beta() {
  start_gateway "$1"
  start_relay alpha 20490 1 2049 keep "$recording"
  start_relay beta 20491 1 2050 keep
}

# hold FILE: a process of the victim's that has /mnt/FILE open and locked, and writes to it before and after `held_well`: the work that nobody
# may disturb. Its status is in /run/hold.NAME.status.
hold() {
  local name=${1##*/}
  rm -f "/run/hold.$name"*
  ("$python" "$here/attacks/hold.py" "/mnt/$1" "/run/hold.$name" "/run/hold.$name.go" >"/run/hold.$name.said" 2>&1
    echo $? >"/run/hold.$name.status") >/dev/null 2>&1 &
  wait_for 20 "the lock of $1" test -e "/run/hold.$name"
}

# is_locked FILE: whether the server's own processes are kept out of the victim's FILE by the lock of a client.
is_locked() {
  ! timeout 8 "$python" -c 'import fcntl, sys; fcntl.lockf(open(sys.argv[1], "r+"), fcntl.LOCK_EX | fcntl.LOCK_NB)' "$exported/$1" 2>/dev/null ||
    { echo "the server's own lock call got $1"; return 1; }
}

# held_well FILE: the process of `hold` has kept its lock until now, writes again, and ends without an error.
held_well() {
  is_locked "$1" && writes_on "$1"
}

# writes_on FILE: the process of `hold` writes again, and ends without an error.
writes_on() {
  touch "/run/hold.$1.go"
  wait_for 60 "the end of who holds $1" test -s "/run/hold.$1.status" || return
  [ "$(cat "/run/hold.$1.status")" = 0 ] || { tail -n 1 "/run/hold.$1.said"; return 1; }
  same "the file" "$(tr '\n' ' ' <"$exported/$1")" "before after "
}

# clients_of ADDRESS: the client ids that the server has for the machine behind an address.
clients_of() {
  grep -l "^address: \"$1:" /proc/fs/nfsd/clients/*/info | xargs -r grep -h '^clientid:' | sort -u
}

# clients_stay FILE: the server has every client of the victim's that it had when they were put into FILE by `clients_of`.
clients_stay() {
  local gone
  gone=$(clients_of "$victim" | comm -13 - "$1")
  [ -z "$gone" ] || { echo "the server has lost the victim's client $gone"; return 1; }
}

# attack_from PORT FILE [OPTION...] ATTACK...: attacks on the victim through the relay on the port; what came of each becomes a line of FILE.
attack_from() {
  local port=$1 file=$2
  shift 2
  "${attack_by[@]}" "$python" -B "$here/attacks/attack.py" "$recording" "$port" --victim "$victim" "$@" >>"$file" 2>/lab/attack.err ||
    { tail -n 1 /lab/attack.err; return 1; }
}

# attack FILE ATTACK...: beta's.
attack() {
  attack_from 20491 "$@"
}

# attack_by_hand FILE ATTACK...: those of an ordinary user of the host, who comes to the server itself from the victim's address.
attack_by_hand() {
  attack_from 2049 "$@" --by-hand
}

# came_to FILE WORD ATTACK...: what came of each of these attacks.
came_to() {
  local file=$1 word=$2
  shift 2
  awk -v word="$word" -v attacks="$*" '
    { name = $1; sub(/^[^ ]* /, ""); came[name] = $0 }
    END {
      count = split(attacks, attack, " ")
      for (n = 1; n <= count; ++n)
        if (came[attack[n]] != word) { print "what came of " attack[n] " is " came[attack[n]] ", not " word; exit 1 }
    }' "$file"
}

# attacks_logged NAME GUEST CID OPERATION=COUNT...: /lab/NAME.log has so many lines about the attacks of a guest, sorted by operation, and
# no others.
attacks_logged() {
  local log=/lab/$1.log who="event=unknown-state guest=$2 peer=vsock:$3:[0-9]*"
  shift 3
  wait_for 5 "the lines" attacks_are "$log" "$who" "$*" >/dev/null || same "what the log has of attacks" "$(attacks_in "$log" "$who")" "$*"
}

attacks_are() {
  [ "$(attacks_in "$1" "$2")" = "$3" ]
}

attacks_in() {
  sed -n "s/.* $2 operation=\([A-Z_]*\) status=NFS4ERR_.*/\1/p" "$1" | LC_ALL=C sort | uniq -c | awk '{ print $2 "=" $1 }' | paste -sd ' '
}
