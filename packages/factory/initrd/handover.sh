# The last steps: the mounts move into the root, cloud-config runs there, and the root's own init takes over.

config_limit_seconds=120

move_mounts() {
  for view in dev proc sys run; do
    mount -o move /$view /sysroot/$view || fatal "/$view cannot be moved into the root"
  done
  at=/sysroot
}

# Cloud-config before PID 1: hostname, users and files are there when the first service starts. It may fail and
# it may hang; the machine starts without it then, and the agent tells what happened.
run_node_os() {
  [ -e /sysroot/usr/lib/skerry/node ] && [ -e /sysroot/usr/lib/skerry/node-os.mjs ] || return
  restart_watchdog
  PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    /usr/bin/timeout -s KILL $config_limit_seconds /usr/bin/chroot /sysroot \
    /usr/lib/skerry/node /usr/lib/skerry/node-os.mjs early >/sysroot/dev/console 2>&1
  status=$?
  case $status in
  0) say 'cloud-config is done' ;;
  137) say "cloud-config did not end within $config_limit_seconds s and was stopped: some of it may be missing" ;;
  *) say "cloud-config ended with status $status: some of it may be missing; what it said stands above" ;;
  esac
}

# Kills whatever else still runs: nothing of the initrd outlives it. Threads of the kernel have no exe.
kill_others() {
  for process in "$at"/proc/[0-9]*; do
    number=${process##*/}
    [ "$number" != 1 ] && [ -e "$process/exe" ] && kill -9 "$number"
  done
}

# The first of init= and the usual names that the root can start. Asked from inside it, so that its links mean
# what they will mean; by our own program, since it may have none.
choose_init() {
  cp /usr/bin/busybox /sysroot/run/skerry/busybox
  for candidate in $init /sbin/init /lib/systemd/systemd /bin/init; do
    if chroot /sysroot /run/skerry/busybox test -x "$candidate"; then
      init=$candidate
      rm /sysroot/run/skerry/busybox
      return
    fi
    [ "$candidate" = "$init" ] && say "init=$init of the command line is not there or not executable"
  done
  fatal "the image has no init: $init /sbin/init /lib/systemd/systemd and /bin/init were looked for. Build it from a root that has one"
}

hand_over() {
  choose_init
  note_handover
  kill_others
  restart_watchdog
  say "starting $init"
  export PATH=/usr/sbin:/usr/bin:/sbin:/bin
  exec /usr/bin/switch_root -c /dev/console /sysroot "$init" "$@"
}
