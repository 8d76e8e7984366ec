//! stateright's web server, kept alive.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::panic;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Once};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde::Deserialize;
use stateright::Model;

use super::http::{ask, body, pass_on};
use super::model::Explorable;
use crate::diagnostic::Diagnostic;
use crate::model::Layout;

/// How long the server may take until it answers for the first time.
const STARTUP_TIMEOUT: Duration = Duration::from_secs(20);

/// The time between two checks of the server.
const PAUSE: Duration = Duration::from_millis(50);

/// What stateright would serve from the working folder instead of its own.
const FILES: [&str; 4] = ["ui/index.htm", "ui/app.css", "ui/app.js", "ui/knockout-3.5.0.js"];

/// Starts a server at an address of this computer alone; it runs until it dies.
type Start = Box<dyn Fn(SocketAddr) -> JoinHandle<()>>;

/// The listener that browsers reach, held before anything is explored.
#[derive(Debug)]
pub struct Listening(TcpListener);

/// stateright's server of an explorer, behind the address that browsers know.
///
/// stateright gives its server no end, and lets it die of what it does not expect, such as a response that cannot
/// be sent. [`Server::revive`] then starts it again, at another port, to which requests are passed on from then
/// on.
pub struct Server {
    start: Start,
    running: JoinHandle<()>,
    port: Arc<AtomicU16>,
}

/// stateright's report on its run, as far as it is of interest.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
struct Status {
    /// The run is over.
    done: bool,
    /// How many different states it has seen.
    #[serde(rename = "unique_state_count")]
    states: usize,
}

impl Listening {
    /// Listens at an address; port 0 is any that is free. What stateright would serve from the working folder
    /// instead of its own pages is refused.
    ///
    /// # Errors
    /// If the address cannot be listened at, or the working folder has such a page.
    pub fn at(address: SocketAddr) -> Result<Self, Diagnostic> {
        for file in FILES {
            if fs::exists(file).unwrap_or(true) {
                return Err(Diagnostic::new(format!("stateright would serve `{file}` of this folder as its own"))
                    .help("run `lastack explore` in another folder"));
            }
        }
        TcpListener::bind(address).map(Self).map_err(|error| cannot_listen(address, &error))
    }

    /// Where it listens.
    ///
    /// # Errors
    /// If the system does not know it.
    pub fn address(&self) -> Result<SocketAddr, Diagnostic> {
        self.0.local_addr().map_err(|error| Diagnostic::new(format!("there is no address to listen at: {error}")))
    }
}

impl Server {
    /// Serves what there is to explore.
    ///
    /// # Errors
    /// If the server does not answer in time.
    pub fn start<L: Layout>(explorable: &Explorable<L>, listening: Listening) -> Result<Self, Diagnostic> {
        silence_the_server();
        let explorable = explorable.clone();
        let start = move |address| {
            let explorable = explorable.clone();
            thread::spawn(move || {
                explorable.checker().serve(address);
            })
        };
        Self::with(Box::new(start), listening)
    }

    fn with(start: Start, listening: Listening) -> Result<Self, Diagnostic> {
        let (running, port) = at_a_free_port(&start)?;
        let mut server = Self { start, running, port: Arc::new(port.into()) };
        server.await_answer()?;
        let port = Arc::clone(&server.port);
        let serve = move || pass_on(&listening.0, move || local(port.load(Ordering::Relaxed)));
        let spawned = thread::Builder::new().name("requests".to_owned()).spawn(serve);
        spawned.map_err(|error| Diagnostic::new(format!("requests cannot be served: {error}")))?;
        Ok(server)
    }

    /// Lets stateright visit every one of so many states, and waits until it has. `Ok(false)`: it was
    /// over before that.
    ///
    /// # Errors
    /// If the server does not answer, or has visited other states.
    pub fn complete(
        &mut self,
        states: usize,
        is_over: &dyn Fn() -> bool,
        progress: &dyn Fn(usize),
    ) -> Result<bool, Diagnostic> {
        let mut is_asked = false;
        while !is_over() {
            is_asked = is_asked || ask(self.address(), "POST", "/.runtocompletion").is_ok();
            match self.status() {
                Ok(Status { done: false, states: seen }) => progress(seen),
                Ok(Status { done: true, states: seen }) if seen == states => return Ok(true),
                Ok(Status { done: true, states: seen }) => {
                    let title =
                        format!("stateright has seen {seen} states, and lastack {states}: one of them is wrong");
                    return Err(Diagnostic::new(title));
                }
                Err(_) => is_asked = !self.revive()? && is_asked,
            }
            thread::sleep(PAUSE);
        }
        Ok(false)
    }

    /// Starts the server again if it has died, and returns whether it had.
    ///
    /// # Errors
    /// If it cannot be started again.
    pub fn revive(&mut self) -> Result<bool, Diagnostic> {
        let has_died = self.running.is_finished();
        if has_died {
            self.await_answer()?;
        }
        Ok(has_died)
    }

    /// How far stateright's run has come.
    fn status(&self) -> io::Result<Status> {
        let answer = ask(self.address(), "GET", "/.status")?;
        let body = body(&answer).ok_or_else(|| io::Error::other("the answer is no success"))?;
        serde_json::from_slice(body).map_err(io::Error::other)
    }

