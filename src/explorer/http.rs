//! The little of HTTP that stands between browsers and stateright's server.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// The time limit for receiving a request's head, and for each stalled write.
const REQUEST: Duration = Duration::from_secs(5);

/// How long an answer may take.
const ANSWER: Duration = Duration::from_mins(1);

/// How many requests are served at once.
const AT_ONCE: usize = 32;

/// How long the head of a request may be, in bytes. A path of a thousand steps takes a few thousand.
const LONGEST_HEAD: u64 = 1 << 15;

/// After a connection could not be accepted.
const PAUSE: Duration = Duration::from_millis(50);

/// Asks a server, and returns all of its answer.
pub(super) fn ask(server: SocketAddr, method: &str, path: &str) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect_timeout(&server, ANSWER)?;
    stream.set_read_timeout(Some(ANSWER))?;
    stream.set_write_timeout(Some(ANSWER))?;
    // By HTTP/1.0 the server ends the connection after its answer, which then is all that can be read.
    let request = format!("{method} {path} HTTP/1.0\r\nHost: {server}\r\nContent-Length: 0\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(answer)
}

/// The body of an answer, if that is a success.
pub(super) fn body(answer: &[u8]) -> Option<&[u8]> {
    let end_of_head = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
    answer.get(9..12).filter(|status| *status == b"200")?;
    answer.get(end_of_head + 4..)
}

/// Passes requests on to the server at an address that may change, forever.
///
/// Only the method and the path are passed on. stateright's server would make room for as many octets of text as a
/// request promises, and would wait for them as long as it takes; a promise that is large enough ends the process.
pub(super) fn pass_on(listener: &TcpListener, server: impl Fn() -> SocketAddr + Send + Sync + 'static) {
    let server = Arc::new(server);
    loop {
        // Each thread that passes a request on has a share in where to.
        if Arc::strong_count(&server) > AT_ONCE {
            thread::sleep(Duration::from_millis(1));
            continue;
        }
        let Ok((client, _)) = listener.accept() else {
            // Too many files are open, or the client has gone already.
            thread::sleep(PAUSE);
            continue;
        };
        let server = Arc::clone(&server);
        // A client that cannot be served has its connection closed.
        let _ = thread::Builder::new().name("request".to_owned()).spawn(move || answer(client, server()));
    }
}

/// Answers one request. If the client has gone, that is no error.
fn answer(mut client: TcpStream, server: SocketAddr) -> io::Result<()> {
    client.set_write_timeout(Some(REQUEST))?;
    let head = read_head(&mut client, Instant::now() + REQUEST)?;
    let answer = match request(&head) {
        Some((method, path)) => {
            let answer = ask(server, method, path).unwrap_or_else(|_| refusal("503 Service Unavailable"));
            if path.starts_with("/.states") { without_properties(&answer).unwrap_or(answer) } else { answer }
        }
        None => refusal("400 Bad Request"),
    };
    client.write_all(&answer)
}

/// The states of an answer, without the properties that stateright lists with each.
///
/// The page says "holds", or "not found", beside every state that stateright's own counterexample does not pass:
/// that is no verdict on the property, and reads like one.
fn without_properties(answer: &[u8]) -> Option<Vec<u8>> {
    let mut states: Vec<serde_json::Map<String, Value>> = serde_json::from_slice(body(answer)?).ok()?;
    for state in &mut states {
        state.insert("properties".to_owned(), Value::Array(Vec::new()));
    }
    let body = serde_json::to_vec(&states).ok()?;
    let head = format!("HTTP/1.0 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    Some([head.as_bytes(), &body].concat())
}

fn refusal(status: &str) -> Vec<u8> {
    format!("HTTP/1.0 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").into_bytes()
}

/// The head of a request: up to the empty line, or up to where it is too long or ends. One that dribbles has no
/// more time than one that keeps silent.
fn read_head(client: &mut TcpStream, deadline: Instant) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    let mut some = [0; 1 << 12];
    while !head.windows(4).any(|bytes| bytes == b"\r\n\r\n") && head.len() as u64 <= LONGEST_HEAD {
        let left = deadline.saturating_duration_since(Instant::now());
        // A timeout of 0 is refused: time is up.
        client.set_read_timeout(Some(left))?;
        let count = client.read(&mut some)?;
        if count == 0 {
            break;
        }
        head.extend_from_slice(some.get(..count).unwrap_or_default());
    }
    Ok(head)
}

