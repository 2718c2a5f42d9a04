# Starts that did not come to health. An image that was kept has no counter with the loader, so that one whose
# slot decays, or that hangs from now on, would be started for ever, although others stand beside it. So each
# start is counted in data before anything of the image is read, and the agent removes the count once the machine
# is well. After too many in a row the entry of the image is exhausted, and the loader takes the next.

starts_max=5
# What the loader names while it counts the tries of the entry itself.
counted_entry=/sys/firmware/efi/efivars/LoaderBootCountPath-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f

# Sets starts, handovers and resets, durable on data. Somebody else may have written the file: what is no number is none.
count_start() {
  [ -n "$starts" ] && return
  starts=0 handovers=0 resets=0 last_words=''
  if [ -z "$data_at" ]; then
    say 'this start is not counted: data cannot be written'
    return
  fi
  read -r starts handovers resets last_words <"$data_at/skerry/os/starts/$image_id"
  is_count "$starts" || starts=0
  is_count "$handovers" || handovers=0
  is_count "$resets" || resets=0
  # 32: the watchdog ended the start before this one, which was of this image if any is counted.
  read -r ended </sys/class/watchdog/watchdog0/bootstatus
  is_count "$ended" && [ "$starts" -gt 0 ] && [ $((ended & 32)) -ne 0 ] && resets=$((resets + 1))
  failed=$starts
  if [ "$failed" -ge $starts_max ]; then
    keep_starts
    give_up
  fi
  starts=$((starts + 1))
  keep_starts
}

# A number without leading zeros, for which the shell has another meaning.
is_count() {
  case $1 in '' | *[!0-9]* | 0?* | ?????*) return 1 ;; esac
}

# The file holds: starts, how many of them reached the root's init, how many the watchdog ended, and the last
# sentence with which one ended here.
keep_starts() {
  place=$data_at/skerry/os/starts
  { mkdir -p "$place" && echo "$starts $handovers $resets $last_words" >"$place/$image_id.new" && sync "$place/$image_id.new" &&
    mv "$place/$image_id.new" "$place/$image_id" && sync "$place"; } 2>"$at/run/skerry/error" ||
    say "this start is not counted: $(words_of "$at/run/skerry/error")"
}

# The root's init follows. Where no agent of ours is in the root, nobody would ever say that it is well.
note_handover() {
  [ -n "$data_at" ] || return
  if [ -e /sysroot/usr/lib/skerry/node ]; then
    handovers=$((handovers + 1)) last_words=''
    keep_starts
  else
    rm -f "$data_at/skerry/os/starts/$image_id"
  fi
}

# The end of a start here, in a sentence; it may come before data is open, and before the slot tells its disk.
note_end() {
  is_hex 32 "$image_id" || return
  if [ -z "$starts" ]; then
    disk=$(boot_disk)
    [ -n "$(only $(partitions data))" ] && open_data
    count_start
  fi
  [ -n "$data_at" ] || return
  last_words=$*
  keep_starts
  # Later than this, disks are out of sight: the next start does it.
  failed=$starts
  [ -z "$at" ] && [ "$failed" -ge $starts_max ] && give_up
}

# The one word that is given; nothing for none or several.
only() {
  [ $# -eq 1 ] && echo "$1"
}

# Exhausts the entry of this image and restarts, if there is another to start. Comes back if not.
give_up() {
  [ -n "$asked" ] && return
  asked=yes
  say "image $image_id did not come to health in $failed starts in a row"
  if [ -e "$counted_entry" ]; then
    say 'it is on trial: the loader counts its tries, and takes the next by itself'
    return
  fi
  esp=$(partitions esp | head -n 1)
  mkdir -p /esp
  if ! mount -t vfat -o noatime "/dev/$esp" /esp 2>/run/skerry/error; then
    say "it is tried again: the ESP (${esp:-no partition has that name}) cannot be mounted: $(words_of /run/skerry/error)"
    return
  fi
  entry=/esp/EFI/Linux/skerry-${image_id:0:12}
  if [ ! -s "$entry.efi" ]; then
    say "it is tried again: ${entry##*/}.efi is not on the ESP"
  elif ! other=$(another_image); then
    say 'it is tried again: the ESP has no other image that is whole, in a slot, and has tries left'
  # The file before its directory: a name that is new on FAT gets its content with it.
  elif mv "$entry.efi" "$entry+0-$failed.efi" 2>/run/skerry/error && sync "$entry+0-$failed.efi" 2>/run/skerry/error; then
    sync -f /esp
    umount /esp
    say "its entry is exhausted: the machine restarts into $other, whose agent tells why and mends what it can"
    restart_now
  else
    say "it is tried again: its entry cannot be renamed: $(words_of /run/skerry/error)"
  fi
  umount /esp
}

# The first entry that the loader would start instead.
another_image() {
  for file in /esp/EFI/Linux/skerry-*.efi; do
    case $file in "$entry"[.+]* | *+0*) continue ;; esac
    if (could_start "$file"); then
      echo "${file##*/}"
      return
    fi
  done
  return 1
}

# Whether the kernel $1 is the one that was copied to data, and a slot has the image that it names. The words of
# its command line stand before the kernel itself.
could_start() {
  image_id='' root_bytes='' waited=0
  for word in $(head -c 1048576 "$1" | tr '\0' '\n' | grep -o 'skerry\.[a-z]*=[0-9a-f]*'); do
    case $word in
    skerry.size=*) root_bytes=${word#*=} ;;
    skerry.image=*) image_id=${word#*=} ;;
    esac
  done
  is_hex 32 "$image_id" && is_number "$root_bytes" 4096 999999999999999 && find_slot || return
  copy=$data_at/skerry/os/images/$image_id.efi
  [ ! -e "$copy" ] || cmp -s "$copy" "$1"
}
