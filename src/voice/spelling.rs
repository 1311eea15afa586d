//! Texts spelt for an engine: in letters it knows. A Latin company name in a Russian sentence, or a Russian surname in an
//! English one, is heard roughly; left as it is, it would not be heard at all.

use std::borrow::Cow;

use crate::language::Language;

/// Why a name may not be passed over.
pub(super) const LOST: &str = "a word of it is written in letters that this voice does not know";

/// The first word with letters of which `spell` leaves none: an engine that knows no such script would pass over a name.
pub(super) fn lost(text: &str, spell: impl Fn(&str) -> String) -> Option<&str> {
    let has_letters = |word: &str| word.contains(char::is_alphabetic);
    text.split_whitespace().find(|word| has_letters(word) && !has_letters(&spell(word)))
}

/// Lower-case Russian letters, `+` for the stress (from U+0301), plain punctuation.
pub(super) fn for_ru_tts(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut latin = String::new();
    for c in text.chars().flat_map(char::to_lowercase) {
        if c.is_ascii_lowercase() {
            latin.push(c);
            continue;
        }
        flush_latin(&mut latin, &mut out);
        match c {
            'а'..='я' | 'ё' | ' ' | '.' | ',' | '!' | '?' | ':' | ';' | '-' => out.push(c),
            '\u{301}' => out.push('+'),
            // Ukrainian, Belarusian and Kazakh letters by the nearest Russian ones.
            'і' | 'ї' => out.push('и'),
            'є' => out.push('е'),
            'ґ' | 'ғ' => out.push('г'),
            'ў' | 'ұ' | 'ү' => out.push('у'),
            'қ' => out.push('к'),
            'ң' => out.push('н'),
            'ә' => out.push('я'),
            'ө' => out.push('о'),
            'һ' => out.push('х'),
            // A pause; the engine's own "-" would join.
            '—' | '–' => out.push(','),
            '\'' => {}
            'á' | 'à' | 'â' | 'ä' | 'å' | 'ã' => latin.push('a'),
            'é' | 'è' | 'ê' | 'ë' => latin.push('e'),
            'í' | 'ì' | 'î' | 'ï' => latin.push('i'),
            'ó' | 'ò' | 'ô' | 'ö' | 'õ' | 'ø' => latin.push('o'),
            'ú' | 'ù' | 'û' | 'ü' => latin.push('u'),
            'ý' | 'ÿ' => latin.push('y'),
            'ñ' => latin.push('n'),
            'ç' => latin.push('s'),
            'ß' => latin.push_str("ss"),
            c => match plain(c) {
                Some(letters) => latin.push_str(&letters.to_lowercase()),
                None => out.push(' '),
            },
        }
    }
    flush_latin(&mut latin, &mut out);
    out
}

fn flush_latin(latin: &mut String, out: &mut String) {
    /// Longest first.
    const SOUNDS: [(&str, &str); 44] = [
        ("tion", "шн"),
        ("sch", "ш"),
        ("ch", "ч"),
        ("sh", "ш"),
        ("th", "т"),
        ("ph", "ф"),
        ("ck", "к"),
        ("kh", "х"),
        ("zh", "ж"),
        ("ts", "ц"),
        ("oo", "у"),
        ("ee", "и"),
        ("ya", "я"),
        ("yu", "ю"),
        ("yo", "ё"),
        ("ye", "е"),
        ("qu", "кв"),
        ("ss", "сс"),
        ("a", "а"),
        ("b", "б"),
        ("c", "к"),
        ("d", "д"),
        ("e", "е"),
        ("f", "ф"),
        ("g", "г"),
        ("h", "х"),
        ("i", "и"),
        ("j", "дж"),
        ("k", "к"),
        ("l", "л"),
        ("m", "м"),
        ("n", "н"),
        ("o", "о"),
        ("p", "п"),
        ("q", "к"),
        ("r", "р"),
        ("s", "с"),
        ("t", "т"),
        ("u", "у"),
        ("v", "в"),
        ("w", "в"),
        ("x", "кс"),
        ("y", "и"),
        ("z", "з"),
    ];
    let mut rest = latin.as_str();
    while !rest.is_empty() {
        let (from, to) = SOUNDS.iter().find(|(from, _)| rest.starts_with(from)).expect("every letter is there");
        out.push_str(to);
        rest = &rest[from.len()..];
    }
    latin.clear();
}

