//! Notices: what somebody must know, under the bell and by e-mail. Knows no room: who is told and what is said comes
//! from the room in whose transaction it happened.

pub mod mailing;
pub mod model;
pub mod pages;
pub mod store;
