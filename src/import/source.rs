//! A file to be read, twice: as a survey first, then for good.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

use sha2::{Digest, Sha256};

use super::kind::{CONTACTS, PAYMENTS, VISITS};
use super::line::LineReader;
use super::sheet::SheetReader;
use super::{ContactReader, Defaults, Encoding, HeaderError, Lines, PaymentReader, Survey, VisitReader, decoded};
use crate::time::Wall;

/// Where a file lies and how its bytes are letters.
#[derive(Debug, Clone)]
pub struct Source {
    pub path: PathBuf,
    pub encoding: Encoding,
    /// Of a workbook; `None`: the first.
    pub sheet: Option<String>,
}

impl Source {
    /// Of its bytes, as 64 hexadecimal digits.
    pub fn sha256(&self) -> io::Result<String> {
        let mut file = File::open(&self.path)?;
        let mut hash = Sha256::new();
        let mut buffer = vec![0; 1 << 16];
        loop {
            match file.read(&mut buffer)? {
                0 => break,
                n => hash.update(&buffer[..n]),
            }
        }
        Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// A look over all lines of contacts.
    pub fn survey(&self, defaults: &Defaults) -> Result<Survey, HeaderError> {
        Survey::of(&mut self.lines().map_err(HeaderError::Io)?, &CONTACTS, defaults)
    }

    /// Its payments, from the beginning, after a look over all of them.
    pub fn payments(&self, defaults: &Defaults, now: Wall) -> Result<PaymentReader<'static>, HeaderError> {
        let survey = Survey::of(&mut self.lines().map_err(HeaderError::Io)?, &PAYMENTS, defaults)?;
        PaymentReader::of_lines(self.lines().map_err(HeaderError::Io)?, defaults, Some(&survey), now)
    }

    /// Its reports of visits, likewise.
    pub fn visits(&self, defaults: &Defaults, now: Wall) -> Result<VisitReader<'static>, HeaderError> {
        let survey = Survey::of(&mut self.lines().map_err(HeaderError::Io)?, &VISITS, defaults)?;
        VisitReader::of_lines(self.lines().map_err(HeaderError::Io)?, defaults, Some(&survey), now)
    }

    /// Its contacts, from the beginning.
    pub fn contacts(&self, defaults: Defaults, survey: Survey) -> Result<ContactReader<'static>, HeaderError> {
        ContactReader::of_lines(self.lines().map_err(HeaderError::Io)?, defaults, Some(survey))
    }

    fn lines(&self) -> io::Result<Lines<'static>> {
        let workbook =
            self.path.extension().is_some_and(|e| e.eq_ignore_ascii_case("xlsx") || e.eq_ignore_ascii_case("xlsm"));
        if workbook {
            return Ok(Box::new(SheetReader::open(&self.path, self.sheet.as_deref())?));
        }
        if self.sheet.is_some() {
            return Err(io::Error::other("a sheet is named, and the file is no workbook (.xlsx)"));
        }
        Ok(Box::new(LineReader::new(decoded(File::open(&self.path)?, self.encoding))))
    }
}
