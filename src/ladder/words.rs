//! The words of a ladder that are not its own nouns.

crate::words! {
    /// What ends a contact's ladder.
    pub enum StopOn {
        /// The payment feed says so, or the person does.
        Paid = "paid",
        Promised = "promised",
        Disputed = "disputed",
        OptedOut = "opted_out",
        WrongNumber = "wrong_number",
        Refused = "refused",
        Informed = "informed",
        CallbackRequested = "callback_requested",
    }
}

impl StopOn {
    /// These end every ladder, whether it lists them or not: product truth, not taste.
    pub const ALWAYS: [StopOn; 5] =
        [StopOn::Paid, StopOn::Promised, StopOn::Disputed, StopOn::OptedOut, StopOn::WrongNumber];
}
