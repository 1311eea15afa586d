//! Faults that are planted on purpose, one for each promise of the product: what shows that the judge would see them.

crate::words! {
    /// What the world does wrong. Each stands for a fault that the program could have.
    pub enum Plant {
        /// The order to dial is carried out twice.
        DialsTwice = "dials_twice",
        /// The engine's calendar is half a day late.
        WrongHour = "wrong_hour",
        /// What was done before is not looked back on.
        ForgetsHistory = "forgets_history",
        /// Payments are told to the judge, and not to the books.
        LosesPayments = "loses_payments",
        /// The engine is not told of payments.
        RingsOn = "rings_on",
        /// Opt-outs are said to be kept, and are not.
        LosesOptOuts = "loses_opt_outs",
        /// Promises are said to be kept in the books, and are not.
        LosesPromises = "loses_promises",
        /// Promises are judged a month before their time.
        JudgesEarly = "judges_early",
        /// A payment counts as often as it is told.
        CountsTwice = "counts_twice",
        /// Who is to be looked at again is not.
        LetsSleep = "lets_sleep",
        /// The outcome of a call is lost with the process.
        LosesOutcomes = "loses_outcomes",
        /// Every second contact's turn never comes.
        PassesOver = "passes_over",
    }
}
