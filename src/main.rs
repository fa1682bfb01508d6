//! The program: everything is in the library, see [`docket::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    docket::cli::run()
}
