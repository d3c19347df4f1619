//! Bookings: the imported orders, found again and shown.

pub mod detail_pages;
pub mod document;
pub mod facts;
pub mod fare_rules;
pub mod filters;
pub mod import;
pub mod list_pages;
pub mod list_store;
pub mod model;
pub mod parse;
pub mod reader;
pub mod store;
pub mod strip;
pub mod void;
