//! The event of a row of a kernel's transition table: one segment, in words of its own.

use super::case::{Arrival, CaseEvent};
use super::number::CaseNumber;
use super::number::{Sign, Term, number};
use super::segment::flags;
use super::words::{Input, Mistake, Parsed, Word, blank, letters, missing, modelled_or, takes, whole};
use crate::tcp::Flags;

/// `FIN+ACK seq=RCV.NXT acks our FIN`, `DATA 10B+FIN seq=RCV.NXT`, `FIN no ACK seq=RCV.NXT-1`.
///
/// What a row leaves out is as in the next segment that the peer would send: at RCV.NXT, acknowledging SND.UNA.
pub(super) fn event(text: &str) -> Result<CaseEvent, Mistake> {
    let arrival = |input: &mut Input<'_>| arrival(input).map(CaseEvent::Arrival);
    whole(text, modelled_or(arrival, CaseEvent::NotModelled))
}

fn arrival(input: &mut Input<'_>) -> Parsed<Arrival> {
    if input.is_empty() {
        return Err(missing(input, "flags, as in FIN+ACK, or DATA").into());
    }
    let mut arrival = Arrival {
        flags: Flags::ACK,
        seq: CaseNumber::of(Term::RcvNxt),
        ack: CaseNumber::of(Term::SndUna),
        len: 0,
        window: None,
    };
    if takes(input, "DATA")? {
        blank(input)?;
        (arrival.len, arrival.flags.fin) = size(input)?;
    } else {
        arrival.flags = flags(input)?;
    }
    let (mut seq, mut ack) = (None, None);
    while !input.is_empty() {
        let whole = letters(&mut input.clone(), |_| false)?;
        // `no ACK` is said instead of a number.
        let is_twice = if takes(input, "seq=")? {
            seq.replace(number(input)?).is_some()
        } else {
            ack.replace(acknowledgment(input, whole)?).is_some()
        };
        if is_twice {
            return Err(whole.mistake("this is given twice", "expected it once").into());
        }
        blank(input)?;
    }
    arrival.seq = seq.unwrap_or(arrival.seq);
    match ack {
        None => {}
        Some(None) => arrival.flags.ack = false,
        Some(Some(number)) => arrival.ack = number,
    }
    Ok(arrival)
}

/// What is acknowledged, if anything is.
fn acknowledgment(input: &mut Input<'_>, whole: Word<'_>) -> Parsed<Option<CaseNumber>> {
    if takes(input, "no ACK")? {
        return Ok(None);
    }
    let number = if takes(input, "old ack")? {
        CaseNumber::of(Term::SndUna)
    } else if takes(input, "acks our FIN")? || takes(input, "ack=our FIN+1")? {
        CaseNumber::of(Term::AfterOwnFin)
    } else if takes(input, "beyond SND.NXT")? {
        CaseNumber(vec![(Sign::Plus, Term::SndNxt), (Sign::Plus, Term::Octets(1))])
    } else if takes(input, "ack=")? {
        number(input)?
    } else {
        let label = "expected seq=, ack=, `no ACK`, `old ack`, `acks our FIN` or `beyond SND.NXT`";
        return Err(whole.mistake(format!("unexpected `{}`", whole.text), label).into());
    };
    Ok(Some(number))
}

/// Octets of text, and whether a FIN follows them: `10B`, `10B+FIN`.
fn size(input: &mut Input<'_>) -> Parsed<(u32, bool)> {
    let size = letters(&mut input.clone(), |_| false)?;
    let octets = letters(input, |letter| letter == 'B')?;
    if !takes(input, "B")? {
        let title = format!("`{}` is no size", size.text);
        return Err(size.mistake(title, "expected octets, as in 10B or 10B+FIN").into());
    }
    let has_fin = takes(input, "+FIN")?;
    blank(input)?;
    Ok((octets.integer(65_535)?, has_fin))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_is_given_once() {
        let mistake = |text: &str| event(text).err().map(|mistake| text[mistake.at].to_owned());
        for right in ["FIN+ACK seq=RCV.NXT acks our FIN", "DATA 10B+FIN ack=7", "FIN no ACK seq=RCV.NXT-1"] {
            assert_eq!(mistake(right), None, "{right}");
        }
        assert_eq!(mistake("ACK seq=RCV.NXT seq=1").as_deref(), Some("seq=1"));
        assert_eq!(mistake("ACK old ack ack=7").as_deref(), Some("ack=7"));
        assert_eq!(mistake("ACK ack=7 no ACK").as_deref(), Some("no"));
        assert_eq!(mistake("FIN+FIN seq=1").as_deref(), Some("FIN"));
    }
}
