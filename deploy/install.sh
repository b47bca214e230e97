#!/bin/sh
# deploy/install.sh [install | upgrade | uninstall] [options]: easun-bridge as systemd services, without Docker. As root.
#   install          makes users, directories, virtual environment, units, and starts everything; again: brings it up to
#                    date. Settings, lists of devices and data that are there are kept.
#   upgrade          the same, where it is installed already. A version that does not start gives way to the former one.
#   uninstall        removes the program; settings and data stay
#     --purge        and go with it
#   --root DIR       the system below DIR instead of this one, such as a mounted SD card: nothing is started
#   --venv DIR       an existing virtual environment with everything in requirements.lock instead of a new one
# PYTHON chooses another interpreter than python3. Exit codes: 0 done, 78 only you can mend it, 1 it failed.
set -eu
umask 022
PATH=$PATH:/usr/sbin:/sbin
here=$(cd "$(dirname "$0")/.." && pwd)
code="services shared configure mosquitto deploy docs tools pyproject.toml requirements.lock .env.example LICENSE CHANGELOG.md"
local_brokers="||localhost|127.0.0.1|::1|"
new_venv_mb=700 release_mb=60

say() { echo "install.sh: $*" >&2; }
mend() { say "$*"; exit 78; }
fail() { say "$*"; exit 1; }

what=install root='' venv='' purge=''
while [ $# -gt 0 ]; do
  case $1 in
    install | upgrade | uninstall) what=$1 ;;
    --root) [ -d "${2:-}" ] || mend "--root needs a directory that is there."; root=$(cd "$2" && pwd); shift ;;
    --venv) [ -x "${2:-}/bin/python" ] || mend "--venv needs a virtual environment."; venv=$(cd "$2" && pwd); shift ;;
    --purge) purge=yes ;;
    *) sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 64 ;;
  esac
  shift
done
[ "$root" != / ] || root=
lock=$(cksum <"$here/requirements.lock" | tr ' ' -)

app=$root/opt/easun-bridge
etc=$root/etc/easun-bridge
state=$root/var/lib/easun-bridge
broker_state=$root/var/lib/easun-mosquitto
logs=$root/var/log/easun-bridge
units=$root/etc/systemd/system
sysusers=$root/usr/lib/sysusers.d/easun-bridge.conf
command=$root/usr/local/bin/easun

booted() { [ -d "$root/run/systemd/system" ]; }
running() { booted && systemctl is-active --quiet "$1"; }
id_of() { awk -F: -v name="$2" '$1 == name { print $3 }' "$root/etc/$1"; }
own_units() { (cd "$1" 2>/dev/null && ls -d easun-*.service easun.target 2>/dev/null) || true; }
services() { own_units "$units" | grep -v target; }

settings_file() { if [ -e "$etc/.env" ]; then echo "$etc/.env"; else echo "$here/.env"; fi; }

# setting NAME DEFAULT: what the settings say that are installed, or will be, as the services read it
setting() {
  value=$(sed -En "1s/^\xef\xbb\xbf//; s/^[[:space:]]*(export[[:space:]]+)?$1[[:space:]]*=[[:space:]]*//p" "$(settings_file)" 2>/dev/null | tail -n 1 | sed "s/[[:space:]]#.*//; s/[[:space:]]*\$//; s/^[\"']//; s/[\"']\$//")
  echo "${value:-$2}"
}
own_broker() { case $local_brokers in *"|$(setting MQTT_HOST '')|"*) ;; *) return 1 ;; esac }

free_mb() { df -Pm "$1" | awk 'NR == 2 { print $4 }'; }
need_mb() {  # need_mb DIRECTORY MEGABYTES WHAT_FOR
  free=$(free_mb "$1")
  [ "$free" -ge "$2" ] || mend "$3 needs $2 MB and $free MB are free at $1: make room, then run this again."
}

need_system() {
  [ "$(id -u)" = 0 ] || mend "this needs root: sudo $0 $what"
  absent=
  for program in systemctl systemd-sysusers flock; do
    command -v $program >/dev/null || absent="$absent $program"
  done
  [ -z "$absent" ] || mend "there is no$absent here: without systemd and util-linux use make up, or Docker."
  version=$(systemctl --version | awk 'NR == 1 { print $2 + 0 }')
  [ "$version" -ge 250 ] || mend "systemd 250 or later is needed and this is $version: use make up, or Docker."
}

