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

crate::text_column! {
    /// One view of the desk's requests.
    pub enum RequestView {
        New = "new",
        Mine = "mine",
        WaitingForUs = "waiting-for-us",
        WaitingForCustomer = "waiting-for-customer",
        Due = "due",
    }
}

crate::named!(View = "view", RequestView = "request-view");
