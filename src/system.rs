//! How the program itself is: what waits, what is late, when the books were last checked and a backup made. On a page for
//! Supervisors, and as metrics for a monitoring system.

pub mod checking;
pub mod exposition;
pub mod marks;
pub mod numbers;
pub mod pages;
