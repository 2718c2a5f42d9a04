# The data partition: checked, repaired where that loses nothing, mounted. A machine whose data is gone or
# broken starts all the same, with memory instead, and says so; nothing here ever formats.

check_limit_seconds=900

# What became of it, for /run/skerry/data: Healthy, Repaired: ..., Missing: ..., Corrupt: ...
data_is() {
  echo "$*" >/run/skerry/data
  say "data: $*"
}

# Before the root is opened, so that what becomes of it can be kept. Sets data_at if it can be written, and words.
open_data() {
  data=$(partitions data | head -n 1)
  if [ -z "$data" ]; then
    words="Missing: $disk has no partition called data"
    return
  fi
  check_data
  case $check in
  0) words=Healthy ;;
  1 | 2 | 3) words="Repaired: $(words_of /run/skerry/e2fsck)" ;;
  late) words="Corrupt: the check of $data did not end within $check_limit_seconds s" ;;
  *) words="Corrupt: $(words_of /run/skerry/e2fsck)" ;;
  esac
  case $words in Corrupt*) return ;; esac
  mkdir -p /data
  # A file system that finds itself wrong later goes read-only: the agent notices, and the next start repairs it.
  if mount -t ext4 -o noatime,errors=remount-ro "/dev/$data" /data 2>/run/skerry/error; then
    data_at=/data
  else
    words="Corrupt: $data cannot be mounted: $(words_of /run/skerry/error)"
  fi
}

# Brings it into the root, or what takes its place.
place_data() {
  if [ -n "$data_at" ]; then
    mount -o move /data /sysroot/data || fatal "/data cannot be moved into the root"
    data_at=/sysroot/data
    data_is "$words"
  elif [ -z "$data" ]; then
    data_in_memory "$words. What is changed is lost at the next restart; write the disk image again, or make that partition"
  else
    data_as_it_is "$words"
  fi
}

# Repairs what needs no question. A superblock that a power cut tore (it is two sectors) has its copy at the start
# of the second group, which is here for file systems with blocks of 1024 and of 4096 bytes; e2fsck then replays the
# journal all the same.
repair_data() {
  e2fsck -p "/dev/$data"
  ended=$?
  for copy in 8193 32768; do
    [ $ended -eq 8 ] || break
    e2fsck -p -b $copy "/dev/$data"
    ended=$?
  done
  return $ended
}

# Sets check to what e2fsck ended with, or to "late".
check_data() {
  (repair_data >/run/skerry/e2fsck 2>&1; echo $? >/run/skerry/e2fsck.status) &
  read -r started _ </proc/uptime
  fed=0
  while [ ! -s /run/skerry/e2fsck.status ]; do
    usleep 50000
    read -r now _ </proc/uptime
    seconds=$((${now%.*} - ${started%.*}))
    if [ $seconds -ge $check_limit_seconds ]; then
      check=late
      kill_others
      return
    fi
    # A big disk takes longer than the watchdog waits: fed while the check lasts, and the check is bounded.
    if [ $((seconds - fed)) -ge 30 ]; then
      fed=$seconds
      restart_watchdog
      say "data: still being checked after $seconds s, for at most $check_limit_seconds s"
    fi
  done
  read -r check </run/skerry/e2fsck.status
}

# What can still be read is there, under memory that takes the changes: so the machine keeps its name, its key
# and its configuration, and the hub can be told.
data_as_it_is() {
  mkdir -p /run/skerry/memory/broken-data
  if mount -t ext4 -o ro,noload,noatime "/dev/$data" /run/skerry/memory/broken-data &&
    overlay data /run/skerry/memory/broken-data; then
    kept=copy
    data_is "$1. It is read as it is, and what is changed is lost at the next restart; repair $data by hand, or write the disk image again"
  else
    data_in_memory "$1. Nothing of it can be read, and what is changed is lost at the next restart; repair $data by hand, or write the disk image again"
  fi
}

data_in_memory() {
  mount -t tmpfs -o nosuid,nodev,mode=755,size=25% data-memory /sysroot/data
  kept=memory
  data_is "$1"
}
