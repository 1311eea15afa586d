//! What is sent to a server that speaks: an operator's template with the words put in, escaped for the place where they stand.

use serde_json::Value;

use crate::config::voices::Body;
use crate::language::Language;

/// A body as it is written in the settings, ready to be filled.
pub(super) enum Template {
    Json(Value),
    Form(Vec<(String, String)>),
    Xml(String),
}

impl Template {
    /// # Errors
    /// What is wrong with it. The settings have been checked, so that only settings made by other means come to this.
    pub fn new(body: &Body) -> Result<Template, String> {
        Ok(match body {
            Body::Json(text) => Template::Json(serde_json::from_str(text).map_err(|e| format!("its JSON: {e}"))?),
            Body::Form(pairs) => Template::Form(pairs.clone()),
            Body::Xml(text) => Template::Xml(text.clone()),
        })
    }

    pub fn content_type(&self) -> &'static str {
        match self {
            Template::Json(_) => "application/json",
            Template::Form(_) => "application/x-www-form-urlencoded",
            Template::Xml(_) => "application/ssml+xml",
        }
    }

    pub fn fill(&self, text: &str, language: Language) -> String {
        match self {
            Template::Json(value) => fill_json(value, text, language).to_string(),
            Template::Form(pairs) => {
                let pair = |(name, value): &(String, String)| {
                    format!("{}={}", form_escape(name), form_escape(&fill(value, text, language)))
                };
                pairs.iter().map(pair).collect::<Vec<_>>().join("&")
            }
            Template::Xml(template) => fill(template, &xml_escape(text), language),
        }
    }
}

/// In one walk, so that a text that holds `{language}` is said as it stands.
fn fill(template: &str, text: &str, language: Language) -> String {
    let mut out = String::with_capacity(template.len() + text.len());
    let mut rest = template;
    while let Some(at) = rest.find('{') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(after) = rest.strip_prefix("{text}") {
            out.push_str(text);
            rest = after;
        } else if let Some(after) = rest.strip_prefix("{language}") {
            out.push_str(language.code());
            rest = after;
        } else {
            out.push('{');
            rest = &rest[1..];
        }
    }
    out + rest
}

fn fill_json(value: &Value, text: &str, language: Language) -> Value {
    match value {
        Value::String(template) => Value::String(fill(template, text, language)),
        Value::Array(values) => values.iter().map(|v| fill_json(v, text, language)).collect(),
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(key, v)| (key.clone(), fill_json(v, text, language))).collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

/// As the URL standard writes forms.
fn form_escape(text: &str) -> String {
    let escape = |b: u8| match b {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'*' | b'-' | b'.' | b'_' => char::from(b).to_string(),
        b' ' => "+".to_owned(),
        _ => format!("%{b:02X}"),
    };
    text.bytes().map(escape).collect()
}

/// For an element and for an attribute alike. What XML 1.0 has no place for is left out.
fn xml_escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\t' | '\n' | '\r' => out.push(' '),
            c if c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}') => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_escaped_where_they_stand() {
        let form = Body::Form(vec![("text".into(), "{text}".into()), ("l g".into(), "{language}-RU {x}".into())]);
        let json = Body::Json(r#"{"a":{"t":["{text}"]},"l":"{language}","n":8000}"#.into());
        let xml = Body::Xml("<speak xml:lang=\"{language}\">{text}</speak>".into());
        for (body, text, expected) in [
            (&form, "да & нет", "text=%D0%B4%D0%B0+%26+%D0%BD%D0%B5%D1%82&l+g=ru-RU+%7Bx%7D"),
            (&form, "{language}=1", "text=%7Blanguage%7D%3D1&l+g=ru-RU+%7Bx%7D"),
            (&json, "a \"b\" \\ \n{text}", r#"{"a":{"t":["a \"b\" \\ \n{text}"]},"l":"ru","n":8000}"#),
            (
                &xml,
                "<break time='3h'/> & \"\u{0}x\"",
                "<speak xml:lang=\"ru\">&lt;break time=&apos;3h&apos;/&gt; &amp; &quot;x&quot;</speak>",
            ),
            (&xml, "", "<speak xml:lang=\"ru\"></speak>"),
        ] {
            assert_eq!(Template::new(body).unwrap().fill(text, Language::RU), expected);
        }
        assert!(Template::new(&Body::Json("{".into())).is_err());
    }
}
