//! Spreadsheets that people upload: a file in, rows of cells out, or one sentence that says what is wrong with it. What
//! reads a file is a process of its own with little memory and little time, so that a hostile file can only end its own
//! reader. Knows no room.

pub mod cell;
pub mod child;
mod container;
pub mod identifying;
pub mod reading;
mod text;
pub mod uploaded;
mod xlsx;
