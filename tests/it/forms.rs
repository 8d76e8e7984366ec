//! The forms in which a counterexample is written: each has all of the trace. `tests/programs` has them read by
//! the tools that they are for.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Output;
use std::time::Duration;

use crate::folder::Folder;
use crate::shown::{GALLERY, Shown, of};
use etherparse::{NetHeaders, PacketHeaders, TransportHeader};
use insta::assert_snapshot;
use lastack::model::{
    End, Event, InFlightSegment, Kind, Observed, Snapshot, TimedWorld, Timers, World, asynchronous_world,
};
use lastack::report::terminal::Terminal;
use lastack::report::trace::{itf, json, ladder, mermaid, pcap, svg};
use lastack::scenario::WorldKind;
use lastack::tcp::{EndedBy, Flags, Segment, Seq, State, Timer};
use lastack::trace::{RunEnding, Trace};
use pcap_file::DataLink;
use pcap_file::pcap::PcapReader;
use serde_json::{Value, json};

#[test]
fn there_is_a_trace_of_every_kind() {
    let has = |is_such: &dyn Fn(&Shown) -> bool| GALLERY.iter().any(is_such);
    assert!(GALLERY.len() > 50, "{}", GALLERY.len());
    assert!(has(&|shown| matches!(shown.trace.ending, RunEnding::Repeats { .. })));
    assert!(has(&|shown| matches!(shown.trace.ending, RunEnding::Stops { .. })));
    assert!(has(&|shown| shown.scenario.kind == WorldKind::Asynchronous));
    let passes = |shown: &Shown| shown.trace.steps.iter().any(|step| matches!(step.event, Event::Pass(2..)));
    assert!(has(&|shown| shown.trace.parts > 1 && shown.trace.ending == RunEnding::Open));
    assert!(has(&|shown| passes(shown) && matches!(shown.trace.ending, RunEnding::Repeats { .. })));
    for kind in Kind::ALL {
        let is_sent = |shown: &Shown| wire(&shown.trace).iter().any(|sent| Kind::of(&sent.segment) == Some(kind));
        assert!(has(&is_sent), "{kind:?}");
    }
    let duplicates = |shown: &Shown| shown.trace.last().duplicates;
    assert!(has(&|shown| duplicates(shown) == 1), "a duplicate");
}

#[test]
fn as_they_are_read() {
    assert_snapshot!("mermaid", of("one-msl", "no-premature-closed").mermaid());
    assert_snapshot!("mermaid-lasso", of("dead-network", "last-ack-ends").mermaid());
    assert_snapshot!("mermaid-stops", of("never-closes", "both-close").mermaid());
    assert_snapshot!("mermaid-asynchronous", of("asynchronous", "no-premature-closed").mermaid());
    let Shown { scenario, instance, trace } = of("dead-network", "last-ack-ends");
    assert_snapshot!("itf-lasso", itf::trace(scenario, instance, trace));
    let Shown { scenario, instance, trace } = of("never-closes", "both-close");
    assert_snapshot!("json-stops", json::document(scenario, instance, trace));
}

/// A run whose moments are thirds of a tick, and a cycle whose times repeat.
#[test]
fn real_time_as_it_is_read() {
    let changed = || GALLERY.iter().filter(|shown| shown.scenario.is_changed());
    let thirds = changed().find(|shown| shown.trace.parts == 3).unwrap();
    let Shown { scenario, instance, trace } = thirds;
    let ascii = Terminal { utf8: false, ..Terminal::PLAIN };
    assert_snapshot!("thirds-text", ladder::draw(scenario, instance, trace, Terminal::PLAIN));
    assert_snapshot!("thirds-ascii", ladder::draw(scenario, instance, trace, ascii));
    assert_snapshot!("thirds-svg", svg::draw(scenario, instance, trace));
    assert_snapshot!("thirds-mermaid", thirds.mermaid());
    assert_snapshot!("thirds-itf", itf::trace(scenario, instance, trace));
    assert_snapshot!("thirds-json", json::document(scenario, instance, trace));
    let times: Vec<_> = read(&pcap::capture(trace).unwrap()).iter().map(|sent| sent.time).collect();
    assert_snapshot!("thirds-pcap", format!("{times:#?}"));
    let is_lasso = |shown: &&Shown| matches!(shown.trace.ending, RunEnding::Repeats { .. });
    let Shown { scenario, instance, trace } = changed().find(is_lasso).unwrap();
    assert_snapshot!("real-time-lasso-text", ladder::draw(scenario, instance, trace, Terminal::PLAIN));
    assert_snapshot!("real-time-lasso-itf", itf::trace(scenario, instance, trace));
}

