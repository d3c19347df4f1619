//! Reports: what is expected and what came, how long it takes, where it stands, and why it differs.

pub mod chart;
pub mod pages;
pub mod periods;
pub mod report;
pub mod store;
