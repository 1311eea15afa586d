//! Texts spelt for an engine: in letters it knows. A Latin company name in a Russian sentence, or a Russian surname in an
//! English one, is heard roughly; left as it is, it would not be heard at all.

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
            _ => out.push(' '),
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

/// ASCII and Latin letters; nothing that Pico takes for a command (`<speed …>`).
pub(super) fn for_pico(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if let Some(latin) = latin(c) {
            out.push_str(latin);
            continue;
        }
        match c {
            'a'..='z' | 'A'..='Z' | ' ' | '.' | ',' | '!' | '?' | ':' | ';' | '-' | '\'' => out.push(c),
            // Pico knows the letters of its neighbours: é in a name.
            'À'..='ÿ' if c.is_alphabetic() => out.push(c),
            '—' | '–' => out.push(','),
            '\u{301}' => {}
            _ => out.push(' '),
        }
    }
    out
}

fn latin(c: char) -> Option<&'static str> {
    const LOWER: [&str; 32] = [
        "a", "b", "v", "g", "d", "e", "zh", "z", "i", "y", "k", "l", "m", "n", "o", "p", "r", "s", "t", "u", "f", "kh",
        "ts", "ch", "sh", "shch", "", "y", "", "e", "yu", "ya",
    ];
    const UPPER: [&str; 32] = [
        "A", "B", "V", "G", "D", "E", "Zh", "Z", "I", "Y", "K", "L", "M", "N", "O", "P", "R", "S", "T", "U", "F", "Kh",
        "Ts", "Ch", "Sh", "Shch", "", "Y", "", "E", "Yu", "Ya",
    ];
    match c {
        'а'..='я' => Some(LOWER[c as usize - 'а' as usize]),
        'А'..='Я' => Some(UPPER[c as usize - 'А' as usize]),
        'ё' => Some("yo"),
        'Ё' => Some("Yo"),
        'і' => Some("i"),
        _ => None,
    }
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
        ] {
            assert_eq!(for_ru_tts(text), spelt, "{text}");
        }
        for (text, spelt) in
            [("Dear Щукин<speed>", "Dear Shchukin speed "), ("Ольга Ёлкина — José", "Olga Yolkina , José")]
        {
            assert_eq!(for_pico(text), spelt, "{text}");
        }
    }
}
