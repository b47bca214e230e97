#!/bin/sh
# make-ca.sh DIRECTORY [NAME...]: a certificate authority of this home, and from it a certificate for the broker.
# The names are what clients call the broker: host names and addresses (default: what this machine has, or had before).
# Run it again at any time: the authority stays; the certificate is made anew 60 days before its end, or for other names.
#   ca.crt      give this to clients (MQTT_CA_FILE)     ca.key      makes certificates: give it to nobody
#   server.crt  what the broker shows                   server.key  the broker's own
set -eu
umask 077
[ $# -ge 1 ] || { echo "usage: make-ca.sh DIRECTORY [NAME...]" >&2; exit 64; }
say() { echo "make-ca: $*" >&2; }
command -v openssl >/dev/null || { say "openssl is missing: install it, for example with apt-get install openssl."; exit 78; }

directory=$1
shift
if [ $# = 0 ]; then
  host=$(uname -n)
  # those of the last time too: at boot an address may be missing that comes a moment later
  before=$(sed 's/[A-Z]*://g; s/,/ /g' "$directory/server.names" 2>/dev/null || true)
  addresses=$(hostname -I 2>/dev/null | tr ' ' '\n' | grep -v : || true)  # an IPv6 address may be another one tomorrow
  # shellcheck disable=SC2046,SC2086  # names hold no blanks
  set -- $(printf '%s\n' $before "$host" "${host%%.*}.local" localhost 127.0.0.1 $addresses | awk '!seen[$0]++')
fi
names=
for name in "$@"; do
  case $name in
    *[!A-Za-z0-9.:_*-]* | '') say "\"$name\" is neither a host name nor an address."; exit 78 ;;
    *:* | *[0-9].*[0-9].*[0-9].*[0-9]) entry=IP:$name ;;
    *) entry=DNS:$name ;;
  esac
  names=${names:+$names,}$entry
done

mkdir -p "$directory" 2>/dev/null || true
[ -w "$directory" ] || { say "$directory cannot be written."; exit 78; }
cd "$directory"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
run() { openssl "$@" 2>"$log" || { tail -n 1 "$log" >&2; say "openssl failed (see above)."; exit 1; }; }

# a name of its own, or a client that trusts two homes would take one authority for the other
[ -s ca.crt ] || {
  run ecparam -name prime256v1 -genkey -noout -out ca.key
  run req -x509 -new -key ca.key -sha256 -days 7300 -subj "/CN=easun-bridge home CA $(openssl rand -hex 4)" \
    -addext basicConstraints=critical,CA:TRUE,pathlen:0 -addext keyUsage=critical,keyCertSign,cRLSign -out ca.new
  mv ca.new ca.crt
  say "a new authority: clients need $PWD/ca.crt."
}

usable() {
  [ -s server.crt ] && [ "$(cat server.names 2>/dev/null)" = "$names" ] &&
    openssl x509 -in server.crt -noout -checkend $((60 * 86400)) &&
    openssl verify -CAfile ca.crt server.crt &&
    [ "$(openssl x509 -in server.crt -noout -pubkey)" = "$(openssl pkey -in server.key -pubout)" ]
}
! usable >/dev/null 2>&1 || exit 0
[ -s ca.key ] || { say "ca.key is not in $PWD, and a new certificate is due: put it back for a moment."; exit 78; }

printf '%s\n' basicConstraints=CA:FALSE keyUsage=digitalSignature extendedKeyUsage=serverAuth "subjectAltName=$names" >server.ext
run ecparam -name prime256v1 -genkey -noout -out server.key.new
run req -new -key server.key.new -subj "/CN=easun-bridge broker" -out server.csr
run x509 -req -in server.csr -CA ca.crt -CAkey ca.key -set_serial "0x$(openssl rand -hex 16)" -days 820 -sha256 \
  -extfile server.ext -out server.crt.new
mv server.key.new server.key
mv server.crt.new server.crt
printf '%s\n' "$names" >server.names
rm -f server.csr server.ext
chmod 644 ca.crt server.crt
say "a new certificate for $names, until $(openssl x509 -in server.crt -noout -enddate | cut -d= -f2)."
