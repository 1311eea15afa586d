//! The `ringback` program: see `ringback --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    ringback::cli::main()
}
