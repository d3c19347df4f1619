//! Batches: a file of many orders. It is read and checked first, nothing happens before somebody confirms, and every row
//! has its own result.

pub mod actions;
pub mod checking;
pub mod columns;
pub mod files;
pub mod judging;
pub mod model;
pub mod pages;
pub mod posting;
mod preparing;
pub mod row_store;
pub mod search_pages;
pub mod show_pages;
pub mod store;
pub mod template;
pub mod working;
