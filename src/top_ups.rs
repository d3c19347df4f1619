//! Top-ups: an agency declares a transfer with its proof, and the operator's Finance confirms what came. And the notice
//! that a deposit runs low.

pub mod actions;
pub mod alerts;
pub mod model;
pub mod pages;
pub mod store;
