//! The logger, from the outside.

mod allocation;
mod collector;
mod line;
mod socket;
