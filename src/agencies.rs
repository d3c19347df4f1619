//! Agencies, their users and the operator's: who they are, how they sign in, what they may do.

pub mod account_pages;
pub mod actions;
pub mod agency_pages;
pub mod model;
pub mod password;
pub mod session_store;
pub mod sign_in;
pub mod sign_in_pages;
pub mod store;
pub mod user_pages;
