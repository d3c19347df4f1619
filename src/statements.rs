//! Statements: what moved on a deposit in a period, numbered, issued once and never changed. What is corrected later
//! stands on the next.

pub mod file;
pub mod mailing;
pub mod making;
pub mod model;
pub mod pages;
pub mod periods;
pub mod settings;
pub mod store;
