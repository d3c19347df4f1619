//! Compensations: what the operator gives of its own, as goodwill or to settle a dispute. Above a limit two people decide.

pub mod actions;
pub mod forms;
pub mod model;
pub mod pages;
pub mod store;
