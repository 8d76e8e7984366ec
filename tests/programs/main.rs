//! Comparisons with other programs: SPIN, TLC and Python of the world, the running kernel of the endpoint, and
//! Chromium, tshark, xmllint, Mermaid, itf-py, mdBook, taplo and zizmor of what is written for them.
//!
//! A test whose program is missing is ignored, with the reason beside its name: so `cargo test` counts it. The
//! harness is `libtest-mimic`, for one that is built in cannot ignore a test that has begun.

// clippy.toml allows these in tests, and does not see that this is one.
#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod book;
mod browser;
mod chromium;
mod editors;
#[path = "../support/folder.rs"]
mod folder;
mod forms;
mod junit;
#[cfg(target_os = "linux")]
mod kernel;
mod peers;
mod reopening;
#[path = "../support/running.rs"]
#[allow(dead_code, reason = "a browser sees less than all that there is to ask")]
mod running;
#[path = "../support/shown.rs"]
#[allow(dead_code, reason = "here all forms are taken, none by its name")]
mod shown;
#[cfg(target_os = "linux")]
mod terminal;

use std::ffi::OsString;
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use libtest_mimic::{Arguments, Completion, Trial};

/// Why a test cannot be run here.
struct Missing(String);

/// A program that a test cannot do without.
fn needs(program: &str) -> Result<(), Missing> {
    let mut command = Command::new(program);
    let started =
        command.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    started.map(drop).map_err(|_| Missing(format!("{program} is not installed")))
}

/// An environment variable that a test cannot do without, and what it names.
fn variable(name: &str, names: &str) -> Result<OsString, Missing> {
    std::env::var_os(name).ok_or_else(|| Missing(format!("the environment variable {name} does not name {names}")))
}

fn trial(name: &str, test: fn() -> Result<(), Missing>) -> Trial {
    Trial::ignorable_test(name, move || {
        Ok(match test() {
            Ok(()) => Completion::Completed,
            Err(Missing(why)) => Completion::ignored_with(why),
        })
    })
}

/// The tests by their paths. One that is left out is dead code, which the compiler tells.
macro_rules! trials {
    ($($path:path),* $(,)?) => { vec![$(trial(stringify!($path), $path)),*] };
}

fn main() -> ExitCode {
    // A script may have what it runs ignore Ctrl-C, and a child would inherit that; what is handled here is its
    // default there. `nothing_is_left_when_it_is_stopped` depends on it.
    let stopped = Arc::new(AtomicBool::new(true));
    signal_hook::flag::register_conditional_shutdown(signal_hook::consts::SIGINT, 130, stopped).unwrap();
    #[allow(unused_mut, reason = "elsewhere than on Linux there are no more")]
    let mut trials = trials![
        book::the_book_is_built_and_its_links_lead_somewhere,
        book::the_search_finds_chinese,
        browser::it_looks_right_everywhere,
        browser::keys_are_enough,
        browser::links_show_what_they_promise,
        browser::stateright_page_works,
        editors::taplo_reads_the_schemas,
        editors::zizmor_finds_nothing,
        forms::a_reader_of_itf_understands_every_trace,
        forms::mermaid_understands_every_diagram,
        forms::tshark_has_no_complaints,
        junit::junit_is_as_its_schema_says,
        peers::python_counts_the_same,
        peers::python_says_the_same_of_liveness,
        peers::python_says_the_same_of_time,
        peers::spin_counts_the_same,
        peers::spin_says_the_same_of_liveness,
        peers::spin_says_the_same_of_time,
        peers::tchecker_meets_the_same_parts,
        peers::tchecker_says_the_same,
        peers::tlc_counts_the_same,
        peers::tlc_says_the_same_of_liveness,
        peers::tlc_says_the_same_of_time,
        reopening::spin_counts_the_same,
        reopening::tlc_counts_the_same,
    ];
    #[cfg(target_os = "linux")]
    trials.extend(trials![
        kernel::capture::a_capture_of_the_kernel_is_explained,
        kernel::command::nothing_is_left_when_it_is_stopped,
        kernel::command::the_kernel_does_what_the_endpoint_does,
        kernel::command::what_cannot_be_done_is_said,
        kernel::measured::the_kernel_does_what_it_did,
        kernel::opening::only_timestamps_let_time_wait_be_reused,
        terminal::ctrl_c_leaves_no_progress_behind,
        terminal::no_color_on_a_terminal,
    ]);
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
