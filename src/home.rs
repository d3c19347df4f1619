//! Home and the search box: they stand at the top of the house and only ask the other rooms.

pub mod pages;
pub mod search_pages;
pub mod store;
