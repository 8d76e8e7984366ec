//! `lastack list`

use super::{library, print};
use crate::check::Passed;
use crate::cli::ListArgs;
use crate::diagnostic::Diagnostics;
use crate::report::list;
use crate::report::terminal::Terminal;

/// Lists scenarios and properties, or the vocabulary.
pub fn run(args: &ListArgs) -> Result<Passed, Diagnostics> {
    let library = library(&args.library)?;
    let terminal = Terminal::of_stdout();
    if args.vocabulary {
        print(&list::vocabulary(terminal))?;
    } else {
        print(&list::library(&library, &library.scenarios(&[], &[], 1)?, terminal))?;
    }
    Ok(Passed::Yes)
}
