//! Random closings that two endpoints of the model make over a network that loses, duplicates and reorders,
//! captured somewhere on the way by somebody who does so, too: the report on each capture is compared with what
//! happened.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::path::Path;

use lastack::capture::{Capture, Change, Diagnosis, FindingKind, Side};
use lastack::tcp::{Call, Effects, EndedBy, Endpoint, Policy, Segment, State, Timer, TimerChange};

use super::judge::{Seen, connections, judge};
use super::{Record, human, pcap};

/// A tick of the endpoints' timers, in milliseconds.
const TICK: u64 = 100;
/// The capture ends then: every timer but that of `TIME_WAIT` has expired.
const END: u64 = 400_000;
const CLOSINGS: u64 = 3_000;

/// xorshift64*: the same numbers in every run.
struct Random(u64);

impl Random {
    fn next(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % below
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.next(100) < percent
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Call(usize, Call),
    /// A timer, as it was set so many times.
    Timeout(usize, Timer, u64),
    Arrive(usize, u64),
}

/// Where and how badly the capture is made.
#[derive(Clone, Copy, Debug)]
struct Tap {
    /// Tenths of the way from A to B.
    at: u64,
    /// One packet of the connection is missing in the file.
    misses: bool,
    /// Some packets are in the file twice, or in another order.
    is_muddled: bool,
}

struct Simulation {
    random: Random,
    now: u64,
    ends: [Endpoint; 2],
    policy: Policy,
    timers: BTreeMap<(usize, Timer), (u64, u64)>,
    events: BinaryHeap<Reverse<(u64, u64, Event)>>,
    count: u64,
    segments: BTreeMap<u64, Segment>,
    /// Time, sender and segment as captured.
    captured: Vec<(u64, usize, Segment)>,
    tap: Tap,
    loss: u64,
    /// From then on, nothing arrives.
    dies: u64,
}

impl Simulation {
    fn push(&mut self, time: u64, event: Event) {
        self.count += 1;
        self.events.push(Reverse((time, self.count, event)));
    }

    fn apply(&mut self, end: usize, effects: Effects) {
        for (timer, change) in Timer::ALL.into_iter().zip(effects.timers) {
            let entry = self.timers.entry((end, timer)).or_default();
            match change {
                TimerChange::Keep => {}
                TimerChange::Cancel => *entry = (entry.0 + 1, 0),
                TimerChange::Set(ticks) => {
                    *entry = (entry.0 + 1, self.now + u64::from(ticks) * TICK);
                    let (generation, due) = *entry;
                    self.push(due, Event::Timeout(end, timer, generation));
                }
            }
        }
        if let Some(segment) = effects.segment {
            self.send(end, segment);
            if self.random.chance(self.loss / 3) {
                self.send(end, segment);
            }
        }
    }

    /// Past the tap, and to the other end, if it is lost on neither part of the way.
    fn send(&mut self, from: usize, segment: Segment) {
        let delay = 5 + self.random.next(30);
        let to_tap = if from == 0 { self.tap.at } else { 10 - self.tap.at };
        let mut is_lost = |part: u64| part > 0 && self.random.chance(self.loss);
        let is_dead = self.now >= self.dies;
        if is_lost(to_tap) || is_dead && to_tap > 0 {
            return;
        }
        let at_tap = self.now + delay * to_tap / 10;
        let lost = is_lost(10 - to_tap) || is_dead;
        self.captured.push((at_tap, from, segment));
        if !lost {
            self.count += 1;
            let id = self.count;
            self.segments.insert(id, segment);
            self.push(self.now + delay, Event::Arrive(1 - from, id));
        }
    }

    fn run(&mut self) {
        while let Some(Reverse((time, _, event))) = self.events.pop() {
            if time > END {
                break;
            }
            self.now = time;
            let policy = self.policy;
            let (end, effects) = match event {
                Event::Call(end, call) => {
                    let state = self.ends[end].state;
                    if call == Call::Receive && state == State::Closed {
                        continue;
                    }
                    (end, self.ends[end].on_call(call, &policy))
                }
                Event::Timeout(end, timer, generation) => {
                    if self.timers[&(end, timer)].0 != generation {
                        continue;
                    }
                    (end, self.ends[end].on_timeout(timer, &policy))
                }
                Event::Arrive(end, id) => {
                    let effects = self.ends[end].on_segment(&self.segments[&id], &policy);
                    self.ends[end].receive(u32::MAX);
                    (end, effects)
                }
            };
            self.apply(end, effects);
        }
        self.captured.sort_by_key(|(time, ..)| *time);
    }
}

/// What happened, by what the ends themselves say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Truth {
    Clean,
    Reset,
    Stuck,
    GaveUp,
    Open,
}

