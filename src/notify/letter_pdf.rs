//! A letter as PDF: A4, the address where a window envelope shows it (DIN 5008, form B), as many pages as the text takes.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use pdf_writer::types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap};
use pdf_writer::{Content, Filter, Finish, Name, Pdf, Rect, Ref, Str};
use subsetter::GlyphRemapper;
use ttf_parser::{Face, GlyphId};

use super::letter_sheet::Sheet;

/// See `fonts/README.md`.
const FONT: &[u8] = include_bytes!("fonts/letters.ttf");
const FONT_NAME: Name = Name(b"RBLTRS+DejaVuSans");
const IN_RESOURCES: Name = Name(b"F");

/// Points in a millimetre.
const MM: f32 = 72.0 / 25.4;
const WIDTH: f32 = 210.0 * MM;
const HEIGHT: f32 = 297.0 * MM;
const LEFT: f32 = 25.0 * MM;
const RIGHT: f32 = 20.0 * MM;
/// Below it stands nothing but the page's number.
const BOTTOM: f32 = 25.0 * MM;

/// Distances from the upper edge to the baseline of a first line.
const COMPANY_AT: f32 = 25.0 * MM;
/// The window begins at 45 mm; its upper 17.7 mm are for the sender.
const SENDER_AT: f32 = 60.0 * MM;
const ADDRESS_AT: f32 = 66.5 * MM;
/// Of an address that needs all of the window.
const LONG_ADDRESS_AT: f32 = 50.0 * MM;
const DATE_AT: f32 = 98.0 * MM;
const TEXT_AT: f32 = 110.0 * MM;
const NEXT_PAGE_AT: f32 = 27.0 * MM;
const FOLDS: [f32; 2] = [105.0 * MM, 210.0 * MM];

const COMPANY_SIZE: f32 = 14.0;
const SENDER_SIZE: f32 = 7.0;
const TEXT_SIZE: f32 = 10.5;
const TEXT_LEADING: f32 = 15.0;
const ADDRESS_LEADING: f32 = 12.5;
/// The window is 90 mm wide, and the paper moves in its envelope.
const ADDRESS_WIDTH: f32 = 80.0 * MM;
/// Lines of the address in the window's lower part, and in all of it.
const ADDRESS_LINES: usize = 6;
const ADDRESS_LINES_MAX: usize = 10;
/// A longer letter is a mistake.
const PAGES_MAX: usize = 50;

/// Why a letter cannot be set. Trying again changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unset {
    #[error(
        "the letter cannot be set: its font has no sign for {0} (U+{1:04X}); `letters: text` in the config writes it as a text file"
    )]
    NoGlyph(char, u32),
    #[error("the letter cannot be set: the address takes more than {ADDRESS_LINES_MAX} lines of the window")]
    LongAddress,
    #[error("the letter cannot be set: it takes more than {PAGES_MAX} pages")]
    TooLong,
}

/// # Errors
/// What is in the letter that cannot be printed.
pub(super) fn set(sheet: &Sheet<'_>) -> Result<Vec<u8>, Unset> {
    let font = Font::read();
    let pages = lay_out(&font, sheet)?;
    Ok(write(&font, &pages))
}

/// One line of text.
struct Line {
    text: String,
    size: f32,
    x: f32,
    /// From the upper edge to the baseline.
    down: f32,
}

/// The font with what letters ask of it.
struct Font {
    face: Face<'static>,
}

impl Font {
    fn read() -> Font {
        Font { face: Face::parse(FONT, 0).expect("the font is part of this program") }
    }

    fn glyph(&self, c: char) -> Option<GlyphId> {
        self.face.glyph_index(c).filter(|glyph| glyph.0 != 0)
    }

    /// In thousandths of the size.
    fn advance(&self, glyph: GlyphId) -> f32 {
        f32::from(self.face.glyph_hor_advance(glyph).unwrap_or(0)) * 1000.0 / f32::from(self.face.units_per_em())
    }

    fn width(&self, text: &str, size: f32) -> f32 {
        text.chars().filter_map(|c| self.glyph(c)).map(|glyph| self.advance(glyph)).sum::<f32>() * size / 1000.0
    }

    /// In lines no wider than this; a word that is wider is broken.
    fn wrapped(&self, text: &str, size: f32, width: f32) -> Vec<String> {
        let mut lines = vec![String::new()];
        for word in text.split_whitespace() {
            let line = lines.last_mut().expect("begins with one");
            let joined = if line.is_empty() { word.to_string() } else { format!("{line} {word}") };
            if self.width(&joined, size) <= width {
                *line = joined;
                continue;
            }
            if !line.is_empty() {
                lines.push(String::new());
            }
            for c in word.chars() {
                let line = lines.last_mut().expect("begins with one");
                if !line.is_empty() && self.width(&format!("{line}{c}"), size) > width {
                    lines.push(String::new());
                }
                lines.last_mut().expect("begins with one").push(c);
            }
        }
        lines
    }
}

