//! Parses the command line, runs the command, reports, and chooses the exit code.

use std::process::ExitCode;

use clap::Parser;
use rebaseline::cli::{Cli, Command};
use rebaseline::error::{Error, Interrupted, Kind};
use rebaseline::interruption::Interruption;
use rebaseline::report::{Log, Report};
use rebaseline::{commands, config};

/// Parsing deep expressions takes more stack than a thread has by default.
const STACK: usize = 64 * 1024 * 1024;

fn main() -> ExitCode {
    let main = std::thread::Builder::new().stack_size(STACK).spawn(main_with_room);
    match main.map(std::thread::JoinHandle::join) {
        Ok(Ok(code)) => code,
        // It has told of the bug by itself.
        Ok(Err(_)) => ExitCode::from(Kind::Bug.exit_code()),
        // Without a thread there is only the stack that we have.
        Err(_) => main_with_room(),
    }
}

/// All of the program, on a stack with room for deep expressions.
fn main_with_room() -> ExitCode {
    let cli = Cli::parse();
    tracing_subscriber::fmt()
        .with_env_filter(config::log_filter(cli.global.verbose))
        .with_writer(|| Log)
        .init();
    let report = Report::new(cli.global.format, cli.global.color, config::no_color());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .worker_threads(2)
        .thread_stack_size(STACK)
        .build();
    let result = match runtime {
        Ok(runtime) => {
            let result = runtime.block_on(run(&cli, &report));
            // Cleaning up is done by values that are dropped by now; a blocked thread must not hold us.
            runtime.shutdown_background();
            result
        }
        Err(source) => Err(Error::from(commands::RuntimeError(source))),
    };
    match result {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            report.error(&error);
            ExitCode::from(error.kind().exit_code())
        }
    }
}

/// Runs the command until it ends, or a signal comes of which it does not tell by itself. Dropping the command's
/// future stops its children and removes its scratch servers.
async fn run(cli: &Cli, report: &Report) -> Result<u8, Error> {
    let interruption = Interruption::default();
    let signal = tokio::select! {
        // First: what has ended is not interrupted any more.
        biased;
        result = commands::run(cli, report, &interruption) => return result,
        signal = interruption.untold() => signal,
    };
    if matches!(cli.command, Command::Health(_)) {
        // It has nothing else to end by.
        return Ok(0);
    }
    let journal = commands::unfinished_journal(&cli.global);
    Err(Interrupted { signal, journal, databases: matches!(cli.command, Command::Stamp(_)) }.into())
}
