//! A mapping file: what a creditor's columns are called here, how it writes days and amounts, what all of its contacts share.

use super::header::SEPARATORS;
use super::kind::{CONTACTS, PAYMENTS};
use super::row::{NAME_CHARS_MAX, text_fault};
use super::{Defaults, Encoding};
use crate::diagnostic::{Diagnostic, Span, did_you_mean};
use crate::flow::yaml::{self, Map, Node, Value};
use crate::policy::Fact;

const KEYS: [&str; 11] = [
    "columns",
    "ignore",
    "constants",
    "dates",
    "decimal",
    "country",
    "encoding",
    "separator",
    "sheet",
    "header_line",
    "rejects",
];
/// Known columns that a constant may stand for.
const CONSTANT: [&str; 4] = ["creditor", "currency", "language", "zone"];

const UNKNOWN_KEY: &str = "M001";
const SHAPE: &str = "M002";
const VALUE: &str = "M003";

/// What a file says of another file.
#[derive(Debug, Clone, Default)]
pub struct Mapping {
    pub defaults: Defaults,
    pub encoding: Option<Encoding>,
    pub sheet: Option<String>,
    /// Where rejects are written.
    pub rejects: Option<String>,
}

/// Reads a mapping; all that is wrong with it at once.
///
/// # Errors
/// Diagnostics with their places.
pub fn mapping(source: &str) -> Result<Mapping, Vec<Diagnostic>> {
    let mut diagnostics = Vec::new();
    let mut found = Mapping::default();
    if let Some(root) = yaml::read(source, &mut diagnostics) {
        let mut reader = Reader { diagnostics: &mut diagnostics };
        if let Some(map) = reader.map(&root, "a mapping") {
            reader.read(map, &mut found);
        }
    }
    if diagnostics.is_empty() { Ok(found) } else { Err(diagnostics) }
}

struct Reader<'d> {
    diagnostics: &'d mut Vec<Diagnostic>,
}

