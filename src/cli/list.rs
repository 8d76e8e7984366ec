//! The arguments of `list`.

use clap::Args;

use super::common::LibraryArgs;

/// What stands below the help of `list`.
pub(super) const HELP: &str = "\
Examples:
  lastack list                   scenarios, properties and policies
  lastack list --policy linux    what a stack does, with the sources
  lastack list --vocabulary      what a formula may say";

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
