//! The copies of segments on a trace, each with a name and what became of it.

use super::replay::Trace;
use crate::model::{End, Event, InFlightSegment, Incarnation, Step};
use crate::tcp::Segment;

/// A copy, from when it is sent or made to when it leaves the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TracedCopy {
    /// `#3`, or `#3′` for a duplicate of `#3`; no other copy's. `old #3` if it is of the first incarnation and
    /// still in flight in the second.
    pub(crate) label: String,
    /// The end that it goes to.
    pub(crate) to: End,
    /// The segment.
    pub(crate) segment: Segment,
    /// The incarnation that has sent it.
    pub(crate) incarnation: Incarnation,
    /// The place of the copy that it is a duplicate of.
    pub(crate) duplicate_of: Option<usize>,
    /// The place of the step in which it was sent or made.
    pub(crate) since: usize,
    /// The places of the steps in which it was delivered; a network that is a set delivers a copy again and again.
    pub(crate) delivered: Vec<usize>,
    /// The place of the step in which it was lost.
    pub(crate) lost: Option<usize>,
}

/// What a step has to do with copies, by their places.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct StepCopies {
    /// The copy that was delivered, lost or duplicated.
    pub(crate) subject: Option<usize>,
    /// The copy that was sent.
    pub(crate) sent: Option<usize>,
    /// The duplicate that was made.
    pub(crate) made: Option<usize>,
    /// The copies that reached the MSL.
    pub(crate) expired: Vec<usize>,
    /// What is in flight afterwards, and the place of each.
    pub(crate) in_flight: Vec<(InFlightSegment, usize)>,
}

/// All copies of a trace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SegmentTimeline {
    /// In the order in which they came into being.
    pub(crate) all: Vec<TracedCopy>,
    /// One for each step.
    pub(crate) parts: Vec<StepCopies>,
    /// What is in flight at the end, and the place of each.
    pub(crate) in_flight: Vec<(InFlightSegment, usize)>,
    /// How many were sent.
    sent: usize,
}

impl SegmentTimeline {
    /// Follows every copy through a trace.
    ///
    /// Equal copies are interchangeable: the one that came first is taken to be the one that leaves first.
    pub(crate) fn of(trace: &Trace) -> Self {
        let mut timeline = Self::default();
        for (place, step) in trace.steps.iter().enumerate() {
            let part = timeline.follow(place, step);
            timeline.parts.push(part);
        }
        if let Some(opened) = trace.steps.iter().position(|step| step.after.is_opened()) {
            timeline.mark_old(opened);
        }
        timeline
    }

    /// Marks the copies of the first incarnation that leave the network after this step, if they do.
    fn mark_old(&mut self, opened: usize) {
        for copy in self.all.iter_mut().filter(|copy| copy.incarnation == Incarnation::First) {
            let left = copy.lost.max(copy.delivered.last().copied());
            if left.is_none_or(|left| left > opened) {
                copy.label.insert_str(0, "old ");
            }
        }
    }

    /// The copy at a place.
    pub(crate) fn get(&self, place: usize) -> Option<&TracedCopy> {
        self.all.get(place)
    }

    /// What the copy at a place is called.
    pub(crate) fn label(&self, place: usize) -> &str {
        self.get(place).map_or("", |copy| &copy.label)
    }

    fn follow(&mut self, place: usize, step: &Step) -> StepCopies {
        let mut part = StepCopies::default();
        match step.event {
            Event::Call(..) | Event::Timeout(..) => {}
            Event::Deliver(flight) => {
                // In a network that is a set, what is delivered stays.
                let stays = count(step, &flight) >= self.known(&flight);
                part.subject = if stays { self.find(&flight) } else { self.take(&flight) };
                if let Some(copy) = part.subject.and_then(|subject| self.all.get_mut(subject)) {
                    copy.delivered.push(place);
                }
            }
            Event::Lose(flight) => {
                part.subject = self.lose(&flight, place);
            }
            Event::Duplicate(flight) => {
                part.subject = self.find(&flight);
                let label = self.primed(part.subject.map_or("", |subject| self.label(subject)));
                let duplicate = InFlightSegment { is_duplicate: true, ..flight };
                part.made = Some(self.add(label, duplicate, part.subject, place));
            }
            Event::Pass(parts) => {
                for flight in &step.expired {
                    // It is known by its age before.
                    let before =
                        InFlightSegment { age: flight.age.and_then(|age| age.checked_sub(parts)), ..*flight };
                    part.expired.extend(self.lose(&before, place));
                }
                for (flight, _) in &mut self.in_flight {
                    flight.age = flight.age.map(|age| age + parts);
                }
            }
        }
        if let Some(flight) = step.sent {
            // In a network that is a set, what is sent again is no other copy.
            part.sent = if count(step, &flight) > self.known(&flight) {
                self.sent += 1;
                Some(self.add(format!("#{}", self.sent), flight, None, place))
            } else {
                self.find(&flight)
            };
        }
        part.in_flight.clone_from(&self.in_flight);
        part
    }

    fn add(&mut self, label: String, flight: InFlightSegment, duplicate_of: Option<usize>, since: usize) -> usize {
        let InFlightSegment { to, segment, incarnation, .. } = flight;
        let copy =
            TracedCopy { label, to, segment, incarnation, duplicate_of, since, delivered: Vec::new(), lost: None };
        self.all.push(copy);
        self.in_flight.push((flight, self.all.len() - 1));
        self.all.len() - 1
    }

    /// The label with as many primes more as it takes for a name that no copy has yet.
    fn primed(&self, label: &str) -> String {
        let mut primed = format!("{label}′");
        while self.all.iter().any(|copy| copy.label == primed) {
            primed.push('′');
        }
        primed
    }

    fn lose(&mut self, flight: &InFlightSegment, place: usize) -> Option<usize> {
        let lost = self.take(flight)?;
        self.all.get_mut(lost)?.lost = Some(place);
        Some(lost)
    }

    fn find(&self, flight: &InFlightSegment) -> Option<usize> {
        self.in_flight.iter().find(|(other, _)| other == flight).map(|(_, place)| *place)
    }

    fn take(&mut self, flight: &InFlightSegment) -> Option<usize> {
        let index = self.in_flight.iter().position(|(other, _)| other == flight)?;
        Some(self.in_flight.remove(index).1)
    }

    /// How many copies like this one are known to be in flight.
    fn known(&self, flight: &InFlightSegment) -> usize {
        self.in_flight.iter().filter(|(known, _)| known == flight).count()
    }
}

/// How many copies like this one are in flight after a step.
fn count(step: &Step, flight: &InFlightSegment) -> usize {
    step.after.in_flight.iter().filter(|other| *other == flight).count()
}
