//! Incidents: what the airline changed or cancelled, as it was told, and as somebody confirmed it.

pub mod actions;
pub mod document;
pub mod filters;
pub mod forms;
pub mod import;
pub mod list_pages;
pub mod model;
pub mod rights;
pub mod store;
pub mod tab_pages;
pub mod wording;