impl Reader<'_> {
    fn read(&mut self, map: &Map, found: &mut Mapping) {
        for entry in &map.entries {
            let (key, value) = (entry.key.as_str(), &entry.value);
            match key {
                "columns" => self.columns(value, &mut found.defaults),
                "ignore" => {
                    for item in self.list(value) {
                        found.defaults.ignored.extend(self.text(item, "a column"));
                    }
                }
                "constants" => self.constants(value, &mut found.defaults),
                "dates" => found.defaults.dates = self.word(value, key),
                "decimal" => found.defaults.decimal = self.word(value, key),
                "country" => found.defaults.country = self.word(value, key),
                "encoding" => found.encoding = self.word(value, key),
                "separator" => found.defaults.separator = self.separator(value),
                "sheet" => found.sheet = self.text(value, key),
                "header_line" => found.defaults.header_line = self.line_number(value, key),
                "rejects" => found.rejects = self.text(value, key),
                unknown => self.unknown(entry.key_span, "key", unknown, &KEYS),
            }
        }
    }

    fn columns(&mut self, node: &Node, defaults: &mut Defaults) {
        let Some(map) = self.map(node, "columns") else { return };
        let known = CONTACTS.known.iter().chain(PAYMENTS.known).copied();
        let ours: Vec<&str> = known.chain(Fact::ALL.iter().map(|fact| fact.as_str())).collect();
        for entry in &map.entries {
            let Some(name) = self.text(&entry.value, "the name of a column here") else { continue };
            let near = did_you_mean(&name, ours.iter().copied()).filter(|near| *near != name);
            if let Some(near) = near.filter(|_| !ours.contains(&name.as_str())) {
                let what = format!("`{name}` is no column with a meaning, and nearly one");
                let help = format!("did you mean `{near}`? To keep a field, give it another name");
                self.diagnostics.push(Diagnostic::error(UNKNOWN_KEY, entry.value.span, what).help(help));
            }
            defaults.columns.push((entry.key.clone(), name));
        }
    }

    fn constants(&mut self, node: &Node, defaults: &mut Defaults) {
        let Some(map) = self.map(node, "constants") else { return };
        for entry in &map.entries {
            let (key, value) = (entry.key.as_str(), &entry.value);
            match key {
                "creditor" => {
                    let fits = |name: &String| text_fault(name, NAME_CHARS_MAX).map(|(_, why)| format!("it {why}"));
                    defaults.creditor = self.text(value, key).filter(|name| self.fits(value.span, key, fits(name)));
                }
                "currency" => defaults.currency = self.word(value, key),
                "language" => defaults.language = self.word(value, key),
                "zone" => defaults.zone = self.zone(value),
                name => match (name.parse::<Fact>(), self.text(value, name)) {
                    (Ok(fact), Some(text)) => {
                        if self.fits(value.span, name, fact.fault(&text)) {
                            defaults.constants.insert(name.to_string(), text);
                        }
                    }
                    (Err(_), _) => {
                        let facts = Fact::ALL.iter().map(|fact| fact.as_str());
                        let known: Vec<&str> = CONSTANT.into_iter().chain(facts).collect();
                        self.unknown(entry.key_span, "constant", name, &known);
                    }
                    (Ok(_), None) => {}
                },
            }
        }
    }

    fn separator(&mut self, node: &Node) -> Option<char> {
        let text = self.text(node, "separator")?;
        let mark = if text == "tab" { Some('\t') } else { text.chars().next().filter(|_| text.chars().count() == 1) };
        let known = mark.filter(|mark| SEPARATORS.contains(mark));
        if known.is_none() {
            self.wrong(node.span, "separator", "expected one of \",\" \";\" \"|\" tab");
        }
        known
    }

    fn line_number(&mut self, node: &Node, key: &str) -> Option<u64> {
        let number = self.text(node, key)?.parse().ok().filter(|n| (1..=1000).contains(n));
        if number.is_none() {
            self.wrong(node.span, key, "expected the number of a line, from 1 to 1000");
        }
        number
    }

    fn zone(&mut self, node: &Node) -> Option<crate::time::Zone> {
        let text = self.text(node, "zone")?;
        match super::row::Zones::default().get(&text) {
            Ok(zone) => Some(zone),
            Err(why) => {
                self.wrong(node.span, "zone", &why);
                None
            }
        }
    }

    /// A value of a type that knows its words.
    fn word<T: std::str::FromStr<Err: std::fmt::Display>>(&mut self, node: &Node, key: &str) -> Option<T> {
        match self.text(node, key)?.parse() {
            Ok(value) => Some(value),
            Err(why) => {
                self.wrong(node.span, key, &why.to_string());
                None
            }
        }
    }

    fn fits(&mut self, span: Span, key: &str, fault: Option<String>) -> bool {
        if let Some(why) = &fault {
            self.wrong(span, key, why);
        }
        fault.is_none()
    }

    fn wrong(&mut self, span: Span, key: &str, why: &str) {
        self.diagnostics.push(Diagnostic::error(VALUE, span, format!("{key}: {why}")));
    }

    fn unknown(&mut self, span: Span, what: &str, word: &str, known: &[&str]) {
        let help = match did_you_mean(word, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known: {}", known.join(", ")),
        };
        self.diagnostics.push(Diagnostic::error(UNKNOWN_KEY, span, format!("unknown {what} `{word}`")).help(help));
    }

    fn map<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n Map> {
        if node.map().is_none() {
            let found = format!("{what} must be a map (`name: value`), not {}", node.kind());
            self.diagnostics.push(Diagnostic::error(SHAPE, node.span, found));
        }
        node.map()
    }

    /// A list, or one value that stands for a list of one.
    fn list<'n>(&mut self, node: &'n Node) -> Vec<&'n Node> {
        match &node.value {
            Value::List(items) => items.iter().collect(),
            Value::Map(_) | Value::Scalar(_) => vec![node],
        }
    }

    fn text(&mut self, node: &Node, what: &str) -> Option<String> {
        match &node.value {
            Value::Scalar(scalar) if !scalar.is_null() && !scalar.text.trim().is_empty() => {
                Some(scalar.text.trim().into())
            }
            Value::Scalar(_) => {
                self.diagnostics.push(Diagnostic::error(SHAPE, node.span, format!("{what} is empty")));
                None
            }
            Value::Map(_) | Value::List(_) => {
                let found = format!("{what} must be one value, not {}", node.kind());
                self.diagnostics.push(Diagnostic::error(SHAPE, node.span, found));
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::render_all;

    #[test]
    fn a_mapping_says_how_a_file_is_read() {
        let source = "columns:\n  Договор: contact_id\n  ФИО: name\n  Телефоны: phones\nignore: [Примечание]\n\
            constants:\n  creditor: Водоканал\n  zone: Europe/Moscow\n  language: ru\n  currency: RUB\n  claimant: collector\n\
            dates: dmy\ndecimal: comma\ncountry: RU\nencoding: windows-1251\nseparator: tab\nsheet: Долги\nheader_line: 4\n";
        let Mapping { defaults, encoding, sheet, rejects } = mapping(source).unwrap();
        assert_eq!(defaults.columns[0], ("Договор".to_string(), "contact_id".to_string()));
        assert_eq!(defaults.columns.len(), 3);
        assert_eq!(defaults.ignored, ["Примечание"]);
        assert_eq!((defaults.separator, defaults.creditor.as_deref()), (Some('\t'), Some("Водоканал")));
        assert_eq!(defaults.header_line, Some(4));
        assert_eq!(defaults.constants["claimant"], "collector");
        let words =
            (defaults.dates.unwrap().as_str(), defaults.decimal.unwrap().as_str(), defaults.country.unwrap().as_str());
        assert_eq!(words, ("dmy", "comma", "RU"));
        assert_eq!((encoding, sheet.as_deref(), rejects), (Some(Encoding::Windows1251), Some("Долги"), None));
    }

    #[test]
    fn everything_wrong_has_its_place() {
        let source = "colums:\n  a: b\ncolumns:\n  Тел: phoen\n  Долг: [amount]\nconstants:\n  zone: Europe/Moskow\n  claiment: collector\n  \
            claimant: bank\n  currency: RUR\ndates: mm/dd\nseparator: '-'\nheader_line: 0\n";
        let found = mapping(source).unwrap_err();
        let shown: Vec<String> = found
            .iter()
            .map(|d| format!("{}:{} {} {}", d.span.line, d.span.column, d.code, d.help.as_deref().unwrap_or("-")))
            .collect();
        let expected = [
            "1:1 M001 did you mean `columns`?",
            "4:8 M001 did you mean `phone`? To keep a field, give it another name",
            "5:9 M002 -",
            "7:9 M003 -",
            "8:3 M001 did you mean `claimant`?",
            "9:13 M003 -",
            "10:13 M003 -",
            "11:8 M003 -",
            "12:12 M003 -",
            "13:14 M003 -",
        ];
        assert_eq!(shown, expected, "{}", render_all(&found, "x.yaml", source));
        assert!(found[3].message.contains("did you mean Europe/Moscow"), "{}", found[3].message);
    }
}