fn truth(ends: &[Endpoint; 2]) -> Truth {
    let is_over = |end: &Endpoint| {
        end.state == State::TimeWait || end.left == Some(State::TimeWait) || end.ended_by == Some(EndedBy::Fin)
    };
    if ends.iter().all(is_over) {
        return Truth::Clean;
    }
    if ends.iter().any(|end| matches!(end.ended_by, Some(EndedBy::Rst | EndedBy::Abort))) {
        return Truth::Reset;
    }
    if ends.iter().any(|end| end.ended_by == Some(EndedBy::GiveUp)) {
        return Truth::GaveUp;
    }
    if ends.iter().all(|end| end.state == State::Established) { Truth::Open } else { Truth::Stuck }
}

/// A closing, as it happened and as it was captured, with what the tap has missed.
struct Made {
    truth: Truth,
    ends: [Endpoint; 2],
    captured: Vec<(u64, usize, Segment)>,
    missed: Option<Segment>,
    is_dead: bool,
    tap: Tap,
}

fn make(seed: u64) -> Made {
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let tap = Tap {
        at: [0, 5, 10][usize::try_from(random.next(3)).unwrap()],
        misses: random.chance(25),
        is_muddled: random.chance(25),
    };
    let loss = [0, 5, 15][usize::try_from(random.next(3)).unwrap()];
    let is_dead = random.chance(5);
    let dies = if is_dead { 500 + random.next(3_000) } else { u64::MAX };
    let policy = Policy::rfc1337(100).with(|policy| {
        policy.retransmission.rto = 3;
        policy.retransmission.backoff = true;
        policy.retransmission.rto_max = 600;
        policy.retransmission.retries = Some(12);
        policy.wait.time_wait = 600;
        policy.acks.delayed_ack = random.chance(50).then_some(1);
    });
    let ends = [Endpoint::established(), Endpoint::established()];
    let mut simulation = Simulation {
        random,
        now: 0,
        ends,
        policy,
        timers: BTreeMap::new(),
        events: BinaryHeap::new(),
        count: 0,
        segments: BTreeMap::new(),
        captured: Vec::new(),
        tap,
        loss,
        dies,
    };
    simulation.applications();
    simulation.run();
    let mut captured = simulation.captured.clone();
    let mut missed = None;
    if tap.misses && !captured.is_empty() {
        let index = usize::try_from(simulation.random.next(captured.len() as u64)).unwrap();
        missed = Some(captured.remove(index).2);
    }
    if tap.is_muddled {
        for index in 1..captured.len() {
            match simulation.random.next(12) {
                0 => captured.swap(index - 1, index),
                1 => captured.insert(index, captured[index]),
                _ => {}
            }
        }
    }
    Made { truth: truth(&simulation.ends), ends: simulation.ends, captured, missed, is_dead, tap }
}

impl Simulation {
    /// What the two applications are going to do.
    fn applications(&mut self) {
        let never_closes = self.random.chance(8).then(|| usize::try_from(self.random.next(2)).unwrap());
        let together = self.random.chance(15);
        for end in [0, 1] {
            for _ in 0..self.random.next(4) {
                let time = self.random.next(2_000);
                self.push(time, Event::Call(end, Call::Send));
            }
            let base = if together { 2_000 } else { 2_000 + 400 * u64::try_from(end).unwrap() };
            let time = base + self.random.next(if together { 20 } else { 3_000 });
            let call = match self.random.next(20) {
                0 => Call::Abort,
                1..=3 => Call::Close,
                _ => Call::Shutdown,
            };
            if never_closes != Some(end) {
                self.push(time, Event::Call(end, call));
            }
        }
    }
}

/// A packet of IPv4, without a link header, and of another connection at the end.
fn file(captured: &[(u64, usize, Segment)]) -> Vec<u8> {
    file_after(
        vec![
            record(0, 0, 2, 0, 0, 0, 40_000),
            record(0, 1, 18, 0, 1, 0, 40_000),
            record(0, 0, 16, 1, 1, 0, 40_000),
        ],
        captured,
    )
}

