//! Messages whose words are ours: made from named parts, so that the compiler can prove what is in them and what is not.
//!
//! Free words cannot be judged: nobody can prove of a sentence that it does not give a debt away. So where a law says what a message may
//! hold and nothing else, the flow names the parts, and the words around them stand in [`WORDINGS`].

use super::codes;
use super::context::Context;
use super::expr::{self, Expr};
use super::program::{Made, Message, Render, Take};
use super::yaml::{Entry, Map, Node};
use crate::phone::{NumberType, PhoneNumber};
use crate::speech::{DateStyle, Format, Piece, Spoken, Template};

/// What we say around the parts, with a mark for each: `{person} {business} {call_back} {date} {from} {to} {caller} {decline}`.
struct Wording {
    /// ISO 639-1.
    language: &'static str,
    hello: &'static str,
    it_is: &'static str,
    date: &'static str,
    call_back: &'static str,
    hours: &'static str,
    anyone: &'static str,
    abandoned: &'static str,
}

/// Of a limited-content message, sentence by sentence, and of the message to one who finds no agent.
const WORDINGS: [Wording; 9] = [
    Wording {
        language: "en",
        hello: "Hello.",
        it_is: "This is {person} from {business}.",
        date: "Today is {date}.",
        call_back: "Please call me back at {call_back}.",
        hours: "You can reach us from {from} to {to}.",
        anyone: "You may speak to any of our representatives.",
        abandoned: "This is a call from {caller}. We are sorry, nobody is free to talk to you now. To decline further calls, please ring {decline}. Goodbye.",
    },
    Wording {
        language: "es",
        hello: "Hola.",
        it_is: "Le habla {person}, de {business}.",
        date: "Hoy es {date}.",
        call_back: "Por favor, devuélvame la llamada al {call_back}.",
        hours: "Puede llamarnos de {from} a {to}.",
        anyone: "Puede hablar con cualquiera de nuestros representantes.",
        abandoned: "Le llama {caller}. Lo sentimos, ahora nadie puede atenderle. Para no recibir más llamadas, llame al {decline}. Adiós.",
    },
    Wording {
        language: "fr",
        hello: "Bonjour.",
        it_is: "Ici {person}, de {business}.",
        date: "Nous sommes le {date}.",
        call_back: "Merci de me rappeler au {call_back}.",
        hours: "Vous pouvez nous joindre de {from} à {to}.",
        anyone: "Vous pouvez parler à chacun de nos collaborateurs.",
        abandoned: "Ici {caller}. Nous sommes désolés, personne n'est libre pour vous répondre. Pour ne plus être appelé, composez le {decline}. Au revoir.",
    },
    Wording {
        language: "de",
        hello: "Guten Tag.",
        it_is: "Hier spricht {person} von {business}.",
        date: "Datum des Anrufs: {date}.",
        call_back: "Bitte rufen Sie mich zurück: {call_back}.",
        hours: "Sie erreichen uns von {from} bis {to}.",
        anyone: "Sie können mit jedem unserer Mitarbeiter sprechen.",
        abandoned: "Hier ist ein Anruf von {caller}. Leider ist gerade niemand für Sie frei. Wenn Sie nicht mehr angerufen werden wollen, wählen Sie bitte {decline}. Auf Wiederhören.",
    },
    Wording {
        language: "pl",
        hello: "Dzień dobry.",
        it_is: "Mówi {person}, {business}.",
        date: "Dzień rozmowy: {date}.",
        call_back: "Proszę oddzwonić pod numer {call_back}.",
        hours: "Jesteśmy dostępni w godzinach: {from}, {to}.",
        anyone: "Może odebrać każdy z naszych pracowników.",
        abandoned: "Dzwoni {caller}. Przepraszamy, nikt nie może teraz rozmawiać. Aby nie otrzymywać więcej połączeń, proszę zadzwonić pod numer {decline}. Do widzenia.",
    },
    Wording {
        language: "ru",
        hello: "Здравствуйте.",
        it_is: "Это {person}, {business}.",
        date: "День звонка: {date}.",
        call_back: "Пожалуйста, перезвоните мне по номеру {call_back}.",
        hours: "Часы для звонка: {from}, {to}.",
        anyone: "Ответить может любой наш сотрудник.",
        abandoned: "Вам звонит {caller}. Извините, сейчас никто не может с вами поговорить. Чтобы вам больше не звонили, позвоните по номеру {decline}. До свидания.",
    },
    Wording {
        language: "uk",
        hello: "Добрий день.",
        it_is: "Це {person}, {business}.",
        date: "День дзвінка: {date}.",
        call_back: "Будь ласка, передзвоніть мені за номером {call_back}.",
        hours: "Години для дзвінка: {from}, {to}.",
        anyone: "Відповісти може будь-який наш працівник.",
        abandoned: "Вам телефонує {caller}. Вибачте, зараз ніхто не може з вами поговорити. Щоб вам більше не телефонували, зателефонуйте за номером {decline}. До побачення.",
    },
    Wording {
        language: "tr",
        hello: "Merhaba.",
        it_is: "Ben {person}, {business}.",
        date: "Arama günü: {date}.",
        call_back: "Lütfen beni şu numaradan arayın: {call_back}.",
        hours: "Arama saatleri: {from}, {to}.",
        anyone: "Çalışanlarımızdan herhangi biriyle görüşebilirsiniz.",
        abandoned: "{caller} arıyor. Üzgünüz, şu anda sizinle görüşebilecek kimse yok. Bir daha aranmamak için lütfen şu numarayı arayın: {decline}. Hoşça kalın.",
    },
    Wording {
        language: "kk",
        hello: "Сәлеметсіз бе.",
        it_is: "Бұл {person}, {business}.",
        date: "Қоңырау күні: {date}.",
        call_back: "Маған мына нөмірге қоңырау шалыңыз: {call_back}.",
        hours: "Қоңырау шалу уақыты: {from}, {to}.",
        anyone: "Кез келген қызметкеріміз жауап бере алады.",
        abandoned: "Сізге {caller} қоңырау шалып тұр. Кешіріңіз, қазір сізбен сөйлесетін ешкім жоқ. Енді қоңырау шалмауымыз үшін мына нөмірге қоңырау шалыңыз: {decline}. Сау болыңыз.",
    },
];

