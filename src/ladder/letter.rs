//! What stands in a letter, as it goes into the outbox: company, name, address and date, a line each, an empty line, and the text.
//! `notify` lays it out.

use jiff::civil::Date;

use crate::language::Language;

/// Everything on the sheet but the words.
pub struct Head<'a> {
    pub company: &'a str,
    pub name: &'a str,
    /// Its parts stand between commas.
    pub address: &'a str,
    pub date: Date,
    pub language: Language,
}

pub fn content(head: &Head<'_>, text: &str) -> String {
    let date = match head.language {
        Language::RU => head.date.strftime("%d.%m.%Y").to_string(),
        _ => head.date.strftime("%-d %b %Y").to_string(),
    };
    let [company, name, address] = [head.company, head.name, head.address].map(one_line);
    format!("{company}\n{name}\n{address}\n{date}\n\n{}\n", text.trim())
}

/// A line break would push the rest out of its place. What is empty shows as a dash.
fn one_line(text: &str) -> String {
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty()).collect();
    if words.is_empty() { "–".to_string() } else { words.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter() {
        let head = Head {
            company: "Горводоканал",
            name: "Анна\nПетрова",
            address: "Москва,\r\nд. 7",
            date: "2026-11-05".parse().unwrap(),
            language: Language::RU,
        };
        let text = "Здравствуйте!\n\nПросим вас связаться с нами.\n";
        let written =
            "Горводоканал\nАнна Петрова\nМосква, д. 7\n05.11.2026\n\nЗдравствуйте!\n\nПросим вас связаться с нами.\n";
        assert_eq!(content(&head, text), written);
        let english = Head { language: Language::EN, company: " ", ..head };
        assert!(content(&english, "x").starts_with("–\nАнна Петрова\nМосква, д. 7\n5 Nov 2026\n\nx\n"));
    }
}
