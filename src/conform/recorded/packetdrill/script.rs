//! A packetdrill script as it stands in its file.

use std::ops::Range;

/// What is not read: a number that is counted from `...`.
pub(super) const ANY_NUMBER: &str = "a number that may be any";

/// The lines of a script that are read here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Script<'a> {
    /// `--name=value`, each a name and a value.
    pub(super) options: Vec<(&'a str, &'a str)>,
    /// What happens and what is expected, in the order of the file.
    pub(super) events: Vec<CaseEvent<'a>>,
}

/// An event and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CaseEvent<'a> {
    /// Its bytes in the file.
    pub(super) at: Range<usize>,
    /// When it happens.
    pub(super) time: Time,
    /// What happens.
    pub(super) action: Action<'a>,
}

/// When an event happens, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Time {
    /// `0.100`: after the start of the script. `0.100~0.200`: from then on until so long after the start.
    Absolute(u64, Option<u64>),
    /// `+.1`, `+.1~+.2`: after the event before.
    Relative(u64, Option<u64>),
    /// `*`.
    Any,
}

/// What happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Action<'a> {
    /// `< F. 1:1(0) ack 1`: a segment arrives.
    Inbound(Packet<'a>),
    /// `> F. 1:1(0) ack 1`: a segment is sent.
    Outbound(Packet<'a>),
    /// `close(4) = 0`.
    Call(SystemCall<'a>),
    /// `` `command` ``.
    Shell(&'a str),
    /// `%{ code }%`, in Python, which packetdrill runs when all is over.
    Code(&'a str),
    /// `#ifdef NAME` and what belongs to it: a line for the preprocessor.
    Directive(&'a str),
    /// Something that is not read, by its name. The lines after it are not read either.
    NotModelled(&'static str),
}

/// A TCP segment. Its numbers are relative to the initial ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Packet<'a> {
    /// Its control bits, as in `FP.`.
    pub(super) flags: &'a str,
    /// SEG.SEQ; `None`: `...`, any.
    pub(super) seq: Option<u32>,
    /// Octets of text.
    pub(super) len: u32,
    /// SEG.ACK.
    pub(super) ack: Option<u32>,
    /// SEG.WND as the header has it: not scaled.
    pub(super) window: Option<u32>,
    /// What stands between `<` and `>`; `...` is any.
    pub(super) options: Option<&'a str>,
}

/// A call of the application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SystemCall<'a> {
    /// When it returns if it blocks, in microseconds, counted as its time is.
    pub(super) returns: Option<u64>,
    /// Its name.
    pub(super) name: &'a str,
    /// Its arguments.
    pub(super) arguments: Vec<&'a str>,
    /// What it returns: a number, or `...`.
    pub(super) result: &'a str,
    /// The error, as in `EPIPE`.
    pub(super) error: Option<&'a str>,
}
