#!/usr/bin/env python3
"""A foreign judge of the golden tables: holds `<folder>/<code>.txt` against num2words.

    PYTHONPATH=<where num2words is> judge_num2words.py <folder> [code ...]

Without codes every language of CODES must have its table. Compared are `number`, `ordinal` and `money` in the nominative,
masculine or without a gender; money only in currencies that num2words has for the language.

Prints one line a language, then each line that differs and is not explained. Exit code 1: there is such a line, a table is
missing, fewer than LEAST cases of a language were compared, or an entry of KNOWN explains nothing any more.

To explain a difference, decide it by grammar first, then add
- to SAME, when num2words has another WORD for the same thing, wherever it stands: its words, ours, the reason;
- to ERRORS, when num2words breaks a rule of the language or misspells a word: likewise. The table is still judged;
- to JOINERS, when the word between units and sub-units is a choice;
- to KNOWN, for one case, whose words are then not judged: ("code", "format: value"): "reason".
"""

import os
import re
import sys
from decimal import Decimal

try:
    from importlib.metadata import version

    from num2words import CONVERTER_CLASSES, num2words
except ImportError:
    sys.exit("num2words is not installed: pip install --target DIR num2words, then PYTHONPATH=DIR")

# Our codes and those of num2words. Kazakh has the code of the country there.
CODES = {"en": "en", "ru": "ru", "de": "de", "es": "es", "kk": "kz", "uk": "uk", "pl": "pl", "tr": "tr", "fr": "fr"}

LEAST = 20

# Written by num2words without any space, by us apart: compared without spaces.
SQUEEZED = {"tr": "the Turkish Language Association writes number words apart; in one word they stand on cheques only"}

# Words that may stand or not inside a number, by choice.
OPTIONAL = {"en": {"and"}}

# Words that may stand between units and sub-units of an amount, or nothing at all.
JOINERS = {"en": ["and"], "ru": ["и"], "de": ["und"], "es": ["y", "con"], "uk": ["і", "й", "та"], "pl": ["i"], "fr": ["et"]}

# num2words's words as a regular expression (of what `plain` makes of them), ours, why ours are right. Whole words only.
SAME = {
    "en": [
        (r"pound(s?) sterling", r"pound\1", "the everyday name"),
        (r"rouble(s?)", r"ruble\1", "both spellings are in the dictionaries"),
        (r"kopek(s?)", r"kopeck\1", "both spellings are in the dictionaries"),
        (r"(?<!^one )(?<!^minus one )euro", "euros", "the plural outside of official papers"),
    ],
    "ru": [
        (r"польский злотый", "злотый", "no other zloty exists"),
        (r"польских злотых", "злотых", "no other zloty exists"),
        (r"польских слотых", "злотых", "a slip of a letter there"),
        (r"^миллион (\w+)", r"один миллион \1", "«один» may stand there or not"),
    ],
    "de": [
        (r"ein((?:hundert|tausend)\w*te)", r"\1", "an ordinal has «ein» at its beginning or not; we leave it out"),
    ],
    "es": [
        (r"décimo o?(\w+)", r"decimo\1", "13th to 19th: the Academy allows one word and two; «oo» is one «o»"),
        (r"vigésimo o?(\w+)", r"vigesimo\1", "21st to 29th: likewise"),
        (r"kopeyka(s?)", r"kopek\1", "another name of the coin"),
        (r"(?<!y )un tïın", "un tiyn", "there it is in Kazakh letters"),
        (r"tïın", "tiyns", "there it is in Kazakh letters and without a plural"),
        (r"hryvnia(s?)", r"grivna\1", "the Spanish name"),
        (r"zloty(s?)", r"esloti\1", "the Spanish name"),
        (r"kuruş", "kurus", "there it is in a Turkish letter"),
    ],
    "uk": [
        (r"(фунт(?:и|ів)?)", r"\1 стерлінгів", "the full name"),
        (r"грош", "гріш", "both are in use; the plural is the same"),
    ],
    "pl": [
        (r"(dolar(?:y|ów)?) amerykańsk(?:i|ie|ich)", r"\1", "the everyday name"),
    ],
    "fr": [
        (r"(livres?)", r"\1 sterling", "the full name"),
        (r"(dollars? .*)cent(s?)", r"\1centime\2", "both are in use; «cents» looks like the hundreds"),
    ],
}

