//! `lastack explore`: its output, and requests of every kind. What a browser
//! shows is in `tests/programs`.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
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

/// What a browser sends for a page from elsewhere is refused, whatever it asks for; and every answer tells a
/// browser to keep to this origin.
#[test]
fn pages_from_elsewhere_get_nothing() {
    let explorer = Explorer::start(&["lossless", "--property", "no-reset"]);
    let own = format!("localhost:{}", explorer.address.port());
    let places =
        ["/", "/explorer.js", "/api/scenario", "/api/path/0", "/.status", "/.states/0", "/download/0.svg"];
    for place in places {
        for (headers, expected) in [
            (format!("Host: {own}"), "200"),
            (format!("Host: {own}\r\nOrigin: http://{own}\r\nSec-Fetch-Site: same-origin"), "200"),
            (format!("Host: rebound.example.org:{}", explorer.address.port()), "421"),
            ("Host: example.org".to_owned(), "421"),
            ("X-Forwarded-Host: localhost".to_owned(), "421"),
            (format!("Host: {own}\r\nOrigin: http://example.org"), "403"),
            (format!("Host: {own}\r\nOrigin: null"), "403"),
            (format!("Host: {own}\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors"), "403"),
            (format!("Host: {own}\r\nSec-Fetch-Site: same-site"), "403"),
        ] {
            let answer = explorer.answer(&format!("GET {place} HTTP/1.1\r\n{headers}\r\n\r\n"));
            let answer = String::from_utf8_lossy(&answer).into_owned();
            let (head, body) = answer.split_once("\r\n\r\n").unwrap();
            assert_eq!(&head[9..12], expected, "{place} {headers}");
            assert_eq!(body.is_empty(), expected != "200", "{place} {headers}");
            let head = head.to_lowercase();
            assert!(!head.contains("access-control"), "{head}");
            assert!(head.contains("cross-origin-resource-policy: same-origin"), "{head}");
            assert!(head.contains("x-content-type-options: nosniff"), "{head}");
            let is_policed = head.contains("content-security-policy: default-src 'none'; script-src 'self'");
            assert_eq!(is_policed, expected == "200", "{head}");
        }
    }
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"] {
        let answer = explorer.answer(&format!("{method} /.runtocompletion HTTP/1.1\r\nHost: {own}\r\n\r\n"));
        assert!(answer.starts_with(b"HTTP/1.1 405"), "{method}");
    }
    // Nothing of the page names another server.
    for file in ["/", "/explorer.js", "/explorer.css", "/icon.svg"] {
        let (_, text) = explorer.get(file);
        let elsewhere: Vec<&str> = text.match_indices("//").map(|(at, _)| &text[at.saturating_sub(6)..]).collect();
        let is_link = |text: &&str| text.starts_with("https:") || text.starts_with("http:/");
        let foreign: Vec<&str> =
            elsewhere.into_iter().filter(is_link).filter(|text| !text.starts_with("http://www.w3.org/")).collect();
        assert!(foreign.iter().all(|text| text.contains("www.w3.org")), "{file}: {foreign:?}");
    }
}

/// Another address that every Linux has: all of 127.0.0.0/8 is its own.
#[cfg(target_os = "linux")]
const OTHER: &str = "127.0.0.2";

#[test]
#[cfg(target_os = "linux")]
fn other_addresses_cannot_reach_it_unless_an_option_allows_them() {
    let explorer = Explorer::start(&["lossless"]);
    assert!(explorer.address.ip().is_loopback());
    let reached = TcpStream::connect((OTHER, explorer.address.port()));
    assert!(reached.is_err(), "it listens at {OTHER}, too");
    drop(explorer);
    let remote = Explorer::start(&["lossless", "--allow-remote", "--address", "0.0.0.0:0"]);
    assert!(remote.address.ip().is_loopback(), "a link is for this computer");
    assert!(TcpStream::connect((OTHER, remote.address.port())).is_ok());
}

