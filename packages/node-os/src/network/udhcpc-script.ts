/** What busybox' DHCP client calls with each answer: addresses, routes and name servers of one interface. */
export function udhcpcScript(busybox: string): string {
  return `#!${busybox} sh
# Called by udhcpc: deconfig, bound, renew, leasefail or nak. Values come in the environment.
b=${busybox}
case "$1" in
deconfig)
  $b ip addr flush dev "$interface"
  $b ip link set "$interface" up
  ;;
bound | renew)
  $b ip addr replace "$ip/\${mask:-24}" \${broadcast:+broadcast "$broadcast"} dev "$interface"
  [ -n "$mtu" ] && $b ip link set "$interface" mtu "$mtu"
  for address in $router; do
    $b ip route replace default via "$address" dev "$interface"
    break
  done
  if [ -n "$dns" ]; then
    {
      [ -n "$domain" ] && echo "search $domain"
      for address in $dns; do echo "nameserver $address"; done
    } >/etc/resolv.conf.new && $b mv /etc/resolv.conf.new /etc/resolv.conf
  fi
  ;;
esac
`
}
