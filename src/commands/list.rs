//! `lastack list`

use crate::check::{Library, Which};
use crate::cli::ListArgs;
use crate::diagnostic::Diagnostics;
use crate::process::exit::ExitStatus;
use crate::process::output::print;
use crate::report::list;
use crate::report::terminal::Terminal;

/// Lists scenarios, properties and policies, or one policy's fields, or the vocabulary.
///
/// # Errors
/// A mistake in the command line or in a file, or output that cannot be written.
pub fn run(args: &ListArgs) -> Result<ExitStatus, Diagnostics> {
    let added = &args.library;
    let library = Library::read(&added.property_folders, &added.scenario_folders, &added.policy_folders)?;
    let terminal = Terminal::of_stdout();
    if let Some(name) = &args.policy {
        print(&list::policy(library.policies.named(name)?, terminal))?;
    } else if args.vocabulary {
        print(&list::vocabulary(terminal))?;
    } else {
        print(&list::library(&library, &library.scenarios(Which::All, &[], 1)?, terminal))?;
    }
    Ok(ExitStatus::Success)
}
