//! The arguments of `step`.

use std::path::PathBuf;

use clap::Args;

use super::common::{LibraryArgs, LimitArgs, WorldArgs};

/// What stands below the help of `step`.
pub(super) const HELP: &str = "\
Type one command a line; `help` lists them. From a file or a pipe, a
line that cannot be done ends the session.

Examples:
  lastack step sequential                        from the initial state on
  lastack step one-msl -p no-premature-closed@A  after its counterexample
  lastack step --load found.json --step 5        in the middle of a saved trace
  lastack step one-msl < walk.txt                a script

Exit codes:
  0  the session ended: by `quit`, or by the end of its input
  2  the command line or a file is wrong, there is no such counterexample, or a
     line of a script cannot be done";

/// Arguments of `step`.
#[derive(Debug, Args)]
pub struct StepArgs {
    /// The scenario, by its name or file [default: that of the trace that --load opens]
    #[arg(value_name = "SCENARIO", required_unless_present = "load")]
    pub scenario: Option<String>,

    /// Begin with a trace that `show` has written as JSON or ITF, or `save` in a session
    #[arg(long, value_name = "FILE", group = "opened")]
    pub load: Option<PathBuf>,

    /// Begin with the shortest counterexample, or example, of a property, by its name or file, or of one of its
    /// two instances, as in `no-premature-closed@A`
    #[arg(short, long, value_name = "NAME", group = "opened", requires = "scenario")]
    pub property: Option<String>,

    /// Begin after this step of it; 0 is the initial state [default: after its last]
    #[arg(long, value_name = "N", requires = "opened")]
    pub step: Option<usize>,

    /// Changes of the world.
    #[command(flatten)]
    pub world: WorldArgs,

    /// Limits of the search that --property asks for.
    #[command(flatten)]
    pub limits: LimitArgs,

    /// Files besides those that are compiled in.
    #[command(flatten)]
    pub library: LibraryArgs,
}
