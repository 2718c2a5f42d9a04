# What the machine says, and how it stops. A line goes to the console, to /run/skerry/log and, unseen, to the
# kernel's log: a later panic keeps that in pstore, so what led to it is there as well.

# Where dev, proc, sys and run are: here, and below /sysroot once they have moved.
at=

say() {
  read -r uptime _ <"$at/proc/uptime"
  echo "skerry: $uptime $*" >>"$at/run/skerry/log"
  echo "<7>skerry: $*" >"$at/dev/kmsg"
  echo "skerry: $uptime $*" >"$at/dev/console"
} 2>/dev/null

# The last words of a program that failed, as a part of a sentence.
words_of() {
  tail -n 3 "$1" | tr '\n\t' '; ' | tr -cd ' -~' | head -c 300
}

# Stops for good: says why and what to do, leaves time to read it, restarts. The watchdog goes on ticking, so
# that a disk that hangs in sync, or a firmware that does not restart, cannot hold the machine here.
fatal() {
  say "CANNOT START: $*"
  note_end "$*"
  say "the machine restarts in 10 s; an image on trial has then lost one try, and the one before it follows"
  sync &
  sleep 10
  restart_now
}

restart_now() {
  reboot -f
  echo b >"$at/proc/sysrq-trigger"
  while :; do sleep 60; done
}

mount_kernel_views() {
  mount -t proc -o nosuid,nodev,noexec proc /proc
  mount -t sysfs -o nosuid,nodev,noexec sys /sys
  mount -t devtmpfs -o nosuid,mode=755 dev /dev
  mount -t tmpfs -o nosuid,nodev,mode=755 run /run
  mkdir -p /run/skerry
  # What programs complain of is for the log: the console is for sentences.
  exec </dev/null >>/run/skerry/programs 2>&1
  # A kernel that panics must restart, also where the command line forgot to say so.
  read -r seconds </proc/sys/kernel/panic
  [ "$seconds" = 0 ] && echo 10 >/proc/sys/kernel/panic
  say "initrd started, kernel $(uname -r)"
}

mount_firmware_views() {
  [ -d /sys/firmware/efi/efivars ] && mount -t efivarfs -o nosuid,nodev,noexec efivarfs /sys/firmware/efi/efivars
  [ -d /sys/fs/pstore ] && mount -t pstore -o nosuid,nodev,noexec pstore /sys/fs/pstore
}

# The kernel cannot ask for modules here: the list has them in load order. One that has no hardware fails or
# idles, and neither matters: what is missing shows when the disk or the watchdog is not found.
load_modules() {
  while read -r module; do insmod "$module"; done <"/etc/modules/$1"
}

# Whether $2 is exactly $1 lowercase hexadecimal digits.
is_hex() {
  case $2 in *[!0-9a-f]*) return 1 ;; esac
  [ ${#2} -eq "$1" ]
}

# Whether $1 is a number from $2 to $3.
is_number() {
  case $1 in '' | *[!0-9]* | ????????????????*) return 1 ;; esac
  [ "$1" -ge "$2" ] && [ "$1" -le "$3" ]
}

# A name that is given twice counts the last time, as for the kernel.
read_command_line() {
  root_hash='' root_bytes='' image_id='' watchdog_seconds=180 init='' starts='' data_at='' asked=''
  set -f
  for word in $(cat /proc/cmdline); do
    case $word in
    skerry.root=*) root_hash=${word#*=} ;;
    skerry.size=*) root_bytes=${word#*=} ;;
    skerry.image=*) image_id=${word#*=} ;;
    skerry.watchdog=*) watchdog_seconds=${word#*=} ;;
    init=*) init=${word#*=} ;;
    esac
  done
  set +f
  if ! is_number "$watchdog_seconds" 10 3600; then
    say "skerry.watchdog=$watchdog_seconds is not a number of seconds from 10 to 3600: 180 are used"
    watchdog_seconds=180
  fi
}
