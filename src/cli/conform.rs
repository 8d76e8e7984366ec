//! The arguments of `conform`.

use std::path::PathBuf;

use clap::Args;

use crate::report::conform::DocumentFormat;

/// What stands below the help of `conform`.
pub(super) const HELP: &str = "\
Examples:
  lastack conform cases.jsonl                  recorded cases of a stack
  lastack conform close.pkt --policy linux -v  a packetdrill script, step by step
  sudo lastack conform --kernel                the running kernel

Exit codes:
  0  no difference was found; with --kernel: only listed ones
  1  a difference was found; with --kernel: an unlisted difference, or a listed one that no longer
     occurs
  2  the command line or a file is wrong, or the kernel cannot be driven";

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
