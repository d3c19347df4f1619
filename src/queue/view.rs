//! The fixed views of the desk.

use crate::kernel::time::Timestamp;
use crate::web::paging::Cursor;

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

/// A page of a view's list, the most urgent first, and for whom.
#[derive(Debug, Clone)]
pub struct ViewPage<'a, V> {
    pub view: V,
    pub user_id: &'a str,
    pub now: Timestamp,
    pub after: Option<Cursor>,
    pub limit: i64,
}

crate::named!(View = "view", RequestView = "request-view");