// ---- ITF ----

/// The ITF trace is taken apart without a word of the code that wrote it: its actions lead through the model, and
/// in every state all variables are the model's.
#[test]
fn the_model_goes_through_the_states_of_the_itf_trace() {
    // Whole ticks have no room for MSLs of 30 s in ticks of a stack's RTO, and none for a new connection.
    let has_room = |shown: &&Shown| !shown.scenario.name.contains("-numbers") && !shown.scenario.config.opens();
    for shown in GALLERY.iter().filter(has_room) {
        let states = match shown.scenario.kind {
            // At the scale that its moments need, ticks of which parts of a tick are one, a run of real time is
            // one of whole ticks.
            WorldKind::Timed => replay(&TimedWorld::new(shown.scenario.config.scaled(shown.trace.parts)), shown),
            WorldKind::Asynchronous => replay(&asynchronous_world(&shown.scenario.config), shown),
        };
        assert_eq!(states, shown.trace.steps.len() + 1, "{}", shown.name());
    }
}

/// How many states the model and the ITF trace have gone through together.
fn replay<W: World>(world: &W, shown: &Shown) -> usize {
    let (name, itf) = (shown.name(), shown.itf());
    let states = itf["states"].as_array().unwrap();
    let variables = itf["vars"].as_array().unwrap();
    let mut state = world.init_states().remove(0);
    let mut all = vec![state.clone()];
    assert_eq!(states[0]["action"], json!({ "tag": "Init", "value": {} }));
    for (index, written) in states.iter().enumerate() {
        let names: BTreeSet<&str> = written.as_object().unwrap().keys().map(String::as_str).collect();
        let expected = variables.iter().map(|name| name.as_str().unwrap()).chain(["#meta"]);
        assert_eq!(names, expected.collect(), "{name}");
        assert_eq!(written["#meta"]["index"], index, "{name}");
        if index > 0 {
            state =
                next(world, &state, &written["action"]).unwrap_or_else(|| panic!("{name}: {}", written["action"]));
            all.push(state.clone());
        }
        let mut model = world_in_itf(&world.snapshot(&state));
        for variable in ["a", "b", "network", "losses", "duplicates"] {
            let (written, model) = (sorted(&written[variable]), sorted(&model[variable].take()));
            assert_eq!(written, model, "{name}: {variable} in state {index}");
        }
    }
    // After the last state comes the state that the loop begins with, by its action.
    let repeats = itf.get("loop").map(|index| usize::try_from(index.as_u64().unwrap()).unwrap());
    match (&shown.trace.ending, repeats) {
        (RunEnding::Open, None) => {}
        (RunEnding::Stops { .. }, Some(index)) => assert_eq!(index, states.len() - 1, "{name}"),
        (RunEnding::Repeats { .. }, Some(index)) => {
            assert!(all.last() == Some(&all[index - 1]), "{name}: the cycle does not end where it began");
            let again = next(world, &state, &states[index]["action"]);
            assert!(again.as_ref() == Some(&all[index]), "{name}: the cycle does not begin again");
        }
        (ending, repeats) => panic!("{name}: {ending:?} and {repeats:?}"),
    }
    all.len()
}

/// A map's entries in an order of their own.
fn sorted(value: &Value) -> Value {
    let mut value = value.clone();
    if let Some(entries) = value.get_mut("#map").and_then(Value::as_array_mut) {
        entries.sort_by_key(Value::to_string);
    }
    value
}

/// The state after the enabled action that is described so; after several ticks, where so much time passes.
fn next<W: World>(world: &W, state: &W::State, described: &Value) -> Option<W::State> {
    if described["tag"] == "Pass" {
        let ticks: u32 = described["value"]["parts"]["#bigint"].as_str().unwrap().parse().unwrap();
        let tick = event_in_itf(&Event::Pass(1));
        return (0..ticks).try_fold(state.clone(), |state, _| step(world, &state, &tick));
    }
    step(world, state, described)
}

fn step<W: World>(world: &W, state: &W::State, described: &Value) -> Option<W::State> {
    let mut actions = Vec::new();
    world.actions(state, &mut actions);
    let mut such = actions.into_iter().filter(|action| event_in_itf(&world.event(action)) == *described);
    let action = such.next()?;
    assert!(such.next().is_none(), "{described} describes several actions");
    world.next_state(state, action)
}

