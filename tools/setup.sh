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
updated=
install() {  # install PACKAGE...
  command -v apt-get >/dev/null || fail "please install $* with your system's package manager, then run this again."
  say "installing $* (Debian packages)"
  if [ -z "$updated" ]; then
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q >"$log" 2>&1 || true
    updated=yes
  fi
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" >>"$log" 2>&1 || {
    tail -n 3 "$log" >&2
    fail "please install as root: apt-get install $*; then run this again."
  }
}

command -v "$python" >/dev/null || { [ "$python" = python3 ] && install python3; } || fail "$python was not found."
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
  fail "Python 3.11 or later is needed and $python is $("$python" -V | cut -d' ' -f2): run this again with PYTHON=/path/to/a/newer/python."

# Debian keeps PostgreSQL's server programs out of PATH
PATH=$PATH:$(echo /usr/lib/postgresql/*/bin | tr ' ' :)

# keep the package from creating and starting a database cluster: the tests start their own
install_postgresql() {
  rule=/etc/postgresql-common/createcluster.d/easun.conf
  as_root sh -c "mkdir -p ${rule%/*} && echo 'create_main_cluster = false' >$rule" || fail "please install postgresql."
  install postgresql
  as_root rm -f "$rule"
}

fresh_broker=
for program in "$@"; do
  command -v "$program" >/dev/null && continue
  case $program in
    initdb) install_postgresql ;;
    mosquitto) install mosquitto; fresh_broker=yes ;;
    mosquitto_sub) install mosquitto-clients ;;
    systemd-analyze) install systemd ;;
    *) install "$program" ;;
  esac
done
# needed by Playwright's Node, missing from a minimal Debian
case " $* " in
  *" chromium "*) ldconfig -p | grep -q libatomic.so.1 || install libatomic1 ;;
esac
# the Debian package starts a broker on port 1883 that nobody asked for
if [ -n "$fresh_broker" ] && [ -d /run/systemd/system ]; then
  as_root systemctl disable --now mosquitto >/dev/null 2>&1 || true
fi

# a larger lock contains the smaller ones: a venv made for the tests also runs the demo
case $lock in
  requirements.lock) sufficient="$lock requirements-demo.lock requirements-dev.lock" ;;
  requirements-demo.lock) sufficient="$lock requirements-dev.lock" ;;
  *) sufficient=$lock ;;
esac
if ! "$venv/bin/python" -c '' 2>/dev/null; then
  rm -rf "$venv"  # missing, or a system upgrade removed its Python
fi
for file in $sufficient; do
  if [ -e "$file" ] && [ "$(cat "$venv/$file.sum" 2>/dev/null)" = "$(cksum <"$file")" ]; then exit 0; fi
done
"$python" -c 'import ensurepip' 2>/dev/null || install "python$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv"
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
say "installing the Python packages of $lock into $venv (about a minute the first time)"
"$venv/bin/python" -m pip install -q --disable-pip-version-check --require-hashes -r "$lock" >"$log" 2>&1 || {
  tail -n 5 "$log" >&2
  fail "the Python packages could not be installed (see above): check the network, then run this again."
}
cksum <"$lock" >"$venv/$lock.sum"