/// Control characters would move nothing here and mean nothing; signs that are not seen have no glyph.
fn clean(text: &str) -> String {
    let unseen =
        |c: &char| matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}' | '\u{feff}');
    text.chars().filter(|c| !unseen(c)).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Lines by page.
fn lay_out(font: &Font, sheet: &Sheet<'_>) -> Result<Vec<Vec<Line>>, Unset> {
    let [company, name, address, date] = [sheet.company, sheet.name, sheet.address, sheet.date].map(clean);
    let text: Vec<String> = sheet.text.trim_end().lines().map(clean).collect();
    for c in [&company, &name, &address, &date].into_iter().chain(&text).flat_map(|part| part.chars()) {
        font.glyph(c).ok_or(Unset::NoGlyph(c, u32::from(c)))?;
    }
    let column = WIDTH - LEFT - RIGHT;
    let mut page = Vec::new();
    let put = |page: &mut Vec<Line>, lines: Vec<String>, size: f32, at: f32, leading: f32| {
        for (n, text) in lines.into_iter().enumerate() {
            page.push(Line { text, size, x: LEFT, down: at + leading * n as f32 });
        }
    };
    put(&mut page, font.wrapped(&company, COMPANY_SIZE, column), COMPANY_SIZE, COMPANY_AT, COMPANY_SIZE * 1.2);
    let mut to = font.wrapped(&name, TEXT_SIZE, ADDRESS_WIDTH);
    to.extend(address_lines(font, &address, ADDRESS_LINES.saturating_sub(to.len())));
    if to.len() > ADDRESS_LINES_MAX {
        return Err(Unset::LongAddress);
    }
    if to.len() > ADDRESS_LINES {
        put(&mut page, to, TEXT_SIZE, LONG_ADDRESS_AT, ADDRESS_LEADING);
    } else {
        let sender = font.wrapped(&company, SENDER_SIZE, ADDRESS_WIDTH).into_iter().take(1).collect();
        put(&mut page, sender, SENDER_SIZE, SENDER_AT, SENDER_SIZE);
        put(&mut page, to, TEXT_SIZE, ADDRESS_AT, ADDRESS_LEADING);
    }
    let x = WIDTH - RIGHT - font.width(&date, TEXT_SIZE);
    page.push(Line { text: date, size: TEXT_SIZE, x, down: DATE_AT });

    let mut pages = vec![page];
    let mut down = TEXT_AT;
    for line in text.iter().flat_map(|paragraph| font.wrapped(paragraph, TEXT_SIZE, column)) {
        if down > HEIGHT - BOTTOM {
            pages.push(Vec::new());
            down = NEXT_PAGE_AT;
        }
        let page = pages.last_mut().expect("begins with one");
        page.push(Line { text: line, size: TEXT_SIZE, x: LEFT, down });
        down += TEXT_LEADING;
    }
    let count = pages.len();
    if count > PAGES_MAX {
        return Err(Unset::TooLong);
    }
    if count > 1 {
        for (n, page) in pages.iter_mut().enumerate() {
            let text = format!("{} / {count}", n + 1);
            let x = (WIDTH - font.width(&text, TEXT_SIZE)) / 2.0;
            page.push(Line { text, size: TEXT_SIZE, x, down: HEIGHT - 12.0 * MM });
        }
    }
    Ok(pages)
}

/// Each part between commas on a line of its own, when there is room for so many; else as many of them on a line as fit.
fn address_lines(font: &Font, address: &str, room: usize) -> Vec<String> {
    let parts = || address.split(',').map(str::trim).filter(|part| !part.is_empty());
    let apart: Vec<String> = parts().flat_map(|part| font.wrapped(part, TEXT_SIZE, ADDRESS_WIDTH)).collect();
    match apart.len() <= room {
        true => apart,
        false => font.wrapped(&parts().collect::<Vec<_>>().join(", "), TEXT_SIZE, ADDRESS_WIDTH),
    }
}