/// The method and the path of a request whose head is complete.
fn request(head: &[u8]) -> Option<(&str, &str)> {
    let end = head.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
    let head = head.get(..end)?;
    let line = head.split(|byte| *byte == b'\r').next()?;
    let mut words = str::from_utf8(line).ok()?.split(' ');
    let (method, path, version) = (words.next()?, words.next()?, words.next()?);
    // The page needs nothing else to show the verdicts. Running to completion is not for everybody who has the
    // page open: it may have been left out, for want of memory.
    let is_known = method == "GET" && matches!(version, "HTTP/1.0" | "HTTP/1.1");
    let is_plain = path.starts_with('/') && path.bytes().all(|byte| byte.is_ascii_graphic());
    (is_known && is_plain && words.next().is_none()).then_some((method, path))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_request_is_a_method_and_a_path() {
        assert_eq!(request(b"GET /.states/0/1 HTTP/1.1\r\nHost: x\r\n\r\n"), Some(("GET", "/.states/0/1")));
        for wrong in [
            "GET / HTTP/1.1\r\n",
            "GET / HTTP/2.0\r\n\r\n",
            "DELETE / HTTP/1.1\r\n\r\n",
            "POST /.runtocompletion HTTP/1.0\r\n\r\n",
            "GET  / HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.1 \r\n\r\n",
            "GET ui/app.js HTTP/1.1\r\n\r\n",
            "GET /\u{e4} HTTP/1.1\r\n\r\n",
            "GET /\nX HTTP/1.1\r\n\r\n",
            "\r\n\r\n",
        ] {
            assert_eq!(request(wrong.as_bytes()), None, "{wrong:?}");
        }
    }

    #[test]
    fn states_have_no_verdicts_beside_them() {
        let answer =
            b"HTTP/1.1 200 OK\r\nServer: x\r\n\r\n[{\"state\":\"s\",\"properties\":[[\"Always\",\"p\",null]]}]";
        let stripped = without_properties(answer).unwrap();
        assert_eq!(body(&stripped), Some(&br#"[{"properties":[],"state":"s"}]"#[..]));
        assert_eq!(without_properties(b"HTTP/1.1 404 Not Found\r\n\r\nno such state"), None);
    }

    /// So few clients would otherwise keep everybody else out.
    #[test]
    fn a_head_that_dribbles_in_is_not_waited_for() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut served, _) = listener.accept().unwrap();
        let dribbles = thread::spawn(move || {
            while client.write_all(b"x").is_ok() {
                thread::sleep(Duration::from_millis(20));
            }
        });
        let start = Instant::now();
        assert!(read_head(&mut served, start + Duration::from_millis(300)).is_err());
        assert!(start.elapsed() < REQUEST);
        drop(served);
        dribbles.join().unwrap();
    }

    proptest! {
        /// Every request that is passed on is one line of the server's own protocol.
        #[test]
        fn nothing_is_smuggled(head in prop::collection::vec(prop_oneof![
            Just(b"GET ".to_vec()), Just(b"/".to_vec()), Just(b" HTTP/1.1".to_vec()), Just(b"\r\n".to_vec()),
            prop::collection::vec(any::<u8>(), 0..4),
        ], 0..12)) {
            if let Some((method, path)) = request(&head.concat()) {
                let passed_on = [method, path].concat();
                prop_assert!(!passed_on.contains(char::is_whitespace));
            }
        }
    }
}
