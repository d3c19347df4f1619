//! The shared refund calculation: worked cases, boundaries, properties.

mod boundaries;
mod cases;
mod chains;
mod documents;
mod fees;
mod make;
mod no_go;
mod orders;
mod properties;
mod rights;
mod rule_documents;
mod tax_fates;
mod traces;
mod used_parts;
mod who_pays;