/// Latin letters that Pico's languages have, and Cyrillic names by the habits of the language that is spoken; nothing that Pico
/// takes for a command (`<speed …>`).
pub(super) fn for_pico(language: Language, text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut name = String::new();
    for c in text.chars() {
        if is_cyrillic(c) {
            name.push(c);
            continue;
        }
        // A mark of stress inside a Cyrillic word does not end it.
        if c == '\u{301}' {
            continue;
        }
        flush_cyrillic(language, &mut name, &mut out);
        match c {
            'a'..='z' | 'A'..='Z' | ' ' | '.' | ',' | '!' | '?' | ':' | ';' | '-' | '\'' => out.push(c),
            'ß'..='ÿ' | 'À'..='Þ' if c.is_alphabetic() => out.push(c),
            // Typographic: l’électricité.
            '’' => out.push('\''),
            '—' | '–' => out.push(','),
            _ => out.push_str(plain(c).unwrap_or(" ")),
        }
    }
    flush_cyrillic(language, &mut name, &mut out);
    if language == Language::EN { ones_heard(&out) } else { out }
}

/// Pico's English "one" is taken for "when" at 8 kHz: a speech recogniser heard 6 of 23 sums with a "one" in them right, and 17 when it
/// was spelt so (`tests/it/ears.rs`).
fn ones_heard(text: &str) -> String {
    let words = text.split_inclusive(|c: char| !c.is_alphabetic());
    let spelt = words.map(|word| {
        let letters = word.trim_end_matches(|c: char| !c.is_alphabetic());
        if letters.eq_ignore_ascii_case("one") { word.replacen(letters, "wan", 1) } else { word.to_owned() }
    });
    spelt.collect()
}

/// Letters of other languages in names, by the nearest that every language of Pico has.
fn plain(c: char) -> Option<&'static str> {
    Some(match c {
        'ā' | 'ă' | 'ą' => "a",
        'Ā' | 'Ă' | 'Ą' => "A",
        'ć' | 'č' => "c",
        'Ć' | 'Č' => "C",
        'ď' | 'đ' => "d",
        'Ď' | 'Đ' => "D",
        'ē' | 'ė' | 'ę' | 'ě' => "e",
        'Ē' | 'Ė' | 'Ę' | 'Ě' => "E",
        'ģ' | 'ğ' => "g",
        'Ģ' | 'Ğ' => "G",
        'ī' | 'į' | 'ı' => "i",
        'Ī' | 'Į' | 'İ' => "I",
        'ķ' => "k",
        'Ķ' => "K",
        'ĺ' | 'ļ' | 'ľ' | 'ł' => "l",
        'Ĺ' | 'Ļ' | 'Ľ' | 'Ł' => "L",
        'ń' | 'ņ' | 'ň' => "n",
        'Ń' | 'Ņ' | 'Ň' => "N",
        'ő' => "ö",
        'Ő' => "Ö",
        'œ' => "oe",
        'Œ' => "Oe",
        'ŕ' | 'ř' => "r",
        'Ŕ' | 'Ř' => "R",
        'ś' | 'š' | 'ş' | 'ș' => "s",
        'Ś' | 'Š' | 'Ş' | 'Ș' => "S",
        'ẞ' => "ß",
        'ť' | 'ţ' | 'ț' => "t",
        'Ť' | 'Ţ' | 'Ț' => "T",
        'ū' | 'ů' | 'ų' => "u",
        'Ū' | 'Ů' | 'Ų' => "U",
        'ű' => "ü",
        'Ű' => "Ü",
        'ź' | 'ż' | 'ž' => "z",
        'Ź' | 'Ż' | 'Ž' => "Z",
        _ => return None,
    })
}

