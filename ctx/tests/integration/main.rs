//! The context, from the outside.

mod cancellation;
mod current;
mod deadline;
mod naive;
mod propagation;
mod w3c;
