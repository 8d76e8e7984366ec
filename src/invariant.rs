//! `invariant!`: an impossible condition ends the program.
//!
//! A broken invariant in the exploration, the graph, the search for cycles or the replay could turn a verdict
//! round. It ends the program, in release, too, and never becomes a default value. Everything else that may fail
//! returns an error.

/// Stops the program if the condition, which is always true of a correct lastack, is false.
macro_rules! invariant {
    ($condition:expr, $($what:tt)+) => {
        if !$condition {
            $crate::invariant::broken(format_args!($($what)+));
        }
    };
}

pub(crate) use invariant;

/// Stops the program: what is described is not so. For the `else` of a look-up that cannot fail.
#[cold]
#[track_caller]
#[expect(
    clippy::panic,
    reason = "the one place where the program gives up: no verdict is better than a wrong one"
)]
pub(crate) fn broken(what: std::fmt::Arguments<'_>) -> ! {
    panic!("an invariant is broken: {what}; this is a fault of lastack, and no verdict of this run counts")
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_is_so_goes_on() {
        invariant!(1 + 1 == 2, "arithmetic");
    }

    #[test]
    #[should_panic(expected = "an invariant is broken: 3 is below 2; this is a fault of lastack")]
    fn what_cannot_be_stops() {
        let (three, two) = (3, 2);
        invariant!(three < two, "{three} is below {two}");
    }
}
