//! The states of whole ticks with their times, as points that zones have to contain; and that they do.

use std::collections::{HashMap, HashSet};

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config as Runs, RngAlgorithm, TestRng, TestRunner};

use super::worlds::any_config;
use crate::model::{
    Config, End, Incarnation, Layout, OneIncarnation, TimedWorld, TwoIncarnations, WorldEnd, WorldState,
};
use crate::realtime::catalog::{lane_of, timer_in};
use crate::realtime::part::{DiscretePart, Part};
use crate::realtime::search::{ExploredZones, Reductions, SearchOptions, ZoneLimits, explore_with};
use crate::tcp::{Segment, Timer};

/// What a copy is, without its age.
type Sent = (End, Segment, Incarnation);

/// A state of whole ticks of a scale. Times are in these.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Point {
    /// Each end, and what its timers have left until they have to expire.
    ends: [(WorldEnd, Vec<(Timer, i32)>); 2],
    /// What each copy in flight has left until its age is the MSL; sorted, so that of equal segments the oldest is
    /// the first.
    copies: Vec<(Sent, i32)>,
}

impl Point {
    fn part(&self) -> DiscretePart {
        let end = |end: End| {
            let (known, timers) = &self.ends[end as usize];
            (known.clone(), timers.iter().map(|(timer, _)| *timer).collect())
        };
        DiscretePart { ends: End::BOTH.map(end), in_flight: self.copies.iter().map(|(sent, _)| *sent).collect() }
    }

    fn mirrored(&self) -> Self {
        let [a, b] = self.ends.clone();
        let copies = self.copies.iter();
        let mut copies: Vec<_> =
            copies.map(|((to, segment, of), left)| ((to.peer(), *segment, *of), *left)).collect();
        copies.sort();
        Self { ends: [b, a], copies }
    }
}

/// The states that whole ticks of a scale reach, if there are no more than so many of them.
fn points(config: &Config, scale: u32, most: usize) -> Option<HashSet<Point>> {
    let points = if config.opens() { points_in::<TwoIncarnations> } else { points_in::<OneIncarnation> };
    points(config.scaled(scale), most)
}

fn points_in<L: Layout>(config: Config, most: usize) -> Option<HashSet<Point>> {
    let number = |ticks: u32| i32::try_from(ticks).unwrap();
    let world = TimedWorld::<L>::with_layout(config);
    let initial = world.initial().unwrap();
    let (mut seen, mut pending, mut actions) = (HashSet::from([initial]), vec![initial], Vec::new());
    while let Some(state) = pending.pop() {
        world.enabled(&state, &mut actions);
        for action in actions.drain(..) {
            let next = world.step(&state, action).ok()?;
            if seen.insert(next) {
                pending.push(next);
            }
        }
        if seen.len() > most {
            return None;
        }
    }
    let point = |state: &WorldState<L>| {
        let end = |end| {
            let (known, timers) = state.world_end(end);
            let running = Timer::ALL.into_iter().filter_map(|timer| Some((timer, number(timers.get(timer)?))));
            (known, running.collect())
        };
        let mut copies: Vec<_> = state
            .network()
            .copies()
            .map(|copy| ((copy.to(), copy.segment(), copy.incarnation()), number(config.msl - copy.age())))
            .collect();
        copies.sort();
        Point { ends: End::BOTH.map(end), copies }
    };
    Some(seen.iter().map(point).collect())
}

/// A variable of a zone, of which each point of its part has a value.
#[derive(Clone, Copy, Debug)]
enum Variable {
    Now,
    Timer(End, Timer),
    /// By its place in a point.
    Copy(usize),
}

impl Variable {
    fn value(self, point: &Point) -> i32 {
        match self {
            Self::Now => 0,
            Self::Timer(end, timer) => {
                let (_, timers) = &point.ends[end as usize];
                timers.iter().find(|(of, _)| *of == timer).expect("a timer of the part runs").1
            }
            Self::Copy(place) => point.copies[place].1,
        }
    }
}

/// `one − other ≤ ticks`, or `<` if that is strict.
struct Difference {
    one: Variable,
    other: Variable,
    ticks: i32,
    is_strict: bool,
}

impl Difference {
    fn has(&self, point: &Point, scale: u32) -> bool {
        let value = self.one.value(point) - self.other.value(point);
        let most = self.ticks * i32::try_from(scale).unwrap();
        if self.is_strict { value < most } else { value <= most }
    }
}

/// The zones of each discrete part that an exploration has kept, by the bounds that determine them.
struct ZonesOfParts {
    zones: HashMap<DiscretePart, Vec<Vec<Difference>>>,
    is_mirrored: bool,
}

