//! Attachments: files kept for a case, checked by what they are and not by their name. Knows no room.
//!
//! A file that is uploaded is first a draft of the person who uploaded it; the room that it was sent to binds it to its
//! case in the transaction of what it belongs to. So a form that comes back with a problem loses no file.

pub mod kind;
pub mod pages;
pub mod store;
pub mod upload;
