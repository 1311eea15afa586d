//! A letter as plain text for one sheet of A4 in a fixed-width face, the address where a window envelope shows it.

use super::letter_sheet::Sheet;

/// Columns of A4 with margins, at ten characters an inch.
const COLUMNS: usize = 72;
/// Of the address, so that it fits a window of 90 mm.
const ADDRESS_COLUMNS: usize = 34;
/// The address begins on this line (DIN 5008 form B: 45 mm from the upper edge, six lines an inch).
const ADDRESS_LINE: usize = 9;
/// The text begins no higher than here, below the window.
const TEXT_LINE: usize = 20;

pub(super) fn lay_out(sheet: &Sheet<'_>) -> String {
    let mut lines: Vec<String> = wrapped(sheet.company, COLUMNS);
    lines.resize(lines.len().max(ADDRESS_LINE), String::new());
    lines.extend(wrapped(sheet.name, ADDRESS_COLUMNS));
    for part in sheet.address.split(',') {
        lines.extend(wrapped(part.trim(), ADDRESS_COLUMNS));
    }
    lines.resize(lines.len().max(TEXT_LINE - 2), String::new());
    lines.push(format!("{:>COLUMNS$}", sheet.date));
    lines.push(String::new());
    for paragraph in sheet.text.trim().lines() {
        lines.extend(wrapped(paragraph, COLUMNS));
    }
    let mut text = lines.join("\n");
    text.push('\n');
    text
}

/// One line of text in lines of at most so many characters; a word longer than that is broken. Control characters would move the
/// printer and are left out.
fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let mut lines = vec![String::new()];
    let mut length = 0;
    for word in clean.split_whitespace() {
        let mut word: Vec<char> = word.chars().collect();
        if length > 0 && length + 1 + word.len() > columns {
            lines.push(String::new());
            length = 0;
        }
        while word.len() > columns {
            let rest = word.split_off(columns);
            lines.last_mut().expect("begins with one").extend(word);
            lines.push(String::new());
            word = rest;
        }
        let line = lines.last_mut().expect("begins with one");
        if length > 0 {
            line.push(' ');
            length += 1;
        }
        length += word.len();
        line.extend(word);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet() {
        let sheet = lay_out(&Sheet {
            company: "Горводоканал",
            name: "Анна Петрова",
            address: "119991, Москва, ул. Академика Константиновского-Преображенского, д. 7, кв. 12",
            date: "05.11.2026",
            text: "Здравствуйте!\n\nПросим вас связаться с нами.\x0c\n",
        });
        let lines: Vec<&str> = sheet.lines().collect();
        assert_eq!(lines[0], "Горводоканал");
        assert_eq!(
            &lines[9..14],
            ["Анна Петрова", "119991", "Москва", "ул. Академика", "Константиновского-Преображенского"]
        );
        assert_eq!(lines[14..16], ["д. 7", "кв. 12"]);
        assert_eq!(lines[18].trim_start(), "05.11.2026");
        assert_eq!(lines[18].chars().count(), 72);
        assert_eq!(lines[20..], ["Здравствуйте!", "", "Просим вас связаться с нами."]);
    }

    #[test]
    fn no_line_is_too_long_and_nothing_is_lost() {
        let long = "а".repeat(100) + " б " + &"в г ".repeat(40);
        let lines = wrapped(&long, 34);
        assert!(lines.iter().all(|line| line.chars().count() <= 34), "{lines:?}");
        let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
        assert_eq!(letters(&lines.concat()), letters(&long));
    }
}