# As SAME and applied after it: what num2words has here is wrong in the language. The last is the rule that it breaks.
ERRORS = {
    "ru": [
        (r"двухсотый тысяч", "двести тысяч", "only the last word is an ordinal"),
    ],
    "de": [
        (r"(\w*)einstausend(\w*)", r"\1eintausend\2", "«eins» is «ein» before «tausend»"),
    ],
    "es": [
        (r"veintiuno (mil|millones)", r"veintiún \1", "«uno» loses its -o before «mil» and a noun"),
        (r"uno (mil|millones)", r"un \1", "«uno» loses its -o before «mil» and a noun"),
        (r"(mill(?:ón|ones)) (euros|libras|tenges)", r"\1 de \2", "«de» stands between «millón» and a noun"),
        (r"(\w+ient)as millones", r"\1os millones", "hundreds agree with «millones», which is masculine"),
        (r"(\w+ient)os (una |)(libras|grivnas)", r"\1as \2\3", "hundreds agree with the noun, here feminine"),
        (r"(veinti)?[uú]n (grivnas?|kopiykas?)", r"\1una \2", "the noun is feminine"),
        (r"décimoprimero", "undécimo", "misspelt; right are «undécimo» and, rarer, «decimoprimero»"),
        (r"décimosegundo", "duodécimo", "misspelt; right are «duodécimo» and, rarer, «decimosegundo»"),
        (r"quadragésimo", "cuadragésimo", "misspelt"),
        (r"veintidósmilésimo", "veintidosmilésimo", "misspelt: of one word only the last part keeps its accent"),
    ],
    "uk": [
        (r"теньге", "тенге", "misspelt"),
        (r"дев'яноститисячний", "дев'яностотисячний", "«дев'яносто» keeps its -о in compounds"),
    ],
    "pl": [
        (r"trzysetny", "trzechsetny", "dictionaries have no «trzysetny»"),
        (r"dwudziesty piątytysięczny", "dwudziestopięciotysięczny", "one word, with one ordinal, at its end"),
        (r"pięcsettysięczny", "pięćsettysięczny", "misspelt"),
        (r"milairdowy", "miliardowy", "misspelt"),
        (r"^jeden euro", "jedno euro", "«euro» is neuter"),
    ],
    "fr": [
        (r"(vingt|cent|million)sième", r"\1ième", "no plural -s before -ième"),
        (r"cents (millionième)", r"cent \1", "no plural -s inside an ordinal"),
        (r"^un (millionième|milliardième)", r"\1", "with «un» it is a fraction"),
        (r"zéro (euro|livre)s", r"zéro \1", "the plural begins at two"),
        (r"(millions?|milliards?) (euros)", r"\1 d'\2", "«de» stands between «million», «milliard» and a noun"),
        (r"(millions?) (dollars|livres)", r"\1 de \2", "«de» stands between «million» and a noun"),
        (r"un (livres?)", r"une \1", "«livre» in money is feminine"),
    ],
}

# Single cases that were examined: (code, "format: value") -> one line of reason.
KNOWN = {
    ("tr", "number: 1001001001001"): "«bir milyar», «bir milyon»: only yüz and bin stand without «bir»; num2words loses it",
    ("es", "ordinal: 1000000000"): "«billonésimo» is 10 to the 12th in Spanish",
    ("fr", "money: 0.02 USD"): "«cents» for «centimes», as in SAME; no rule can tell it from 200",
}


