//! Finds the language data of SVOX Pico, which lie beside the C sources in the package `ttspico-sys`, so that
//! `src/voice/pico.rs` can take them into the binary. The package tells nothing to the build scripts of those
//! that use it, so cargo itself is asked where it lies.

use std::path::PathBuf;
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=Cargo.lock");
    let data = pico_sources().join("build/pico/lang");
    assert!(
        data.join("en-US_ta.bin").is_file(),
        "the language data of Pico are not in {}: has another version of ttspico-sys moved them?",
        data.display()
    );
    println!("cargo:rustc-env=PICO_LANGUAGE_DATA={}", data.display());
}

/// Without the network first: what is being built is already here, but packages for tests may not be.
fn pico_sources() -> PathBuf {
    let attempts: [&[&str]; 2] = [&["--offline"], &[]];
    let mut told = String::new();
    for extra in attempts {
        let output = Command::new(std::env::var("CARGO").expect("cargo sets CARGO"))
            .args(["metadata", "--format-version", "1", "--locked", "--filter-platform"])
            .arg(std::env::var("TARGET").expect("cargo sets TARGET"))
            .args(extra)
            .output()
            .expect("cargo runs: it is running us");
        if output.status.success() {
            let json = String::from_utf8(output.stdout).expect("cargo metadata is UTF-8");
            let manifest = json
                .split("\"manifest_path\":\"")
                .skip(1)
                .filter_map(|rest| rest.split('"').next())
                .find(|path| path.contains("ttspico-sys"))
                .expect("it is a dependency");
            return PathBuf::from(manifest.replace("\\\\", "\\"))
                .parent()
                .expect("a manifest lies in a folder")
                .to_owned();
        }
        told = String::from_utf8_lossy(&output.stderr).into_owned();
    }
    panic!("cargo metadata cannot tell where ttspico-sys lies:\n{told}");
}
