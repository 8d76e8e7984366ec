//! The fair runs that refute a liveness property: its formula as a [`Violation`].

use super::fairness::FairnessConstraints;
use super::search::FairRunSearch;
use super::streett::{Lasso, Time, Violation};
use crate::explore::Stopped;
use crate::explore::states::States;
use crate::invariant::broken;
use crate::model::Layout;
use crate::property::{Claim, Instance, Predicate};

/// A fair run that a liveness property forbids.
pub(crate) fn find<L: Layout>(
    search: &mut FairRunSearch<'_, FairnessConstraints<'_, L>>,
    states: &States<L>,
    instance: &Instance,
) -> Result<Option<Lasso>, Stopped> {
    let this = instance.this();
    let holds = |p: &Predicate, node| p.holds(states.get(node), this);
    let anywhere = Violation { trigger: &|_| true, within: &|_| true, recurs: &|_| true, time: Time::Passes };
    match instance.property.formula.claim() {
        Claim::Eventually(p) => {
            // The initial state is the first. To come back to it is to start anew.
            search.find(&Violation { trigger: &|node| node == 0, within: &|node| !holds(p, node), ..anywhere })
        }
        Claim::AlwaysEventually(p) => search.find(&Violation { within: &|node| !holds(p, node), ..anywhere }),
        Claim::EventuallyAlways(p) => search.find(&Violation { recurs: &|node| !holds(p, node), ..anywhere }),
        Claim::LeadsTo(p, q) => search.find(&Violation {
            trigger: &|node| holds(p, node),
            within: &|node| !holds(q, node),
            ..anywhere
        }),
        Claim::TimePasses => search.find(&Violation { time: Time::Stops, ..anywhere }),
        Claim::Always(_) | Claim::Never(_) | Claim::Possible(_) => {
            broken(format_args!("a single state decides {}, and no fair run", instance.name()))
        }
    }
}
