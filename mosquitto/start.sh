#!/bin/sh
# Starts Mosquitto in its state directory: makes what is missing (passwords, password file, access list, listeners), then
# becomes the broker; with `prepare` behind it, it only makes what is missing. Settings, all optional:
#   MQTT_STATE_DIR          where everything lives           (default: data/mosquitto beside this directory)
#   MQTT_SECRETS_DIR        one password file an account     (default: $MQTT_STATE_DIR/secrets)
#   MQTT_SHARES_DIR         directories <account> that are there get that password too, for whoever may see no other
#   MQTT_BIND, MQTT_PORT    where to listen, besides 127.0.0.1 (default: 127.0.0.1, 1883)
#   MQTT_TOPIC_PREFIX       goes in front of every topic
#   HOMEASSISTANT_PREFIX    where Home Assistant's discovery is (default: homeassistant); MQTT_TOPIC_PREFIX does not go in front
#   MQTT_TLS_PORT           listens with TLS too, at MQTT_TLS_BIND (default: 0.0.0.0)
#   MQTT_TLS_CERT, MQTT_TLS_KEY  for that; empty: made by make-ca.sh in $MQTT_STATE_DIR/tls, for MQTT_TLS_NAMES
#   MQTT_PLUGIN_DIR         where Mosquitto's plugins are     (default: looked for below /usr)
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
discovery=${HOMEASSISTANT_PREFIX:-homeassistant}
case $discovery in
  *[!A-Za-z0-9_/-]*) say "HOMEASSISTANT_PREFIX \"$discovery\" may hold letters, digits, _, / and - only."; exit 78 ;;
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

# writable: whether something can be written below $state, not only created
writable() {
  mkdir -p "$state/data" "$state/conf.d" "$state/storage.d" && head -c 65536 /dev/zero > "$state/data/.space"
}
full=
fault=$(export LC_ALL=C; writable 2>&1) || case $fault in
  *"No space left"* | *"uota exceeded"*)
    [ -s "$state/trial.conf" ] || { say "the disk is full: $state."; exit 75; }
    say "the disk is full: the broker starts with the settings of its last start, and saves nothing until there is room."
    full=yes ;;
  *"Read-only file system"* | *"nput/output error"*)
    say "the file system of $state is read-only or broken: trying again."
    exit 75 ;;
  *)
    say "the broker cannot write $state: give it to user $(id -un) (uid $(id -u)), or set MQTT_STATE_DIR."
    exit 78 ;;
esac
rm -f "$state/data/.space"
cd "$state"
trial=$PWD/trial.conf
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

# make_accounts: the password file and the access list, for every account of ours
make_accounts() {
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

  # only topics of ours carry the prefix: not $SYS, and not Home Assistant's
  sed "s|\(topic [a-z]* \)\([a-z#]\)|\1$prefix\2|; s|@discovery@|$discovery|" "$here/acl" > acl.new
  # other homes, made by homes.sh
  for home in homes/*; do
    [ -s "$home" ] || continue
    cat "$home" >> passwd.new
    printf 'user %s\ntopic readwrite %s/#\n' "${home##*/}" "$prefix${home##*/}" >> acl.new
  done
  mv passwd.new passwd
  mv acl.new acl
}

# listeners: where to listen. The services of this machine come to 127.0.0.1, wherever else the broker listens; `::` stands for
# all addresses, but Mosquitto takes it for those of IPv6 only.
listeners() {
  case ${MQTT_BIND:=127.0.0.1} in
    127.0.0.1 | localhost | 0.0.0.0) ;;
    ::) echo "listener $MQTT_PORT 0.0.0.0" ;;
    *) echo "listener $MQTT_PORT 127.0.0.1" ;;
  esac
  echo "listener $MQTT_PORT $MQTT_BIND"
  [ -z "$MQTT_TLS_PORT" ] ||
    printf '%s\n' "listener $MQTT_TLS_PORT ${MQTT_TLS_BIND:-0.0.0.0}" "certfile $cert" "keyfile $key"
}