fn write(font: &Font, pages: &[Vec<Line>]) -> Vec<u8> {
    // The glyphs that are used, by their number in the letter's own font.
    let used: BTreeSet<char> = pages.iter().flatten().flat_map(|line| line.text.chars()).collect();
    let mut remapper = GlyphRemapper::new();
    let mut glyphs: BTreeMap<char, u16> = BTreeMap::new();
    let mut widths: BTreeMap<u16, f32> = BTreeMap::new();
    for c in used {
        let glyph = font.glyph(c).expect("looked for when it was laid out");
        let own = remapper.remap(glyph.0);
        glyphs.insert(c, own);
        widths.insert(own, font.advance(glyph));
    }
    let program = subsetter::subset(FONT, 0, &remapper).expect("the font is part of this program");

    let mut next = 0;
    let mut id = || {
        next += 1;
        Ref::new(next)
    };
    let (catalog, tree, type0, cid, descriptor, file, to_unicode) = (id(), id(), id(), id(), id(), id(), id());
    let ids: Vec<(Ref, Ref)> = pages.iter().map(|_| (id(), id())).collect();
    let mut pdf = Pdf::new();
    pdf.catalog(catalog).pages(tree);
    pdf.pages(tree).kids(ids.iter().map(|(page, _)| *page)).count(ids.len() as i32);
    for (lines, (page, content)) in pages.iter().zip(&ids) {
        let mut written = pdf.page(*page);
        written.parent(tree).media_box(Rect::new(0.0, 0.0, WIDTH, HEIGHT)).contents(*content);
        written.resources().fonts().pair(IN_RESOURCES, type0);
        written.finish();
        let packed = packed(&page_content(lines, &glyphs));
        pdf.stream(*content, &packed).filter(Filter::FlateDecode);
    }
    let system = SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };
    pdf.type0_font(type0)
        .base_font(FONT_NAME)
        .encoding_predefined(Name(b"Identity-H"))
        .descendant_font(cid)
        .to_unicode(to_unicode);
    let mut cid_font = pdf.cid_font(cid);
    cid_font.subtype(CidFontType::Type2).base_font(FONT_NAME).system_info(system);
    cid_font.font_descriptor(descriptor).default_width(0.0).cid_to_gid_map_predefined(Name(b"Identity"));
    let first = widths.keys().next().copied().unwrap_or(0);
    let last = widths.keys().next_back().copied().unwrap_or(0);
    cid_font.widths().consecutive(first, (first..=last).map(|own| widths.get(&own).copied().unwrap_or(0.0)));
    cid_font.finish();
    let face = &font.face;
    let thousandths = |units: i16| f32::from(units) * 1000.0 / f32::from(face.units_per_em());
    let bounds = face.global_bounding_box();
    let corners = [bounds.x_min, bounds.y_min, bounds.x_max, bounds.y_max].map(thousandths);
    pdf.font_descriptor(descriptor)
        .name(FONT_NAME)
        .flags(FontFlags::SYMBOLIC)
        .bbox(Rect::new(corners[0], corners[1], corners[2], corners[3]))
        .italic_angle(0.0)
        .ascent(thousandths(face.ascender()))
        .descent(thousandths(face.descender()))
        .cap_height(thousandths(face.capital_height().unwrap_or(face.ascender())))
        .stem_v(80.0)
        .font_file2(file);
    pdf.stream(file, &packed(&program)).filter(Filter::FlateDecode).pair(Name(b"Length1"), program.len() as i32);
    // So that the letter can be searched and copied from.
    let mut unicode = UnicodeCmap::new(Name(b"Letters"), system);
    glyphs.iter().for_each(|(c, own)| unicode.pair(*own, *c));
    pdf.cmap(to_unicode, &unicode.finish());
    pdf.finish()
}