    /// Waits for its first answer; whenever it has died it is started at another port.
    fn await_answer(&mut self) -> Result<(), Diagnostic> {
        let deadline = Instant::now() + STARTUP_TIMEOUT;
        loop {
            if self.running.is_finished() {
                let (running, port) = at_a_free_port(&self.start)?;
                self.running = running;
                self.port.store(port, Ordering::Relaxed);
            }
            match self.status() {
                Ok(_) => return Ok(()),
                Err(error) if Instant::now() >= deadline => {
                    return Err(Diagnostic::new(format!("stateright's server does not answer: {error}")));
                }
                Err(_) => thread::sleep(PAUSE),
            }
        }
    }

    fn address(&self) -> SocketAddr {
        local(self.port.load(Ordering::Relaxed))
    }
}

/// Starts a server, and returns its address. If another process takes the port before it does, it dies.
fn at_a_free_port(start: &Start) -> Result<(JoinHandle<()>, u16), Diagnostic> {
    let free = TcpListener::bind(local(0)).and_then(|listener| listener.local_addr());
    let address = free.map_err(|error| cannot_listen(local(0), &error))?;
    Ok((start(address), address.port()))
}

fn local(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

fn cannot_listen(address: SocketAddr, error: &io::Error) -> Diagnostic {
    let (ip, port) = (address.ip(), address.port());
    if error.kind() == io::ErrorKind::AddrInUse {
        Diagnostic::new(format!("port {port} of {ip} is in use"))
            .help("`--address 127.0.0.1:0` takes any port that is free")
    } else {
        Diagnostic::new(format!("cannot listen at port {port} of {ip}: {error}"))
    }
}

/// Keeps the panics of the server's threads off the terminal: a message about the restart is printed instead.
fn silence_the_server() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let otherwise = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            // Theirs are the only threads from now on that have no name.
            if thread::current().name().is_some() {
                otherwise(info);
            }
        }));
    });
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpStream;

    use super::*;
    use crate::check::Library;
    use crate::model::OneIncarnation;

    fn listening() -> (Listening, SocketAddr) {
        let listening = Listening::at(local(0)).unwrap();
        let address = listening.address().unwrap();
        (listening, address)
    }

    fn wait_for_the_end(server: &Server) {
        let deadline = Instant::now() + STARTUP_TIMEOUT;
        while !server.running.is_finished() {
            assert!(Instant::now() < deadline, "it does not die");
            thread::sleep(PAUSE);
        }
    }

    /// A request that promises more text than there can be ends stateright's server, and none that is passed on
    /// does.
    #[test]
    fn stateright_is_started_again() {
        let library = Library::read(&[], &[]).unwrap();
        let scenario = library.scenarios(&["lossless".to_owned()], &[], 1).unwrap().remove(0);
        let (listening, address) = listening();
        let mut server =
            Server::start(&Explorable::<OneIncarnation>::new(scenario.config, 1, &[]), listening).unwrap();
        let deadly = format!("GET / HTTP/1.1\r\nContent-Length: {}\r\n\r\n", usize::MAX);
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(deadly.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        assert!(body(&answer).is_some());
        assert!(!server.revive().unwrap());

        TcpStream::connect(server.address()).unwrap().write_all(deadly.as_bytes()).unwrap();
        wait_for_the_end(&server);
        assert!(server.revive().unwrap(), "it had died");
        assert!(!server.revive().unwrap(), "it lives");
        assert!(body(&ask(address, "GET", "/").unwrap()).is_some());
    }

    #[test]
    fn a_server_that_dies_at_once_is_given_another_port() {
        let tries = Arc::new(AtomicU16::new(0));
        let counted = Arc::clone(&tries);
        let start = move |address| {
            let is_first = counted.fetch_add(1, Ordering::Relaxed) == 0;
            thread::spawn(move || {
                if !is_first {
                    let (mut client, _) = TcpListener::bind(address).unwrap().accept().unwrap();
                    let _ = client.read(&mut [0; 1024]).unwrap();
                    client
                        .write_all(b"HTTP/1.0 200 OK\r\n\r\n{\"done\": true, \"unique_state_count\": 7}")
                        .unwrap();
                }
            })
        };
        let server = Server::with(Box::new(start), listening().0).unwrap();
        wait_for_the_end(&server);
        assert_eq!(tries.load(Ordering::Relaxed), 2);
    }

    /// It is a second opinion on how many states there are.
    #[test]
    fn another_number_of_states_is_an_error() {
        let library = Library::read(&[], &[]).unwrap();
        let scenario = library.scenarios(&["lossless".to_owned()], &[], 1).unwrap().remove(0);
        let mut server =
            Server::start(&Explorable::<OneIncarnation>::new(scenario.config, 1, &[]), listening().0).unwrap();
        let error = server.complete(1, &|| false, &|_| {}).unwrap_err();
        assert!(error.title.starts_with("stateright has seen "), "{}", error.title);
        assert!(!server.complete(1, &|| true, &|_| {}).unwrap());
    }
}
