//! Finance: refunds as a list and a file, balances, transactions, and the check of the books.

pub mod export;
pub mod filters;
pub mod pages;
pub mod store;
pub mod transaction_pages;
pub mod verify;
