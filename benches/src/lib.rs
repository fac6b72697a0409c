//! What it costs to write an event, and to carry a request: the same work by several contestants, throughline among them.

pub mod contestants;
pub mod counting;
pub mod ids;
pub mod input;
pub mod layers;
pub mod spans;
pub mod table;
mod target;
mod work;

pub use contestants::{Contestant, all};
pub use target::Target;
pub use work::Work;
