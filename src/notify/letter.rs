//! Letters: one file each in a folder, for whoever prints and posts them; as PDF, or as text for a printer that wants that.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::Delivery;
use super::letter_sheet::Sheet;
use super::{letter_pdf, letter_text};
use crate::books::OutboxMessage;
use crate::config::LetterForm;

#[derive(Clone)]
pub(super) struct Letters {
    folder: PathBuf,
    form: LetterForm,
}

impl Letters {
    pub(super) fn new(folder: PathBuf, form: LetterForm) -> Letters {
        Letters { folder, form }
    }

    pub(super) async fn deliver(&self, message: &OutboxMessage) -> Delivery {
        let (letters, message) = (self.clone(), message.clone());
        let written = tokio::task::spawn_blocking(move || letters.write(&message)).await;
        written.unwrap_or_else(|e| Delivery::Later(format!("the writing thread ended: {e}")))
    }

    /// The file is there whole or not at all, and a letter that was written before a crash is not written again: its name is that of
    /// its row in the outbox.
    fn write(&self, message: &OutboxMessage) -> Delivery {
        let (content, ending) = match (Sheet::read(&message.body), self.form) {
            (Some(sheet), LetterForm::Pdf) => match letter_pdf::set(&sheet) {
                Ok(content) => (content, "pdf"),
                Err(unset) => return Delivery::Refused(unset.to_string()),
            },
            (Some(sheet), LetterForm::Text) => (letter_text::lay_out(&sheet).into_bytes(), "txt"),
            (None, LetterForm::Pdf | LetterForm::Text) => (message.body.clone().into_bytes(), "txt"),
        };
        let name = format!("letter-{:08}-attempt-{}.{ending}", message.id.0, message.attempt);
        match write_whole(&self.folder, &name, &content) {
            Ok(()) => Delivery::Sent,
            Err(e) => Delivery::Later(format!("cannot write {name} into {}: {e}", self.folder.display())),
        }
    }
}

fn write_whole(folder: &Path, name: &str, content: &[u8]) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    let (whole, part) = (folder.join(name), folder.join(format!(".{name}.part")));
    if whole.exists() {
        return Ok(());
    }
    let mut file = fs::File::create(&part)?;
    file.write_all(content)?;
    file.sync_all()?;
    // A name that has come to be meanwhile is kept: a rename would write over a letter that is being printed.
    let linked = fs::hard_link(&part, &whole);
    fs::remove_file(&part)?;
    match linked {
        Err(e) if e.kind() != ErrorKind::AlreadyExists => Err(e),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::books::OutboxState;
    use crate::id::{AttemptId, OutboxId};
    use crate::outcome::Channel;
    use crate::time::Wall;

    fn message(body: &str) -> OutboxMessage {
        OutboxMessage {
            id: OutboxId(7),
            attempt: AttemptId(31),
            channel: Channel::Letter,
            to: "Moscow".into(),
            subject: None,
            body: body.into(),
            state: OutboxState::Queued,
            tries: 0,
            next_try_at: Wall(0),
            last_error: None,
        }
    }

    #[test]
    fn a_letter_is_written_once() {
        let folder = tempfile::tempdir().unwrap();
        let letters = Letters::new(folder.path().join("letters"), LetterForm::Text);
        assert_eq!(letters.write(&message("first")), Delivery::Sent);
        // The process died before the outbox was marked, so it comes again.
        assert_eq!(letters.write(&message("again")), Delivery::Sent);
        let files: Vec<_> = fs::read_dir(folder.path().join("letters")).unwrap().map(|f| f.unwrap().path()).collect();
        assert_eq!(files.len(), 1, "{files:?}");
        assert_eq!(files[0].file_name().unwrap(), "letter-00000007-attempt-31.txt");
        assert_eq!(fs::read_to_string(&files[0]).unwrap(), "first");
    }

    #[test]
    fn letters_are_pdf_or_text() {
        let folder = tempfile::tempdir().unwrap();
        let sheet = "Water\nAnna\nLenina 1, Omsk\n5 Nov 2026\n\nPlease call us.\n";
        let written = |form, ending: &str| {
            let letters = Letters::new(folder.path().to_path_buf(), form);
            assert_eq!(letters.write(&message(sheet)), Delivery::Sent);
            fs::read(folder.path().join(format!("letter-00000007-attempt-31.{ending}"))).unwrap()
        };
        assert!(written(LetterForm::Pdf, "pdf").starts_with(b"%PDF"));
        let text = String::from_utf8(written(LetterForm::Text, "txt")).unwrap();
        assert!(text.contains("\nLenina 1\nOmsk\n") && text.ends_with("\nPlease call us.\n"), "{text}");
        let foreign = message(&sheet.replace("Anna", "安娜"));
        let letters = Letters::new(folder.path().join("other"), LetterForm::Pdf);
        let Delivery::Refused(why) = letters.write(&foreign) else { panic!("set without a glyph") };
        assert!(why.contains("U+5B89"), "{why}");
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_tried_again_later() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("letters");
        fs::write(&file, "in the way").unwrap();
        let Delivery::Later(why) = Letters::new(file, LetterForm::Text).write(&message("x")) else {
            panic!("not written")
        };
        assert!(why.starts_with("cannot write letter-00000007-attempt-31.txt"), "{why}");
    }
}
