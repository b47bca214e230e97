#!/bin/sh
# Starts Mosquitto in its state directory: makes what is missing (passwords, password file, access list, listener), then
# becomes the broker. Settings, all optional:
#   MQTT_STATE_DIR          where everything lives           (default: data/mosquitto beside this directory)
#   MQTT_SECRETS_DIR        one password file an account     (default: $MQTT_STATE_DIR/secrets)
#   MQTT_BIND, MQTT_PORT    where to listen                  (default: 127.0.0.1, 1883)
#   MQTT_TOPIC_PREFIX       goes in front of every topic
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

mkdir -p "$state/data" "$state/conf.d" 2>/dev/null && [ -w "$state/data" ] || {
  say "the broker cannot write $state: give it to user $(id -un) (uid $(id -u)), or set MQTT_STATE_DIR."
  exit 78
}
cd "$state"
secrets=${MQTT_SECRETS_DIR:-$PWD/secrets}
mkdir -p "$secrets"

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
done
mosquitto_passwd -U passwd.new
mv passwd.new passwd

# $SYS and the home's own topics: only ours carry the prefix
sed "s|\(topic [a-z]* \)\([a-z#]\)|\1$prefix\2|" "$here/acl" > acl

{
  echo "listener ${MQTT_PORT:-1883} ${MQTT_BIND:-127.0.0.1}"
  # started by root, Mosquitto would become another user, who cannot read these files
  [ "$(id -u)" != 0 ] || echo "user root"
} > conf.d/listener.conf

exec mosquitto -c "$here/mosquitto.conf"
