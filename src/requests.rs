//! Service requests: one conversation for everything that is not an instant refund.

pub mod action_pages;
pub mod actions;
pub mod bulk;
pub mod canned;
pub mod canned_pages;
pub mod completing;
pub mod deciding;
pub mod details;
pub mod filters;
pub mod list_pages;
pub mod model;
pub mod offer_forms;
pub mod offer_model;
pub mod offer_pages;
pub mod offer_store;
pub mod offering;
pub mod open_forms;
pub mod open_pages;
pub mod opening;
pub mod show_pages;
pub mod state;
pub mod store;
pub mod thread_store;
pub mod wording;