impl ZonesOfParts {
    fn of(explored: &ExploredZones<'_>) -> Self {
        let mut zones: HashMap<DiscretePart, Vec<Vec<Difference>>> = HashMap::new();
        let catalog = &explored.steps.catalog;
        for node in explored.passed.kept() {
            let state = explored.passed.get(node, catalog);
            let lanes = catalog.running(state.ends).lanes();
            let variables: Vec<Variable> = lanes
                .map(|lane| {
                    let timers = End::BOTH.into_iter().flat_map(|end| {
                        let known = catalog.end(state.ends[end as usize]);
                        let places = (0..known.running.len()).filter(|place| known.running[*place]);
                        places.map(move |place| (end, place, known.end.endpoint.state))
                    });
                    let mut timers = timers.filter(|(end, place, _)| lane_of(*end, *place) == lane);
                    timers
                        .next()
                        .map_or(Variable::Now, |(end, place, state)| Variable::Timer(end, timer_in(place, state)))
                })
                .collect();
            let part = Part::of(&state, catalog).spelt_out();
            // The zone has equal segments by their age, as a point has them; but segments in an order of its own.
            let mut places: Vec<(Sent, usize)> = (0..)
                .zip(state.copies())
                .map(|(place, number)| {
                    let known = catalog.segment(*number);
                    ((known.to, known.segment, known.incarnation), place)
                })
                .collect();
            places.sort();
            let place_of = |copy: usize| places.iter().position(|(_, place)| *place == copy).unwrap();
            let mut pairs = Vec::new();
            for (at, one) in variables.iter().enumerate() {
                let others = variables.iter().enumerate().filter(|(other, _)| *other != at);
                pairs.extend(others.map(|(_, other)| (*one, *other)));
            }
            for copy in 0..places.len() {
                pairs.extend(variables.iter().map(|other| (Variable::Copy(place_of(copy)), *other)));
            }
            let mut numbers = Vec::new();
            state.zone.pack(&mut numbers);
            assert_eq!(numbers.len(), pairs.len());
            // As a bound is kept: `< c` as 2c, and `≤ c` as 2c + 1.
            let bounds = pairs.into_iter().zip(numbers).map(|((one, other), bound)| Difference {
                one,
                other,
                ticks: i32::from(bound >> 1),
                is_strict: bound & 1 == 0,
            });
            zones.entry(part).or_default().push(bounds.collect());
        }
        Self { zones, is_mirrored: explored.is_mirrored }
    }

    /// Whether a zone of its part contains a point, or its mirror image where one stands for both.
    fn contain(&self, point: &Point, scale: u32) -> bool {
        let has = |point: &Point| {
            let zones = self.zones.get(&point.part()).into_iter().flatten();
            zones.into_iter().any(|zone| zone.iter().all(|bound| bound.has(point, scale)))
        };
        has(point) || self.is_mirrored && has(&point.mirrored())
    }

    /// Whether no zone contains the point if each timer has one more left.
    fn exclude_later(&self, point: &Point, scale: u32) -> bool {
        let mut later = point.clone();
        for (_, timers) in &mut later.ends {
            for (_, left) in timers {
                *left += 1;
            }
        }
        !self.contain(&later, scale)
    }
}

/// In random worlds, each state of whole ticks lies with its times in a zone: with everything that makes zones
/// few, and with nothing of it.
#[test]
fn zones_contain_the_times_of_whole_ticks() {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Runs::default(), rng);
    let plain = Reductions { inclusion: false, budgets: false, oldest_first: false, symmetry: false };
    let (mut worlds, mut mirrored, mut opening, mut contained, mut excluded) = (0, 0, 0, [0; 3], 0);
    for drawn in 0..300 {
        let mut config = any_config().new_tree(&mut runner).unwrap().current();
        if drawn % 3 == 0 {
            config.b = config.a;
        }
        let limits = ZoneLimits { max_zones: Some(2_000), ..ZoneLimits::NONE };
        let [few, many] = [Reductions::ALL, plain].map(|reductions| {
            let (options, no_edges) = (SearchOptions::default(), &mut |_, _: &_, _| {});
            let explored = explore_with(&config, &[], options, &limits, reductions, no_edges, &|_| {}).unwrap();
            explored.stopped().is_none().then(|| ZonesOfParts::of(&explored))
        });
        let Some(few) = few else { continue };
        worlds += 1;
        mirrored += usize::from(few.is_mirrored);
        opening += usize::from(config.opens());
        for scale in 1..=3 {
            let Some(points) = points(&config, scale, 5_000) else { break };
            for point in points {
                assert!(few.contain(&point, scale), "1/{scale} {point:?} {config:?}");
                assert!(many.as_ref().is_none_or(|zones| zones.contain(&point, scale)), "{point:?} {config:?}");
                contained[scale as usize - 1] += 1;
                excluded += usize::from(few.exclude_later(&point, scale));
            }
        }
    }
    // The worlds, those with mirror images, and those that open a connection.
    assert_eq!((worlds, mirrored, opening), (199, 68, 20));
    // The states at each scale, and those that have no timer with more left: zones are not simply everything.
    assert_eq!((contained, excluded), ([58_136, 58_359, 51_565], 55_817));
}
