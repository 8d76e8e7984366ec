//! `lastack explore`: its output, and requests of every kind. What a browser
//! shows is in `tests/programs`.

mod hostile;

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output};
use std::thread;
use std::time::{Duration, Instant};

use insta::assert_snapshot;
use lastack::check::{Decisions, Library, is_applicable};
use lastack::explore::Limits;
use lastack::explorer::Explorable;
use lastack::property::Instance;
use lastack::scenario::Setting;
use serde_json::Value;
use stateright::Model;

use crate::running::{Explorer, explore};

/// The output of an explorer that does not start.
fn refused(args: &[&str]) -> String {
    let Output { status, stdout, stderr } = explore(args).output().unwrap();
    assert_eq!((status.code(), &*stdout), (Some(2), &b""[..]), "{args:?}");
    String::from_utf8(stderr).unwrap()
}

#[test]
fn what_is_wrong_is_said_before_anything_is_explored() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let port = format!("port {} ", taken.local_addr().unwrap().port());
    let refused = [
        refused(&["nowhere"]),
        refused(&["one-msl", "--property", "no-premature-close"]),
        refused(&["one-msl", "--address", "localhost"]),
        refused(&["one-msl", "--address", "0.0.0.0:0"]),
        refused(&["one-msl", "--address", &address]).replace(&port, "port … "),
        refused(&["asynchronous"]),
        refused(&["one-msl", "--set", "network.msl=9999"]),
    ];
    assert_snapshot!(refused.join("\n"));
}

#[test]
fn the_terminal_says_what_is_served_and_ctrl_c_ends_it() {
    let explorer = Explorer::start(&["one-msl"]);
    let port = format!(":{}/", explorer.address.port());
    assert_snapshot!(explorer.printed.replace(&port, ":…/"));
    assert_eq!(explorer.interrupt(), (String::new(), 0));
}

/// The steps are ticks as fine as the counterexample needs them.
#[test]
fn real_time_is_shown_in_ticks() {
    let settings = ["network.msl=4", "network.duplicates=0", "tcp.time_wait=11", "network.delays=\"any\""];
    let settings = settings.iter().flat_map(|setting| ["--set", setting]);
    let args: Vec<&str> =
        ["sequential", "--property", "nothing-outlives-time-wait"].into_iter().chain(settings).collect();
    let explorer = Explorer::start(&args);
    let port = format!(":{}/", explorer.address.port());
    assert_snapshot!(explorer.printed.replace(&port, ":…/"));
}

/// It never ends by itself, so that tests/it/readme.rs cannot run it.
#[test]
fn the_transcript_of_the_docs_is_what_happens() {
    let explorer = Explorer::start(&["one-msl", "--property", "no-premature-closed"]);
    let port = format!(":{}/", explorer.address.port());
    let happened = format!(
        "$ lastack explore one-msl --property no-premature-closed\n{}",
        explorer.printed.replace(&port, ":3000/")
    );
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/explorer.md")).unwrap();
    assert!(page.contains(&format!("```text\n{}\n```", happened.trim_end())), "{happened}");
}

/// stateright's page lists what is decided.
#[test]
fn what_was_cut_short_is_said() {
    let explorer = Explorer::start(&[
        "simultaneous",
        "--max-states",
        "2000",
        "--property",
        "both-close",
        "--property",
        "closing-is-reached",
    ]);
    let port = format!(":{}/", explorer.address.port());
    assert_snapshot!(explorer.printed.replace(&port, ":…/"));
    let status = explorer.json("/.status");
    assert_eq!(status["done"], false);
    let listed = status["properties"].as_array().unwrap().iter().map(|property| property[1].as_str().unwrap());
    assert_eq!(
        listed.collect::<Vec<_>>(),
        ["closing-is-reached@A", "closing-is-reached@B", "every state can be represented"]
    );
}

