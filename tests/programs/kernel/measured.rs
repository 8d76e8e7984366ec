//! What was measured once is measured again: `tests/conformance/linux-6.18.jsonl`, 24 segments in each of five
//! states.

use std::net::TcpListener;
use std::time::Duration;

use lastack::conform::Stack;
use lastack::conform::kernel::{ADDRESS, Error, Kernel, policy};
use lastack::tcp::{Call, Flags, Segment, Seq, State};
use nix::errno::Errno;
use serde::Deserialize;

use crate::Missing;

const RTO: Duration = Duration::from_secs(5);

const FIN: Flags = Flags { syn: false, fin: true, rst: false, ack: false };

/// A row of the file, as far as it is needed here.
#[derive(Deserialize)]
struct Row {
    start_state: String,
    event: String,
    sent: Vec<String>,
    end_state: String,
    so_error: Option<String>,
}

/// What the kernel sends in answer, the state that it comes to, and `SO_ERROR`.
type Measured = (Vec<String>, String, Option<String>);

/// How a state is come to, and what RCV.NXT, SND.UNA and SND.NXT then are.
struct Start {
    shutdown: bool,
    arrives: Option<Segment>,
    numbers: [u32; 3],
}

fn segment(flags: Flags, seq: u32, ack: u32, len: u32) -> Segment {
    Segment { flags, seq: Seq(seq), ack: Seq(ack), len }
}

fn start(state: &str) -> Start {
    let of = |shutdown, arrives, numbers| Start { shutdown, arrives, numbers };
    match state {
        "ESTABLISHED" => of(false, None, [1, 1, 1]),
        "FIN_WAIT_1" => of(true, None, [1, 1, 2]),
        "FIN_WAIT_2" => of(true, Some(segment(Flags::ACK, 1, 2, 0)), [1, 2, 2]),
        "CLOSE_WAIT" => of(false, Some(segment(Flags::FIN_ACK, 1, 1, 0)), [2, 1, 1]),
        "TIME_WAIT" => of(true, Some(segment(Flags::FIN_ACK, 1, 2, 0)), [2, 2, 2]),
        other => panic!("{other}"),
    }
}

/// The segment that a row names.
fn named(event: &str, [rcv_nxt, snd_una, snd_nxt]: [u32; 3]) -> Segment {
    let (what, rest) = event.split_once(" seq=RCV.NXT").unwrap_or((event, ""));
    let (flags, len) = match what {
        "RST" => (Flags::RST, 0),
        "RST+ACK" => (Flags::RST_ACK, 0),
        "SYN" => (Flags::SYN, 0),
        "SYN+ACK" => (Flags::SYN_ACK, 0),
        "FIN+ACK" => (Flags::FIN_ACK, 0),
        "FIN no ACK" => (FIN, 0),
        "ACK" | "ACK beyond SND.NXT" => (Flags::ACK, 0),
        "DATA 10B" => (Flags::ACK, 10),
        "DATA 10B+FIN" => (Flags::FIN_ACK, 10),
        other => panic!("{other}"),
    };
    let seq = match rest.split(' ').next().unwrap() {
        "" => rcv_nxt,
        "-1" => rcv_nxt - 1,
        "+1" => rcv_nxt + 1,
        "+100" => rcv_nxt + 100,
        "+2^30" => rcv_nxt + (1 << 30),
        other => panic!("{other}"),
    };
    let ack = match event {
        _ if !flags.ack => 0,
        "ACK beyond SND.NXT" => snd_nxt + 100,
        _ if event.contains("our FIN") => 2,
        _ if event.contains("old ack") => 1,
        _ => snd_una,
    };
    segment(flags, seq, ack, len)
}

/// Lets the segment of a row arrive in its state, on a machine that is this busy.
fn measure(kernel: &mut Kernel, row: &Row, slowness: u32) -> Result<Measured, Error> {
    let Start { shutdown, arrives, numbers } = start(&row.start_state);
    let mut connection = kernel.established(RTO, slowness)?;
    if shutdown {
        connection.call(Call::Shutdown)?;
    }
    if let Some(segment) = &arrives {
        connection.arrive(segment)?;
    }
    connection.sent()?;
    assert_eq!(connection.state()?.name(), row.start_state);
    // A SYN in TIME_WAIT opens a new connection, where anybody listens.
    let _listener = (row.end_state == "SYN_RECV").then(|| TcpListener::bind(ADDRESS).unwrap());
    connection.arrive(&named(&row.event, numbers))?;
    let sent = connection.sent()?.iter().map(shown).collect();
    let state = match connection.state()? {
        State::SynReceived => "SYN_RECV".to_owned(),
        state => state.name().to_owned(),
    };
    let error = connection.take_error()?.map(|number| match Errno::from_raw(number) {
        Errno::ECONNRESET => "ECONNRESET".to_owned(),
        Errno::EPIPE => "EPIPE".to_owned(),
        other => other.to_string(),
    });
    Ok((sent, state, error))
}

fn shown(segment: &Segment) -> String {
    let ack = if segment.flags == Flags::SYN_ACK { "+ACK" } else { "" };
    let text = segment.to_string().replacen(" seq", &format!("{ack} seq"), 1);
    if segment.len == 0 { text + " len=0" } else { text }
}

pub(crate) fn the_kernel_does_what_it_did() -> Result<(), Missing> {
    let _guard = super::available()?;
    let rows: Vec<Row> = include_str!("../../conformance/linux-6.18.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(rows.len(), 120);
    let different = Kernel::with(&policy().unwrap(), None, |kernel| {
        let mut different = Vec::new();
        for row in &rows {
            let was = (row.sent.clone(), row.end_state.clone(), row.so_error.clone());
            let mut measured = measure(kernel, row, 1)?;
            if measured != was {
                measured = measure(kernel, row, 8)?;
            }
            if measured != was {
                different.push(format!("{}, {}: was {was:?}; is {measured:?}", row.start_state, row.event));
            }
        }
        Ok(different)
    });
    assert_eq!(different.unwrap(), Vec::<String>::new());
    Ok(())
}
