# What outlives a restart: the machine's name, /var, and directories that are bound from the data partition.
# A directory that data does not have yet is copied from the image: to /data/.new, made durable, then renamed.
# So it is there whole or not at all, whenever the power goes; what an interrupted start left is made again.

# Always kept; the image adds its own in a file, one absolute path a line.
kept_directories='/root /home /etc/ssh'
declared_paths=/usr/lib/skerry/persistent-paths

keep_machine_id() {
  file=/sysroot/data/machine-id
  read -r id <$file
  if ! is_hex 32 "$id"; then
    # One byte from here waits until the kernel has enough chance to give.
    head -c 1 /dev/random >/dev/null
    id=$(tr -d - </proc/sys/kernel/random/uuid)
    echo "$id" >$file.new && sync $file.new && mv $file.new $file && sync /sysroot/data ||
      say "the machine's id cannot be kept: it is another one after the next restart"
  fi
  echo "$id" >/sysroot/etc/machine-id
  chmod 444 /sysroot/etc/machine-id
}

keep_paths() {
  paths=/var
  for path in $kept_directories; do
    can_be_kept "$path" && paths="$paths $path"
  done
  if [ -e /sysroot$declared_paths ]; then
    while read -r path; do
      case $path in '' | '#'*) continue ;; esac
      if can_be_kept "$path"; then paths="$paths $path"; else say "$path of $declared_paths is not kept: $why"; fi
    done </sysroot$declared_paths
  fi
  if [ "$kept" = memory ]; then
    for path in $paths; do
      case $path in /etc/*) ;; *) overlay "${path#/}" || say "$path cannot be made writable: $(words_of /run/skerry/error)" ;; esac
    done
    return
  fi
  copy_missing
  for path in $paths; do
    [ -d "$(place_of "$path")" ] && mount -o bind "$(place_of "$path")" "/sysroot$path"
  done
}

# Where data keeps the directory $1: its path is one name there, as in etc:ssh, so that none is inside another.
place_of() {
  name=${1#/}
  case $1 in /var) echo /sysroot/data/var ;; *) echo "/sysroot/data/bind/${name//\//:}" ;; esac
}

# Whether the directory $1 can be bound from data; if not, why says why. A link on the way would lead out of
# the root that is being prepared.
can_be_kept() {
  why='give an absolute path without spaces, "." and ".."'
  case "$1/" in [!/]* | *[!A-Za-z0-9._/@+-]* | *//* | */./* | */../*) return 1 ;; esac
  why='it is kept or thrown away as a whole already'
  case "$1/" in /var/* | /data/* | /usr/* | /dev/* | /proc/* | /sys/* | /run/* | /tmp/* | /efi/* | /boot/* | /etc/) return 1 ;; esac
  for kept_path in $paths; do
    case "$1/" in "$kept_path"/*) return 1 ;; esac
    case "$kept_path/" in "$1"/*)
      why="$kept_path in it is kept already: declare the outer one first"
      return 1
      ;;
    esac
  done
  why='a part of it is a symbolic link'
  part=$1
  while [ -n "$part" ]; do
    [ -L "/sysroot$part" ] && return 1
    part=${part%/*}
  done
  why='it is not a directory of the image'
  [ -d "/sysroot$1" ]
}

copy_missing() {
  staging=/sysroot/data/.new
  rm -rf $staging
  missing=''
  for path in $paths; do
    [ -d "$(place_of "$path")" ] || missing="$missing $path"
  done
  if [ -n "$missing" ] && ! copy_all; then
    rm -rf $staging
    # Whatever could not be copied is memory for this time.
    for path in $missing; do
      [ -d "$(place_of "$path")" ] || overlay "${path#/}"
    done
    data_is "Corrupt: $missing cannot be copied to $data: $(words_of /run/skerry/error). They are memory now and lost at the next restart; make room on $data, or replace the disk"
  fi
  add_directories
}

# Everything is durable before the first rename, and the renames are before anybody uses what they made.
copy_all() {
  mkdir -p $staging /sysroot/data/bind 2>/run/skerry/error || return 1
  for path in $missing; do
    place=$(place_of "$path")
    cp -a "/sysroot$path" "$staging/${place##*/}" || return 1
  done 2>/run/skerry/error
  sync -f $staging 2>/run/skerry/error || return 1
  for path in $missing; do
    place=$(place_of "$path")
    mv "$staging/${place##*/}" "$place" || return 1
  done 2>/run/skerry/error
  rm -rf $staging
  sync -f /sysroot/data 2>/run/skerry/error || return 1
  say "data: copied from the image:$missing"
}

# A newer image may expect directories in /var that data's does not have. They are added, once for each image;
# nothing that is there is touched.
add_directories() {
  seen=/sysroot/data/var-of
  [ -d /sysroot/data/var ] || return
  read -r of <$seen
  [ "$of" = "$image_id" ] && return
  (cd /sysroot/var && find . -xdev -type d) | while read -r directory; do
    [ -e "/sysroot/data/var/$directory" ] || [ -L "/sysroot/data/var/$directory" ] && continue
    mkdir -p $staging && mkdir $staging/directory || break
    chown "$(stat -c %u:%g "/sysroot/var/$directory")" $staging/directory
    chmod "$(stat -c %a "/sysroot/var/$directory")" $staging/directory
    mv $staging/directory "/sysroot/data/var/$directory"
  done
  rm -rf $staging
  echo "$image_id" >$seen.new && sync -f $seen.new && mv $seen.new $seen
}
