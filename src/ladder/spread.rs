//! Parts of the week over which retries are spread: who is out in the morning may be at home in the evening.

use super::retry::RetryOn;
use crate::policy::{CallingWindow, Hours, Rules, WEEK};
use crate::time::{Wall, Zone};

crate::words! {
    /// A part of the contact's own week.
    pub enum DayPart {
        /// To 12:00.
        Morning = "morning",
        /// 12:00 to 17:00.
        Afternoon = "afternoon",
        /// From 17:00.
        Evening = "evening",
        /// Saturday and Sunday.
        Weekend = "weekend",
    }
}

impl DayPart {
    fn window(self) -> CallingWindow {
        match self {
            DayPart::Morning => CallingWindow::on(&WEEK, Hours::new(0, 12 * 60)),
            DayPart::Afternoon => CallingWindow::on(&WEEK, Hours::new(12 * 60, 17 * 60)),
            DayPart::Evening => CallingWindow::on(&WEEK, Hours::new(17 * 60, 24 * 60)),
            DayPart::Weekend => CallingWindow::on(&WEEK[5..], Hours::new(0, 24 * 60)),
        }
    }

    /// Its calling hours in a week.
    pub fn open(self, rules: &Rules) -> CallingWindow {
        self.window().intersect(&rules.week())
    }

    /// The first instant from `due` on that lies in this part and in the week's calling hours. `None`: they have none in common.
    pub fn from(self, due: Wall, rules: &Rules, zone: &Zone) -> Option<Wall> {
        self.open(rules).next(due, zone, rules.guard())
    }

    /// `in the evening`.
    pub fn in_words(self) -> &'static str {
        match self {
            DayPart::Morning => "in the morning",
            DayPart::Afternoon => "in the afternoon",
            DayPart::Evening => "in the evening",
            DayPart::Weekend => "at the weekend",
        }
    }
}

/// Whether a retry after this ending waits for another part of the day. A busy line is one somebody is at; who asked to be called
/// back has said when; a fault of ours says nothing about the person.
pub fn spreads(on: RetryOn) -> bool {
    match on {
        RetryOn::NoAnswer | RetryOn::Rejected | RetryOn::Machine | RetryOn::HungUpEarly | RetryOn::NoInput => true,
        RetryOn::ThirdParty | RetryOn::NotVerified => true,
        RetryOn::Busy | RetryOn::CallbackRequested | RetryOn::Technical => false,
    }
}
