#!/bin/sh
# Starts Mosquitto in its state directory: makes what is missing (passwords, password file, access list, listeners), then
# becomes the broker; with `prepare` behind it, it only makes what is missing. Settings, all optional:
#   MQTT_STATE_DIR          where everything lives           (default: data/mosquitto beside this directory)
#   MQTT_SECRETS_DIR        one password file an account     (default: $MQTT_STATE_DIR/secrets)
#   MQTT_SHARES_DIR         directories <account> that are there get that password too, for whoever may see no other
#   MQTT_BIND, MQTT_PORT    where to listen                  (default: 127.0.0.1, 1883)
#   MQTT_TOPIC_PREFIX       goes in front of every topic
#   MQTT_TLS_PORT           listens with TLS too, at MQTT_TLS_BIND (default: 0.0.0.0)
#   MQTT_TLS_CERT, MQTT_TLS_KEY  for that; empty: made by make-ca.sh in $MQTT_STATE_DIR/tls, for MQTT_TLS_NAMES
#   MQTT_PASSWORD_<ACCOUNT> e.g. MQTT_PASSWORD_VIEWER; unset: kept from the last start, else generated
set -eu
umask 077
PATH=$PATH:/usr/sbin
here=$(cd "$(dirname "$0")" && pwd)
state=${MQTT_STATE_DIR:-$here/../data/mosquitto}
accounts=$(sed -n 's/^user //p' "$here/acl")
say() { echo "mosquitto: $*" >&2; }

prefix=${MQTT_TOPIC_PREFIX:-}
case $prefix in
  *[!A-Za-z0-9_/-]*) say "MQTT_TOPIC_PREFIX \"$prefix\" may hold letters, digits, _, / and - only."; exit 78 ;;
esac
case ${MQTT_SECRETS_DIR:=} in
  '' | /*) ;;
  *) MQTT_SECRETS_DIR=$PWD/$MQTT_SECRETS_DIR ;;
esac

# port NAME VALUE
port() {
  case $2 in
    *[!0-9]* | '' | ??????*) fault=yes ;;
    *) [ "$2" -ge 1 ] && [ "$2" -le 65535 ] && fault= || fault=yes ;;
  esac
  [ -z "$fault" ] || { say "$1 is \"$2\": it must be a port between 1 and 65535, and nothing behind it."; exit 78; }
}
port MQTT_PORT "${MQTT_PORT:=1883}"
[ -z "${MQTT_TLS_PORT:=}" ] || port MQTT_TLS_PORT "$MQTT_TLS_PORT"
asked=$PWD

# shellcheck disable=SC2015  # either failure is the same one
mkdir -p "$state/data" "$state/conf.d" 2>/dev/null && [ -w "$state/data" ] || {
  say "the broker cannot write $state: give it to user $(id -un) (uid $(id -u)), or set MQTT_STATE_DIR."
  exit 78
}
cd "$state"
secrets=${MQTT_SECRETS_DIR:-$PWD/secrets}
mkdir -p "$secrets"

# share ACCOUNT: a copy of its password, whole or not at all, where a directory waits for one
share() {
  share=${MQTT_SHARES_DIR:-/nonexistent}/$1
  [ -d "$share" ] || return 0
  cp "$secrets/$1" "$share/.new" 2>/dev/null || {
    say "the broker cannot write $share: give it to user $(id -un) (uid $(id -u))."
    exit 78
  }
  mv "$share/.new" "$share/$1"
}

: > passwd.new
for account in $accounts; do
  name=MQTT_PASSWORD_$(echo "$account" | tr '[:lower:]' '[:upper:]')
  eval "given=\${$name:-}"
  case $given in
    *:* | [[:space:]]* | *[[:space:]]) say "$name may hold no colon, and no blank at its ends."; exit 78 ;;
  esac
  if [ -n "$given" ]; then
    printf '%s\n' "$given" > "$secrets/$account"
  elif [ ! -s "$secrets/$account" ]; then
    head -c 18 /dev/urandom | base64 | tr '+/' '-_' > "$secrets/$account"
  fi
  printf '%s:%s\n' "$account" "$(cat "$secrets/$account")" >> passwd.new
  share "$account"
done
mosquitto_passwd -U passwd.new
mv passwd.new passwd

# $SYS and the home's own topics: only ours carry the prefix
sed "s|\(topic [a-z]* \)\([a-z#]\)|\1$prefix\2|" "$here/acl" > acl

# readable FILE NAME: its absolute path, from the directory where the setting was made
readable() {
  case $1 in /*) file=$1 ;; *) file=$asked/$1 ;; esac
  [ -r "$file" ] || { say "$2 $file cannot be read by user $(id -un)."; exit 78; }
  echo "$file"
}

tls_files() {
  case ${MQTT_TLS_CERT:+c}${MQTT_TLS_KEY:+k} in
    ck)
      cert=$(readable "$MQTT_TLS_CERT" MQTT_TLS_CERT)
      key=$(readable "$MQTT_TLS_KEY" MQTT_TLS_KEY)
      return ;;
    c | k) say "MQTT_TLS_CERT and MQTT_TLS_KEY belong together: set both, or none."; exit 78 ;;
  esac
  # without openssl, as in the official image, what was made elsewhere is used
  # shellcheck disable=SC2086  # a list of names
  if command -v openssl >/dev/null || [ ! -s tls/server.crt ]; then
    "$here/make-ca.sh" "$PWD/tls" ${MQTT_TLS_NAMES:-} || exit
  fi
  cert=$PWD/tls/server.crt key=$PWD/tls/server.key
}

[ -z "$MQTT_TLS_PORT" ] || tls_files
{
  echo "listener $MQTT_PORT ${MQTT_BIND:-127.0.0.1}"
  if [ -n "$MQTT_TLS_PORT" ]; then
    printf '%s\n' "listener $MQTT_TLS_PORT ${MQTT_TLS_BIND:-0.0.0.0}" "certfile $cert" "keyfile $key"
  fi
  # started by root, Mosquitto would become another user, who cannot read these files
  [ "$(id -u)" != 0 ] || echo "user root"
} > conf.d/listener.conf

[ "${1:-}" = prepare ] || exec mosquitto -c "$here/mosquitto.conf"
