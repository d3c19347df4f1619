//! Rule sets and the no-go airport tables: loaded as documents, checked, put in use from a day, chosen by every quote.

pub mod loading;
pub mod no_go_store;
pub mod store;