fn file_after(mut records: Vec<Record>, captured: &[(u64, usize, Segment)]) -> Vec<u8> {
    for (time, from, segment) in captured {
        let Segment { flags, seq, ack, len } = *segment;
        let bits = u8::from(flags.fin) | u8::from(flags.rst) << 2 | u8::from(flags.ack) << 4;
        records.push(record(*time, *from, bits, seq.0, ack.0, len, 40_000));
    }
    records.push(record(END, 0, 2, 0, 0, 0, 40_001));
    pcap(101, &records)
}

fn record(time: u64, from: usize, bits: u8, seq: u32, ack: u32, len: u32, port: u16) -> Record {
    let (ports, addresses) = if from == 0 { ([port, 80], [1, 2]) } else { ([80, port], [2, 1]) };
    let mut data = vec![0x45, 0, 0, 0, 0, 0, 0, 0, 64, 6, 0, 0];
    data[2..4].copy_from_slice(&(40 + u16::try_from(len).unwrap()).to_be_bytes());
    for address in addresses {
        data.extend([192, 0, 2, address]);
    }
    data.extend(ports.map(u16::to_be_bytes).concat());
    data.extend(seq.to_be_bytes());
    data.extend(ack.to_be_bytes());
    data.extend([0x50, bits, 255, 255, 0, 0, 0, 0]);
    data.resize(data.len() + usize::try_from(len).unwrap(), 0);
    let halves = [time / 1_000, time % 1_000 * 1_000].map(|half| u32::try_from(half).unwrap().to_le_bytes());
    let time = halves.concat().try_into().unwrap();
    Record { time, length: u32::try_from(data.len()).unwrap(), data }
}

/// Whether a report may call what happened by this kind. The tap may have missed what shows it.
fn is_right(made: &Made, kind: FindingKind) -> bool {
    let has_missed = made.missed.is_some();
    match made.truth {
        Truth::Clean => kind == FindingKind::Clean || has_missed && kind == FindingKind::NotShown,
        Truth::Reset => {
            let is_missed = made.missed.is_some_and(|segment| segment.flags.rst);
            kind == FindingKind::Reset || made.is_dead || is_missed && kind != FindingKind::Clean
        }
        Truth::Stuck => kind == FindingKind::Stuck || made.is_dead || has_missed && kind == FindingKind::NotShown,
        Truth::GaveUp => made.is_dead && !matches!(kind, FindingKind::Clean | FindingKind::Reset),
        Truth::Open => kind == FindingKind::Open,
    }
}

#[test]
fn a_report_has_what_happened() {
    let mut counts: BTreeMap<(Truth, &str), u64> = BTreeMap::new();
    let (mut wrong, mut stuck, mut unexplained) = (Vec::new(), Vec::new(), Vec::new());
    let (mut whole, mut differing) = (0, 0);
    for seed in 1..=CLOSINGS {
        let made = make(seed);
        let file = file(&made.captured);
        let capture = Capture::read(file.as_slice());
        let connection = &capture.connections[0];
        let closing = Diagnosis::of(connection, capture.end);
        let kind = closing.ending.kind();
        *counts.entry((made.truth, kind.name())).or_default() += 1;
        let what = || {
            format!("seed {seed}, {:?}, {:?}, missed {:?}\n{}", made.truth, made.tap, made.missed, human(&file))
        };
        if !is_right(&made, kind) {
            wrong.push(what());
        }
        if kind == FindingKind::Stuck && made.truth == Truth::Clean {
            stuck.push(what());
        }
        if !closing.is_explained() {
            unexplained.push(what());
        }
        let seen: Vec<Seen> = made.captured.iter().map(seen).collect();
        // What the tap has missed, the judge cannot make up for, and a dead network shows in many ways.
        let is_whole = made.missed.is_none() && !made.is_dead;
        whole += u64::from(is_whole);
        differing += u64::from(is_whole && judge(&seen, END) != kind);
    }
    println!(
        "{counts:#?}\n{}\n{} wrong, {} unexplained, the judge differs in {differing}",
        wrong.join("\n"),
        wrong.len(),
        unexplained.len()
    );
    assert!(stuck.is_empty(), "{}", stuck.join("\n"));
    assert!(wrong.len() as u64 * 100 <= CLOSINGS, "{}", wrong.join("\n"));
    assert!(unexplained.len() as u64 * 100 <= CLOSINGS, "{}", unexplained.join("\n"));
    assert!(differing * 100 <= whole, "the judge differs in {differing} of {whole}");
}

