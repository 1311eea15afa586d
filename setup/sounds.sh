#!/bin/sh
# Sounds and a second judge for the tests of keys as tones: two hours of recorded speech in five languages (Debian:
# asterisk-core-sounds-*-wav, 130 MB), in which there is no key, and multimon-ng, which hears keys by itself;
# libspandsp and libopus, which our codecs are held against.
#
# Optional: without them the tests say what they skip. Safe to run again: does nothing for what is there.
set -eu

is_installed() {
    [ "$(dpkg-query -W -f '${Status}' "$1" 2>/dev/null)" = "install ok installed" ]
}

if ! command -v dpkg-query >/dev/null 2>&1; then
    echo "sounds: this is not Debian; the tests of tones will say what they skip"
    exit 0
fi
wanted=
for name in multimon-ng libspandsp2 libopus0 asterisk-core-sounds-en-wav asterisk-core-sounds-es-wav asterisk-core-sounds-fr-wav \
    asterisk-core-sounds-it-wav asterisk-core-sounds-ru-wav; do
    is_installed "$name" || wanted="$wanted $name"
done
if [ -z "$wanted" ]; then
    echo "sounds: all are there"
    exit 0
fi
if [ "$(id -u)" != 0 ]; then
    echo "sounds: missing:$wanted. Install them (Debian: apt-get install) and run this again; without them tests skip"
    exit 0
fi
echo "sounds: installing$wanted"
# shellcheck disable=SC2086
{ apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install $wanted; } >/dev/null || {
    echo "setup/sounds.sh: apt-get could not install$wanted: see above" >&2
    exit 1
}