# room and ports, before anything is changed
need_room_and_ports() {
  there=$app
  while [ ! -d "$there" ]; do there=$(dirname "$there"); done
  megabytes=$release_mb
  [ -n "$venv" ] || [ -e "$app/venvs/$lock/bin/python" ] || megabytes=$((megabytes + new_venv_mb))
  need_mb "$there" $megabytes "The program"
  booted || return 0
  taken=
  # a broker of the system's stays as it is
  ! own_broker || note_taken MQTT_PORT 1883 easun-mosquitto.service "stop it (systemctl disable --now mosquitto), or"
  note_taken DASHBOARD_PORT 8000 easun-dashboard.service "stop it, or"
  [ -z "$taken" ] || mend "nothing has been changed; free the ports, then run this again."
}

# note_taken SETTING DEFAULT UNIT HINT: a port on which another program listens (state 0A)
note_taken() {
  number=$(setting "$1" "$2")
  ! running "$3" || return 0
  case $number in *[!0-9]* | '' | ??????*) return 0 ;; esac  # the service itself says what is wrong with it
  hex=$(printf ':%04X' "$number")
  cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk -v end="$hex" '$4 == "0A" && $2 ~ end "$" { found = 1 } END { exit !found }' || return 0
  taken=yes
  say "port $number is taken by another program: $4 set $1 in $(settings_file) to another one."
}

lock_out_others() {
  mkdir -p "$app/releases" "$app/venvs" 2>/dev/null || mend "$app cannot be written."
  exec 9>"$app/.lock"
  flock -n 9 || mend "another install.sh is at work: wait for it."
}

# --- what is there before the program ---

make_users() {
  mkdir -p "${sysusers%/*}" "$root/etc"
  cp "$here/deploy/systemd/sysusers.conf" "$sysusers"
  log=$(systemd-sysusers ${root:+--root="$root"} easun-bridge.conf 2>&1) || fail "the users could not be made: $log"
}

make_directories() {
  easun=$(id_of passwd easun) group=$(id_of group easun)
  install -d -m 0755 "$etc" "$units"
  install -d -m 0750 -o "$easun" -g "$group" "$state" "$state/data" "$logs"
  install -d -m 0700 -o "$(id_of passwd easun-broker)" -g "$(id_of group easun-broker)" "$broker_state"
}

make_settings() {
  if [ -e "$etc/.env" ]; then
    [ ! -e "$here/.env" ] || cmp -s "$here/.env" "$etc/.env" ||
      say "the services read $etc/.env, and $here/.env differs and is not used: sudo easun configure changes what is used."
  elif [ -e "$here/.env" ]; then
    cp "$here/.env" "$etc/.env"
    say "the settings of $here/.env are now in $etc/.env."
  else
    # the page is for a phone, and most of these machines have no screen
    sed 's/^#DASHBOARD_HOST=.*/DASHBOARD_HOST=0.0.0.0/' "$here/.env.example" >"$etc/.env.new"
    mv "$etc/.env.new" "$etc/.env"
  fi
  chgrp "$group" "$etc/.env"
  chmod u=rw,g=r,o= "$etc/.env"
}

# --- the program ---

make_venv() {  # sets $link: where a release finds its virtual environment
  if [ -n "$venv" ]; then
    link=$venv
    return
  fi
  link=../../venvs/$lock
  programs=
  ! own_broker || programs=mosquitto
  (cd "$here" && tools/setup.sh "${PYTHON:-python3}" "$app/venvs/$lock" requirements.lock $programs) || exit
}

