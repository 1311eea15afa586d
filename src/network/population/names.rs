//! Names, zones and made-up telephone numbers.

use rand::RngExt;
use rand::rngs::StdRng;

/// (Name, its Latin spelling for an address.) Surnames follow the sex of the name.
pub(super) struct Names {
    pub(super) first: &'static [(&'static str, &'static str)],
    pub(super) last: &'static [(&'static str, &'static str)],
}

pub(super) const RU_WOMEN: Names = Names {
    first: &[
        ("Анна", "anna"),
        ("Мария", "maria"),
        ("Елена", "elena"),
        ("Ольга", "olga"),
        ("Наталья", "natalia"),
        ("Татьяна", "tatiana"),
        ("Ирина", "irina"),
        ("Светлана", "svetlana"),
    ],
    last: &[
        ("Иванова", "ivanova"),
        ("Петрова", "petrova"),
        ("Смирнова", "smirnova"),
        ("Кузнецова", "kuznetsova"),
        ("Попова", "popova"),
        ("Васильева", "vasilieva"),
        ("Соколова", "sokolova"),
        ("Морозова", "morozova"),
    ],
};
pub(super) const RU_MEN: Names = Names {
    first: &[
        ("Иван", "ivan"),
        ("Сергей", "sergey"),
        ("Алексей", "alexey"),
        ("Дмитрий", "dmitry"),
        ("Андрей", "andrey"),
        ("Николай", "nikolay"),
        ("Михаил", "mikhail"),
        ("Павел", "pavel"),
    ],
    last: &[
        ("Иванов", "ivanov"),
        ("Петров", "petrov"),
        ("Волков", "volkov"),
        ("Новиков", "novikov"),
        ("Фёдоров", "fedorov"),
        ("Лебедев", "lebedev"),
        ("Козлов", "kozlov"),
        ("Зайцев", "zaitsev"),
    ],
};
pub(super) const EN: Names = Names {
    first: &[
        ("Mary", "mary"),
        ("John", "john"),
        ("Susan", "susan"),
        ("Peter", "peter"),
        ("Karen", "karen"),
        ("Robert", "robert"),
        ("Linda", "linda"),
        ("David", "david"),
        ("Helen", "helen"),
        ("George", "george"),
        ("Alice", "alice"),
        ("Thomas", "thomas"),
    ],
    last: &[
        ("Smith", "smith"),
        ("Johnson", "johnson"),
        ("Baker", "baker"),
        ("Turner", "turner"),
        ("Walker", "walker"),
        ("Cooper", "cooper"),
        ("Fisher", "fisher"),
        ("Carter", "carter"),
        ("Mason", "mason"),
        ("Parker", "parker"),
        ("Fletcher", "fletcher"),
        ("Marsh", "marsh"),
    ],
};
/// When it is half past nine in New York it is half past five in Moscow: all of them may be called at one moment, so
/// that a demo of three minutes is not a demo of waiting. Most live in the first.
pub(super) const RU_ZONES: [&str; 4] = ["Europe/Moscow", "Europe/Kaliningrad", "Europe/Kirov", "Europe/Simferopol"];
/// Of cities on Eastern Time.
pub(super) const US_AREAS: [&str; 12] =
    ["212", "305", "617", "404", "216", "412", "919", "202", "410", "215", "704", "804"];

pub(super) fn ru_phone(rng: &mut StdRng, number: usize) -> String {
    let (a, b, c, d) = (number / 100_000 % 1000, number / 10_000 % 10, number / 100 % 100, number % 100);
    let digits = format!("{a:02}{b}{c:02}{d:02}");
    match rng.random_range(0..3) {
        0 => format!("+7 (000) {}-{}-{}", &digits[..3], &digits[3..5], &digits[5..]),
        1 => format!("+7 000 {} {}", &digits[..3], &digits[3..]),
        _ => format!("+7000{digits}"),
    }
}

pub(super) fn uk_phone(rng: &mut StdRng, number: usize) -> String {
    let (range, last) = (["7700900", "1632960", "2079460"][number / 1000 % 3], number % 1000);
    if rng.random_bool(0.5) {
        format!("+44{range}{last:03}")
    } else {
        format!("+44 {} {}{last:03}", &range[..4], &range[4..])
    }
}

pub(super) fn us_phone(rng: &mut StdRng, area: &str, number: usize) -> String {
    let last = 100 + number % 100;
    if rng.random_bool(0.5) { format!("+1{area}5550{last}") } else { format!("+1 ({area}) 555-0{last}") }
}
