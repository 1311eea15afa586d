#!/bin/sh
# Recorded voices for measuring who answered (tests/it/answered.rs): people in Debian's packages and, where RHVoice and espeak-ng
# are installed, what tests/answers/*.txt has them say. Leaves FOLDER/LANGUAGE/SPEAKER/*.wav, 8 kHz and cut to the telephone's band.
#
#   sh setup/answers.sh [FOLDER]        (default: target/answers; 500 MB downloaded, a quarter of an hour)
#
# Safe to run again: a speaker that is there is left alone. Wants: Debian's apt-get and dpkg-deb, and sox.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
out=${1:-$root/target/answers}
kept=$out.packages

command -v sox >/dev/null 2>&1 || {
    echo "setup/answers.sh: sox is missing (Debian: apt-get install sox libsox-fmt-base)" >&2
    exit 1
}
mkdir -p "$out" "$kept/all"

for package in asterisk-core-sounds-en-wav asterisk-core-sounds-es-wav asterisk-core-sounds-fr-wav asterisk-core-sounds-it-wav \
    asterisk-core-sounds-ru-wav asterisk-prompt-es-co asterisk-prompt-fr-armelle asterisk-prompt-it-menardi-wav \
    fillets-ng-data-cs fillets-ng-data-nl klettres-data ktuberling-data; do
    [ ! -e "$kept/$package.done" ] || continue
    ls "$kept/$package"_*.deb >/dev/null 2>&1 || (cd "$kept" && apt-get -qq download "$package") || {
        echo "answers: $package is not to be had and is left out" >&2
        continue
    }
    dpkg-deb -x "$kept/$package"_*.deb "$kept/all"
    : >"$kept/$package.done"
done

# One recording from standard input's list to a file named after its path: a telephone's band, 8 kHz, not louder than it bears.
convert='
    to=$1; shift
    for from; do
        name=$(echo "$from" | sed "s|.*/share/||; s|\.[a-z0-9]*\$||; s|[^A-Za-z0-9-]|_|g" | tail -c 80)
        sox --norm=-3 "$from" -r 8000 -c 1 -b 16 "$to/$name.wav" sinc 200-3500 2>/dev/null || rm -f "$to/$name.wav"
    done'

# language speaker folder [pattern that the path must match] [pattern that it must not]
add() {
    to=$out/$1/$2
    [ ! -d "$to" ] && [ -d "$3" ] || return 0
    mkdir -p "$to.part"
    # Tones, silences and screams are no voices.
    find "$3/" -type f \( -name '*.wav' -o -name '*.gsm' -o -name '*.ogg' \) | sort |
        grep -E "${4:-.}" | grep -Ev '/silence/|/ascending|beep|tt-monkeys|confbridge-(join|leave)|dir-welcome|ss-noservice' |
        tr '\n' '\0' | xargs -0 -n 40 -P 2 sh -c "$convert" sh "$to.part"
    if ls "$to.part" | grep -q .; then mv "$to.part" "$to"; else rmdir "$to.part"; fi
    echo "answers: $1 $2"
}

sounds=$kept/all/usr/share/asterisk/sounds
add en allison-en "$sounds/en_US_f_Allison"
add es allison-es "$sounds/es_MX_f_Allison"
add es esco "$sounds/es"
add fr june "$sounds/fr_CA_f_June"
add fr armelle "$sounds/fr"
add it carlo "$sounds/it_IT_m_Carlo"
add it menardi "$sounds/it_IT_f_Menardi"
add ru ivrvoice "$sounds/ru_RU_f_IvrvoiceRU"
for language in cs nl; do
    for who in m v; do
        add $language fillets-$language-$who "$kept/all/usr/share/games/fillets-ng/sound" "/$language/[^/]*-$who-[^/]*\$"
    done
done
for game in klettres:klettres ktuberling/sounds:ktuberling; do
    for folder in "$kept/all/usr/share/${game%:*}"/*/; do
        name=$(basename "$folder")
        # Dialects and scripts of one language are one language; the Low Saxons are none of the Norwegians.
        case $name in nds) language=nds ;; icons | pics) continue ;; *) language=$(echo "$name" | cut -c 1-2) ;; esac
        add "$language" "${game#*:}-$name" "$folder"
    done
done

# language program voice
speak() {
    texts=$root/tests/answers/$1.txt
    to=$out/$1/$2-$(echo "$3" | tr '+' '-')
    [ ! -d "$to" ] && [ -f "$texts" ] && command -v "$4" >/dev/null 2>&1 || return 0
    mkdir -p "$to.part"
    n=100
    grep -v '^#' "$texts" | while IFS= read -r line; do
        n=$((n + 1))
        case $2 in
        rhvoice) echo "$line" | "$4" -p "$3" -o "$to.part/raw.wav" >/dev/null 2>&1 || continue ;;
        *) "$4" -v "$3" -w "$to.part/raw.wav" "$line" >/dev/null 2>&1 || continue ;;
        esac
        sox --norm=-3 "$to.part/raw.wav" -r 8000 -c 1 -b 16 "$to.part/$n.wav" sinc 200-3500 2>/dev/null || rm -f "$to.part/$n.wav"
        rm -f "$to.part/raw.wav"
    done
    if ls "$to.part" | grep -q .; then mv "$to.part" "$to"; else rmdir "$to.part"; fi
    echo "answers: $1 $2 $3"
}

for voice in alan bdl clb slt; do speak en rhvoice $voice RHVoice-test; done
for voice in aleksandr anna arina artemiy elena irina mikhail pavel tatiana victoria vitaliy yuriy; do
    speak ru rhvoice $voice RHVoice-test
done
for voice in anatol marianna natalia volodymyr; do speak uk rhvoice $voice RHVoice-test; done
for language in de es it pl; do
    for variant in m1 f2 m3 f4 m7 f5; do speak $language espeak "$language+$variant" espeak-ng; done
done
echo "answers: voices are in $out"
