#!/bin/sh
# setup.sh PYTHON VENV LOCK PROGRAM...: creates the virtual environment from the lock file and installs missing programs
# from Debian packages (as root or with sudo). Returns at once if nothing is missing.
set -eu
python=$1 venv=$2 lock=$3
shift 3
PATH=$PATH:/usr/sbin:/sbin
say() { echo "setup: $*" >&2; }
fail() { say "$*"; exit 1; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null; then sudo "$@"; else return 1; fi
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT

# Debian keeps PostgreSQL's server programs out of PATH
PATH=$PATH:$(echo /usr/lib/postgresql/*/bin | tr ' ' :)

# --- what is missing, all of it at once ---

missing=
need() { missing="$missing $1"; }

new_enough() {
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "Python 3.11 or later is needed and $python is $("$python" -V | cut -d' ' -f2): run this again with PYTHON=/path/to/a/newer/python."
}
if ! "$venv/bin/python" -c '' 2>/dev/null; then
  rm -rf "$venv"  # missing, or a system upgrade removed its Python
  if command -v "$python" >/dev/null; then
    new_enough
    "$python" -c 'import ensurepip' 2>/dev/null ||
      need "python$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv"
  elif [ "$python" = python3 ]; then
    need python3
    need python3-venv
  else
    fail "$python was not found."
  fi
fi
fresh_broker=
for program in "$@"; do
  command -v "$program" >/dev/null && continue
  case $program in
    initdb) need postgresql ;;
    mosquitto) need mosquitto; fresh_broker=yes ;;
    mosquitto_sub) need mosquitto-clients ;;
    systemd-analyze) need systemd ;;
    chromium-headless-shell) command -v chromium >/dev/null || need "$program" ;;
    *) need "$program" ;;
  esac
done
# needed by Playwright's Node, missing from a minimal Debian
case " $* " in
  *" chromium-headless-shell "*) ldconfig -p | grep -q libatomic.so.1 || need libatomic1 ;;
esac

# shellcheck disable=SC2086  # a list of names
install() {
  command -v apt-get >/dev/null || fail "please install$missing with your system's package manager, then run this again."
  say "installing$missing (Debian packages)"
  # keep the package from creating and starting a database cluster: the tests start their own
  rule=/etc/postgresql-common/createcluster.d/easun.conf
  case $missing in
    *postgresql*) as_root sh -c "mkdir -p ${rule%/*} && echo 'create_main_cluster = false' >$rule" || refused ;;
  esac
  as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q >"$log" 2>&1 || true
  # older releases have it within Chromium only
  apt-cache show chromium-headless-shell >/dev/null 2>&1 || missing=$(echo "$missing" | sed 's/chromium-headless-shell/chromium/')
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing >>"$log" 2>&1 || refused
  [ ! -e "$rule" ] || as_root rm -f "$rule"
}
refused() {
  tail -n 3 "$log" >&2
  fail "please install as root: apt-get install$missing; then run this again."
}
if [ -n "$missing" ]; then
  install
  new_enough
fi

# the Debian package starts a broker on port 1883 that nobody asked for
if [ -n "$fresh_broker" ] && [ -d /run/systemd/system ]; then
  as_root systemctl disable --now mosquitto >/dev/null 2>&1 || true
fi

# --- the virtual environment ---

# a larger lock contains the smaller ones: a venv made for the tests also runs the demo
case $lock in
  requirements.lock) sufficient="$lock requirements-demo.lock requirements-dev.lock" ;;
  requirements-demo.lock) sufficient="$lock requirements-dev.lock" ;;
  *) sufficient=$lock ;;
esac
for file in $sufficient; do
  if [ -e "$file" ] && [ "$(cat "$venv/$file.sum" 2>/dev/null)" = "$(cksum <"$file")" ]; then exit 0; fi
done
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
# the browser tests take less than half the time with this build, and do without where there is another Chromium only
case " $* " in
  *" chromium-headless-shell "*)
    command -v chromium-headless-shell >/dev/null ||
      as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends chromium-headless-shell \
        >"$log" 2>&1 || true ;;
esac
say "installing the Python packages of $lock into $venv (about a minute the first time)"
"$venv/bin/python" -m pip install -q --disable-pip-version-check --require-hashes -r "$lock" >"$log" 2>&1 || {
  tail -n 5 "$log" >&2
  fail "the Python packages could not be installed (see above): check the network, then run this again."
}
cksum <"$lock" >"$venv/$lock.sum"
