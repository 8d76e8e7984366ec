//! The event of a row of a kernel's transition table: one segment, in words of its own.

use super::grammar::flags;
use super::number::{Sign, Term};
use super::words::{Mistake, Word, Words, integer, number};
use super::{Arrival, CaseEvent, CaseNumber};
use crate::tcp::Flags;

/// `FIN+ACK seq=RCV.NXT acks our FIN`, `DATA 10B+FIN seq=RCV.NXT`, `FIN no ACK seq=RCV.NXT-1`.
///
/// What a row leaves out is as in the next segment that the peer would send: at RCV.NXT, acknowledging SND.UNA.
pub(super) fn event(text: &str) -> Result<CaseEvent, Mistake> {
    let mut words = Words::of(text);
    let kind = words.expect("flags, as in FIN+ACK, or DATA")?;
    let mut arrival = Arrival {
        flags: Flags::ACK,
        seq: CaseNumber::of(Term::RcvNxt),
        ack: CaseNumber::of(Term::SndUna),
        len: 0,
        window: None,
    };
    if kind.text == "DATA" {
        let size = words.expect("a size, as in 10B")?;
        let (octets, fin) = size.text.strip_suffix("+FIN").map_or((size.text, false), |octets| (octets, true));
        let Some(digits) = octets.strip_suffix('B') else {
            return Err(
                size.mistake(format!("`{}` is no size", size.text), "expected octets, as in 10B or 10B+FIN")
            );
        };
        arrival.len = integer(Word { at: size.at, text: digits }, 65_535)?;
        arrival.flags.fin = fin;
    } else {
        let (given, not_modelled) = flags(kind)?;
        if let Some(feature) = not_modelled {
            return Ok(CaseEvent::NotModelled(feature.to_owned()));
        }
        arrival.flags = given;
    }
    while let Some(word) = words.next() {
        let follow = |words: &mut Words<'_>, expected: &[&str]| {
            for expected in expected {
                let word = words.expect(&format!("`{expected}`"))?;
                if word.text != *expected {
                    return Err(
                        word.mistake(format!("unexpected `{}`", word.text), format!("expected `{expected}`"))
                    );
                }
            }
            Ok(())
        };
        let of =
            |name: &str| Word { at: word.at + name.len(), text: word.text.get(name.len()..).unwrap_or_default() };
        match word.text {
            "no" => {
                follow(&mut words, &["ACK"])?;
                arrival.flags.ack = false;
            }
            "old" => {
                follow(&mut words, &["ack"])?;
                arrival.ack = CaseNumber::of(Term::SndUna);
            }
            "acks" => {
                follow(&mut words, &["our", "FIN"])?;
                arrival.ack = CaseNumber::of(Term::AfterOwnFin);
            }
            "ack=our" => {
                follow(&mut words, &["FIN+1"])?;
                arrival.ack = CaseNumber::of(Term::AfterOwnFin);
            }
            "beyond" => {
                follow(&mut words, &["SND.NXT"])?;
                arrival.ack = CaseNumber(vec![(Sign::Plus, Term::SndNxt), (Sign::Plus, Term::Octets(1))]);
            }
            text if text.starts_with("seq=") => arrival.seq = number(of("seq="))?,
            text if text.starts_with("ack=") => arrival.ack = number(of("ack="))?,
            text => {
                return Err(word.mistake(
                    format!("unexpected `{text}`"),
                    "expected seq=, ack=, `no ACK`, `old ack`, `acks our FIN` or `beyond SND.NXT`",
                ));
            }
        }
    }
    Ok(CaseEvent::Arrival(arrival))
}
