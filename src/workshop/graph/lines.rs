//! How much room text takes, without a font at hand: an estimate on the wide side, in hundredths of the type size.

/// Width of `text` in pixels at this size.
pub(super) fn width(text: &str, size: f64) -> f64 {
    f64::from(text.chars().map(hundredths).sum::<u32>()) * size / 100.0
}

/// After the wide faces that systems fall back to (DejaVu Sans, Segoe UI, Roboto).
fn hundredths(c: char) -> u32 {
    match c {
        ' ' | 'i' | 'j' | 'l' | 't' | 'f' | 'r' | 'I' | '.' | ',' | ':' | ';' | '!' | '\'' | '|' | '(' | ')' | '[' => {
            40
        }
        ']' | '-' | '/' | '`' | '1' | 'г' | '·' => 56,
        'm' | 'M' | 'W' | 'w' | 'Щ' | 'щ' | 'Ш' | 'ш' | 'Ж' | 'ж' | 'Ю' | 'ю' | 'Ф' | 'ф' | 'Ы' | 'ы' | '@' | '%' => {
            92
        }
        'м' | 'М' | '…' | '<' | '>' | '=' | '+' | '«' | '»' | 'Д' | 'д' => 78,
        c if c.is_ascii_lowercase() || c.is_ascii_digit() => 62,
        c if c.is_lowercase() => 66,
        c if c.is_alphabetic() && u32::from(c) < 0x1000 => 76,
        c if u32::from(c) < 0x1000 => 64,
        _ => 105,
    }
}

/// At most `lines` lines of at most `room` pixels, broken at spaces; what does not fit ends in `…`.
pub(super) fn wrap(text: &str, size: f64, room: f64, lines: usize) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut words = text.split_whitespace().peekable();
    let mut line = String::new();
    while let Some(word) = words.next() {
        let longer = if line.is_empty() { word.to_string() } else { format!("{line} {word}") };
        if line.is_empty() || width(&longer, size) <= room {
            line = longer;
        } else {
            out.push(std::mem::replace(&mut line, word.to_string()));
        }
        if out.len() == lines {
            // What is left does not fit any more.
            let last = out.pop().unwrap_or_default();
            out.push(clip(&format!("{last} {line}"), size, room));
            let _ = words.by_ref().count();
            return out;
        }
    }
    if !line.is_empty() {
        out.push(line);
    }
    out.into_iter().map(|line| clip(&line, size, room)).collect()
}

/// The beginning that fits, with `…` when that is not all.
pub(super) fn clip(text: &str, size: f64, room: f64) -> String {
    if width(text, size) <= room {
        return text.to_string();
    }
    let mut kept = String::new();
    for c in text.chars() {
        if width(&kept, size) + width(&format!("{c}…"), size) > room {
            break;
        }
        kept.push(c);
    }
    kept.trim_end_matches(|c: char| c.is_whitespace() || ",.:;".contains(c)).to_string() + "…"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrapped_into_the_room() {
        for (text, lines, expected) in [
            ("", 2, vec![]),
            ("one", 2, vec!["one"]),
            ("one two three", 2, vec!["one two", "three"]),
            ("one two three four five", 2, vec!["one two", "three fou…"]),
            ("incomprehensibilities", 2, vec!["incompre…"]),
        ] {
            assert_eq!(wrap(text, 10.0, 58.0, lines), expected, "{text}");
        }
        for text in ["Щедрый жюри", "WWWWWWWWWWWWWWWWWWWWW", "漢字漢字漢字漢字"] {
            for line in wrap(text, 10.0, 58.0, 3) {
                assert!(width(&line, 10.0) <= 58.0, "{line}");
            }
        }
    }
}
