//! The command line.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};

use crate::capture::FindingKind;
use crate::report::capture::ReplayFormat;
use crate::report::check::Format;
use crate::report::conform::DocumentFormat;
use crate::report::trace::TraceFormat;

const EXIT_CODES: &str = "\
Exit codes of check; the others have their own, which their --help lists:
  0  every verdict is the expected one
  1  some verdict is not
  2  the command line or a file is wrong, nothing was selected, or a verdict is undecided";

const CHECK_EXIT_CODES: &str = "\
Exit codes:
  0  every verdict is the expected one
  1  some verdict is not
  2  the command line or a file is wrong, nothing was selected, or a verdict is undecided
Ctrl-C, SIGTERM and SIGHUP leave verdicts undecided. If the reader of its output goes away, SIGPIPE ends it.";

const SHOW_EXIT_CODES: &str = "\
Exit codes:
  0  the trace was written, or there is none
  2  the command line or a file is wrong, or the search was stopped before it found one";

const EXPLORE_EXIT_CODES: &str = "\
Exit codes:
  0  Ctrl-C ended the server; the verdicts do not matter
  2  the command line or a file is wrong, the address cannot be listened at, the server was ended
     before it could be used, or stateright finds other states";

const CONFORM_EXIT_CODES: &str = "\
Exit codes:
  0  no difference was found; with --kernel: only listed ones
  1  a difference was found; with --kernel: an unlisted difference, or a listed one that no longer
     occurs
  2  the command line or a file is wrong, or the kernel cannot be driven";
const REPLAY_EXIT_CODES: &str = "\
Exit codes:
  0  nothing contradicts TCP: gaps of the capture are noted; how connections ended does not matter
  1  a packet contradicts TCP
  2  the command line or the file is wrong, no connection is in it or selected, or there was too much to explain";

/// A model checker for one protocol: how TCP closes a connection
#[derive(Debug, Parser)]
#[command(version, after_help = EXIT_CODES, max_term_width = 100)]
pub struct Cli {
    /// The subcommand.
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Explore scenarios exhaustively and compare each verdict with the expected one
    #[command(after_help = CHECK_EXIT_CODES)]
    Check(CheckArgs),
    /// Draw the shortest counterexample of a property in a scenario, or its shortest example if it is possible
    #[command(after_help = SHOW_EXIT_CODES)]
    Show(ShowArgs),
    /// Browse a scenario step by step in stateright's web explorer, with a link to each counterexample and each
    /// example
    #[command(after_help = EXPLORE_EXIT_CODES)]
    Explore(ExploreArgs),
    /// Compare the endpoint with other TCPs: recorded cases, or the running kernel
    #[command(after_help = CONFORM_EXIT_CODES)]
    Conform(ConformArgs),
    /// Explain how the connections in a capture were closed, and diagnose those that were not
    #[command(after_help = REPLAY_EXIT_CODES)]
    Replay(ReplayArgs),
    /// List scenarios, properties and policies, the fields of a policy, or the vocabulary of formulas
    List(ListArgs),
}

/// Arguments of `check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Scenarios to check, each by its name or by the path of its file; of a folder, all [default: all]
    #[arg(value_name = "SCENARIO")]
    pub scenarios: Vec<String>,

    /// Check only the scenarios of the folders given with --scenarios
    #[arg(long, requires = "scenario_folders", conflicts_with = "scenarios")]
    pub own: bool,

    /// Check only this property, by its name or file, or one of its two instances, as in `no-premature-closed@A`;
    /// repeatable
    #[arg(short, long = "property", value_name = "NAME")]
    pub properties: Vec<String>,

    /// Changes of the world.
    #[command(flatten)]
    pub world: WorldArgs,

    /// Number of threads: as many scenarios are explored at once; if there are fewer scenarios, each on several
    /// threads [default: one a core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,

    /// Limits of the exploration.
    #[command(flatten)]
    pub limits: LimitArgs,

    /// Get second opinions (stateright's checker, whole ticks, the world of closed delays), and fail if one
    /// differs
    #[arg(long)]
    pub cross_check: bool,

    /// Count how often each action, each transition of an endpoint and each premise of a property was taken
    #[arg(long)]
    pub coverage: bool,

    /// The format of the report
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub format: Format,

    /// Write the report to FILE (atomically); the terminal still gets the human-readable report
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// The amount of text in the human-readable report.
    #[command(flatten)]
    pub detail: DetailArgs,

    /// Files besides those that are compiled in.
    #[command(flatten)]
    pub library: LibraryArgs,
}

