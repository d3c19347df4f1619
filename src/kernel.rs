//! Pure words that every room uses. Nothing here touches a database, a request or the wall clock.

pub mod actor;
pub mod airport;
pub mod code;
pub mod currency;
pub mod folding;
pub mod id;
pub mod language;
pub mod money;
pub mod text_column;
pub mod time;
