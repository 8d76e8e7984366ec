//! How many of many are done, on a terminal.

use std::io::{self, IsTerminal};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// A line on stderr with the number of those that are done; none where stderr is no terminal.
#[derive(Debug)]
pub(crate) struct TallyBar {
    bar: ProgressBar,
}

impl TallyBar {
    /// So many, called this, of which some are done.
    pub(crate) fn on_stderr(of: usize, done: usize, what: &'static str) -> Self {
        if !io::stderr().is_terminal() {
            return Self { bar: ProgressBar::hidden() };
        }
        let bar = ProgressBar::new(of as u64).with_position(done as u64).with_message(what);
        // An empty line above it, as with the progress of a check.
        let template = "\n{spinner} {elapsed_precise}  {human_pos}/{human_len} {msg}  {wide_bar}  {eta} left";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.tick_chars("-\\|/ ").progress_chars("=> "));
        }
        bar.enable_steady_tick(Duration::from_millis(100));
        Self { bar }
    }

    /// So many more are done.
    pub(crate) fn add(&self, more: usize) {
        self.bar.inc(more as u64);
    }

    /// Takes the line away.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