fn int(number: u32) -> Value {
    json!({ "#bigint": number.to_string() })
}

fn event_in_itf(event: &Event) -> Value {
    match event {
        Event::Call(end, call) => {
            json!({ "tag": "Call", "value": { "end": end.to_string(), "call": call.name() } })
        }
        Event::Timeout(end, timer) => {
            json!({ "tag": "Timeout", "value": { "end": end.to_string(), "timer": timer.name() } })
        }
        Event::Deliver(copy) => json!({ "tag": "Deliver", "value": copy_in_itf(copy) }),
        Event::Lose(copy) => json!({ "tag": "Lose", "value": copy_in_itf(copy) }),
        Event::Duplicate(copy) => json!({ "tag": "Duplicate", "value": copy_in_itf(copy) }),
        Event::Pass(parts) => json!({ "tag": "Pass", "value": { "parts": int(*parts) } }),
    }
}

fn copy_in_itf(copy: &InFlightSegment) -> Value {
    let mut record = json!({
        "to": copy.to.to_string(),
        "kind": Kind::of(&copy.segment).unwrap().name(),
        "seq": int(copy.segment.seq.0),
        "ack": int(copy.segment.ack.0),
        "duplicate": copy.is_duplicate,
    });
    if let Some(age) = copy.age {
        record["age"] = int(age);
    }
    record
}

fn world_in_itf(snapshot: &Snapshot) -> Value {
    let [a, b] = End::BOTH.map(|end| {
        let timers = snapshot.timers.map(|timers| timers[end as usize]);
        end_in_itf(&snapshot.ends[end as usize], timers)
    });
    let distinct: Vec<InFlightSegment> = snapshot.in_flight.iter().fold(Vec::new(), |mut distinct, copy| {
        if !distinct.contains(copy) {
            distinct.push(*copy);
        }
        distinct
    });
    let count = |copy: &InFlightSegment| snapshot.in_flight.iter().filter(|other| *other == copy).count();
    let bag: Vec<Value> =
        distinct.iter().map(|copy| json!([copy_in_itf(copy), int(count(copy).try_into().unwrap())])).collect();
    json!({
        "a": a,
        "b": b,
        "network": { "#map": bag },
        "losses": int(snapshot.losses),
        "duplicates": int(snapshot.duplicates),
    })
}

fn end_in_itf(end: &Observed, timers: Option<Timers>) -> Value {
    let mut record = json!({
        "state": end.state.name(),
        "left": end.left.map_or("NONE", State::name),
        "ended_by": end.ended_by.map_or("NONE", EndedBy::name),
        "sent": int(end.sent),
        "acked": int(end.acked),
        "delivered": int(end.delivered),
        "fin_sent": end.fin_sent,
        "fin_acked": end.fin_acked,
        "fin_received": end.fin_received,
        "close_called": end.close_called,
        "retransmissions": int(end.retransmissions),
    });
    if let Some(timers) = timers {
        let running = Timer::ALL.into_iter().filter_map(|timer| Some((timer.name(), timers.get(timer)?)));
        record["timers"] =
            json!({ "#map": running.map(|(name, ticks)| json!([name, int(ticks)])).collect::<Value>() });
    }
    record
}

// ---- JSON ----

#[test]
fn every_document_is_as_the_schema_has_it() {
    let schema = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/show.schema.json")).unwrap();
    let schema = jsonschema::draft202012::new(&serde_json::from_str(&schema).unwrap()).unwrap();
    for Shown { scenario, instance, trace } in GALLERY.iter() {
        let document: Value = serde_json::from_str(&json::document(scenario, instance, trace)).unwrap();
        let mistakes: Vec<String> = schema.iter_errors(&document).map(|error| error.to_string()).collect();
        assert!(mistakes.is_empty(), "{} in {}: {mistakes:?}", instance.name(), scenario.name);
    }
}

