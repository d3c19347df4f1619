//! `afterfare`: reads the command line and does what it says.

use clap::Parser;

#[actix_web::main]
async fn main() -> std::process::ExitCode {
    afterfare::commands::run(afterfare::commands::CommandLine::parse()).await
}
