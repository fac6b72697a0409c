//! The context, from the outside.

mod allocation;
mod cancellation;
mod current;
mod deadline;
mod environment;
mod hold;
mod naive;
mod propagation;
mod records;
mod stream;
mod vectors;
mod verbosity;
mod w3c;