/// Every copy has a name of its own, and its way from step to step is there twice: with it, and with the steps.
#[test]
fn the_copies_of_a_document_are_those_of_its_steps() {
    for Shown { scenario, instance, trace } in GALLERY.iter() {
        let document: Value = serde_json::from_str(&json::document(scenario, instance, trace)).unwrap();
        let copies = document["copies"].as_array().unwrap();
        let labels: BTreeSet<&str> = copies.iter().map(|copy| copy["label"].as_str().unwrap()).collect();
        assert_eq!(labels.len(), copies.len(), "{labels:?}");
        for (place, (written, step)) in document["steps"].as_array().unwrap().iter().zip(&trace.steps).enumerate()
        {
            let in_flight = written["after"]["in_flight"].as_array().unwrap();
            assert_eq!(in_flight.len(), step.after.in_flight.len());
            for flight in in_flight {
                let copy = copies.iter().find(|copy| copy["label"] == flight["copy"]).unwrap();
                assert!(copy["since"].as_u64() <= Some(place as u64), "{copy} at {place}");
                assert!(copy["lost"].as_u64().is_none_or(|lost| lost > place as u64), "{copy} at {place}");
            }
            for key in ["lose", "deliver"] {
                if written["event"]["kind"] == key {
                    let copy = copies.iter().find(|copy| copy["label"] == written["event"]["copy"]).unwrap();
                    let is_there =
                        copy["lost"] == place || copy["delivered"].as_array().unwrap().contains(&json!(place));
                    assert!(is_there, "{copy} at {place}");
                }
            }
        }
    }
}

// ---- pcap ----

/// What is put on the wire.
#[derive(Debug, PartialEq, Eq)]
struct Sent {
    time: Duration,
    to: End,
    segment: Segment,
}

/// What is sent on a trace, and the duplicates, with the time of each.
fn wire(trace: &Trace) -> Vec<Sent> {
    let (mut moment, mut steps) = (0, 0);
    let mut wire = Vec::new();
    for step in &trace.steps {
        (moment, steps) =
            if let Event::Pass(parts) = step.event { (moment + u64::from(parts), 0) } else { (moment, steps + 1) };
        let duplicate = match step.event {
            Event::Duplicate(copy) => Some(copy),
            _ => None,
        };
        // A capture has microseconds.
        let time = Duration::from_micros(1_000_000 * moment / u64::from(trace.parts) + 1000 * steps);
        wire.extend(step.sent.or(duplicate).map(|InFlightSegment { to, segment, .. }| Sent { time, to, segment }));
    }
    wire
}

#[test]
fn the_segments_of_a_capture_are_those_of_the_path() {
    for shown in GALLERY.iter() {
        let capture = pcap::capture(&shown.trace).unwrap();
        assert_eq!(read(&capture), wire(&shown.trace), "{}", shown.name());
    }
}

/// The segments of a capture, whose packets are all well formed and have the right checksums.
fn read(capture: &[u8]) -> Vec<Sent> {
    let mut reader = PcapReader::new(capture).unwrap();
    assert_eq!(reader.header().datalink, DataLink::RAW);
    let mut wire = Vec::new();
    while let Some(packet) = reader.next_packet() {
        let packet = packet.unwrap();
        let headers = PacketHeaders::from_ip_slice(&packet.data).unwrap();
        let (Some(NetHeaders::Ipv4(ip, _)), Some(TransportHeader::Tcp(tcp))) = (headers.net, headers.transport)
        else {
            panic!("{packet:?}");
        };
        let text = headers.payload.slice();
        assert_eq!(ip.header_checksum, ip.calc_header_checksum());
        assert_eq!(tcp.checksum, tcp.calc_checksum_ipv4(&ip, text).unwrap());
        let to = match (ip.source, tcp.source_port, ip.destination, tcp.destination_port) {
            ([192, 0, 2, 1], 49152, [192, 0, 2, 2], 49153) => End::B,
            ([192, 0, 2, 2], 49153, [192, 0, 2, 1], 49152) => End::A,
            other => panic!("{other:?}"),
        };
        let segment = Segment {
            flags: Flags { syn: tcp.syn, fin: tcp.fin, rst: tcp.rst, ack: tcp.ack },
            seq: Seq(tcp.sequence_number),
            ack: Seq(tcp.acknowledgment_number),
            len: text.len().try_into().unwrap(),
        };
        wire.push(Sent { time: packet.timestamp, to, segment });
    }
    wire
}

// ---- The command ----

impl Folder {
    /// What a `show` has written to stdout and to stderr, and its exit code.
    fn show(&self, args: &[&str]) -> (Vec<u8>, String, Option<i32>) {
        let output = self.command(&[&["show"], args].concat()).output().unwrap();
        (output.stdout, String::from_utf8(output.stderr).unwrap(), output.status.code())
    }

