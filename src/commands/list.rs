//! `lastack list`

use crate::check::Library;
use crate::cli::ListArgs;
use crate::diagnostic::Diagnostics;
use crate::process::exit::ExitStatus;
use crate::process::output::print;
use crate::report::list;
use crate::report::terminal::Terminal;

/// Lists scenarios and properties, or the vocabulary.
pub fn run(args: &ListArgs) -> Result<ExitStatus, Diagnostics> {
    let library = Library::read(&args.library.property_folders, &args.library.scenario_folders)?;
    let terminal = Terminal::of_stdout();
    if args.vocabulary {
        print(&list::vocabulary(terminal))?;
    } else {
        print(&list::library(&library, &library.scenarios(&[], &[], 1)?, terminal))?;
    }
    Ok(ExitStatus::Success)
}
