//! How long `lastack replay` takes for a large capture, and how much memory, beside `tshark -q -z conv,tcp` if
//! there is one.
//!
//! `cargo bench --bench captures` makes a file of 178 MB with 10,450 connections, lets each program read it once,
//! one after the other, and says how long it took and the most memory that it had.

use std::error::Error;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const CONNECTIONS: u32 = 10_450;
/// Segments of text in each connection, and the octets of each.
const SEGMENTS: u32 = 11;
const OCTETS: u32 = 1_408;
/// Many connections are open at a time.
const AT_A_TIME: u32 = 500;

const FIN: u8 = 1;
const SYN: u8 = 2;
const RST: u8 = 4;
const ACK: u8 = 16;

fn main() -> Result<(), Box<dyn Error>> {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("captures.pcap");
    make(&path)?;
    let megabytes = (fs::metadata(&path)?.len() + 500_000) / 1_000_000;
    println!("{megabytes} MB, {CONNECTIONS} connections");
    let mut lastack = Command::new(env!("CARGO_BIN_EXE_lastack"));
    let read = measure("lastack replay", lastack.arg("replay").arg(&path));
    let mut tshark = Command::new("tshark");
    if let Err(why) = measure("tshark -q -z conv,tcp", tshark.arg("-r").arg(&path).args(["-q", "-z", "conv,tcp"]))
    {
        println!("tshark: {why}");
    }
    fs::remove_file(&path)?;
    read
}

/// Runs a command, and says how long it took, of that on processors, and the most memory that it had, as far as
/// the system says.
fn measure(name: &str, command: &mut Command) -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    let process = format!("/proc/{}", child.id());
    let (mut memory, mut processors) = (None, None);
    let exit = loop {
        let status = fs::read_to_string(format!("{process}/status")).unwrap_or_default();
        let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).map(|most| most.trim().to_owned());
        memory = most.or(memory);
        processors =
            processor_seconds(&fs::read_to_string(format!("{process}/stat")).unwrap_or_default()).or(processors);
        if let Some(exit) = child.try_wait()? {
            break exit;
        }
        thread::sleep(Duration::from_millis(5));
    };
    let elapsed = start.elapsed().as_secs_f64();
    let processors = processors.map_or_else(|| "unknown".to_owned(), |seconds| format!("{seconds:.2} s"));
    let memory = memory.unwrap_or_else(|| "unknown".to_owned());
    println!("{name:<24}{elapsed:>8.2} s, {processors} on processors, {memory}");
    if exit.success() { Ok(()) } else { Err(exit.to_string().into()) }
}

/// proc(5): behind the name in parentheses, the twelfth and the thirteenth field are hundredths of seconds.
fn processor_seconds(stat: &str) -> Option<f64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let ticks = fields.split_whitespace().skip(11).take(2).map(|field| field.parse::<u32>().ok());
    ticks.sum::<Option<u32>>().map(|ticks| f64::from(ticks) / 100.)
}

/// Writes the capture.
fn make(path: &Path) -> Result<(), Box<dyn Error>> {
    let mut file = Writer { file: BufWriter::new(File::create(path)?), microseconds: 0 };
    for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 0x0004_0000, 101] {
        file.file.write_all(&word.to_le_bytes())?;
    }
    for first in (0..CONNECTIONS).step_by(usize::try_from(AT_A_TIME)?) {
        let all = first..(first + AT_A_TIME).min(CONNECTIONS);
        for step in 0..SEGMENTS + 2 {
            for connection in all.clone() {
                file.step(connection, step)?;
            }
        }
    }
    file.file.flush()?;
    Ok(())
}

struct Writer {
    file: BufWriter<File>,
    microseconds: u64,
}

impl Writer {
    /// The handshake, a segment of text and its ACK, or one of some ways to close.
    fn step(&mut self, connection: u32, step: u32) -> Result<(), Box<dyn Error>> {
        let sent = 1 + SEGMENTS * OCTETS;
        match (step, connection % 10) {
            (0, _) => {
                self.packet(connection, true, SYN, [0, 0], 0)?;
                self.packet(connection, false, SYN | ACK, [0, 1], 0)?;
                self.packet(connection, true, ACK, [1, 1], 0)
            }
            (1..=SEGMENTS, _) => {
                let seq = 1 + (step - 1) * OCTETS;
                self.packet(connection, false, ACK, [seq, 1], OCTETS)?;
                self.packet(connection, true, ACK, [1, seq + OCTETS], 0)
            }
            (_, 0) => self.packet(connection, true, RST | ACK, [1, sent], 0),
            (_, 1) => {
                self.packet(connection, false, FIN | ACK, [sent, 1], 0)?;
                self.packet(connection, true, ACK, [1, sent + 1], 0)
            }
            _ => {
                self.packet(connection, true, FIN | ACK, [1, sent], 0)?;
                self.packet(connection, false, FIN | ACK, [sent, 2], 0)?;
                self.packet(connection, true, ACK, [2, sent + 1], 0)
            }
        }
    }

    fn packet(
        &mut self,
        connection: u32,
        from_client: bool,
        flags: u8,
        [seq, ack]: [u32; 2],
        len: u32,
    ) -> Result<(), Box<dyn Error>> {
        self.microseconds += 20;
        let length = 40 + len;
        let client = (connection.to_be_bytes(), u16::try_from(10_000 + connection % 50_000)?.to_be_bytes());
        let server = ([192, 0, 2, 1], 443_u16.to_be_bytes());
        let (source, destination) = if from_client { (client, server) } else { (server, client) };
        let mut packet = vec![0x45, 0];
        packet.extend(u16::try_from(length)?.to_be_bytes());
        packet.extend([0, 0, 0, 0, 64, 6, 0, 0]);
        packet.extend([source.0, destination.0].concat());
        packet.extend([source.1, destination.1].concat());
        packet.extend([seq.to_be_bytes(), ack.to_be_bytes()].concat());
        packet.extend([0x50, flags, 255, 255, 0, 0, 0, 0]);
        packet.resize(usize::try_from(length)?, 0);
        let (seconds, fraction) = (self.microseconds / 1_000_000, self.microseconds % 1_000_000);
        for word in [u32::try_from(seconds)?, u32::try_from(fraction)?, length, length] {
            self.file.write_all(&word.to_le_bytes())?;
        }
        self.file.write_all(&packet)?;
        Ok(())
    }
}