fn is_cyrillic(c: char) -> bool {
    matches!(c, '\u{400}'..='\u{4ff}') && c.is_alphabetic()
}

fn flush_cyrillic(language: Language, name: &mut String, out: &mut String) {
    // The dot lets a spelling ask for the end of the word.
    let lower: String = name.chars().flat_map(char::to_lowercase).chain(['.']).collect();
    let mut letters = name.chars();
    let mut rest = lower.as_str();
    while rest != "." && !rest.is_empty() {
        let (from, to) = latin(language, rest);
        let upper = letters.next().is_some_and(char::is_uppercase);
        letters.by_ref().take(from.trim_end_matches('.').chars().count().saturating_sub(1)).for_each(drop);
        out.push_str(&if upper { capitalised(to) } else { Cow::Borrowed(to) });
        rest = &rest[from.len()..];
    }
    name.clear();
}

fn capitalised(word: &str) -> Cow<'_, str> {
    let mut letters = word.chars();
    match letters.next() {
        Some(first) => Cow::Owned(first.to_uppercase().chain(letters).collect()),
        None => Cow::Borrowed(word),
    }
}

/// The spelling of what `rest` begins with: the letters that are spelt, and how. `rest` is lower-case Cyrillic with a dot at its
/// end. The language's own habits before the common ones; the first that fits is taken.
fn latin(language: Language, rest: &str) -> (&str, &'static str) {
    type Spellings = &'static [(&'static str, &'static str)];
    const COMMON: Spellings = &[
        ("а", "a"),
        ("б", "b"),
        ("в", "v"),
        ("г", "g"),
        ("д", "d"),
        ("е", "e"),
        ("ё", "yo"),
        ("ж", "zh"),
        ("з", "z"),
        ("и", "i"),
        ("й", "y"),
        ("к", "k"),
        ("л", "l"),
        ("м", "m"),
        ("н", "n"),
        ("о", "o"),
        ("п", "p"),
        ("р", "r"),
        ("с", "s"),
        ("т", "t"),
        ("у", "u"),
        ("ф", "f"),
        ("х", "kh"),
        ("ц", "ts"),
        ("ч", "ch"),
        ("ш", "sh"),
        ("щ", "shch"),
        ("ы", "y"),
        ("э", "e"),
        ("ю", "yu"),
        ("я", "ya"),
        // Ukrainian, Belarusian and Kazakh.
        ("і", "i"),
        ("ї", "yi"),
        ("є", "ye"),
        ("ґ", "g"),
        ("ў", "u"),
        ("ә", "a"),
        ("ғ", "g"),
        ("қ", "k"),
        ("ң", "n"),
        ("ө", "o"),
        ("ұ", "u"),
        ("ү", "u"),
        ("һ", "h"),
    ];
    const GERMAN: Spellings = &[
        ("ий", "i"),
        ("ый", "y"),
        ("в", "w"),
        ("ё", "jo"),
        ("ж", "sch"),
        ("з", "s"),
        ("й", "j"),
        ("х", "ch"),
        ("ц", "z"),
        ("ч", "tsch"),
        ("ш", "sch"),
        ("щ", "schtsch"),
        ("ю", "ju"),
        ("я", "ja"),
        ("ї", "ji"),
        ("є", "je"),
    ];
    const FRENCH: Spellings = &[
        // Without its e, «ин» would go through the nose: Poutine.
        ("ин.", "ine"),
        ("ий", "i"),
        ("ый", "y"),
        ("ге", "gue"),
        ("ги", "gui"),
        ("ё", "io"),
        ("ж", "j"),
        ("й", "ï"),
        ("у", "ou"),
        ("ч", "tch"),
        ("ш", "ch"),
        ("щ", "chtch"),
        ("ю", "iou"),
        ("я", "ia"),
        ("ї", "ï"),
        ("є", "ie"),
        ("ў", "ou"),
    ];
    const SPANISH: Spellings = &[
        ("ий", "i"),
        ("ый", "i"),
        ("ге", "gue"),
        ("ги", "gui"),
        ("ж", "y"),
        ("з", "s"),
        ("й", "i"),
        ("х", "j"),
        ("ш", "sh"),
        ("щ", "sch"),
        ("ы", "i"),
        ("ї", "yi"),
    ];
    const ITALIAN: Spellings = &[
        ("ий", "i"),
        ("ый", "i"),
        ("ге", "ghe"),
        ("ги", "ghi"),
        ("че", "ce"),
        ("чи", "ci"),
        ("ше", "sce"),
        ("ши", "sci"),
        ("ё", "io"),
        ("ж", "gi"),
        ("з", "s"),
        ("й", "i"),
        ("х", "k"),
        ("ц", "z"),
        ("ч", "ci"),
        ("ш", "sci"),
        ("щ", "sci"),
        ("ы", "i"),
        ("ю", "iu"),
        ("я", "ia"),
        ("ї", "i"),
        ("є", "ie"),
    ];
    let own = match language.code() {
        "de" => GERMAN,
        "fr" => FRENCH,
        "es" => SPANISH,
        "it" => ITALIAN,
        _ => &[],
    };
    let next = rest.chars().next().map_or(0, char::len_utf8);
    own.iter()
        .chain(COMMON)
        .find(|(from, _)| rest.starts_with(from))
        .map_or((&rest[..next], ""), |(from, to)| (&rest[..from.len()], to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelt() {
        for (text, spelt) in [
            ("Добрый день, Ringback!", "добрый день, рингбак!"),
            ("за\u{301}мок — Sch", "за+мок , ш"),
            ("Олексій", "олексий"),
            ("Müller, José, Świątek", "муллер, джосе, свиатек"),
        ] {
            assert_eq!(for_ru_tts(text), spelt, "{text}");
        }
        for (language, text, spelt) in [
            ("en", "Dear Щукин<speed>", "Dear Shchukin speed "),
            ("en", "Ольга Ёлкина — José", "Olga Yolkina , José"),
            ("en", "ЖЭК, Сергей, Олексій, Київ", "ZhEK, Sergey, Oleksiy, Kiyiv"),
            ("en", "Łukasz Świątek", "Lukasz Swiatek"),
            ("en", "One, twenty-one phones", "wan, twenty-wan phones"),
            ("en", "Ще\u{301}дрин 😀", "Shchedrin  "),
            ("de", "Grüße an Straße, ẞ", "Grüße an Straße, ß"),
            ("de", "Дмитрий Щукин, Евгений Жуковский, Андрей", "Dmitri Schtschukin, Ewgeni Schukowski, Andrej"),
            ("fr", "l’électricité, cœur, ça, où", "l'électricité, coeur, ça, où"),
            ("fr", "Сергей Пушкин, Юрий Шувалов", "Sergueï Pouchkine, Iouri Chouvalov"),
            ("es", "¿Mañana? ¡Señor Núñez!", " Mañana?  Señor Núñez!"),
            ("es", "Хабаров Сергей", "Jabarov Serguei"),
            ("it", "Perché, città, Чехов, Гена, Шишкин", "Perché, città, Cekov, Ghena, Sciscikin"),
        ] {
            assert_eq!(for_pico(language.parse().unwrap(), text), spelt, "{text}");
        }
        for (text, word) in [("Dear 李明, hello", Some("李明,")), ("გიორგი", Some("გიორგი")), ("Иван — 5 !", None)]
        {
            assert_eq!(lost(text, for_ru_tts), word, "{text}");
            assert_eq!(lost(text, |word| for_pico(Language::EN, word)), word, "{text}");
        }
    }
}
