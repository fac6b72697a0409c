//! The logger, from the outside.

mod allocation;
mod collector;
mod control;
mod line;
mod outputs;
mod socket;