fn page_content(lines: &[Line], glyphs: &BTreeMap<char, u16>) -> Vec<u8> {
    let mut content = Content::new();
    content.set_line_width(0.4);
    for fold in FOLDS {
        content.move_to(5.0 * MM, HEIGHT - fold).line_to(9.0 * MM, HEIGHT - fold).stroke();
    }
    for line in lines.iter().filter(|line| !line.text.is_empty()) {
        let own: Vec<u8> = line.text.chars().flat_map(|c| glyphs[&c].to_be_bytes()).collect();
        content.begin_text().set_font(IN_RESOURCES, line.size);
        content.set_text_matrix([1.0, 0.0, 0.0, 1.0, line.x, HEIGHT - line.down]).show(Str(&own)).end_text();
    }
    content.finish().to_vec()
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(bytes).expect("memory takes what is written");
    packer.finish().expect("memory takes what is written")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHEET: Sheet<'_> = Sheet {
        company: "Горводоканал",
        name: "Анна Петрова",
        address: "119991, Москва, ул. Академика Константиновского-Преображенского, д. 7, кв. 12",
        date: "05.11.2026",
        text: "Здравствуйте!\n\nПросим вас связаться с нами.\n",
    };

    /// Each line with its place in millimetres from the left and upper edges.
    fn lines(sheet: &Sheet<'_>) -> Vec<Vec<(String, f32, f32)>> {
        let place = |line: Line| (line.text, (line.x / MM).round(), (line.down / MM).round());
        lay_out(&Font::read(), sheet).unwrap().into_iter().map(|page| page.into_iter().map(place).collect()).collect()
    }

    #[test]
    fn the_address_stands_in_the_window() {
        let pages = lines(&SHEET);
        let [page] = pages.as_slice() else { panic!("{pages:?}") };
        let place = |text: &str| page.iter().find(|(t, ..)| t == text).map(|(_, x, y)| (*x, *y));
        assert_eq!(place("Анна Петрова"), Some((25.0, 67.0)), "{page:?}");
        assert_eq!(place("119991"), None, "too many parts for a line each: {page:?}");
        let address: Vec<_> = page.iter().filter(|(_, _, y)| (62.0..90.0).contains(y)).collect();
        assert_eq!(address.len(), 4, "{address:?}");
        assert_eq!(place("Здравствуйте!"), Some((25.0, 110.0)));
        let short = Sheet { address: "Lenina 1, Omsk", ..SHEET };
        let page = &lines(&short)[0];
        assert!(
            page.iter().any(|(text, ..)| text == "Lenina 1") && page.iter().any(|(text, ..)| text == "Omsk"),
            "{page:?}"
        );
        let long =
            Sheet { address: &"Константиновского-Преображенского ".repeat(8), ..SHEET };
        let page = &lines(&long)[0];
        assert!(page.iter().any(|(text, _, y)| text == "Анна Петрова" && *y == 50.0), "{page:?}");
        let endless = Sheet {
            address: &"Константиновского-Преображенского ".repeat(12), ..SHEET
        };
        assert_eq!(set(&endless), Err(Unset::LongAddress));
    }

    #[test]
    fn no_line_leaves_the_sheet_and_nothing_is_lost() {
        let font = Font::read();
        let text = "Ұзақ сөз: ".to_string() + &"қ".repeat(300) + &" слово word".repeat(900) + "\n\nend";
        let pages = lay_out(&font, &Sheet { text: &text, ..SHEET }).unwrap();
        assert!(pages.len() > 2, "{}", pages.len());
        for line in pages.iter().flatten() {
            assert!(line.x + font.width(&line.text, line.size) <= WIDTH - RIGHT + 0.1, "{}", line.text);
            assert!(line.down <= HEIGHT - 10.0 * MM, "{} at {}", line.text, line.down);
        }
        let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
        let set: String = pages.iter().flatten().map(|line| line.text.as_str()).collect();
        let numbers = (1..=pages.len()).map(|n| format!("{n}/{}", pages.len()));
        let mut set = letters(&set);
        numbers.for_each(|number| set = set.replacen(&number, "", 1));
        assert!(set.ends_with(&letters(&text)), "{set}");
    }

    #[test]
    fn what_has_no_glyph_is_refused_and_named() {
        for (text, sign) in [("你好", '你'), ("ok ⍰", '⍰')] {
            let why = set(&Sheet { text, ..SHEET }).unwrap_err();
            assert_eq!(why, Unset::NoGlyph(sign, u32::from(sign)));
            assert!(why.to_string().contains("`letters: text`"), "{why}");
        }
        let all = "АаЁёІіҚқҒғҮүҰұҢңӘәӨөҺһ ÄäÖöÜüßẞÉéÑñŁłŞşĞğ «»„“”’–—… №€₽₸₴£ 0123456789";
        assert!(set(&Sheet { text: all, ..SHEET }).is_ok());
        assert!(set(&Sheet { text: "soft\u{ad}hyphen,\ttab\u{200b}", ..SHEET }).is_ok());
    }

    #[test]
    fn a_file_holds_only_what_it_needs() {
        let pdf = set(&SHEET).unwrap();
        assert!(pdf.starts_with(b"%PDF-1.") && pdf.ends_with(b"%%EOF"), "{}", pdf.len());
        assert!((2_000..25_000).contains(&pdf.len()), "{} bytes", pdf.len());
        assert_eq!(set(&SHEET).unwrap(), pdf, "the same letter is the same file");
        if let Ok(folder) = std::env::var("LETTER_SAMPLES") {
            let text = "Уважаемая Анна!\n\n".to_string()
                + &"Просим вас связаться с нами по телефону или прийти в контору. ".repeat(80);
            std::fs::write(format!("{folder}/short.pdf"), pdf).unwrap();
            std::fs::write(format!("{folder}/long.pdf"), set(&Sheet { text: &text, ..SHEET }).unwrap()).unwrap();
        }
    }
}
