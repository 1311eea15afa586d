//! A text cut at the ends of its sentences, so that the sentences all contacts share are rendered once.

/// The sentences of `text`, each with its mark; what joins them again is a space. A mark ends a sentence when white
/// space follows.
pub fn sentences(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let end = rest
            .char_indices()
            .find(|(at, c)| {
                matches!(c, '.' | '!' | '?' | '…')
                    && rest[at + c.len_utf8()..].chars().next().is_some_and(char::is_whitespace)
            })
            .map_or(rest.len(), |(at, c)| at + c.len_utf8());
        found.push(&rest[..end]);
        rest = rest[end..].trim_start();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cut_at_their_ends() {
        for (text, expected) in [
            (
                "Здравствуйте! Это Горводоканал. Нажмите один.",
                vec!["Здравствуйте!", "Это Горводоканал.", "Нажмите один."],
            ),
            ("No mark at the end", vec!["No mark at the end"]),
            ("Really?! Yes... no", vec!["Really?!", "Yes...", "no"]),
            ("  ", vec![]),
            ("a.b c", vec!["a.b c"]),
        ] {
            assert_eq!(sentences(text), expected, "{text}");
        }
    }
}