# Where the broker can write each change at once, by the SQLite plugin of Mosquitto 2.1, it does. An older one saves the whole
# state every minute: what a kill can cost is what came in since then and was not delivered, so nothing while the recorder is
# up. About 0.1 GB a day at 60 s, gentle enough for an SD card. 2.1.0 throttles our services.
plugin=
case $(mosquitto -h 2>/dev/null | sed -n 's/^mosquitto version //p') in
  '' | 1.* | 2.0.* | 2.1.0) ;;
  *)
    for file in ${MQTT_PLUGIN_DIR:-/usr/lib /usr/lib/* /usr/lib/*/mosquitto /usr/local/lib}; do
      [ ! -e "$file/mosquitto_persist_sqlite.so" ] || plugin=$file/mosquitto_persist_sqlite.so
    done ;;
esac
[ -n "$plugin" ] && kept=mosquitto.sqlite3 || kept=mosquitto.db

# storage: the settings by which the broker keeps its state in data/
storage() {
  echo "persistence_location data/"
  if [ -n "$plugin" ]; then
    printf '%s\n' "plugin $plugin" "plugin_opt_flush_period 0" "plugin_opt_sync normal"
  else
    printf '%s\n' "persistence true" "autosave_interval 60"
  fi
  # started by root, Mosquitto would become another user, who cannot read these files
  [ "$(id -u)" != 0 ] || echo "user root"
}

# opens DIRECTORY: whether the broker can read the state in DIRECTORY/data. It reads it before it listens, and this one has
# nowhere to listen, so it ends by itself.
opens() {
  said=$({ cd "$1" && timeout 120 mosquitto -c "$trial" 2>&1 || echo "exit $?"; } | awk '!said[$0]++')
  case $said in
    *"exit 124"* | *"exit 143"*) ;;  # too slow to tell
    *"Unsupported chunk"*) return 1 ;;  # it starts, and has forgotten nearly everything
    *"Opening unix listen socket"*) ;;
    *) return 1 ;;
  esac
}

# check_state: a state that the broker cannot read would keep it down for ever, so set it aside and start without it
check_state() {
  rm -rf data/mosquitto.db.new trial  # of a save that was interrupted
  [ -e "data/$kept" ] || return 0
  if [ ! -f "data/$kept" ]; then
    fault="is no file"
  elif [ ! -r "data/$kept" ]; then
    fault="cannot be read by user $(id -un)"
  elif [ ! -s "data/$kept" ]; then
    fault="is empty"
  else
    # in another place, for 2.1 saves or clears its state when it ends
    mkdir -p trial/data trial/none/data || return 0
    if [ -n "$plugin" ]; then cp "data/$kept"* trial/data/; else ln "data/$kept" trial/data/; fi || return 0
    ! opens trial || return 0
    opens trial/none || return 0  # so it is not the state, and the broker says itself what is wrong
    fault="is damaged"
  fi
  # three are kept; this one is among them, whatever the clock says
  for old in $(find data -maxdepth 1 -name 'mosquitto.damaged-*[b3]' | sort -r | tail -n +3); do
    rm -rf "$old" "$old-wal" "$old-shm"
  done
  aside=data/mosquitto.damaged-$(date -u +%Y%m%dT%H%M%SZ).${kept##*.}
  mv "data/$kept" "$aside"
  for part in wal shm; do
    [ ! -e "data/$kept-$part" ] || mv "data/$kept-$part" "$aside-$part"
  done
  say "data/$kept $fault: it is kept as $aside, and the broker starts without it. Services publish their state again;" \
    "messages that waited for a recorder are not delivered."
}

if [ -z "$full" ]; then
  make_accounts
  [ -z "$MQTT_TLS_PORT" ] || tls_files
  listeners > conf.d/listener.conf
  # not in conf.d, where version 0.1 reads it too, which has these settings in its mosquitto.conf: twice is an error
  storage > storage.d/storage.conf
  rm -f conf.d/storage.conf
  {
    printf '%s\n' "listener 0 /nonexistent/socket" "log_dest stderr" "log_type all" "log_timestamp false"
    storage
  } > trial.conf
fi
[ "${1:-}" != prepare ] || exit 0
check_state
rm -rf trial
[ -n "$full" ] || echo $$ > pid
exec mosquitto -c "$here/mosquitto.conf"
