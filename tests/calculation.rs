//! The shared refund calculation: worked cases, boundaries, properties.

mod boundaries;
mod cases;
mod make;
mod orders;
mod properties;
mod rights;
mod rule_documents;
mod traces;
mod used_parts;
