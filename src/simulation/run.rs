//! One run of exact times, at random.

use fastrand::Rng;

use crate::check::{ActionKind, Coverage};
use crate::invariant::broken;
use crate::model::{Config, End, EndpointEvent, Kind, Observe};
use crate::property::{Claim, Instance};
use crate::realtime::{ExactEvent, ExactWorld, Moment, Witness};
use crate::tcp::Timer;

/// How many parts a tick has: moments are at random among these.
pub(super) const PARTS: u32 = 4;

/// A run, and what it has shown.
pub(super) struct RandomRun {
    pub(super) events: Vec<(Moment, ExactEvent)>,
    /// For each instance, after how many events it was revealed: by a state, or because nothing happens any more.
    pub(super) revealed: Vec<Option<usize>>,
    /// Nothing is enabled any more.
    pub(super) is_over: bool,
    pub(super) coverage: Coverage,
}

/// What has been seen of an instance so far.
#[derive(Clone, Copy, Default)]
struct Seen {
    /// Of `eventually p`: p was true.
    is_met: bool,
    /// Of `p leads to q`: p was true, and q was not since.
    is_pending: bool,
    /// Of the others: p is true in the last state.
    is_true: bool,
}

/// Follows a run of so many events at most, with this randomness.
pub(super) fn random_run(
    config: &Config,
    instances: &[Instance],
    most_events: usize,
    counts: bool,
    rng: &mut Rng,
) -> RandomRun {
    let mut world = ExactWorld::new(config, PARTS);
    let mut seen = vec![Seen::default(); instances.len()];
    let mut run = RandomRun {
        events: Vec::new(),
        revealed: vec![None; instances.len()],
        is_over: false,
        coverage: Coverage::default(),
    };
    observe(&world, instances, &mut seen, &mut run, counts);
    while run.events.len() < most_events {
        let Some(event) = next_event(config, &mut world, rng) else {
            run.is_over = is_over(&world);
            break;
        };
        let before = End::BOTH.map(|end| world.endpoint(end).state);
        if let Err(refusal) = world.happen(world.now(), &event) {
            broken(format_args!("{event:?} is offered, and cannot happen: {refusal}"));
        }
        run.events.push((world.now(), event));
        if counts {
            let after = End::BOTH.map(|end| world.endpoint(end).state);
            let (kind, end) = kind_of(&event);
            if let Some(kind) = kind {
                *run.coverage.actions.entry(kind).or_default() += 1;
                if let (ActionKind::AtEnd(event), Some(end)) = (kind, end) {
                    let [states_before, states_after] =
                        [before, after].map(|[a, b]| if end == End::A { a } else { b });
                    *run.coverage.transitions.entry((states_before, event, states_after)).or_default() += 1;
                }
            }
        }
        observe(&world, instances, &mut seen, &mut run, counts);
    }
    if run.is_over {
        let events = run.events.len();
        for ((instance, seen), revealed) in instances.iter().zip(seen).zip(&mut run.revealed) {
            if is_violated_at_the_end(instance, seen) {
                revealed.get_or_insert(events);
            }
        }
    }
    run
}

/// Whether a run that is given once more reveals an instance with its last event: by its last state, or because it
/// is over.
pub(super) fn reveals(config: &Config, instance: &Instance, witness: &Witness) -> bool {
    let mut world = ExactWorld::new(config, witness.parts);
    let instances = std::slice::from_ref(instance);
    let mut seen = [Seen::default()];
    for (at, event) in &witness.events {
        look(&world, instances, &mut seen);
        if instance.is_revealed_by(&world) || world.happen(*at, event).is_err() {
            return false;
        }
    }
    look(&world, instances, &mut seen);
    let [seen] = seen;
    instance.is_revealed_by(&world) || is_over(&world) && is_violated_at_the_end(instance, seen)
}

fn observe(world: &ExactWorld<'_>, instances: &[Instance], seen: &mut [Seen], run: &mut RandomRun, counts: bool) {
    look(world, instances, seen);
    for (instance, revealed) in instances.iter().zip(&mut run.revealed) {
        if revealed.is_none() && instance.is_revealed_by(world) {
            *revealed = Some(run.events.len());
        }
        for premise in instance.property.formula.premises().iter().filter(|_| counts) {
            let name = (instance.property.name.clone(), premise.text.clone(), instance.end);
            let is_true = premise.predicate.holds(world, instance.this());
            *run.coverage.premises.entry(name).or_default() += u64::from(is_true);
        }
    }
}

fn look(world: &ExactWorld<'_>, instances: &[Instance], seen: &mut [Seen]) {
    for (instance, seen) in instances.iter().zip(seen) {
        let this = instance.this();
        match instance.property.formula.claim() {
            Claim::Eventually(p) => seen.is_met |= p.holds(world, this),
            Claim::AlwaysEventually(p) | Claim::EventuallyAlways(p) => seen.is_true = p.holds(world, this),
            Claim::LeadsTo(p, q) => {
                seen.is_pending = (seen.is_pending || p.holds(world, this)) && !q.holds(world, this);
            }
            Claim::Always(_) | Claim::Never(_) | Claim::Possible(_) | Claim::TimePasses => {}
        }
    }
}