/// The keys that make a message, and their parts: name, required, what it is.
pub type Parts = &'static [(&'static str, bool, &'static str)];

pub const LIMITED_CONTENT: Parts = &[
    ("business", true, "the caller's business name, which does not tell that debts are collected"),
    ("person", true, "the name of somebody to ask for"),
    ("call_back", true, "the number to ring, in international form"),
    ("greeting", false, "`true`: says hello first"),
    ("date", false, "`true`: says the day of the call"),
    ("from", false, "with `to`: hours in which a call suits, \"09:00\""),
    ("to", false, "with `from`"),
    ("anyone", false, "`true`: says that anybody there may be spoken to"),
];

pub const ABANDONED: Parts = &[
    ("caller", true, "who calls: a name, or `{company}`"),
    ("decline", true, "the number to ring to decline further calls, in international form; free or at the usual rate"),
];

pub const KINDS: [(&str, Made, Parts); 2] =
    [("limited_content", Made::LimitedContent, LIMITED_CONTENT), ("abandoned", Made::Abandoned, ABANDONED)];

/// Beginnings of words that give a collector's trade away, in any of our languages.
const TELLING: [&str; 56] = [
    "debt",
    "collect",
    "recover",
    "overdue",
    "arrear",
    "delinq",
    "credit",
    "loan",
    "payment",
    "invoice",
    "attorney",
    "bankrupt",
    "repossess",
    "deuda",
    "deudor",
    "cobran",
    "moros",
    "préstamo",
    "prestamo",
    "abogad",
    "dette",
    "recouvr",
    "créanc",
    "creanc",
    "impay",
    "avocat",
    "schuld",
    "inkasso",
    "mahn",
    "kredit",
    "rechtsanw",
    "dług",
    "dlug",
    "windyk",
    "wierzy",
    "долг",
    "задолж",
    "взыск",
    "коллект",
    "кредит",
    "займ",
    "заём",
    "оплат",
    "плат",
    "юрист",
    "адвокат",
    "борг",
    "стягн",
    "стягува",
    "borç",
    "borc",
    "tahsil",
    "alacak",
    "қарыз",
    "борыш",
    "төле",
];
/// The same, whole words.
const TELLING_WORDS: [&str; 12] =
    ["pay", "bill", "bills", "owe", "owed", "owing", "balance", "law", "legal", "court", "суд", "icra"];

