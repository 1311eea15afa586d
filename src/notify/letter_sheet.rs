//! A letter's content as the ladder writes it into the outbox, taken apart again.

/// Everything on the sheet. Each of the head's parts is one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sheet<'a> {
    pub company: &'a str,
    pub name: &'a str,
    /// Parts between commas are lines of their own, where there is room.
    pub address: &'a str,
    pub date: &'a str,
    pub text: &'a str,
}

impl<'a> Sheet<'a> {
    /// `None`: an earlier version laid it out when it wrote it.
    pub fn read(body: &'a str) -> Option<Sheet<'a>> {
        let mut rest = body;
        let mut line = || {
            let (line, after) = rest.split_once('\n')?;
            rest = after;
            Some(line)
        };
        let (company, name, address, date, empty) = (line()?, line()?, line()?, line()?, line()?);
        let whole = empty.is_empty() && [company, name, address, date].iter().all(|part| !part.trim().is_empty());
        whole.then_some(Sheet { company, name, address, date, text: rest })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_and_what_was_laid_out_before() {
        let sheet = Sheet::read("Water\nAnna\nLenina 1, Omsk\n5 Nov 2026\n\nHello!\n\nBye.\n").unwrap();
        assert_eq!((sheet.company, sheet.date, sheet.text), ("Water", "5 Nov 2026", "Hello!\n\nBye.\n"));
        for laid_out in ["Water\n\n\n\n\n\n\n\n\nAnna\n", "one line", ""] {
            assert_eq!(Sheet::read(laid_out), None, "{laid_out}");
        }
    }
}