/// Arguments of `show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The scenario, by its name or file
    #[arg(value_name = "SCENARIO")]
    pub scenario: String,

    /// The property, by its name or file, or one of its two instances, as in `no-premature-closed@A`
    #[arg(value_name = "PROPERTY")]
    pub property: String,

    /// Changes of the world.
    #[command(flatten)]
    pub world: WorldArgs,

    /// The format of the trace
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: TraceFormat,

    /// Write the trace to FILE (atomically)
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Limits of the exploration.
    #[command(flatten)]
    pub limits: LimitArgs,

    /// Files besides those that are compiled in.
    #[command(flatten)]
    pub library: LibraryArgs,
}

/// Arguments of `explore`.
#[derive(Debug, Args)]
pub struct ExploreArgs {
    /// The scenario, by its name or file
    #[arg(value_name = "SCENARIO")]
    pub scenario: String,

    /// List only this property, by its name or file, or one of its two instances, as in `no-premature-closed@A`;
    /// repeatable
    #[arg(short, long = "property", value_name = "NAME")]
    pub properties: Vec<String>,

    /// Address to listen at; port 0 is any that is free
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:3000", value_parser = address)]
    pub address: SocketAddr,

    /// Allow an address that other computers can reach; anybody who can reach it can browse
    #[arg(long)]
    pub allow_remote: bool,

    /// Changes of the world.
    #[command(flatten)]
    pub world: WorldArgs,

    /// Limits of the exploration.
    #[command(flatten)]
    pub limits: LimitArgs,

    /// Files besides those that are compiled in.
    #[command(flatten)]
    pub library: LibraryArgs,
}

/// Arguments of `conform`.
#[derive(Debug, Args)]
pub struct ConformArgs {
    /// Files of recorded cases, or of rows of a transition table, one JSON object a line; `*.pkt` are packetdrill
    /// scripts
    #[arg(value_name = "FILE", required_unless_present = "kernel", conflicts_with = "kernel")]
    pub files: Vec<PathBuf>,

    /// The policy to replay all of them under [default: that of each case; of a row, linux]
    #[arg(long, value_name = "NAME", conflicts_with = "kernel")]
    pub policy: Option<String>,

    /// Add the policies of a folder; repeatable
    #[arg(long = "policies", value_name = "DIR", conflicts_with = "kernel")]
    pub policy_folders: Vec<PathBuf>,

    /// Show each step: the segments sent, the results of calls, the state, and the running timers
    #[arg(short = 'v', long, conflicts_with = "kernel")]
    pub trace: bool,

    /// Replay the cases that can be read even if others cannot; the exit code is 2 nevertheless
    #[arg(long, conflicts_with = "kernel")]
    pub keep_going: bool,

    /// The format of the report
    #[arg(long, value_name = "FORMAT", default_value = "human", conflicts_with = "kernel")]
    pub format: DocumentFormat,

    /// Drive the running kernel (Linux, as root) in a network namespace of its own, and compare its segments and
    /// states with the endpoint's
    #[arg(long)]
    pub kernel: bool,

    /// Write every packet to this file, in pcap's format
    #[arg(long, value_name = "FILE", requires = "kernel")]
    pub capture: Option<PathBuf>,

