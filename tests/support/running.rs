//! An explorer of a test's own, and its output.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// A running explorer; it is ended when the test is over.
pub(crate) struct Explorer {
    pub(crate) process: Child,
    /// Its output until it could be used.
    pub(crate) printed: String,
    pub(crate) address: SocketAddr,
}

impl Explorer {
    pub(crate) fn start(args: &[&str]) -> Self {
        let address: &[&str] = if args.contains(&"--address") { &[] } else { &["--address", "127.0.0.1:0"] };
        let mut command = explore(&[args, address].concat());
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut printed = String::new();
        for line in BufReader::new(process.stdout.as_mut().unwrap()).lines() {
            printed.push_str(&line.unwrap());
            printed.push('\n');
            if printed.ends_with("; Ctrl-C ends it.\n") {
                break;
            }
        }
        let Some((_, address)) = printed.rsplit_once("The explorer is at http://") else {
            let output = process.wait_with_output().unwrap();
            panic!("{printed}{}", String::from_utf8_lossy(&output.stderr));
        };
        let address = address.split('/').next().unwrap().parse().unwrap();
        Self { process, printed, address }
    }

    /// The body of an answer and its status.
    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        let answer = self.answer(&format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head[9..12].parse().unwrap(), body.to_owned())
    }

    /// All that a request is answered with; nothing if the connection is reset.
    pub(crate) fn answer(&self, request: &str) -> Vec<u8> {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        let mut answer = Vec::new();
        let _ = stream.write_all(request.as_bytes()).and_then(|()| stream.read_to_end(&mut answer));
        answer
    }

    pub(crate) fn json(&self, path: &str) -> Value {
        let (status, body) = self.get(path);
        assert_eq!(status, 200, "{path}: {body}");
        serde_json::from_str(&body).unwrap()
    }

    /// Ctrl-C: its stderr and its exit code.
    pub(crate) fn interrupt(mut self) -> (String, i32) {
        let process = self.process.id().to_string();
        assert!(Command::new("kill").args(["-INT", &process]).status().unwrap().success());
        let deadline = Instant::now() + Duration::from_secs(20);
        while self.process.try_wait().unwrap().is_none() {
            assert!(Instant::now() < deadline, "Ctrl-C does not end it");
            thread::sleep(Duration::from_millis(20));
        }
        let mut printed = String::new();
        self.process.stderr.as_mut().unwrap().read_to_string(&mut printed).unwrap();
        (printed, self.process.wait().unwrap().code().unwrap())
    }
}

impl Drop for Explorer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub(crate) fn explore(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lastack"));
    command.arg("explore").args(args).current_dir(env!("CARGO_TARGET_TMPDIR")).stdin(Stdio::null());
    command
}
