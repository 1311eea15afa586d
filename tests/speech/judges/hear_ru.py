#!/usr/bin/env python3
"""Hears Russian words back: which human recording is a synthesized word nearest to?

    printf '%s\t%s\n' a.wav двадцать b.wav мая | python3 hear_ru.py

A line of input is a WAV (8 kHz mono, 16 bits) of one word, a tab and that word. It is compared with the human recordings of
Debian's asterisk-core-sounds-ru-wav (numbers, ordinals, days, months; `--words` lists them): mel cepstra, warped for the length of the
vocal tract, aligned in time. All words of one voice are given at once, 20 or more. A line of output is the word whose recording is nearest, a tab and the
rank of the expected one (1: it is the nearest). At the end:

    74 of 75 among the nearest three
    67 of 75 nearest

Wants numpy: in PYTHONPATH or in target/peers/ears (setup/ears.sh).
"""

import os
import struct
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(HERE, "../../..", "target", "peers", "ears"))

import numpy as np  # noqa: E402

RECORDINGS = os.environ.get("EARS_RU", "/usr/share/asterisk/sounds/ru_RU_f_IvrvoiceRU/digits")


def numbered(names, words):
    return dict(zip(words.split(), names))


# The word, and the recording that says it.
WORDS = (
    numbered([str(n) for n in range(1, 20)],
             "один два три четыре пять шесть семь восемь девять десять одиннадцать двенадцать тринадцать четырнадцать "
             "пятнадцать шестнадцать семнадцать восемнадцать девятнадцать")
    | numbered([str(n) for n in range(20, 100, 10)],
               "двадцать тридцать сорок пятьдесят шестьдесят семьдесят восемьдесят девяносто")
    | numbered([f"mon-{n}" for n in range(12)],
               "января февраля марта апреля мая июня июля августа сентября октября ноября декабря")
    | numbered([f"day-{n}" for n in range(7)],
               "воскресенье понедельник вторник среда четверг пятница суббота")
    | numbered(["2n", "hundred", "thousand", "million", "minus", "today", "tomorrow", "yesterday"],
               "две сто тысяча миллион минус сегодня завтра вчера")
    | numbered([f"h-{n}" for n in [*range(1, 21), 30]],
               "первый второй третий четвёртый пятый шестой седьмой восьмой девятый десятый одиннадцатый двенадцатый "
               "тринадцатый четырнадцатый пятнадцатый шестнадцатый семнадцатый восемнадцатый девятнадцатый двадцатый "
               "тридцатый")
)

RATE = 8000
# Short windows, averaged over 32 ms: a woman's pitch is then no part of the spectrum.
WINDOW, HOP, FFT, AVERAGED = 64, 20, 256, 13
BANDS, CEPSTRA = 24, 10
# The voice's formants against those of the recorded woman: a man's are lower.
WARPS = (1.0, 1.1, 1.2, 1.3, 1.4)
# Ends of a word that are quieter than its loudest by this much are not the word.
QUIET_DB = 30
# How far the two may run apart, as a share of their length.
BAND = 0.15
# What the change of the cepstra weighs, and the change of the change.
FIRST, SECOND = 3, 4
# How much of what is usual is taken off: a recording near to every word says little when it is near to this one.
USUAL = 0.75
# A word of another length than this voice's words usually have against the recordings.
LENGTH = 0.2
# Fewer words do not tell what is usual for a voice.
LEAST = 20


