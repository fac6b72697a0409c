//! Writes `accounts.v1.rs` into the folder that is its only argument, from `accounts.proto` in examples/login/proto.

use std::error::Error;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let out = std::env::args_os().nth(1).ok_or("usage: generate-proto FOLDER")?;
    let proto = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/login/proto");
    let files = protox::compile(["accounts.proto"], [proto])?;
    tonic_prost_build::configure().out_dir(out).compile_fds(files)?;
    Ok(())
}