/// A run that is over stays in its last state forever, and that is fair, since nothing is enabled in it.
fn is_violated_at_the_end(instance: &Instance, seen: Seen) -> bool {
    match instance.property.formula.claim() {
        Claim::Eventually(_) => !seen.is_met,
        Claim::AlwaysEventually(_) | Claim::EventuallyAlways(_) => !seen.is_true,
        Claim::LeadsTo(..) => seen.is_pending,
        Claim::Always(_) | Claim::Never(_) | Claim::Possible(_) | Claim::TimePasses => false,
    }
}

/// Nothing is enabled: no call, no copy, no timer.
fn is_over(world: &ExactWorld<'_>) -> bool {
    let timers = End::BOTH.into_iter().flat_map(|end| Timer::ALL.map(|timer| (end, timer)));
    world.in_flight().is_empty()
        && End::BOTH.into_iter().all(|end| world.calls(end).next().is_none())
        && timers.into_iter().all(|(end, timer)| world.due(end, timer).is_none())
}

/// Lets time pass at random, and chooses among what may happen then; `None` if nothing may happen any more.
fn next_event(config: &Config, world: &mut ExactWorld<'_>, rng: &mut Rng) -> Option<ExactEvent> {
    loop {
        let enabled = enabled(config, world);
        let passes = may_pass(config, world);
        let of_events: u32 = enabled.iter().map(|(weight, _)| weight).sum();
        // Time is worth as much as a delivery and a timer together.
        let of_time = if passes > 0 { 8 } else { 0 };
        if of_events + of_time == 0 {
            return None;
        }
        let mut drawn = rng.u32(0..of_events + of_time);
        for (weight, event) in enabled {
            if drawn < weight {
                return Some(event);
            }
            drawn -= weight;
        }
        let farther = world.now() + rng.i64(1..=passes);
        if let Err(refusal) = world.pass_until(farther) {
            broken(format_args!("time may pass until {farther}, and cannot: {refusal}"));
        }
    }
}

/// What may happen now, each with its weight.
fn enabled(config: &Config, world: &ExactWorld<'_>) -> Vec<(u32, ExactEvent)> {
    let mut all = Vec::new();
    for end in End::BOTH {
        all.extend(world.calls(end).map(|call| (2, ExactEvent::Call(end, call))));
        let is_due = |timer: &Timer| world.due(end, *timer).is_some_and(|due| due <= world.now());
        all.extend(Timer::ALL.into_iter().filter(is_due).map(|timer| (4, ExactEvent::Timeout(end, timer))));
    }
    let may_lose = config.losses.is_none_or(|most| world.losses() < most.into());
    let may_duplicate = config.duplicates.is_none_or(|most| world.duplicates() < most.into());
    for copy in world.in_flight() {
        all.push((4, ExactEvent::Deliver(*copy)));
        all.extend((may_lose || copy.is_duplicate).then_some((1, ExactEvent::Lose(*copy))));
        // With unlimited duplicates, a bag that is full enough gets no more.
        let is_room = config.duplicates.is_some() || world.in_flight().len() < 8;
        all.extend((may_duplicate && is_room).then_some((1, ExactEvent::Duplicate(*copy))));
    }
    all
}

/// How far time may pass, in parts of a tick: until a timer has to expire, and short of the expiry of a copy whose
/// loss cannot be paid.
fn may_pass(config: &Config, world: &ExactWorld<'_>) -> Moment {
    let timers = End::BOTH.into_iter().flat_map(|end| Timer::ALL.map(|timer| world.latest(end, timer)));
    let lifetime = Moment::from(config.msl) * Moment::from(PARTS);
    let may_lose = config.losses.is_none_or(|most| world.losses() < most.into());
    let expiry = |copy: &crate::realtime::Copy| {
        let ends = copy.sent + lifetime;
        if may_lose || copy.is_duplicate { ends } else { ends - 1 }
    };
    let copies = world.in_flight().iter().map(expiry);
    let first = timers.into_iter().flatten().chain(copies).min();
    let Some(first) = first else {
        return 0;
    };
    let farthest = (first - world.now()).max(0);
    // Two copies may expire at once where one loss is left.
    if world.clone().pass_until(world.now() + farthest).is_ok() { farthest } else { (farthest - 1).max(0) }
}

fn kind_of(event: &ExactEvent) -> (Option<ActionKind>, Option<End>) {
    match event {
        ExactEvent::Call(end, call) => (Some(ActionKind::AtEnd(EndpointEvent::Call(*call))), Some(*end)),
        ExactEvent::Timeout(end, timer) => (Some(ActionKind::AtEnd(EndpointEvent::Timeout(*timer))), Some(*end)),
        ExactEvent::Deliver(copy) => {
            (Kind::of(&copy.segment).map(|kind| ActionKind::AtEnd(EndpointEvent::Arrival(kind))), Some(copy.to))
        }
        ExactEvent::Lose(copy) => (Kind::of(&copy.segment).map(ActionKind::Lose), None),
        ExactEvent::Duplicate(copy) => (Kind::of(&copy.segment).map(ActionKind::Duplicate), None),
    }
}
