#!/bin/sh
# Foreign peers that the tests call: sipp (Debian: sip-tester), espeak-ng, and aiosmtpd (PyPI, pinned by hash, into
# target/peers/python).
# Safe to run again: does nothing when they are there.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
python="$root/target/peers/python"

fail() {
    echo "setup/peers.sh: $1" >&2
    exit 1
}

as_root_on_debian() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1
}

install() {
    as_root_on_debian || fail "$1 is missing: install it (Debian: apt-get install $1) and run this again"
    echo "peers: installing $1"
    { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install "$1"; } \
        >/dev/null || fail "apt-get could not install $1: see above"
}

command -v sipp >/dev/null 2>&1 || install sip-tester
command -v espeak-ng >/dev/null 2>&1 || install espeak-ng
command -v python3 >/dev/null 2>&1 || install python3
python3 -m pip --version >/dev/null 2>&1 || install python3-pip

if PYTHONPATH="$python" python3 -c 'import aiosmtpd.smtp' >/dev/null 2>&1; then
    echo "peers: sipp, espeak-ng and aiosmtpd are there"
    exit 0
fi

wanted=$(mktemp)
trap 'rm -f "$wanted"' EXIT
cat >"$wanted" <<REQUIREMENTS
aiosmtpd==1.4.6 --hash=sha256:72c99179ba5aa9ae0abbda6994668239b64a5ce054471955fe75f581d2592475
atpublic==9.0.0 --hash=sha256:449c3c4f0c74df79749d6fe225ba55e2a2fce34b303f0329211e4d6989ed6f6e
attrs==26.1.0 --hash=sha256:c647aa4a12dfbad9333ca4e71fe62ddc36f4e63b2d260a37a8b83d2f043ac309
REQUIREMENTS
echo "peers: downloading aiosmtpd"
mkdir -p "$python"
python3 -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --root-user-action=ignore \
    --upgrade --target "$python" -r "$wanted" || fail "could not install aiosmtpd: is a package index reachable (pip config list)?"
echo "peers: sipp, espeak-ng and aiosmtpd are there"
