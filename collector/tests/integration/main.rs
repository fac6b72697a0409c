//! The collector over real sockets and files, and as a process where the process is the point.

mod delivery;
mod disk;
mod process;
mod refusal;
mod restart;
mod schema;
mod shipper;
mod support;
mod tail;
mod tree;