const NAME_MAX: usize = 60;

/// The message under `entry`, if its words are to be ours. Faulty parts are reported and left out.
pub(super) fn read(cx: &mut Context<'_>, entry: &Entry, map: &Map, name: &str) -> Option<Message> {
    let (key, made, parts) = KINDS.into_iter().find(|(key, ..)| map.get(key).is_some())?;
    let written = map.get(key).expect("found above");
    for other in map.entries.iter().filter(|e| e.key != key) {
        let text =
            format!("`{}` stands beside `{key}`, whose words are ours, in every language of the flow", other.key);
        cx.error_help(
            codes::MADE,
            other.key_span,
            text,
            "take it out, or write a message of your own under another name",
        );
    }
    let mut message = Message { name: name.to_string(), takes: Default::default(), made: Some(made) };
    let Some(inner) = cx.map(&written.value, &format!("`{key}`")) else { return Some(message) };
    for part in inner.entries.iter().filter(|e| !parts.iter().any(|(name, ..)| *name == e.key)) {
        let known: Vec<&str> = parts.iter().map(|(name, ..)| *name).collect();
        let text = format!("`{}` is nothing that a message of `{key}` may hold", part.key);
        cx.error_help(codes::MADE, part.key_span, text, format!("it holds {}", known.join(", ")));
    }
    for (part, required, about) in parts {
        if *required && inner.get(part).is_none() {
            cx.error(codes::MISSING_KEY, entry.key_span, format!("`{key}` lacks `{part}`: {about}"));
        }
    }
    let pieces = match made {
        Made::LimitedContent => limited_content(cx, inner),
        Made::Abandoned => abandoned(cx, inner),
    };
    let Some((sentences, parts)) = pieces else { return Some(message) };
    for language in cx.languages.clone() {
        let Some(wording) = WORDINGS.iter().find(|wording| wording.language == language.code()) else {
            let text = format!("we have no words for `{key}` in {language}");
            cx.error_help(codes::MADE, entry.key_span, text, "leave the language out of the flow");
            continue;
        };
        let text = sentences.iter().map(|sentence| sentence(wording)).collect::<Vec<_>>().join(" ");
        message.takes.insert(language, take(&text, &parts));
    }
    Some(message)
}