    /// Write the kernel's reactions on the paths that cover every transition to this file, as recorded cases,
    /// without those that differ
    #[arg(long, value_name = "FILE", requires = "kernel")]
    pub record: Option<PathBuf>,

    /// Number of random walks of each end of each world, besides the paths that cover every transition
    #[arg(long, value_name = "N", default_value_t = 5, requires = "kernel")]
    pub walks: u64,
}

/// Arguments of `list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// List the vocabulary of formulas instead
    #[arg(long, conflicts_with = "policy")]
    pub vocabulary: bool,

    /// List the fields of a policy, with their sources
    #[arg(long, value_name = "NAME")]
    pub policy: Option<String>,

    /// Files besides those that are compiled in.
    #[command(flatten)]
    pub library: LibraryArgs,
}

/// Arguments of `replay`.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// The capture, pcap or pcapng, compressed with gzip or not; `-` reads standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// Show connections of these kinds only
    #[arg(long, value_name = "KIND,…", value_delimiter = ',', value_parser = kind())]
    pub only: Vec<FindingKind>,

    /// Look only at connections that have this port at either end; repeatable
    #[arg(long = "port", value_name = "PORT")]
    pub ports: Vec<u16>,

    /// Look only at connections that have this address at either end; repeatable
    #[arg(long = "host", value_name = "ADDRESS")]
    pub hosts: Vec<IpAddr>,

    /// Look only at connections with a packet this many seconds after the beginning of the capture, or later
    #[arg(long, value_name = "SECONDS", value_parser = since)]
    pub since: Option<Since>,

    /// Show every connection, in the order of their first packets
    #[arg(short, long)]
    pub verbose: bool,

    /// The format of the report
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub format: ReplayFormat,

    /// Draw this connection, by its number in the report; with `--format text`, which is then the default, or
    /// `svg`
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), required_if_eq_any([("format", "text"), ("format", "svg")]))]
    pub connection: Option<u32>,
}

/// Nanoseconds after the beginning of a capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Since(pub i64);

/// Seconds, as they are written in reports: `1300` or `0.25`.
fn since(text: &str) -> Result<Since, String> {
    let seconds = text.trim_end_matches('s').trim_end();
    let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let nanoseconds = format!("{fraction:0<9}");
    let number = |text: &str| text.parse::<i64>().ok();
    let wrong = || "expected seconds, as in 1300 or 0.25".to_owned();
    if whole.is_empty() || !digits(whole) || !digits(&nanoseconds) || nanoseconds.len() > 9 {
        return Err(wrong());
    }
    let all = number(whole).and_then(|whole| whole.checked_mul(1_000_000_000)?.checked_add(number(&nanoseconds)?));
    all.map(Since).ok_or_else(wrong)
}

fn kind() -> impl TypedValueParser<Value = FindingKind> {
    PossibleValuesParser::new(FindingKind::ALL.iter().map(|kind| kind.name())).try_map(|name| name.parse())
}

/// Changes of a scenario's world.
#[derive(Debug, Args)]
pub struct WorldArgs {
    /// Set a field of the scenario, as in `network.losses=2`; its expectations are then dropped; repeatable. If no
    /// scenario is named, those that have no such field are left out
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub settings: Vec<String>,

    /// Whole ticks of 1/K: every duration is multiplied, and delays are whole ticks instead of any real time;
    /// expectations are then dropped
    #[arg(long, value_name = "K", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=16))]
    pub scale: u32,
}

/// The amount of text in the human-readable report.
#[derive(Debug, Args)]
pub struct DetailArgs {
    /// Print only what keeps the gate from passing, and the total; no progress
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Print each instance's verdict, each scenario's `about`, and the memory and speed of its exploration.
    /// Without this, a named scenario has a verdict for each property; if none is named, a scenario that passes
    /// has one line
    #[arg(short, long)]
    pub verbose: bool,
}