    fn files(&self) -> Vec<String> {
        let mut files: Vec<String> = fs::read_dir(&self.0)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        files.sort();
        files
    }
}

const ONE_MSL: [&str; 2] = ["one-msl", "no-premature-closed"];

/// The same to stdout and to a file, of which nothing is left that was there before.
#[test]
fn a_form_is_written_to_stdout_or_to_a_file() {
    let folder = Folder::new("a-form-is-written");
    let Shown { scenario, instance, trace } = of(ONE_MSL[0], ONE_MSL[1]);
    let forms = [
        ("mermaid", mermaid::diagram(scenario, instance, trace).into_bytes()),
        ("json", json::document(scenario, instance, trace).into_bytes()),
        ("itf", itf::trace(scenario, instance, trace).into_bytes()),
        ("pcap", pcap::capture(trace).unwrap()),
        (
            "text",
            lastack::report::trace::ladder::draw(
                scenario,
                instance,
                trace,
                lastack::report::terminal::Terminal::PLAIN,
            )
            .into_bytes(),
        ),
    ];
    fs::write(folder.0.join("out"), "x".repeat(1 << 20)).unwrap();
    for (format, expected) in forms {
        let args = [&ONE_MSL[..], &["--format", format]].concat();
        assert_eq!(folder.show(&args), (expected.clone(), String::new(), Some(0)), "{format}");
        let args = [&args[..], &["-o", "out"]].concat();
        assert_eq!(folder.show(&args), (Vec::new(), String::new(), Some(0)), "{format}");
        assert_eq!(fs::read(folder.0.join("out")).unwrap(), expected, "{format}");
        assert_eq!(folder.files(), ["out"], "{format}");
    }
}

#[test]
fn a_file_that_cannot_be_written_is_a_mistake() {
    let folder = Folder::new("cannot-be-written");
    fs::create_dir(folder.0.join("folder")).unwrap();
    for path in ["missing/out", "folder"] {
        let args = [&ONE_MSL[..], &["--format", "itf", "--output", path]].concat();
        let (stdout, stderr, code) = folder.show(&args);
        assert_eq!((stdout.as_slice(), code), (&b""[..], Some(2)), "{path}");
        assert!(stderr.starts_with(&format!("error: cannot write `{path}`: ")), "{stderr}");
    }
    assert_eq!(folder.files(), ["folder"]);
}

/// Where there is no trace, stdout stays empty, no file is written, and stderr has the reason.
#[test]
fn no_trace_is_no_file() {
    let folder = Folder::new("no-trace");
    let none = "no-reset holds in sequential: there is no counterexample\n";
    fs::write(folder.0.join("kept"), "as it was").unwrap();
    for more in [
        &["--format", "itf"][..],
        &["--format", "pcap"],
        &["--format", "json", "-o", "out"],
        &["-o", "out"],
        &["-o", "kept"],
    ] {
        let (stdout, stderr, code) = folder.show(&[&["sequential", "no-reset"], more].concat());
        assert_eq!((stdout.as_slice(), stderr.as_str(), code), (&b""[..], none, Some(0)), "{more:?}");
    }
    let limited = ["half-close", "no-premature-closed", "--format", "json", "--max-states", "10"];
    let (stdout, stderr, code) = folder.show(&limited);
    assert_eq!((stdout.as_slice(), code), (&b""[..], Some(2)));
    assert!(stderr.starts_with("no-premature-closed is undecided in half-close: "), "{stderr}");
    assert_eq!(folder.files(), ["kept"]);
    assert_eq!(fs::read_to_string(folder.0.join("kept")).unwrap(), "as it was");
}

#[test]
fn text_has_colours_only_where_they_are_wanted() {
    let folder = Folder::new("form-colours");
    let Shown { scenario, instance, trace } = of(ONE_MSL[0], ONE_MSL[1]);
    let plain = lastack::report::trace::ladder::draw(
        scenario,
        instance,
        trace,
        lastack::report::terminal::Terminal::PLAIN,
    );
    let command = || folder.command(&["show", ONE_MSL[0], ONE_MSL[1]]);
    let coloured = stdout(&command().env("CLICOLOR_FORCE", "1").output().unwrap());
    assert!(coloured.contains("\u{1b}["), "{coloured}");
    assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), plain);
    let never = command().env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1").output().unwrap();
    assert_eq!(stdout(&never), plain);
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}
