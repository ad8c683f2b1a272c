#!/bin/sh
# A plugin that tries to reach its host's loopback interface through its own way out, and that way itself: $1 is a port.
interface=eth0
try() {
  name=$1
  shift
  echo "$name" | socat -T 2 -u - "$@" 2>/dev/null && echo "sent $name"
}
try way-out "UDP4-SENDTO:203.0.113.7:$1,so-bindtodevice=$interface"
try loopback "UDP4-SENDTO:127.0.0.1:$1,so-bindtodevice=$interface"
try loopback-ipv6 "UDP6-SENDTO:[::1]:$1,so-bindtodevice=$interface"
try loopback-tcp "TCP4:127.0.0.1:$1,connect-timeout=1,so-bindtodevice=$interface"
try loopback-tcp-ipv6 "TCP6:[::1]:$1,connect-timeout=1,so-bindtodevice=$interface"
try over "UDP4-SENDTO:203.0.113.7:$1"
exit 0