# a release is named after its content, so the same one is never copied twice
make_release() {  # sets $name, $release
  # shellcheck disable=SC2086  # a list of names
  sum=$(cd "$here" && find $code -type f ! -path '*/__pycache__/*' -print0 | sort -z | xargs -0 cksum | cksum | cut -d ' ' -f 1)
  name=$(sed -n 's/^version = "\(.*\)"/\1/p' "$here/pyproject.toml")-$sum
  release=$app/releases/$name
  rm -rf "$app"/releases/*.part
  [ ! -d "$release" ] || { ln -sfn "$link" "$release/.venv"; return 0; }
  mkdir "$release.part"
  # shellcheck disable=SC2086  # a list of names
  tar -C "$here" --exclude=__pycache__ -cf - $code | tar -C "$release.part" --no-same-owner -xf -
  chmod -R go+rX,go-w "$release.part"
  ln -s "$link" "$release.part/.venv"
  "$release.part/.venv/bin/python" -m compileall -q -s "$release.part" -p "${release#"$root"}" \
    "$release.part/services" "$release.part/shared" || fail "this version does not compile."
  sync -f "$release.part"
  mv "$release.part" "$release"
}

try_release() {
  modules=$(own_units "$here/deploy/systemd" | sed -n '/mosquitto/d; s/easun-\(.*\).service/services.\1.__main__/p')
  # shellcheck disable=SC2086  # a list of names
  log=$(cd "$release" && PYTHONDONTWRITEBYTECODE=1 .venv/bin/python -c 'import importlib, sys
for name in sys.argv[1:]: importlib.import_module(name)' $modules 2>&1) ||
    { [ "$name" = "$former" ] || rm -rf "$release"; fail "this version does not start here and was not installed: $(echo "$log" | tail -n 1)"; }
}

switch_to() {  # switch_to RELEASE_NAME: program and units
  ln -sfn "releases/$1" "$app/current.new"
  mv -T "$app/current.new" "$app/current"
  from=$app/current/deploy/systemd
  for unit in $(own_units "$units"); do
    [ -e "$from/$unit" ] || { disable "$unit"; rm -f "$units/$unit"; }
  done
  for unit in $(own_units "$from"); do
    is_new=
    [ -e "$units/$unit" ] || is_new=yes
    cmp -s "$from/$unit" "$units/$unit" || install -m 0644 "$from/$unit" "$units/$unit"
    # one that you have disabled stays so
    [ -z "$is_new" ] || systemctl ${root:+--root="$root"} --quiet enable "$unit"
  done
  ! booted || systemctl daemon-reload
}

disable() { systemctl ${root:+--root="$root"} --quiet disable "$@" 2>/dev/null || true; }

# a slip in a name would only be a setting that does nothing
look_at_settings() {
  (cd "$release" && .venv/bin/python -m shared.known_settings "$etc/.env") | while read -r remark; do say "$etc/.env: $remark"; done
}

# --- starting it, and going back ---

database() {
  file=$(setting DB_PATH data/easun.db)
  case $file in /*) echo "$root$file" ;; *) echo "$state/$file" ;; esac
}

# the new version may bring the database to a schema that the former one refuses
migrates=
keep_database() {
  file=$(database)
  [ -f "$file" ] && [ -z "$(setting DATABASE_URL '')" ] || return 0
  ! diff -rq -x __pycache__ "$app/releases/$former/shared/history/migrations" "$release/shared/history/migrations" >/dev/null ||
    return 0
  need_mb "${file%/*}" $(($(du -cm "$file" "$file-wal" 2>/dev/null | tail -n 1 | cut -f 1) + 50)) "A copy of the database"
  stop
  migrates=yes
  say "this version changes the database: keeping a copy until it runs."
  for part in "$file" "$file-wal"; do
    [ ! -e "$part" ] || cp -p --reflink=auto "$part" "$part.before-upgrade"
  done
}

bring_database_back() {
  file=$(database)
  [ -e "$file.before-upgrade" ] || return 0
  rm -f "$file-wal" "$file-shm"
  for part in "$file-wal" "$file"; do
    [ ! -e "$part.before-upgrade" ] || mv "$part.before-upgrade" "$part"
  done
}

# shellcheck disable=SC2046  # a list of names
stop() { ! booted || systemctl stop easun.target $(services); }

start() { ! booted || systemctl restart easun.target; }

# what should run: all that you have not disabled; with another machine's broker not ours
expected() {
  for unit in $(services); do
    case $unit in easun-mosquitto.service) own_broker || continue ;; esac
    ! systemctl is-enabled --quiet "$unit" || echo "$unit"
  done
}

# trouble UNIT...: the first unit that does not stay up for a while, with the last thing it said
trouble() {
  booted || return 1
  for _ in $(seq "${EASUN_SETTLE_S:-15}"); do
    sleep 1
    for unit in "$@"; do
      systemctl is-active --quiet "$unit" && [ "$(systemctl show -P NRestarts "$unit")" = 0 ] && continue
      last_words "$unit"
      return 0
    done
  done
  return 1
}

# start_failed: nothing is new, but whoever runs this may have mended what failed
# shellcheck disable=SC2046,SC2086  # lists of names
start_failed() {
  failed=$(for unit in $(expected); do ! systemctl is-failed --quiet "$unit" || echo "$unit"; done)
  [ -z "$failed" ] || systemctl restart $failed 2>/dev/null || :
  watched=$failed
}

need_running() {
  [ $# = 0 ] || ! what_fails=$(trouble "$@") || fail "it is installed, and not all of it runs: $what_fails"
}

last_words() { echo "${1%.service}: $(journalctl -u "$1" -n 20 -o cat _TRANSPORT=stdout 2>/dev/null | tail -n 1)"; }

roll_back() {  # roll_back REASON UNIT...
  say "the new version does not run ($1); going back to the former one."
  shift
  stop
  bring_database_back
  switch_to "$former"
  start
  rm -rf "$release"
  if what_fails=$(trouble "$@"); then fail "the former version is back, and does not run either: $what_fails"; fi
  fail "the former version runs again."
}

# start_and_watch: what ran must run again, or the former version comes back; what did not run before is no fault of this one
# shellcheck disable=SC2086,SC2046  # lists of names
start_and_watch() {
  start
  if [ -n "$former" ] && [ "$former" != "$name" ] && [ -n "$ran" ]; then
    if what_fails=$(trouble $ran); then roll_back "$what_fails" $ran; fi
  fi
  watched=$(for unit in $(expected); do case "$ran" in *"$unit"*) ;; *) echo "$unit" ;; esac; done)
}

tidy() {
  rm -f "$(database).before-upgrade" "$(database)-wal.before-upgrade"
  for old in "$app"/releases/*; do
    case ${old##*/} in "$name" | "$former") ;; *) rm -rf "$old" ;; esac
  done
  for old in "$app"/venvs/*; do
    case " $(readlink "$app"/releases/*/.venv | tr '\n' ' ')" in *"/${old##*/} "*) ;; *) rm -rf "$old" ;; esac
  done
}

