# writers.sh: processes that write and verify all the time (writers.py) while a scenario does its worst. Sourced after lib.sh and knfsd.sh.

# begin_writers COUNT [COMMAND...]: so many on /mnt/nfs, run by the command (`as_user alice`); true when each has written.
begin_writers() {
  local count=$1
  shift
  rm -rf /run/stop /run/writers.* /run/ends && install -d -m 1777 /run/ends || return
  # No output of theirs may reach whoever reads this function's.
  (umask 0; "$@" "$python" "$here/writers.py" /mnt/nfs "$count" /run/stop /run/ends/end >/run/writers.said 2>&1
    echo $? >/run/writers.status) >/dev/null 2>&1 &
  echo "$count" >/run/writers.count
  wait_for 20 "a file of each writer" writers_have_files
}

writers_have_files() {
  [ "$(find /export -name 'writer-*' -size +100k | wc -l)" -eq "$(cat /run/writers.count)" ]
}

# writers_go_on: none has seen an error, and none has ended.
writers_go_on() {
  [ ! -s /run/writers.status ] || { echo "the writers ended: $(cat /run/writers.said)"; return 1; }
}

# writers_end_well: they are told to end, and none has seen an error.
writers_end_well() {
  touch /run/stop
  wait_for 90 "the end of the writers" test -s /run/writers.status || return
  [ "$(cat /run/writers.status)" = 0 ] || { tail -n 1 /run/writers.said; return 1; }
}

# written_is_in DIRECTORY: every byte that they wrote is there.
written_is_in() {
  "$python" "$here/writers.py" --check "$1" "$(cat /run/writers.count)" /run/ends/end
}
