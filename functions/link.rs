//! Gives the linker the order of functions that order.ld has, in what is deployed, and where the linker is LLVM's: Rust's own
//! on Linux with x86-64, and the one in Zig, which cargo-lambda takes. GNU's was not done with it after ten minutes.

use std::env;

/// The build script of every function, or called by it.
pub(crate) fn main() {
    let order = concat!(env!("CARGO_MANIFEST_DIR"), "/../order.ld");
    println!("cargo::rerun-if-changed={order}");
    println!("cargo::rerun-if-changed=../link.rs");
    let named = |name| env::var(name).unwrap_or_default();
    let (target, linker) = (named("TARGET"), named("RUSTC_LINKER"));
    let is_own = linker.is_empty() && !named("CARGO_ENCODED_RUSTFLAGS").contains("link");
    let is_llvm = (is_own && target == "x86_64-unknown-linux-gnu")
        || (linker.contains("zig") && target.contains("linux"));
    if is_llvm && named("PROFILE") == "release" {
        println!("cargo::rustc-link-arg-bins=-Wl,-T,{order}");
    }
}