install_it() {
  need_system
  need_room_and_ports
  lock_out_others
  former=$(basename "$(readlink "$app/current" || true)")
  [ "$what" = install ] || [ -n "$former" ] || mend "it is not installed here: run $0 install."
  make_users
  make_directories
  make_settings
  make_venv
  make_release
  try_release
  look_at_settings
  ran=$(for unit in $(services); do ! running "$unit" || echo "$unit"; done)
  [ -z "$former" ] || [ "$former" = "$name" ] || keep_database
  switch_to "$name"
  install -D -m 0755 "$release/deploy/easun" "$command"
  watched=
  if booted; then
    if [ "$former" != "$name" ] || [ -z "$ran" ]; then start_and_watch; else start_failed; fi
  fi
  tidy
  # shellcheck disable=SC2086  # a list of names
  need_running $watched
  tell
}

tell() {
  if ! booted; then
    say "$name is in ${root:-/}; it starts with the system."
    return
  fi
  port=$(setting DASHBOARD_PORT 8000)
  address=$(hostname -I 2>/dev/null | awk '{ print $1 }')
  cat <<TEXT
easun-bridge $name is installed and runs.
  the page:      http://${address:-localhost}:$port/
  settings:      sudo easun configure, or $etc/.env and then: systemctl restart easun.target
  how it fares:  systemctl status 'easun-*', journalctl -u 'easun-*'
  tools:         easun poller scan, easun recorder backup FILE, ...
TEXT
  [ -z "$migrates" ] || say "years of data take the recorder some minutes; journalctl -u easun-recorder says when it records again." \
    "Readings wait at the broker, and the former database is kept with the nightly backups."
}

uninstall_it() {
  need_system
  lock_out_others
  installed=$(own_units "$units")
  if [ -n "$installed" ]; then
    stop
    # shellcheck disable=SC2086  # a list of names
    disable $installed
    # shellcheck disable=SC2086
    (cd "$units" && rm -f $installed)
  fi
  ! booted || systemctl daemon-reload
  rm -rf "$app" "$sysusers" "$command"
  if [ -z "$purge" ]; then
    say "the program is gone. $etc, $state and $broker_state are still there; --purge removes them too."
    return
  fi
  rm -rf "$etc" "$state" "$broker_state" "$logs"
  for user in easun easun-broker; do
    [ -z "$(id_of passwd $user)" ] || userdel ${root:+--prefix "$root"} "$user" 2>/dev/null || say "user $user stays: remove it with userdel."
  done
  say "the program, its settings and its data are gone."
}

if [ "$what" = uninstall ]; then uninstall_it; else install_it; fi
