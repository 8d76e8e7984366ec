//! Requests that are not meant well: from elsewhere, malformed, slow, or too many.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::running::Explorer;

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
