#!/bin/sh
# Homes at this broker, each with an account of its own that reads and writes what is below its name, and nothing else:
#   homes.sh add NAME      makes the account, and prints its password this once: only a hash of it is kept
#   homes.sh remove NAME   ends its connections too; what was recorded stays
#   homes.sh list
# As the broker's user, with MQTT_STATE_DIR as start.sh has it. The broker need not be running, and is not restarted.
set -eu
umask 077
PATH=$PATH:/usr/sbin
here=$(cd "$(dirname "$0")" && pwd)
state=${MQTT_STATE_DIR:-$here/../data/mosquitto}
say() { echo "homes: $*" >&2; }
usage() { sed -n '2,5s/^# \{0,1\}//p' "$0" >&2; exit 64; }

if [ ! -f "$state/passwd" ] || [ ! -f "$state/acl" ]; then
  say "there is no broker's state in $state: start the broker once, or set MQTT_STATE_DIR."
  exit 78
fi
cd "$state"
[ -w passwd ] || { say "$state/passwd cannot be written by user $(id -un): run this as the broker's user."; exit 78; }
mkdir -p homes
prefix=$(sed -n 's|^topic write \(.*\)replay/grid/state$|\1|p' acl)

# forget NAME: without it in what the broker reads
forget() {
  sed "/^$1:/d" passwd > passwd.new
  sed "/^user $1\$/,+1d" acl > acl.new
}

# reload: both files at once, and the broker reads them again
reload() {
  mv passwd.new passwd
  mv acl.new acl
  pid=$(cat pid 2>/dev/null || :)
  [ -z "$pid" ] || kill -HUP "$pid" 2>/dev/null || say "the broker is not running; it will know when it starts."
}

add() {
  case $1 in
    *[!A-Za-z0-9_-]* | '') say "a home's name may hold letters, digits, _ and - only: \"$1\"."; exit 64 ;;
  esac
  # neither an account of ours, nor the beginning of a topic of ours
  ! grep -q -e "^user $1\$" -e "^topic [a-z]* $1/" "$here/acl" || { say "\"$1\" has another meaning here."; exit 64; }
  [ ! -e "homes/$1" ] || { say "there is a home \"$1\" already: remove it first, for a new password."; exit 64; }
  password=$(head -c 18 /dev/urandom | base64 | tr '+/' '-_')
  printf '%s:%s\n' "$1" "$password" > "homes/.new"
  mosquitto_passwd -U homes/.new
  forget "$1"
  cat homes/.new >> passwd.new
  printf 'user %s\ntopic readwrite %s%s/#\n' "$1" "$prefix" "$1" >> acl.new
  mv homes/.new "homes/$1"
  reload
  printf '%s\n' "MQTT_USERNAME=$1" "MQTT_PASSWORD=$password" "MQTT_TOPIC_PREFIX=$prefix$1/"
}

case ${1:-}${2:+ NAME}${3:+ more} in
  "add NAME") add "$2" ;;
  "remove NAME")
    case $2 in *[!A-Za-z0-9_-]*) usage ;; esac
    [ -e "homes/$2" ] || { say "there is no home \"$2\"."; exit 64; }
    rm "homes/$2"
    forget "$2"
    reload ;;
  list) ls homes ;;
  *) usage ;;
esac
