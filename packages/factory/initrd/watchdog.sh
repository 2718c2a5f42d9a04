# The hardware watchdog, armed before anything else can hang and then left ticking with nobody who feeds it:
# whoever runs the machine later must take it over in time. A process that stayed behind to feed it would hide
# a frozen PID 1 for ever. A few phases that may take long and have a bound of their own start it anew.

arm_watchdog() {
  load_modules watchdog
  # The last resort notices a PID 1 that hangs, not a kernel that does.
  [ -c /dev/watchdog ] || load_modules softdog
  if [ ! -c /dev/watchdog ]; then
    say "no watchdog in this machine: if it hangs, somebody must restart it"
    return
  fi
  watchdog -F -T "$watchdog_seconds" /dev/watchdog &
  feeder=$!
  # Killed as soon as the time is set; without its farewell the device goes on ticking.
  tries=0
  until is_armed || [ $tries -ge 40 ]; do
    tries=$((tries + 1))
    usleep 50000
  done
  kill -9 $feeder
  wait $feeder
  read -r seconds </sys/class/watchdog/watchdog0/timeout
  read -r identity </sys/class/watchdog/watchdog0/identity
  say "watchdog armed: $seconds s, $identity"
}

is_armed() {
  read -r state </sys/class/watchdog/watchdog0/state
  read -r seconds </sys/class/watchdog/watchdog0/timeout
  [ "$state" = active ] && [ "$seconds" = "$watchdog_seconds" ]
}

# Starts its time anew, once. The kernel says "watchdog did not stop!", which is what is wanted.
restart_watchdog() {
  [ -c "$at/dev/watchdog" ] && echo . >"$at/dev/watchdog"
}
