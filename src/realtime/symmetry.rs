//! Symmetry: where both ends are alike, a world looks the same when A and B change places.
//!
//! Then of a state and its *mirror image*, in which they have changed places, one is enough: what is reached from
//! the one is the mirror image of what is reached from the other (Ip and Dill 1996). Zones are mirrored with their
//! discrete parts, and so are inclusion, fates, budgets and the passing of time. Both images are asked what they
//! reveal, so that properties may speak of the ends as they like. A run is put together from steps of either
//! image.

use super::catalog::{Catalog, SegmentNumber};
use super::constraints::Untimed;
use super::part::{DiscretePart, Part};
use super::step::{SymbolicAction, SymbolicState};
use crate::model::Config;

/// Whether a world's ends are alike.
pub(super) fn is_symmetric(config: &Config) -> bool {
    config.a == config.b
}

/// The segments in flight in the mirror image, in its order, each with its place in this one.
fn mirrored_copies(copies: &[SegmentNumber], catalog: &Catalog<'_>) -> Vec<(SegmentNumber, usize)> {
    let mut mirrored: Vec<_> = copies.iter().map(|one| catalog.mirrored(*one)).zip(0..).collect();
    // Of equal ones the oldest stays first.
    mirrored.sort_unstable();
    mirrored
}

impl SymbolicState {
    /// Its mirror image, if that stands for both. (Where both have one discrete part, each stands for itself.)
    pub(super) fn image(&self, catalog: &Catalog<'_>) -> Option<Self> {
        let [a, b] = self.ends;
        // The end whose number is higher was met later: it has mostly come farther, and A is the one that comes
        // first.
        if a > b {
            return None;
        }
        let copies = mirrored_copies(self.copies(), catalog);
        if a == b && !copies.iter().map(|(segment, _)| segment).lt(self.copies()) {
            return None;
        }
        let (segments, places): (Vec<SegmentNumber>, Vec<usize>) = copies.into_iter().unzip();
        let mut image = Self::new([b, a], &segments, self.zone.mirrored(&places));
        (image.losses, image.duplicates) = (self.losses, self.duplicates);
        Some(image)
    }
}

impl Part<'_> {
    /// Which of the two images is such a part, this one first: whether it is the mirror image. `None` if neither
    /// is; or if this one is not, where the image is not to be asked.
    pub(super) fn image(&self, is_mirrored: bool, is_such: impl Fn(&Part<'_>) -> bool) -> Option<bool> {
        if is_such(self) {
            return Some(false);
        }
        if !is_mirrored {
            return None;
        }
        let [a, b] = self.ends;
        let copies = mirrored_copies(self.copies, self.catalog);
        let copies: Vec<SegmentNumber> = copies.into_iter().map(|(segment, _)| segment).collect();
        is_such(&Part { ends: [b, a], copies: &copies, ..*self }).then_some(true)
    }
}

impl DiscretePart {
    /// Its mirror image.
    pub(super) fn mirrored(self) -> Self {
        let [a, b] = self.ends;
        let mut in_flight: Vec<_> =
            self.in_flight.into_iter().map(|(to, segment, of)| (to.peer(), segment, of)).collect();
        in_flight.sort();
        Self { ends: [b, a], in_flight }
    }
}

impl Untimed {
    /// What happens in the mirror image.
    pub(super) fn mirrored(self) -> Self {
        let action = match self.action {
            SymbolicAction::Call(end, call) => SymbolicAction::Call(end.peer(), call),
            SymbolicAction::Timeout(end, timer) => SymbolicAction::Timeout(end.peer(), timer),
            SymbolicAction::Deliver(to, segment, of) => SymbolicAction::Deliver(to.peer(), segment, of),
        };
        Self { action, ..self }
    }
}
