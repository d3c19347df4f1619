//! The fixed views of the desk.

crate::text_column! {
    /// One view of the desk.
    pub enum View {
        ToSubmit = "to-submit",
        WaitingForAirline = "waiting-for-airline",
        AirlineRefunding = "airline-refunding",
        DueToCredit = "due-to-credit",
        Overdue = "overdue",
        Mine = "mine",
        Unassigned = "unassigned",
    }
}

crate::named!(View = "view");
