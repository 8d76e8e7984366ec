//! How the values of options are read.

use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZero;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::capture::FindingKind;
use crate::model::End;
use crate::realtime::AvoidedTransition;
use crate::report::check::Format;
use crate::tcp::State;

/// Nanoseconds after the beginning of a capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Since(pub i64);

/// Seconds, as they are written in reports: `1300` or `0.25`.
pub(super) fn since(text: &str) -> Result<Since, String> {
    let seconds = text.trim_end_matches('s').trim_end();
    let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let nanoseconds = format!("{fraction:0<9}");
    let number = |text: &str| text.parse::<i64>().ok();
    let wrong = || "expected seconds, as in 1300 or 0.25".to_owned();
    if whole.is_empty() || !digits(whole) || !digits(&nanoseconds) || nanoseconds.len() > 9 {
        return Err(wrong());
    }
    let all = number(whole).and_then(|whole| whole.checked_mul(1_000_000_000)?.checked_add(number(&nanoseconds)?));
    all.map(Since).ok_or_else(wrong)
}

/// A number of a trace, from 1.
pub(super) fn nth() -> impl TypedValueParser<Value = NonZero<u16>> {
    clap::value_parser!(u16).range(1..=1000).try_map(NonZero::try_from)
}

/// A kind of finding, by its name.
pub(super) fn kind() -> impl TypedValueParser<Value = FindingKind> {
    PossibleValuesParser::new(FindingKind::ALL.iter().map(|kind| kind.name())).try_map(|name| name.parse())
}

/// The format that a file is named after: what follows a dot of its name is that of the format, as in `one.svg`.
pub(super) fn format_of<F: ValueEnum>(file: &Path) -> Option<F> {
    let mut name = file.file_name()?.to_str()?;
    while let Some((_, suffix)) = name.split_once('.') {
        if let Ok(format) = F::from_str(suffix, true) {
            return Some(format);
        }
        name = suffix;
    }
    None
}

/// A format and a file.
pub(super) fn further_report(text: &str) -> Result<(Format, PathBuf), String> {
    let names = || {
        let values = Format::value_variants().iter().filter_map(Format::to_possible_value);
        values.map(|value| value.get_name().to_owned()).collect::<Vec<_>>().join(", ")
    };
    let (format, file) = text.split_once('=').ok_or("expected a format and a file, as in junit=lastack.xml")?;
    let format =
        Format::from_str(format, false).map_err(|_| format!("`{format}` is no format: there are {}", names()))?;
    if file.is_empty() {
        return Err("expected a file behind the `=`".to_owned());
    }
    Ok((format, PathBuf::from(file)))
}

/// A step of an endpoint, as in `FIN_WAIT_1:CLOSING@A`.
pub(super) fn transition(text: &str) -> Result<AvoidedTransition, String> {
    let (states, end) = match text.split_once('@') {
        Some((states, "A")) => (states, Some(End::A)),
        Some((states, "B")) => (states, Some(End::B)),
        Some(_) => return Err("expected @A or @B behind the states".to_owned()),
        None => (text, None),
    };
    let (from, to) = states.split_once(':').ok_or("expected two states, as in FIN_WAIT_1:CLOSING")?;
    let state = |name: &str| State::named(name).ok_or_else(|| format!("`{name}` is no state, as FIN_WAIT_1 is"));
    Ok(AvoidedTransition { end, from: state(from)?, to: state(to)? })
}

/// An IP address, or `localhost`, and a port. No other name is looked up.
pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    let local = text.strip_prefix("localhost:").and_then(|port| port.parse().ok());
    local
        .map(|port: u16| SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
        .or_else(|| text.parse().ok())
        .ok_or_else(|| "expected an IP address and a port, as in 127.0.0.1:3000".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sweep::SweepFormat;
    use crate::report::trace::TraceFormat;

    #[test]
    fn files_are_named_after_formats() {
        let of_trace = |file| format_of::<TraceFormat>(Path::new(file));
        assert_eq!(of_trace("out.d/one.svg"), Some(TraceFormat::Svg));
        assert_eq!(of_trace("One.PCAP"), Some(TraceFormat::Pcap));
        assert_eq!(of_trace("one.mmd"), Some(TraceFormat::Mermaid));
        assert_eq!(of_trace("one.json"), Some(TraceFormat::Json));
        for file in ["one.itf", "one.itf.json"] {
            assert_eq!(of_trace(file), Some(TraceFormat::Itf), "{file}");
        }
        for file in ["svg", "one", "one.txt", "one.csv", "folder.svg/one", "/dev/stdout", ""] {
            assert_eq!(of_trace(file), None, "{file}");
        }
        assert_eq!(format_of(Path::new("map.2.jsonl")), Some(SweepFormat::Jsonl));
    }

    #[test]
    fn addresses() {
        for right in ["127.0.0.1:3000", "0.0.0.0:0", "[::1]:80"] {
            assert_eq!(address(right).unwrap().to_string(), right);
        }
        assert_eq!(address("localhost:3000").unwrap().to_string(), "127.0.0.1:3000");
        for wrong in
            ["", "3000", ":3000", "127.0.0.1", "localhost", "localhost:", "localhost:65536", "example.org:80"]
        {
            assert!(address(wrong).is_err(), "{wrong}");
        }
    }
}
