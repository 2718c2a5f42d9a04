/** Files of an image that make systemd tell, some time after the start, who holds memory; with or without the agent. */
export const memoryProbeFiles = [
  {
    path: '/usr/lib/systemd/system/memory-probe.service',
    content: `[Unit]
Description=Who holds memory
[Service]
Type=simple
ExecStart=/bin/sh /usr/lib/memory-probe.sh
StandardOutput=tty
TTYPath=/dev/console
`,
  },
  {
    path: '/usr/lib/systemd/system/multi-user.target.d/memory-probe.conf',
    content: '[Unit]\nWants=memory-probe.service\n',
  },
  {
    path: '/usr/lib/memory-probe.sh',
    content: `sleep 90
sync
echo 3 >/proc/sys/vm/drop_caches
sleep 5
meminfo() { awk -v name="$1:" '$1 == name { print $2 }' /proc/meminfo; }
for process in /proc/[0-9]*; do
  case $(tr '\\0' ' ' <$process/cmdline) in
    */usr/lib/skerry/node*)
      pss=$(awk '/^Pss:/ { print $2 }' $process/smaps_rollup)
      anonymous=$(awk '/^Pss_Anon:/ { print $2 }' $process/smaps_rollup)
      echo "@@ agent-kib: pss $pss anonymous $anonymous"
      ;;
  esac
done
echo "@@ memory-kib: total $(meminfo MemTotal) available $(meminfo MemAvailable) free $(meminfo MemFree) cached $(meminfo Cached) anonymous $(meminfo AnonPages) shmem $(meminfo Shmem)"
echo "@@ memory-end: x"
`,
  },
] as const