/// The same, of a capture that begins later, and of one that has only one end's packets as well: the report does
/// not make up what came before. Of each end, the state in which it was last, or out of which it became CLOSED, is
/// among those of the report; and the end that closed first is not another than the report names.
#[test]
fn a_capture_that_begins_late_makes_nothing_up() {
    let (mut all, mut wrong, mut stuck, mut open) = (0_u64, Vec::new(), Vec::new(), 0_u64);
    for seed in 1..=CLOSINGS {
        let made = make(seed);
        if made.missed.is_some() || made.is_dead || made.tap.is_muddled || made.captured.len() < 2 {
            continue;
        }
        let start = usize::try_from(seed).unwrap() % (made.captured.len() - 1);
        let (_, late) = made.captured.split_at(start);
        let only = |end: usize| late.iter().filter(|(_, from, _)| *from == end).copied().collect::<Vec<_>>();
        for (which, late) in [late.to_vec(), only(0), only(1)].into_iter().enumerate() {
            let file = file_after(Vec::new(), &late);
            let capture = Capture::read(file.as_slice());
            let connection = &capture.connections[0];
            if late.is_empty() || !connection.is_established() {
                continue;
            }
            let closing = Diagnosis::of(connection, capture.end);
            if closing.ending.kind() == FindingKind::Stuck && made.truth == Truth::Clean {
                stuck.push(format!("seed {seed} from {start} on\n{}", human(&file)));
            }
            for (side, address) in Side::BOTH.into_iter().zip(&connection.ends) {
                let end = usize::from(address.port() == 80);
                let explanation = closing.explanation(side);
                if explanation.changes.is_empty() {
                    continue;
                }
                all += 1;
                let last = |path: &[Change]| {
                    path.iter().rev().map(|change| change.state).find(|state| *state != State::Closed)
                };
                let others = explanation.closed_before.iter().map(|account| &account.changes);
                let mut states: Vec<State> =
                    others.chain([&explanation.changes]).filter_map(|path| last(path)).collect();
                states.extend(&explanation.possibly);
                open += u64::from(states.len() > 1);
                let truth = made.ends[end].left.unwrap_or(made.ends[end].state);
                if !states.contains(&truth) {
                    wrong.push(format!(
                        "{which} seed {seed} from {start} on, {end}: {truth}, not {states:?}\n{}",
                        human(&file)
                    ));
                }
            }
        }
    }
    println!("{}\n{} of {all} wrong, {open} open", wrong.join("\n"), wrong.len());
    assert!(stuck.is_empty(), "{} {}", stuck.len(), stuck.join("\n"));
    assert!(open * 3 > all, "{open} of {all} are open");
    assert!(wrong.len() as u64 * 50 <= all, "{}", wrong.len());
}

fn seen(&(time, from, segment): &(u64, usize, Segment)) -> Seen {
    let Segment { flags, seq, ack, len } = segment;
    let bits = u8::from(flags.fin) | u8::from(flags.rst) << 2 | u8::from(flags.ack) << 4;
    Seen { time, from, flags: bits, seq: seq.0, ack: ack.0, len, window: 1 }
}

/// Every capture of the repository that the judge can read: Ethernet or raw IPv4, and one connection after the
/// other.
#[test]
fn the_judge_agrees_on_the_captures() {
    // What the judge does not look for: a storm, and an old connection that answers a new one's SYN.
    let others = ["challenge-loop", "fin-war", "port-reuse", "last-ack-syn", "gap", "read-"];
    let (mut all, mut differing) = (0, Vec::new());
    for folder in ["tests/captures", "tests/captures/reference"] {
        for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if path.extension().is_none_or(|extension| extension != "pcap")
                || others.iter().any(|other| name.starts_with(other))
            {
                continue;
            }
            let bytes = std::fs::read(&path).unwrap();
            let (connections, end) = connections(&bytes);
            let capture = Capture::read(bytes.as_slice());
            if connections.len() != capture.connections.len() {
                continue;
            }
            for (packets, connection) in connections.iter().zip(&capture.connections) {
                let reported = Diagnosis::of(connection, capture.end).ending.kind();
                let judged = judge(packets, end);
                all += 1;
                if reported != judged {
                    differing.push(format!("{name}: reported {}, judged {}", reported.name(), judged.name()));
                }
            }
        }
    }
    assert!(all > 50, "only {all} connections");
    assert!(differing.len() * 50 <= all, "{differing:#?} of {all}");
}
