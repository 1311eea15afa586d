//! Bytes of a file → UTF-8.

use std::io::{BufReader, Read};

use encoding_rs_io::{DecodeReaderBytes, DecodeReaderBytesBuilder};

crate::words! {
    /// How a file's letters are written as bytes. A byte order mark goes before what is said here.
    pub enum Encoding {
        Utf8 = "utf-8",
        Utf16Le = "utf-16le",
        Utf16Be = "utf-16be",
        /// What spreadsheets of Russian systems save as `CSV`.
        Windows1251 = "windows-1251",
    }
}

/// The same letters in UTF-8. Of a file in UTF-8 bytes pass as they are, so that a broken letter costs its line only; elsewhere
/// what is no letter becomes U+FFFD, which no cell may hold.
pub fn decoded<R: Read>(file: R, encoding: Encoding) -> BufReader<DecodeReaderBytes<R, Vec<u8>>> {
    let other = match encoding {
        Encoding::Utf8 => None,
        Encoding::Utf16Le => Some("utf-16le"),
        Encoding::Utf16Be => Some("utf-16be"),
        Encoding::Windows1251 => Some("windows-1251"),
    };
    let mut builder = DecodeReaderBytesBuilder::new();
    builder.utf8_passthru(true).strip_bom(true).bom_override(true);
    if let Some(label) = other {
        builder.encoding(encoding_rs::Encoding::for_label(label.as_bytes()));
    }
    BufReader::with_capacity(1 << 16, builder.build(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_whatever_their_bytes() {
        let utf16 = |text: &str, le: bool| -> Vec<u8> {
            text.encode_utf16().flat_map(|u| if le { u.to_le_bytes() } else { u.to_be_bytes() }).collect()
        };
        let rows: [(&str, Vec<u8>, Encoding, &str); 7] = [
            ("UTF-8", "Анна\n".into(), Encoding::Utf8, "Анна\n"),
            ("UTF-8 with its mark", "\u{feff}Анна".into(), Encoding::Utf8, "Анна"),
            ("UTF-16 by its mark", utf16("\u{feff}Анна", true), Encoding::Utf8, "Анна"),
            ("the other order", utf16("\u{feff}Анна", false), Encoding::Utf8, "Анна"),
            ("UTF-16 as said", utf16("Анна", true), Encoding::Utf16Le, "Анна"),
            ("CP1251", vec![0xC0, 0xED, 0xED, 0xE0, b';', 0xB9], Encoding::Windows1251, "Анна;№"),
            ("no letter of CP1251", vec![0xC0, 0x98], Encoding::Windows1251, "А\u{98}"),
        ];
        for (name, bytes, encoding, expected) in rows {
            let mut text = String::new();
            decoded(&bytes[..], encoding).read_to_string(&mut text).unwrap();
            assert_eq!(text, expected, "{name}");
        }
    }
}
