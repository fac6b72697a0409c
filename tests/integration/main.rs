//! The family as its users meet it: the facade, and the login example on real traffic.

#[path = "../../examples/login/accounts.rs"]
mod accounts;
#[path = "../../examples/login/callers.rs"]
mod callers;
mod example;
mod examples;
mod facade;
#[path = "../../examples/login/gateway.rs"]
mod gateway;
#[cfg(feature = "to-tracing")]
mod library;
#[cfg(feature = "tracing")]
mod migration;
mod nats;
#[path = "../../examples/login/services.rs"]
mod services;
mod stored;
mod strict;

/// What the modules of the example expect at the root.
type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;
