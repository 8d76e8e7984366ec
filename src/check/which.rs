//! Which of some things are meant: all of them, or some.

/// All of a kind, or these.
#[derive(Debug)]
pub enum Which<'a, T = String> {
    /// Every one that there is.
    All,
    /// These, of which there may be none.
    These(&'a [T]),
}

impl<'a, T> Which<'a, T> {
    /// What a command line means that names these: all, if it names none.
    #[must_use]
    pub const fn named(names: &'a [T]) -> Self {
        if names.is_empty() { Self::All } else { Self::These(names) }
    }

    /// Something is meant of which `is` is true of its name.
    #[must_use]
    pub fn includes(self, is: impl FnMut(&T) -> bool) -> bool {
        match self {
            Self::All => true,
            Self::These(names) => names.iter().any(is),
        }
    }
}

impl<T> Clone for Which<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Which<'_, T> {}

impl<'a, T> From<&'a [T]> for Which<'a, T> {
    fn from(names: &'a [T]) -> Self {
        Self::These(names)
    }
}

impl<'a, T, const N: usize> From<&'a [T; N]> for Which<'a, T> {
    fn from(names: &'a [T; N]) -> Self {
        Self::These(names)
    }
}

impl<'a, T> From<&'a Vec<T>> for Which<'a, T> {
    fn from(names: &'a Vec<T>) -> Self {
        Self::These(names)
    }
}
