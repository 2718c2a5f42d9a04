# The root: the slot that holds our image, verified block by block, read-only; and an /etc that forgets.

slot_wait_seconds=30
# After these every disk will do: the loader may be on another one than the slots, and what is in them is verified.
# The drivers of rare disks are loaded at the first look that finds nothing.
boot_disk_wait_seconds=10

# The partitions called $1, as in vda2. Only those of the disk that the loader was started from, where the
# firmware tells: a stick with our labels on it must not be taken for the machine's own disk.
partitions() {
  for event in $(grep -lx "PARTNAME=$1" /sys/class/block/*/uevent); do
    event=${event%/uevent}
    [ -n "$disk" ] && [ "$(disk_of "${event##*/}")" != "$disk" ] && continue
    echo "${event##*/}"
  done
}

# The disk that partition $1 is a part of.
disk_of() {
  path=$(readlink -f "/sys/class/block/$1/..")
  echo "${path##*/}"
}

# The disk that the loader was started from; empty where the firmware does not say, an error where that disk is not
# there (yet). The kernel does not tell a partition's uuid, so the tables are read: 128 entries of 128 bytes from the
# third sector on.
boot_disk() {
  variable=/sys/firmware/efi/efivars/LoaderDevicePartUUID-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f
  [ -e $variable ] || return 0
  # Four bytes of attributes, then UTF-16; efivarfs does not seek, hence cat.
  uuid=$(cat $variable | tail -c +5 | tr -d '\0-' | tr A-F a-f)
  is_hex 32 "$uuid" || return 0
  # On the disk the first three groups have their least byte first.
  bytes=${uuid:6:2}${uuid:4:2}${uuid:2:2}${uuid:0:2}${uuid:10:2}${uuid:8:2}${uuid:14:2}${uuid:12:2}${uuid:16}
  for path in /sys/class/block/*; do
    { [ -e "$path/device" ] && read -r sector <"$path/queue/logical_block_size"; } || continue
    name=${path##*/}
    if dd "if=/dev/$name" "bs=$sector" skip=2 "count=$((16384 / sector))" | hexdump -v -e '16/1 "%02x" "\n"' | grep -q "^$bytes"; then
      echo "$name"
      return
    fi
  done
  return 1
}

# The first 32 bytes of a verity superblock of ours: magic, version 1, hash type 1, uuid.
superblock_of() {
  dd "if=/dev/$1" bs=4096 "skip=$((root_bytes / 4096))" count=1 | head -c 32 | hexdump -v -e '32/1 "%02x"'
}

# Sets slot, device and disk once a slot holds the image.
find_slot() {
  disk=''
  if [ "$waited" -lt $boot_disk_wait_seconds ]; then
    disk=$(boot_disk) || return
  fi
  for name in slot-a slot-b slot-c; do
    for device in $(partitions $name); do
      if [ "$(superblock_of "$device")" = "76657269747900000100000001000000$image_id" ]; then
        slot=$name
        disk=$(disk_of "$device")
        return
      fi
    done
  done
  return 1
}

find_root() {
  is_hex 64 "$root_hash" || fatal "skerry.root=$root_hash on the kernel's command line is not 64 hexadecimal digits: build the image again"
  is_hex 32 "$image_id" || fatal "skerry.image=$image_id on the kernel's command line is not 32 hexadecimal digits: build the image again"
  { is_number "$root_bytes" 4096 999999999999999 && [ $((root_bytes % 4096)) -eq 0 ]; } ||
    fatal "skerry.size=$root_bytes on the kernel's command line is not a multiple of 4096: build the image again"
  read -r started _ </proc/uptime
  waited=0 rare=''
  until find_slot; do
    [ -z "$rare" ] && load_modules rare
    rare=loaded
    read -r now _ </proc/uptime
    waited=$((${now%.*} - ${started%.*}))
    [ $waited -ge $slot_wait_seconds ] && fatal "no slot holds the image $image_id, looked for $slot_wait_seconds s at these partitions:$(seen_partitions). Install the image again, or check the disk and its cable"
    usleep 200000
  done
}

open_root() {
  # A block that is not what was signed stops the machine. A block that cannot be read is an error of whoever
  # reads it (no panic_on_error): a machine with one bad sector in a file that nobody needs goes on.
  blocks=$((root_bytes / 4096))
  DM_DISABLE_UDEV=1 dmsetup create root --readonly --uuid "CRYPT-VERITY-$image_id-root" --table "0 $((blocks * 8)) verity 1 /dev/$device /dev/$device 4096 4096 $blocks $((blocks + 1)) sha256 $root_hash - 1 panic_on_corruption" 2>/run/skerry/error ||
    fatal "verity cannot open $slot ($device): $(words_of /run/skerry/error). The image and the disk do not fit each other, or the kernel lacks a module: install the image again"
  mount -t erofs -o ro /dev/mapper/root /sysroot 2>/run/skerry/error ||
    fatal "the file system in $slot ($device) cannot be mounted: $(words_of /run/skerry/error). Install the image again"
  for directory in dev proc sys run etc var tmp data; do
    [ -d /sysroot/$directory ] || fatal "the image has no directory /$directory: make one when it is built, the root is read-only"
  done
  echo $slot >/run/skerry/slot
  echo "$disk" >/run/skerry/disk
  say "root is $slot ($device), image $image_id"
}

seen_partitions() {
  names=$(grep -h '^PARTNAME=' /sys/class/block/*/uevent | cut -d= -f2 | tr '\n' ' ')
  echo " ${names:-none at all}"
}

# Memory for what is written over the image; a quarter of the machine's is a bound, not a reservation.
make_etc_writable() {
  mkdir -p -m 700 /run/skerry/memory
  mount -t tmpfs -o nosuid,nodev,mode=700,size=25% skerry-memory /run/skerry/memory
  overlay etc || fatal "/etc cannot be made writable: $(words_of /run/skerry/error). The kernel lacks overlay: build the image again"
  mount -t tmpfs -o nosuid,nodev,mode=1777,size=50% tmp /sysroot/tmp
}

# Lays memory over the directory $1 of the root: changes last until the machine restarts.
overlay() {
  memory=/run/skerry/memory/$1
  mkdir -p "$memory/upper" "$memory/work"
  # The upper directory is what one sees: it must look like the one below.
  chmod "$(stat -c %a "/sysroot/$1")" "$memory/upper"
  chown "$(stat -c %u:%g "/sysroot/$1")" "$memory/upper"
  mount -t overlay -o "lowerdir=${2:-/sysroot/$1},upperdir=$memory/upper,workdir=$memory/work" "overlay-${1##*/}" "/sysroot/$1" 2>/run/skerry/error
}
