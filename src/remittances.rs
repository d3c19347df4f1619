//! Remittances: the airlines' money, line by line, matched with refunds to the cent. Nothing of a file is ever lost:
//! what it holds is matched, open or rejected, and the three always add up.

pub mod allocation_store;
pub mod draft_pages;
pub mod drafts;
pub mod importing;
pub mod line_files;
pub mod line_pages;
pub mod line_store;
pub mod mapping;
pub mod matching;
pub mod model;
pub mod open_pages;
pub mod overdue_pages;
pub mod pages;
pub mod posting;
pub mod proposing;
pub mod rejecting;
pub mod store;
pub mod undoing;
