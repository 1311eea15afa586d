//! One program for all targets: `RINGBACK_FUZZ_TARGET` names the one, as in `tests/it/fuzz/targets.rs`.
#![no_main]

#[path = "../../tests/it/fuzz/targets.rs"]
mod targets;

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;

static TARGET: LazyLock<targets::Target> = LazyLock::new(|| {
    let name = std::env::var("RINGBACK_FUZZ_TARGET").unwrap_or_default();
    let known = targets::TARGETS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    let found = targets::TARGETS.iter().find(|(target, _)| *target == name);
    found.unwrap_or_else(|| panic!("RINGBACK_FUZZ_TARGET is {name:?}; one of {known} is expected")).1
});

fuzz_target!(|bytes: &[u8]| TARGET(bytes));
