//! Cargo does not look into the files that compiler flags name: a new profile has to build the core anew
//! (`docs/decisions/0018`).

fn main() {
    println!("cargo::rerun-if-changed=engine.profdata");
}