def plain(code, words):
    """What remains when writing does not matter."""
    words = words.casefold().replace("ё", "е").replace("’", "'").replace("ʼ", "'")
    words = re.sub(r"[-,\u2010\u2011]", " ", words)
    return " ".join(word for word in words.split() if word not in OPTIONAL.get(code, ()))


def same(code, words):
    """num2words's text with our words for the same things and without its errors."""
    for theirs, ours, _ in SAME.get(code, []) + ERRORS.get(code, []):
        words = re.sub(rf"(?<!\w){theirs}(?!\w)", ours, words)
    return words


def answers(code, kind, value):
    """What num2words says: several, where a word may stand or not. Empty: it does not know."""
    lang = CODES[code]
    try:
        if kind != "money":
            said = num2words(int(value), lang=lang, to="cardinal" if kind == "number" else "ordinal")
            return [said] if said else []
        amount, currency = value.split(" ")
        if currency not in getattr(CONVERTER_CLASSES[lang], "CURRENCY_FORMS", {}):
            return []
        # A Decimal: an int would be minor units. The separator shows where the sub-units begin.
        said = num2words(Decimal(amount), lang=lang, to="currency", currency=currency, separator=" |")
    except Exception:  # whatever it stumbles over, it has not answered
        return []
    if not said or said.count("|") != 1:
        return []
    # We say no zeros beside other parts of an amount.
    units, sub_units = (part.strip() for part in said.split("|"))
    minor = int(Decimal(amount).copy_abs() * 100 % 100)
    if minor == 0:
        return [units]
    if abs(Decimal(amount)) < 1:
        minus = units.split()[0] + " " if amount.startswith("-") else ""
        return [minus + sub_units]
    return [f"{units} {joiner} {sub_units}" for joiner in ["", *JOINERS.get(code, [])]]


def cases(path):
    """(kind, "format: value", value, words) of every line that can be compared."""
    with open(path, encoding="utf-8") as table:
        for line in table:
            found = re.match(r"((number|ordinal|money)(?: masculine)?(?: nominative)?: (.+?)) => (.+?)\s*$", line)
            if found and not found[4].startswith("error: "):
                case, kind, value, words = found.groups()
                yield kind, case, value, words


def judge(code, path):
    """Prints what was found; True when all is well."""
    agree, differ, silent, used, unexplained = 0, 0, 0, set(), []
    if not os.path.exists(path):
        print(f"{code}: no table {path}")
        return False
    for kind, case, value, words in cases(path):
        theirs = [same(code, plain(code, text)) for text in answers(code, kind, value)]
        if not theirs:
            silent += 1
            continue
        ours = plain(code, words)
        squeezed = (lambda text: text.replace(" ", "")) if code in SQUEEZED else (lambda text: text)
        if squeezed(ours) in map(squeezed, theirs):
            agree += 1
            continue
        differ += 1
        if (code, case) in KNOWN:
            used.add(case)
        else:
            unexplained.append(f"    {case}\n        table      {words}\n        num2words  {theirs[0]}")
    print(f"{code}: {agree} agree, {differ} differ ({len(used)} known; {silent} more that num2words cannot say)")
    for text in unexplained:
        print(text)
    ok = not unexplained
    if agree + differ < LEAST:
        print(f"    only {agree + differ} cases could be compared, {LEAST} are asked for")
        ok = False
    for known_code, case in KNOWN:
        if known_code == code and case not in used:
            print(f"    KNOWN explains nothing any more: {case}")
            ok = False
    return ok


def main():
    if len(sys.argv) < 2 or not set(sys.argv[2:]) <= set(CODES):
        sys.exit(f"judge_num2words.py FOLDER [{' '.join(CODES)}]")
    folder, codes = sys.argv[1], sys.argv[2:] or list(CODES)
    print(f"num2words {version('num2words')}")
    results = [judge(code, os.path.join(folder, f"{code}.txt")) for code in codes]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