/// Limits of an exploration.
#[derive(Debug, Args)]
pub struct LimitArgs {
    /// Stop each exploration after this many expanded states; verdicts not decided by then are `undecided`
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub max_states: Option<u64>,

    /// Stop when all explorations together would take more memory than this, as in 500MiB or 8GiB [default: nine
    /// tenths of the available memory]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub max_memory: Option<usize>,

    /// Stop after this time, as in 500ms, 1m30s, or 30 for 30s; verdicts not decided by then are `undecided`
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub timeout: Option<Duration>,
}

/// Folders of a user's own files.
#[derive(Debug, Args)]
pub struct LibraryArgs {
    /// Add the properties of a folder, or of one file; repeatable
    #[arg(long = "properties", value_name = "DIR")]
    pub property_folders: Vec<PathBuf>,

    /// Add the scenarios of a folder, or of one file; repeatable
    #[arg(long = "scenarios", value_name = "DIR")]
    pub scenario_folders: Vec<PathBuf>,

    /// Add the policies of a folder; repeatable
    #[arg(long = "policies", value_name = "DIR")]
    pub policy_folders: Vec<PathBuf>,
}

/// An IP address, or `localhost`, and a port. No other name is looked up.
fn address(text: &str) -> Result<SocketAddr, String> {
    let local = text.strip_prefix("localhost:").and_then(|port| port.parse().ok());
    local
        .map(|port: u16| SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
        .or_else(|| text.parse().ok())
        .ok_or_else(|| "expected an IP address and a port, as in 127.0.0.1:3000".to_owned())
}

/// Numbers with their units, as in `1m30s`; a number alone is one of seconds.
fn duration(text: &str) -> Result<Duration, String> {
    match text.parse() {
        Ok(seconds) => Ok(Duration::from_secs(seconds)),
        Err(_) => humantime::parse_duration(text).map_err(|error| match error {
            humantime::DurationError::NumberOverflow => "that is too long".to_owned(),
            _ => "expected a time, as in 500ms, 1m30s, or 30 for 30s".to_owned(),
        }),
    }
}

/// A number of bytes and its unit: `KiB`, `MiB` or `GiB`.
fn size(text: &str) -> Result<usize, String> {
    let digits = text.trim_end_matches(char::is_alphabetic);
    let unit: usize = match text.get(digits.len()..) {
        Some("KiB") => 1 << 10,
        Some("MiB") => 1 << 20,
        Some("GiB") => 1 << 30,
        _ => return Err("expected a number with a unit: KiB, MiB or GiB".to_owned()),
    };
    let number: usize = digits.parse().map_err(|_| "expected a whole number, as in 500MiB".to_owned())?;
    number.checked_mul(unit).ok_or_else(|| "that is too much".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn addresses() {
        for right in ["127.0.0.1:3000", "0.0.0.0:0", "[::1]:80"] {
            assert_eq!(address(right).unwrap().to_string(), right);
        }
        assert_eq!(address("localhost:3000").unwrap().to_string(), "127.0.0.1:3000");
        for wrong in
            ["", "3000", ":3000", "127.0.0.1", "localhost", "localhost:", "localhost:65536", "example.org:80"]
        {
            assert!(address(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn sizes() {
        assert_eq!(size("7KiB"), Ok(7 << 10));
        assert_eq!(size("500MiB"), Ok(500 << 20));
        assert_eq!(size("8GiB"), Ok(8 << 30));
        for wrong in ["", "8", "GiB", "8GB", "-1MiB", "0.5GiB", "99999999999GiB", "18446744073709551616KiB"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn durations() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("30"), Ok(Duration::from_secs(30)));
        assert_eq!(duration("2m"), Ok(Duration::from_mins(2)));
        assert_eq!(duration("1m30s"), Ok(Duration::from_secs(90)));
        for wrong in ["", "s", "-1s", "-1", "5 blinks", "99999999999999999999s", "18446744073709551615h", "１s"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
