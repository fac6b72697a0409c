//! Both layers, from the outside: real servers and clients on loopback, and the lines that they write.

mod allocation;
mod causes;
mod client;
mod concurrency;
mod detail;
mod grpc;
mod handler;
mod hops;
mod losing;
mod peers;
mod policy;
mod server;
mod site;
mod trust;
