//! CSV for people, who open it in a spreadsheet: a cell that a spreadsheet would run as a formula is made text.

use std::borrow::Cow;

/// A line of cells with its break (RFC 4180).
pub fn line<'a>(cells: impl IntoIterator<Item = &'a str>) -> String {
    let cells: Vec<String> = cells.into_iter().map(|c| quoted(&harmless(c)).into_owned()).collect();
    cells.join(",") + "\r\n"
}

/// Numbers stay as they are; other text that begins like a formula gets a `'` in front (OWASP, CSV injection).
pub fn harmless(cell: &str) -> Cow<'_, str> {
    let number = !cell.starts_with('+') && cell.parse::<f64>().is_ok_and(f64::is_finite);
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) && !number {
        Cow::Owned(format!("'{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}

fn quoted(cell: &str) -> Cow<'_, str> {
    if cell.contains(['"', ',', ';', '\n', '\r', '\t']) {
        Cow::Owned(format!("\"{}\"", cell.replace('"', "\"\"")))
    } else {
        Cow::Borrowed(cell)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells() {
        for (cell, written) in [
            ("plain", "plain\r\n"),
            ("=1+2", "'=1+2\r\n"),
            ("+79161234567", "'+79161234567\r\n"),
            ("-5.50", "-5.50\r\n"),
            ("-x", "'-x\r\n"),
            ("@SUM(A1)", "'@SUM(A1)\r\n"),
            ("\tx", "\"'\tx\"\r\n"),
            ("\rx", "\"'\rx\"\r\n"),
            ("a,b", "\"a,b\"\r\n"),
            ("say \"hi\"", "\"say \"\"hi\"\"\"\r\n"),
            ("", "\r\n"),
        ] {
            assert_eq!(line([cell]), written, "{cell:?}");
        }
        assert_eq!(line(["a", "=b"]), "a,'=b\r\n");
    }
}
