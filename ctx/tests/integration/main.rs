//! The context, from the outside.

mod cancellation;
mod current;
mod deadline;
mod environment;
mod naive;
mod propagation;
mod stream;
mod verbosity;
mod w3c;
