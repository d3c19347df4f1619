//! The operations desk: a query over the states of refunds, not a table of its own.

pub mod pages;
pub mod request_pages;
pub mod request_store;
pub mod store;
pub mod view;
