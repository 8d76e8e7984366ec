//! `lastack list`

use super::{library, print};
use crate::check::Passed;
use crate::cli::ListArgs;
use crate::diagnostic::Diagnostics;
use crate::report::list;

/// Lists scenarios and properties, or the vocabulary.
pub fn run(args: &ListArgs) -> Result<Passed, Diagnostics> {
    let library = library(&args.library)?;
    if args.vocabulary {
        print(&list::vocabulary())?;
    } else {
        print(&list::library(&library, &library.scenarios(&[], &[], 1)?))?;
    }
    Ok(Passed::Yes)
}
