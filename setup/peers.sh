#!/bin/sh
# Foreign peers that the tests call: sipp (Debian: sip-tester), espeak-ng (Debian), and from PyPI, pinned by hash, into
# target/peers/python: aiosmtpd, and num2words, which judges how numbers are said.
# Optional, since their tests are skipped without them: Kamailio, a registrar and proxy, nftables, which loses packets,
# and libfaketime, which makes clocks jump
# (Debian, where we are the super-user); baresip, a whole telephone (PyPI, into target/peers/softphone).
# Safe to run again: does nothing when they are there.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
python="$root/target/peers/python"
softphone="$root/target/peers/softphone"
wanted=$(mktemp)
trap 'rm -f "$wanted"' EXIT

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

# Those of these packages that are not there, at once. RUNLEVEL=1: Kamailio is not started as a service.
optional_packages() {
    missing=""
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q "ok installed" || missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    as_root_on_debian || return 1
    echo "peers: installing$missing"
    # shellcheck disable=SC2086
    { apt-get -qq update &&
        RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install $missing; } >/dev/null 2>&1
}

# into a folder, what $wanted lists
pip_install() {
    mkdir -p "$1"
    python3 -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --root-user-action=ignore \
        --only-binary=:all: --upgrade --target "$1" -r "$wanted"
}

command -v sipp >/dev/null 2>&1 || install sip-tester
command -v espeak-ng >/dev/null 2>&1 || install espeak-ng
command -v python3 >/dev/null 2>&1 || install python3
python3 -m pip --version >/dev/null 2>&1 || install python3-pip

if ! PYTHONPATH="$python" python3 -c 'import aiosmtpd.smtp, num2words' >/dev/null 2>&1; then
    cat >"$wanted" <<REQUIREMENTS
aiosmtpd==1.4.6 --hash=sha256:72c99179ba5aa9ae0abbda6994668239b64a5ce054471955fe75f581d2592475
atpublic==9.0.0 --hash=sha256:449c3c4f0c74df79749d6fe225ba55e2a2fce34b303f0329211e4d6989ed6f6e
num2words==0.5.14 --hash=sha256:1c8e5b00142fc2966fd8d685001e36c4a9911e070d1b120e1beb721fa1edb33d
attrs==26.1.0 --hash=sha256:c647aa4a12dfbad9333ca4e71fe62ddc36f4e63b2d260a37a8b83d2f043ac309
REQUIREMENTS
    echo "peers: downloading aiosmtpd and num2words"
    pip_install "$python" || fail "could not install them: is a package index reachable (pip config list)?"
fi
echo "peers: sipp, espeak-ng, aiosmtpd and num2words are there"

if optional_packages kamailio kamailio-tls-modules openssl nftables libfaketime; then
    echo "peers: Kamailio, nftables and libfaketime are there"
else
    echo "peers: no Kamailio, nftables or libfaketime (Debian: kamailio kamailio-tls-modules openssl nftables libfaketime); their tests will be skipped"
fi

if ! PYTHONPATH="$softphone" python3 -c 'import baresip; baresip.Runtime' >/dev/null 2>&1; then
    cat >"$wanted" <<'REQUIREMENTS'
baresip-python==0.5.2a3 \
    --hash=sha256:69543519d25811ee08c74f09241927dbefb38423638d1fef99c186028d82cc05 \
    --hash=sha256:35325b0ee4cd097eb84651bfc5afd747b54ee9f9248d90d7ba9a3b50c885b48e \
    --hash=sha256:670df5b58ecce897fb93f3577b86e4e69d1298ce1f7f695020f4cc62c5434d01 \
    --hash=sha256:5fee2f08a1606c6a589a94960d17beaf8d6a7a3e17f60df31de6303d6b0eca32
cffi==2.0.0 \
    --hash=sha256:8941aaadaf67246224cee8c3803777eed332a19d909b47e29c9842ef1e79ac26 \
    --hash=sha256:3e17ed538242334bf70832644a32a7aae3d83b57567f9fd60a26257e992b79ba \
    --hash=sha256:c8d3b5532fc71b7a77c09192b4a5a200ea992702734a2e9279a37f2478236f26 \
    --hash=sha256:730cacb21e1bdff3ce90babf007d0a0917cc3e6492f336c2f0134101e0944f93
pycparser==3.12 --hash=sha256:a076f3f489b39b43ed13563a1dafe42447445bec2e294154ec5c57fcdda4c85e
REQUIREMENTS
    echo "peers: downloading baresip"
    pip_install "$softphone" >/dev/null 2>&1 || true
fi
if PYTHONPATH="$softphone" python3 -c 'import baresip; baresip.Runtime' >/dev/null 2>&1; then
    echo "peers: baresip is there"
else
    echo "peers: no baresip for this Python and machine (wheels: CPython 3.11 to 3.13, Linux); its tests will be skipped"
fi