/// Every verdict of `check` is on the page, the unexpected first, each with its reason and its run.
#[test]
fn the_page_has_the_verdicts_of_check() {
    let explorer = Explorer::start(&["one-msl"]);
    let page = explorer.json("/api/scenario");
    assert_eq!(page["name"], "one-msl");
    let checked =
        Command::new(env!("CARGO_BIN_EXE_lastack")).args(["check", "one-msl", "--format", "json"]).output();
    let report: Value = serde_json::from_slice(&checked.unwrap().stdout).unwrap();
    let mut expected = Vec::new();
    for property in report["scenarios"][0]["properties"].as_array().unwrap() {
        for instance in property["instances"].as_array().unwrap() {
            if instance["verdict"] != "not applicable" {
                let end = instance["end"].as_str().map_or_else(String::new, |end| format!("@{end}"));
                let name = format!("{}{end}", property["name"].as_str().unwrap());
                expected.push((Value::String(name), instance["verdict"].clone()));
            }
        }
    }
    let verdicts = page["verdicts"].as_array().unwrap();
    let mut found: Vec<_> = verdicts.iter().map(|one| (one["name"].clone(), one["verdict"].clone())).collect();
    for all in [&mut found, &mut expected] {
        all.sort_by_key(|(name, _)| name.to_string());
    }
    assert_eq!(found, expected);
    let violated = verdicts.iter().find(|one| one["name"] == "no-premature-closed@A").unwrap();
    assert!(violated["reason"].as_str().unwrap().starts_with("as expected: "), "{violated}");
    let places: Vec<String> =
        violated["places"].as_array().unwrap().iter().map(std::string::ToString::to_string).collect();
    let path = explorer.json(&format!("/api/path/0/{}", places.join("/")));
    assert_eq!(path["decided"][0]["name"], "no-premature-closed@A");
    assert_eq!(path["steps"].as_array().unwrap().last().unwrap()["violates"][0], "no-premature-closed@A");
    assert_eq!(path["state"]["ends"][0]["observations"][0], serde_json::json!(["state", "CLOSED"]));
    let heights = path["ladder"]["heights"].as_array().unwrap();
    assert_eq!(heights.len(), places.len() + 1);
    assert!(heights.is_sorted_by(|one, next| one.as_f64() <= next.as_f64()), "{heights:?}");
    assert!(path["ladder"]["svg"].as_str().unwrap().contains("lastack-band-violated"));

    let unexpected = Explorer::start(&["one-msl", "--set", "tcp.time_wait=1"]);
    let first = &unexpected.json("/api/scenario")["verdicts"][0];
    assert_eq!((&first["verdict"], &first["is_surprise"]), (&"violated".into(), &true.into()), "{first}");
}

/// A lasso names the steps of its cycle, and why it is fair; a formula is decided on it.
#[test]
fn a_lasso_is_marked() {
    let explorer = Explorer::start(&["dead-network", "--property", "both-close"]);
    let page = explorer.json("/api/scenario");
    let places: Vec<String> =
        page["verdicts"][0]["places"].as_array().unwrap().iter().map(std::string::ToString::to_string).collect();
    let path = ["0", &places.join("/")].join("/");
    let shown = explorer.json(&format!("/api/path/{path}"));
    let from = shown["decided"][0]["repeats_from"].as_u64().unwrap();
    let from = usize::try_from(from).unwrap();
    assert!(from < places.len(), "{from}");
    assert!(shown["decided"][0]["ending"].as_array().unwrap().len() > 2, "{}", shown["decided"]);
    assert!(shown["ladder"]["svg"].as_str().unwrap().contains("lastack-bracket"));
    // The cycle comes back to the state in which it begins.
    let at = |number: usize| explorer.json(&format!("/api/path/{path}?at={number}"))["state"]["ends"].clone();
    assert_eq!(at(from), at(places.len()));
    // Losses without a bound are not counted, and have no number.
    let network = &shown["state"]["network"];
    assert_eq!(*network, serde_json::json!([["losses", "unlimited"], ["duplicates", "0 of 1"]]));

    let formula = |text: &str| explorer.get(&format!("/api/formula/{path}?formula={}", text.replace(' ', "%20")));
    let (status, answer) = formula("eventually A.state == CLOSED");
    assert_eq!(status, 200);
    assert!(answer.contains("false of this run, which goes on forever"), "{answer}");
    let (_, answer) = formula("always eventually A.state == FIN_WAIT_1");
    assert!(answer.contains("true of this run"), "{answer}");
    let (_, answer) = formula("self.state == FIN_WAIT_1");
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(answer["formula"], "possible self.state == FIN_WAIT_1");
    assert_eq!(answer["instances"].as_array().unwrap().len(), 2);
    assert_eq!(answer["instances"][0]["predicates"][0]["values"].as_array().unwrap().len(), places.len() + 1);
    let (status, mistake) = formula("always A.state == CLOSD");
    assert_eq!(status, 422);
    assert_snapshot!(serde_json::from_str::<Value>(&mistake).unwrap()["error"].as_str().unwrap());
    let (status, mistake) = formula("losses == 1");
    assert!(status == 422 && mistake.contains("not counted"), "{mistake}");
}

/// What whole ticks have no room for is shown as it is.
#[test]
fn a_run_without_steps_is_shown() {
    let world = ["network.msl=7", "network.duplicates=0", "tcp.time_wait=20"];
    let settings = world.iter().flat_map(|setting| ["--set", setting]);
    let args: Vec<&str> =
        ["sequential", "--property", "nothing-outlives-time-wait@A"].into_iter().chain(settings).collect();
    let explorer = Explorer::start(&args);
    assert!(explorer.printed.contains("/#/run/nothing-outlives-time-wait@A\n"), "{}", explorer.printed);
    let shown = explorer.json("/api/counterexample?property=nothing-outlives-time-wait@A&at=3");
    assert_eq!((&shown["next"], &shown["at"]), (&serde_json::json!([]), &3.into()));
    let (status, picture) = explorer.get("/download/run.svg?property=nothing-outlives-time-wait@A");
    assert!(status == 200 && picture.contains("nothing-outlives-time-wait@A is violated"), "{picture}");
}