def samples(path):
    with open(path, "rb") as file:
        data = file.read()
    at, form, body = 12, None, None
    while data[:4] == b"RIFF" and at + 8 <= len(data):
        name, size = data[at : at + 4], struct.unpack_from("<I", data, at + 4)[0]
        if name == b"fmt ":
            form = struct.unpack_from("<HHIIHH", data, at + 8)
        elif name == b"data":
            body = data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
    if form is None or body is None or (form[0], form[1], form[2], form[5]) != (1, 1, RATE, 16):
        raise ValueError(f"{path}: not a WAV of 8 kHz, one channel, 16 bits")
    return np.frombuffer(body[: len(body) // 2 * 2], "<i2") / 32768


def filters(warp):
    """Triangles, equally wide in mel, over frequencies that are read at `warp` times their place."""
    mel = lambda hz: 2595 * np.log10(1 + hz / 700)  # noqa: E731
    edges = 700 * (10 ** (np.linspace(mel(120), mel(3400), BANDS + 2) / 2595) - 1)
    # Above 3000 Hz the warp fades, so that the band's end stays where it is.
    bins = np.arange(FFT // 2 + 1) * RATE / FFT
    knee = 3000 / max(warp, 1 / warp)
    top = RATE / 2
    warped = np.where(bins < knee, bins * warp, top - (top - knee * warp) * (top - bins) / (top - knee))
    low, middle, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    return np.maximum(0, np.minimum((warped - low) / (middle - low), (high - warped) / (high - middle)))


COSINES = np.cos(np.pi / BANDS * np.outer(np.arange(CEPSTRA), np.arange(BANDS) + 0.5))
# Loudness differs between speakers more than the rest.
COSINES[0] *= 0.5


def slope(rows, reach=2):
    """How each column changes from row to row."""
    padded = np.pad(rows, ((reach, reach), (0, 0)), mode="edge")
    size = len(rows)
    ahead = sum(k * (padded[reach + k : reach + k + size] - padded[reach - k : reach - k + size]) for k in range(1, reach + 1))
    return ahead / (2 * sum(k * k for k in range(1, reach + 1)))


def spectra(sound):
    """Power spectra, 100 a second, of the word without the silence around it."""
    sound = np.pad(np.append(sound[0], sound[1:] - 0.95 * sound[:-1]), 240)
    frames = np.lib.stride_tricks.sliding_window_view(sound, WINDOW)[::HOP]
    power = np.abs(np.fft.rfft(frames * np.hanning(WINDOW + 2)[1:-1], FFT, axis=1)) ** 2
    weights = np.hanning(AVERAGED + 2)[1:-1]
    reach = AVERAGED // 2
    padded = np.pad(power, ((reach, reach), (0, 0)))
    power = sum(w * padded[k : k + len(power)] for k, w in enumerate(weights / weights.sum()))[:: RATE // 100 // HOP]
    loudness = 10 * np.log10(power.mean(axis=1) + 1e-12)
    loud = np.flatnonzero(loudness > loudness.max() - QUIET_DB)
    return power[loud[0] : loud[-1] + 1]


def features(words, bank):
    """Of all words of one voice, since what is usual in that voice is taken off."""
    bands = [word @ bank.T for word in words]
    usual = np.concatenate(bands).mean(axis=0)
    cepstra = [np.log(band / usual + 1e-3) @ COSINES.T for band in bands]
    mean = np.concatenate(cepstra).mean(axis=0)
    made = []
    for word in cepstra:
        word = word - mean
        first = slope(word)
        made.append(np.hstack([word - 0.4 * word.mean(axis=0), FIRST * first, SECOND * slope(first)]))
    return made


def distances(word, others):
    """The mean distance along the best alignment of a word with each of the others, all at once."""
    size, sizes = len(word), np.array([len(other) for other in others])
    longest = sizes.max()
    apart = np.full((size, longest, len(others)), np.inf)
    place = np.linspace(0, 1, size)[:, None]
    for at, other in enumerate(others):
        square = (word**2).sum(1)[:, None] + (other**2).sum(1)[None] - 2 * word @ other.T
        near = np.abs(place - np.linspace(0, 1, len(other))[None]) <= BAND
        apart[:, : len(other), at] = np.where(near, np.sqrt(np.maximum(square, 0)), np.inf)
    # A step in both costs its distance twice, so that each path weighs as much as the two are long.
    before = np.full((longest + 1, len(others)), np.inf)
    before[0] = 0
    for row in range(size):
        now = np.full((longest + 1, len(others)), np.inf)
        both, up = before[:-1] + 2 * apart[row], before[1:] + apart[row]
        best = np.minimum(both, up)
        for column in range(longest):
            now[column + 1] = np.minimum(best[column], now[column] + apart[row, column])
        before = now
    return before[sizes, np.arange(len(others))] / (size + sizes)


def nearness(voice, human):
    """Spectra of a voice's words and of the recordings: how far each word is from each recording."""
    recorded = features(human, filters(1.0))
    warped = []
    for warp in WARPS:
        warped.append(np.stack([distances(word, recorded) for word in features(voice, filters(warp))]))
    # One vocal tract for the whole voice: that with which its words are nearest to anything.
    far = min(warped, key=lambda far: far.min(axis=1).mean())
    longer = np.log([len(word) for word in voice])[:, None] - np.log([len(word) for word in human])[None]
    return far - USUAL * far.mean(axis=0) + LENGTH * far.mean() * np.abs(longer - np.median(longer))


def main():
    if sys.argv[1:] == ["--words"]:
        print("\n".join(WORDS))
        return
    lines = [line.rstrip("\n").split("\t") for line in sys.stdin if line.strip()]
    if not lines or any(len(line) != 2 or line[1] not in WORDS for line in lines):
        sys.exit("hear_ru.py: each line is a WAV, a tab, one of the words that --words lists")
    if not os.path.isdir(RECORDINGS):
        sys.exit(f"hear_ru.py: no recordings in {RECORDINGS}: sh setup/ears.sh")
    if len({word for _, word in lines}) < LEAST:
        sys.exit(f"hear_ru.py: at least {LEAST} different words are needed to know the voice")
    words = list(WORDS)
    human = [spectra(samples(os.path.join(RECORDINGS, WORDS[word] + ".wav"))) for word in words]
    right = close = 0
    for far, (_, word) in zip(nearness([spectra(samples(path)) for path, _ in lines], human), lines):
        ranked = [words[at] for at in np.argsort(far, kind="stable")]
        right += ranked[0] == word
        close += word in ranked[:3]
        print(f"{ranked[0]}\t{ranked.index(word) + 1}")
    print(f"{close} of {len(lines)} among the nearest three")
    print(f"{right} of {len(lines)} nearest")


if __name__ == "__main__":
    main()