type Sentence = fn(&Wording) -> &'static str;
/// A mark, and what is said in its place.
type Part = (&'static str, Said);

#[derive(Clone)]
enum Said {
    Here(Spoken, Format),
    Slot(Expr, Format),
}

fn limited_content(cx: &mut Context<'_>, map: &Map) -> Option<(Vec<Sentence>, Vec<Part>)> {
    let business = map.get("business").and_then(|e| business(cx, &e.value));
    let person = map.get("person").and_then(|e| person(cx, &e.value));
    let call_back = map.get("call_back").and_then(|e| number(cx, &e.value, "call_back"));
    let [greeting, date, anyone] = ["greeting", "date", "anyone"]
        .map(|key| map.get(key).is_some_and(|e| cx.truth(&e.value, &format!("`{key}`")) == Some(true)));
    let hours = match (map.get("from"), map.get("to")) {
        (None, None) => None,
        (Some(from), Some(to)) => Some((time(cx, &from.value)?, time(cx, &to.value)?)),
        (Some(lone), None) | (None, Some(lone)) => {
            cx.error(codes::MADE, lone.key_span, "`from` and `to` stand together");
            return None;
        }
    };
    let mut sentences: Vec<Sentence> = Vec::new();
    let mut parts =
        vec![("person", plain(person?)), ("business", plain(business?)), ("call_back", telephone(&call_back?))];
    if greeting {
        sentences.push(|w| w.hello);
    }
    sentences.push(|w| w.it_is);
    if date {
        sentences.push(|w| w.date);
        parts.push(("date", Said::Slot(Expr::Today, Format::Date(DateStyle::Day, None))));
    }
    sentences.push(|w| w.call_back);
    if let Some((from, to)) = hours {
        sentences.push(|w| w.hours);
        let said = |time| Said::Here(Spoken::Time(time), Format::Time(None));
        parts.extend([("from", said(from)), ("to", said(to))]);
    }
    if anyone {
        sentences.push(|w| w.anyone);
    }
    Some((sentences, parts))
}

fn abandoned(cx: &mut Context<'_>, map: &Map) -> Option<(Vec<Sentence>, Vec<Part>)> {
    let caller = map.get("caller").and_then(|e| {
        let text = words(cx, &e.value, "caller", true)?;
        Some(if text == "{company}" { Said::Slot(Expr::Company, Format::Plain) } else { plain(text) })
    });
    let decline = map.get("decline").and_then(|e| number(cx, &e.value, "decline"));
    Some((vec![|w: &Wording| w.abandoned], vec![("caller", caller?), ("decline", telephone(&decline?))]))
}

fn plain(text: String) -> Said {
    Said::Here(Spoken::Text(text), Format::Plain)
}

fn telephone(number: &PhoneNumber) -> Said {
    Said::Here(Spoken::Digits(number.full().to_string()), Format::Phone)
}

/// A name: letters and what stands between them, and no braces.
fn words(cx: &mut Context<'_>, node: &Node, key: &str, company: bool) -> Option<String> {
    let scalar = cx.scalar(node, &format!("`{key}`"))?;
    let text = scalar.text.trim();
    if company && text == "{company}" {
        return Some(text.to_string());
    }
    let fine = |c: char| c.is_alphanumeric() || " .,'’&-".contains(c);
    let good = text.chars().any(char::is_alphabetic) && text.chars().all(fine) && text.chars().count() <= NAME_MAX;
    if !good {
        let what = format!("`{key}` is a name of at most {NAME_MAX} letters: no value of a contact stands in it");
        cx.error(codes::MADE, node.span, what);
    }
    good.then(|| text.to_string())
}

fn business(cx: &mut Context<'_>, node: &Node) -> Option<String> {
    let text = words(cx, node, "business", false)?;
    tells_nothing(cx, node, text)
}

fn person(cx: &mut Context<'_>, node: &Node) -> Option<String> {
    let text = words(cx, node, "person", false)?;
    if text.chars().any(|c| c.is_numeric() || ",&".contains(c)) {
        cx.error(codes::MADE, node.span, "`person` is the name of a natural person");
        return None;
    }
    tells_nothing(cx, node, text)
}

/// No word of it gives the trade away.
fn tells_nothing(cx: &mut Context<'_>, node: &Node, text: String) -> Option<String> {
    let lower = text.to_lowercase();
    let mut all = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let telling = all.find(|word| TELLING_WORDS.contains(word) || TELLING.iter().any(|t| word.starts_with(t)));
    match telling.map(str::to_string) {
        None => Some(text),
        Some(word) => {
            let found = format!("`{word}` gives away what the call is about");
            cx.error_help(codes::MADE, node.span, found, "use a name that does not tell that debts are collected");
            None
        }
    }
}

/// That costs who rings it no more than the usual.
fn number(cx: &mut Context<'_>, node: &Node, key: &str) -> Option<PhoneNumber> {
    let scalar = cx.scalar(node, &format!("`{key}`"))?;
    let Ok(number) = scalar.text.parse::<PhoneNumber>() else {
        cx.error_help(
            codes::MADE,
            node.span,
            format!("`{key}` is no telephone number"),
            "write it as \"+12125550143\"",
        );
        return None;
    };
    match number.number_type() {
        kind @ (NumberType::Premium
        | NumberType::SharedCost
        | NumberType::Personal
        | NumberType::Pager
        | NumberType::Short) => {
            cx.error(codes::MADE, node.span, format!("`{key}` is a {kind} number, which costs who rings it"));
            None
        }
        NumberType::Mobile
        | NumberType::Fixed
        | NumberType::FixedOrMobile
        | NumberType::TollFree
        | NumberType::Voip
        | NumberType::Universal
        | NumberType::Unknown => Some(number),
    }
}

fn time(cx: &mut Context<'_>, node: &Node) -> Option<jiff::civil::Time> {
    let scalar = cx.scalar(node, "an hour")?;
    let found = expr::time(&scalar.text);
    if found.is_none() {
        cx.error(codes::MADE, node.span, "an hour is written \"09:30\"");
    }
    found
}

/// The text with the parts in the place of their marks.
fn take(text: &str, parts: &[Part]) -> Take {
    let (mut pieces, mut slots) = (Vec::new(), Vec::new());
    for (n, stretch) in text.split(['{', '}']).enumerate() {
        if n % 2 == 0 {
            if !stretch.is_empty() {
                pieces.push(Piece::Text(stretch.to_string()));
            }
            continue;
        }
        let (_, said) = parts.iter().find(|(mark, _)| *mark == stretch).expect("a sentence is said with its parts");
        match said.clone() {
            Said::Here(value, format) => pieces.push(Piece::Literal { value, format }),
            Said::Slot(value, format) => {
                pieces.push(Piece::Slot { slot: slots.len(), format });
                slots.push(value);
            }
        }
    }
    Take { audio: None, template: Template(pieces), slots, render: Render::Sentences }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::compile;

    const GOOD: &str = "business: \"North Lake Services\", person: \"Dana Reed\", call_back: \"+12125550143\"";

    fn flow(message: &str) -> String {
        format!(
            "flow: f\nversion: 1\nlanguages: [{}]\nmessages:\n  m: {{ {message} }}\nstart: s\non_machine: s\nnodes:\n  s: {{ say: m, end: informed }}\n",
            crate::speech::languages().map(|l| l.to_string()).collect::<Vec<_>>().join(", ")
        )
    }

    /// What is wrong with a message, by the code of this page.
    fn faults(message: &str) -> usize {
        let compiled = compile(&flow(message));
        compiled.diagnostics.iter().filter(|d| d.code == codes::MADE || d.code == codes::MISSING_KEY).count()
    }

    #[test]
    fn nothing_but_the_parts() {
        for (message, expected) in [
            (format!("limited_content: {{ {GOOD} }}"), 0),
            (
                format!(
                    "limited_content: {{ {GOOD}, greeting: true, date: true, from: \"09:00\", to: \"17:00\", anyone: true }}"
                ),
                0,
            ),
            (format!("limited_content: {{ {GOOD}, text: \"about your account\" }}"), 1),
            (format!("limited_content: {{ {GOOD} }}, en: \"about your account\""), 1),
            (format!("limited_content: {{ {GOOD}, from: \"09:00\" }}"), 1),
            ("limited_content: { person: \"Dana Reed\", call_back: \"+12125550143\" }".into(), 1),
            (GOOD.replace("North Lake Services", "North Lake {contact.amount}"), 1),
            (GOOD.replace("North Lake Services", "North Lake Debt Recovery"), 1),
            (GOOD.replace("North Lake Services", "Коллекторы Севера"), 1),
            (GOOD.replace("Dana Reed", "Dana about your bill"), 1),
            (GOOD.replace("Dana Reed", "Dana Payne"), 0),
            (GOOD.replace("Dana Reed", "extension 12"), 1),
            (GOOD.replace("+12125550143", "+19005550143"), 1),
            (GOOD.replace("+12125550143", "12"), 1),
            ("abandoned: { caller: \"{company}\", decline: \"+442079460000\" }".into(), 0),
            ("abandoned: { caller: \"Example Energy\", decline: \"+448001111111\" }".into(), 0),
            ("abandoned: { caller: \"{contact.name}\", decline: \"+442079460000\" }".into(), 1),
            ("abandoned: { caller: \"Example Energy\", decline: \"+449051234567\" }".into(), 1),
            ("abandoned: { caller: \"Example Energy\", decline: \"+448431234567\" }".into(), 1),
            ("abandoned: { caller: \"Example Energy\" }".into(), 1),
        ] {
            let message =
                if message.starts_with("business") { format!("limited_content: {{ {message} }}") } else { message };
            assert_eq!(faults(&message), expected, "{message}: {:?}", compile(&flow(&message)).diagnostics);
        }
    }

    #[test]
    fn every_language_has_words_for_every_part() {
        for language in crate::speech::languages() {
            let wording = WORDINGS.iter().find(|wording| wording.language == language.code());
            let Wording { it_is, date, call_back, hours, abandoned, .. } =
                wording.unwrap_or_else(|| panic!("no words in {language}"));
            for (text, marks) in [
                (it_is, ["{person}", "{business}"]),
                (date, ["{date}", "{date}"]),
                (call_back, ["{call_back}", "{call_back}"]),
                (hours, ["{from}", "{to}"]),
                (abandoned, ["{caller}", "{decline}"]),
            ] {
                assert!(marks.iter().all(|mark| text.contains(mark)), "{language}: {text}");
            }
        }
    }
}