/// A path as a picture, a capture and a trace, also one that decides nothing.
#[test]
fn a_path_is_downloaded() {
    let explorer = Explorer::start(&["one-msl", "--property", "no-premature-closed"]);
    let (status, picture) = explorer.get("/download/0/0.svg");
    assert!(status == 200 && picture.starts_with("<svg") && picture.contains("FIN seq=1"), "{picture}");
    let (status, trace) = explorer.get("/download/0/0.itf");
    let trace: Value = serde_json::from_str(&trace).unwrap();
    assert_eq!((status, trace["states"].as_array().unwrap().len()), (200, 2));
    let answer = explorer.answer("GET /download/0/0.pcap HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let head = String::from_utf8_lossy(&answer).into_owned();
    assert!(head.contains("attachment; filename=\"one-msl-path.pcap\""), "{head}");
    let body = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap() + 4;
    assert_eq!(answer[body..body + 4], 0xa1b2_c3d4_u32.to_be_bytes());
    for nothing in ["/download/0/0.exe", "/download/0/99.svg", "/download/run.svg", "/download/../Cargo.toml"] {
        assert!(matches!(explorer.get(nothing).0, 400 | 404), "{nothing}");
    }
}

/// stateright's own server answers the same, but for what is left out on purpose; and the files of its page are
/// its own.
#[test]
fn stateright_answers_the_same() {
    let explorer = Explorer::start(&["one-msl", "--set", "network.delays=\"whole-ticks\""]);
    let library = Library::shipped().unwrap();
    let settings = [Setting::parse("network.delays=\"whole-ticks\"").unwrap()];
    let scenario = library.scenarios(&["one-msl".to_owned()], &settings, 1).unwrap().remove(0);
    let properties = library.properties.iter().filter(|one| is_applicable(&scenario, one));
    let instances = properties.flat_map(Instance::all).collect();
    let decisions = Decisions::of(&scenario, instances, 1, Limits::NONE, &|_, _| {}).unwrap();
    let model: Explorable = Explorable::new(scenario.config, 1, &decisions.each);
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    // It has no end, and goes with this process.
    thread::spawn(move || drop(model.checker().serve(address)));
    let deadline = Instant::now() + Duration::from_mins(1);
    let theirs = |method: &str, path: &str| loop {
        if let Ok(mut stream) = TcpStream::connect(address) {
            write!(stream, "{method} {path} HTTP/1.0\r\nContent-Length: 0\r\n\r\n").unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            break answer.split_once("\r\n\r\n").unwrap().1.to_owned();
        }
        assert!(Instant::now() < deadline, "stateright's server does not start");
        thread::sleep(Duration::from_millis(20));
    };
    theirs("POST", "/.runtocompletion");
    let status = loop {
        let status: Value = serde_json::from_str(&theirs("GET", "/.status")).unwrap();
        if status["done"] == true {
            break status;
        }
        assert!(Instant::now() < deadline, "stateright does not come to an end");
        thread::sleep(Duration::from_millis(20));
    };
    let mut ours = explorer.json("/.status");
    let mut same = status.clone();
    let discovered = |status: &mut Value| -> Vec<Value> {
        let properties = status["properties"].as_array_mut().unwrap();
        properties.iter_mut().map(|property| property[2].take()).collect()
    };
    // Its paths are not the shortest.
    let pairs = discovered(&mut ours).into_iter().zip(discovered(&mut same));
    for (our, their) in pairs {
        assert_eq!(our.is_null(), their.is_null(), "{our} {their}");
        let length = |path: &Value| path.as_str().map(|path| path.split('/').count());
        assert!(length(&our) <= length(&their), "{our} {their}");
    }
    same["recent_path"].take();
    assert_eq!(ours, same);

    let mut paths = vec!["/".to_owned(), "/0".to_owned(), "/0/0/".to_owned()];
    let found = explorer.json("/.status")["properties"].clone();
    paths.extend(
        found.as_array().unwrap().iter().filter_map(|property| Some(format!("/{}", property[2].as_str()?))),
    );
    assert!(paths.len() > 5, "{paths:?}");
    for path in paths {
        let path = format!("/.states{path}");
        let mut listed: Value = serde_json::from_str(&theirs("GET", &path)).unwrap();
        for state in listed.as_array_mut().unwrap() {
            state["properties"] = Value::Array(Vec::new());
            state.as_object_mut().unwrap().remove("fingerprint").unwrap();
        }
        assert_eq!(explorer.json(&path), listed, "{path}");
    }
    for (ours, their) in [
        ("/stateright/", "/"),
        ("/stateright/app.css", "/app.css"),
        ("/stateright/app.js", "/app.js"),
        ("/stateright/knockout-3.5.0.js", "/knockout-3.5.0.js"),
    ] {
        assert_eq!(explorer.get(ours).1, theirs("GET", their), "{ours}");
    }
}
