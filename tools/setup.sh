#!/bin/sh
# setup.sh PYTHON VENV LOCK PROGRAM...: makes the virtual environment from the lock and installs programs that are
# missing from Debian's packages, where root or sudo is there. Does nothing, fast, where nothing is missing.
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

command -v "$python" >/dev/null || { [ "$python" = python3 ] && install python3; } || fail "there is no $python here."
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
  fail "Python 3.11 or later is needed and $python is $("$python" -V | cut -d' ' -f2): run this again with PYTHON=/path/to/a/newer/python."

# Debian keeps a server's programs out of PATH
PATH=$PATH:$(echo /usr/lib/postgresql/*/bin | tr ' ' :)

# the package would make a database of its own and start a server for it; tests start theirs, and nobody asked for that one
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
# what Playwright's own Node needs, and a minimal Debian lacks
case " $* " in
  *" chromium "*) ldconfig -p | grep -q libatomic.so.1 || install libatomic1 ;;
esac
# Debian starts a broker of its own on port 1883 with the package; nobody asked for that one
if [ -n "$fresh_broker" ] && [ -d /run/systemd/system ]; then
  as_root systemctl disable --now mosquitto >/dev/null 2>&1 || true
fi

# the larger lock holds the smaller one: a venv with the tests' tools also runs the demo
stamp=$venv/$lock.sum
sum=$(cksum <"$lock")
dev=$venv/requirements-dev.lock.sum
if ! "$venv/bin/python" -c '' 2>/dev/null; then
  rm -rf "$venv"  # not there, or its Python went with an upgrade of the system
elif [ "$(cat "$stamp" 2>/dev/null)" = "$sum" ] || [ "$(cat "$dev" 2>/dev/null)" = "$(cksum <requirements-dev.lock)" ]; then
  exit 0
fi
"$python" -c 'import ensurepip' 2>/dev/null || install "python$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv"
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
say "installing the Python packages of $lock into $venv (about a minute the first time)"
"$venv/bin/python" -m pip install -q --disable-pip-version-check --require-hashes -r "$lock" >"$log" 2>&1 || {
  tail -n 5 "$log" >&2
  fail "the Python packages could not be installed (see above): is the network there? Then run this again."
}
printf '%s' "$sum" >"$stamp"