/// Bytes that are no request, or none that there is an answer to.
fn malformed() -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = [
        "",
        "\r\n\r\n",
        "GARBAGE\r\n\r\n",
        "GET\r\n\r\n",
        "GET /\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "GET / HTTP/2.0\r\n\r\n",
        "get / http/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nno colon\r\n\r\n",
        "GET / HTTP/1.1\r\nExpect: nonsense\r\n\r\n",
        "GET / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5000\r\n\r\n",
        "GET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: 18446744073709551615\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: 1000000000000000\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        "POST /.runtocompletion HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzzzz\r\n",
        "POST /.status HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc",
        "DELETE /.status HTTP/1.1\r\n\r\n",
        "PUT / HTTP/1.1\r\n\r\n",
        "HEAD / HTTP/1.1\r\n\r\n",
        "CONNECT example.org:80 HTTP/1.1\r\n\r\n",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec();
    for path in [
        "/.states/-1",
        "/.states/0/-3",
        "/.states/1",
        "/.states/0/999999",
        "/.states/0/99999999999999999999999999",
        "/.states/0//1",
        "/.states//",
        "/.states/one/two",
        "/.statesfoo",
        "/.states/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0",
        "/../../etc/passwd",
        "/ui/../Cargo.toml",
        "/%00",
        "//",
    ] {
        all.push(format!("GET {path} HTTP/1.1\r\n\r\n").into_bytes());
    }
    all.push(format!("GET /.states/0{} HTTP/1.1\r\n\r\n", "/0".repeat(10_000)).into_bytes());
    all.push(format!("GET /.states/0{} HTTP/1.1\r\n\r\n", "/0".repeat(1_000_000)).into_bytes());
    all.push(format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(2_000_000)).into_bytes());
    all.push(format!("GET / HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(100_000)).into_bytes());
    // A host that is served, so that what is asked for is looked at.
    let served = all.iter().map(|bytes| {
        let text = String::from_utf8(bytes.clone()).unwrap();
        text.replacen("HTTP/1.1\r\n", "HTTP/1.1\r\nHost: localhost\r\n", 1).into_bytes()
    });
    let served: Vec<Vec<u8>> = served.collect();
    all.extend(served);
    for query in
        ["formula=%ff", "formula=((((", "at=99999999999999999999", "property=%00", "a=b", "&&&=&=", "formula"]
    {
        for place in ["/api/path/0", "/api/formula/0", "/api/counterexample", "/download/run.svg"] {
            all.push(format!("GET {place}?{query} HTTP/1.1\r\nHost: localhost\r\n\r\n").into_bytes());
        }
    }
    let nested = format!("{}A.fin_sent{}", "(".repeat(900), ")".repeat(900));
    all.push(format!("GET /api/formula/0?formula={nested} HTTP/1.1\r\nHost: localhost\r\n\r\n").into_bytes());
    all.push((0..=255).collect());
    all.push(vec![0; 100_000]);
    all.push(b"GET /\xff\xfe HTTP/1.1\r\n\r\n".to_vec());
    all
}

/// How much memory a process has, and at most had, in KiB.
#[cfg(target_os = "linux")]
fn memory(process: u32) -> [u64; 2] {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    ["VmRSS:", "VmHWM:"].map(|key| {
        let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    })
}

/// More than a thousand requests that are malformed, oversized, slow, abandoned or dear, many at a time: while
/// they come, others are answered, the memory stays bounded, and nothing is printed.
#[test]
fn it_goes_on_whatever_it_is_sent() {
    let explorer = Explorer::start(&["one-msl", "--property", "no-premature-closed"]);
    let address = explorer.address;
    let connect = || {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream.set_write_timeout(Some(Duration::from_secs(10))).unwrap();
        stream
    };
    let malformed = malformed();
    let (next, sent, is_over) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicBool::new(false));
    let start = Instant::now();
    #[cfg(target_os = "linux")]
    let [before, _] = memory(explorer.process.id());
    let answered = thread::scope(|scope| {
        // Slow ones: a byte now and then, from more connections than are kept.
        scope.spawn(|| {
            let mut slow: Vec<TcpStream> = (0..300).map(|_| connect()).collect();
            for byte in b"GET /.status HTTP/1.1\r\nX: ".iter().chain(std::iter::repeat(&b'x')) {
                for stream in &mut slow {
                    if stream.write_all(&[*byte]).is_err() {
                        *stream = connect();
                    }
                    sent.fetch_add(1, Ordering::Relaxed);
                }
                if is_over.load(Ordering::Relaxed) {
                    return;
                }
                thread::sleep(Duration::from_millis(20));
            }
        });
        let hostile: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    // Each twice, so that they are a thousand.
                    while let Some(bytes) = malformed.get(next.fetch_add(1, Ordering::Relaxed) / 2) {
                        // Sent, and the answer read.
                        let mut stream = connect();
                        let _ = stream.write_all(bytes);
                        let _ = stream.shutdown(std::net::Shutdown::Write);
                        let _ = stream.read_to_end(&mut Vec::new());
                        // Half of it sent.
                        let _ = connect().write_all(&bytes[..bytes.len() / 2]);
                        // Sent, and the answer never read: to close then is to reset the connection.
                        let mut stream = connect();
                        let _ = stream.write_all(bytes);
                        let _ = stream.peek(&mut [0]);
                        drop(stream);
                        // The same of what there is much to answer to, and at once.
                        let mut stream = connect();
                        let dear = format!("GET /.states/0{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "/0".repeat(9));
                        let _ = stream.write_all(dear.as_bytes());
                        let _ = stream.peek(&mut [0]);
                        drop(stream);
                        drop(connect());
                        sent.fetch_add(5, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        // Somebody else looks at the page meanwhile.
        let mut answered = 0;
        while !hostile.iter().all(thread::ScopedJoinHandle::is_finished) {
            let asked = Instant::now();
            let answer = explorer.answer("GET /api/path/0/0 HTTP/1.1\r\nHost: localhost\r\n\r\n");
            answered += usize::from(answer.starts_with(b"HTTP/1.1 200"));
            assert!(asked.elapsed() < Duration::from_secs(20), "{:?}", asked.elapsed());
        }
        is_over.store(true, Ordering::Relaxed);
        answered
    });
    let sent = sent.load(Ordering::Relaxed);
    assert!(sent >= 1000 && answered > 5, "{sent} sent, {answered} answered");
    assert!(start.elapsed() < Duration::from_mins(2), "{:?}", start.elapsed());
    #[cfg(target_os = "linux")]
    {
        let [_, most] = memory(explorer.process.id());
        assert!(most < before + 64 * 1024, "{before} KiB before, {most} KiB at most");
    }
    let steps = explorer.json("/.states/0");
    assert!(steps.to_string().contains("A calls shutdown"), "{steps}");
    let (stderr, code) = explorer.interrupt();
    assert_eq!((&*stderr, code), ("", 0));
}

/// Who keeps silent is cut off, and keeps nobody out meanwhile.
#[test]
fn it_goes_on_after_too_many_connections() {
    let explorer = Explorer::start(&["lossless", "--property", "no-reset"]);
    let mut idle: Vec<TcpStream> = (0..200).map(|_| TcpStream::connect(explorer.address).unwrap()).collect();
    let asked = Instant::now();
    assert_eq!(explorer.json("/.status")["done"], true);
    assert!(asked.elapsed() < Duration::from_secs(3), "{:?}", asked.elapsed());
    let mut first = idle.remove(0);
    first.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    assert!(matches!(first.read(&mut [0]), Ok(0) | Err(_)), "it is answered");
}
