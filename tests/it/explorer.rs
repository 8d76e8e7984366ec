//! `lastack explore`: its output, and requests of every kind. What a browser
//! shows is in `tests/programs`.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::running::{Explorer, explore};
use insta::assert_snapshot;
use serde_json::Value;

/// The output of an explorer that does not start.
fn refused(args: &[&str]) -> String {
    refused_in(Path::new(env!("CARGO_TARGET_TMPDIR")), args)
}

fn refused_in(folder: &Path, args: &[&str]) -> String {
    let Output { status, stdout, stderr } = explore(args).current_dir(folder).output().unwrap();
    assert_eq!((status.code(), &*stdout), (Some(2), &b""[..]), "{args:?}");
    String::from_utf8(stderr).unwrap()
}

#[test]
fn what_is_wrong_is_said_before_anything_is_explored() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let port = format!("port {} ", taken.local_addr().unwrap().port());
    let hostile = Path::new(env!("CARGO_TARGET_TMPDIR")).join("explorer-hostile");
    fs::create_dir_all(hostile.join("ui")).unwrap();
    fs::write(hostile.join("ui/app.js"), "alert('mine')").unwrap();
    let refused = [
        refused(&["nowhere"]),
        refused(&["one-msl", "--property", "no-premature-close"]),
        refused(&["one-msl", "--address", "localhost"]),
        refused(&["one-msl", "--address", "0.0.0.0:0"]),
        refused(&["one-msl", "--address", &address]).replace(&port, "port … "),
        refused(&["asynchronous"]),
        refused(&["one-msl", "--set", "network.msl=9999"]),
        refused(&["one-msl", "--set", "network.msl=99"]),
        refused_in(&hostile, &["one-msl"]),
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

/// The page shows whole ticks, as fine as the counterexample needs them.
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

/// What is not decided is not listed, and stateright's own run, which could take the more memory, is not begun.
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
    let status = explorer.status();
    assert_eq!(status["done"], false);
    let listed = status["properties"].as_array().unwrap().iter().map(|property| property[1].as_str().unwrap());
    assert_eq!(
        listed.collect::<Vec<_>>(),
        ["closing-is-reached@A", "closing-is-reached@B", "every state can be represented"]
    );
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
    all.push((0..=255).collect());
    all.push(vec![0; 100_000]);
    all.push(b"GET /\xff\xfe HTTP/1.1\r\n\r\n".to_vec());
    all
}

/// Hundreds of malformed requests, eight at a time: then it still answers, and has printed nothing.
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
    let next = AtomicUsize::new(0);
    let sent = AtomicUsize::new(0);
    let start = Instant::now();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                while let Some(bytes) = malformed.get(next.fetch_add(1, Ordering::Relaxed)) {
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
                    let _ = stream.write_all(b"GET /knockout-3.5.0.js HTTP/1.1\r\n\r\n");
                    let _ = stream.peek(&mut [0]);
                    drop(stream);
                    drop(connect());
                    sent.fetch_add(5, Ordering::Relaxed);
                }
            });
        }
    });
    let sent = sent.load(Ordering::Relaxed);
    assert!(sent >= 100, "{sent}");
    assert!(start.elapsed() < Duration::from_mins(2), "{:?}", start.elapsed());
    assert_eq!(explorer.status()["done"], true);
    let (status, steps) = explorer.get("/.states/0");
    assert_eq!((status, steps.contains("A calls shutdown")), (200, true));
    let (stderr, code) = explorer.interrupt();
    assert_eq!((&*stderr, code), ("", 0), "it was not even started again");
}

/// More connections than there can be are refused or wait; those that come later are served.
#[test]
fn it_goes_on_after_too_many_connections() {
    let explorer = Explorer::start(&["lossless", "--property", "no-reset"]);
    let idle: Vec<TcpStream> = (0..200).map(|_| TcpStream::connect(explorer.address).unwrap()).collect();
    drop(idle);
    assert_eq!(explorer.status()["done"], true);
}

/// The ports at which a process listens.
#[cfg(target_os = "linux")]
fn ports(process: u32) -> Vec<u16> {
    let files = fs::read_dir(format!("/proc/{process}/fd")).unwrap();
    let targets = files.filter_map(|file| fs::read_link(file.ok()?.path()).ok());
    let sockets: Vec<PathBuf> = targets.collect();
    let table = fs::read_to_string(format!("/proc/{process}/net/tcp")).unwrap();
    let listening = table.lines().filter_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let is_its_own = sockets.contains(&PathBuf::from(format!("socket:[{}]", words.get(9)?)));
        (words[3] == "0A" && is_its_own)
            .then(|| u16::from_str_radix(words[1].split_once(':').unwrap().1, 16).unwrap())
    });
    listening.collect()
}

/// stateright's own server is ended behind its back; it is started again, runs to its end again, and a message is
/// printed.
#[cfg(target_os = "linux")]
#[test]
fn stateright_is_started_again_and_that_is_said() {
    let explorer = Explorer::start(&["one-msl", "--property", "no-premature-closed"]);
    let count = explorer.status()["unique_state_count"].clone();
    let inner: Vec<u16> =
        ports(explorer.process.id()).into_iter().filter(|port| *port != explorer.address.port()).collect();
    assert_eq!(inner.len(), 1, "{inner:?}");
    let deadly = "GET / HTTP/1.1\r\nContent-Length: 18446744073709551615\r\n\r\n";
    TcpStream::connect(("127.0.0.1", inner[0])).unwrap().write_all(deadly.as_bytes()).unwrap();
    let deadline = Instant::now() + Duration::from_mins(1);
    loop {
        let (status, body) = explorer.get("/.status");
        let is_new = !ports(explorer.process.id()).contains(&inner[0]);
        let is_done = status == 200 && serde_json::from_str::<Value>(&body).unwrap()["done"] == true;
        if is_new && is_done {
            break;
        }
        assert!(Instant::now() < deadline, "it is not started again");
        thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(explorer.status()["unique_state_count"], count);
    // The message comes once the run is over, at the next check.
    thread::sleep(Duration::from_millis(500));
    let (stderr, code) = explorer.interrupt();
    assert_eq!((&*stderr, code), ("stateright's server had stopped; it was started again\n", 0));
}
