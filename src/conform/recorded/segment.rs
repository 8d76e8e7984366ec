//! The grammar of segments: control bits, and fields as in `seq=1`.

use winnow::Parser;
use winnow::combinator::{separated, terminated};
use winnow::token::one_of;

use super::case::{Arrival, ExpectedSegment};
use super::number::CaseNumber;
use super::number::{Term, number};
use super::words::{Input, Parsed, Word, blank, integer, letters, missing, modelled_or, takes};
use crate::tcp::Flags;

/// The fields of a segment as written, before it is known what must be there.
#[derive(Debug, Default)]
struct Fields {
    flags: Flags,
    seq: Option<CaseNumber>,
    ack: Option<CaseNumber>,
    len: Option<u32>,
    window: Option<u32>,
}

/// What a control bit changes.
type Bit = fn(&mut Flags);

/// The control bits, and what is no segment of TCP's. PSH changes nothing here.
const FLAGS: [(&str, Result<Bit, &str>); 11] = [
    ("SYN", Ok(|flags| flags.syn = true)),
    ("FIN", Ok(|flags| flags.fin = true)),
    ("RST", Ok(|flags| flags.rst = true)),
    ("ACK", Ok(|flags| flags.ack = true)),
    ("PSH", Ok(|_| {})),
    ("ICMP", Err("ICMP")),
    ("URG", Err("urgent data")),
    ("ECE", Err("ECN")),
    ("CWR", Err("ECN")),
    ("AE", Err("ECN")),
    ("NS", Err("ECN")),
];

/// Reads the value of a field; returns whether there was one before.
type Field = fn(&mut Fields, &mut Input<'_>) -> Parsed<bool>;

/// The fields, and those and the options that the endpoint does not have.
const FIELDS: [(&str, Result<Field, &str>); 15] = [
    ("seq", Ok(|fields, input| Ok(fields.seq.replace(number(input)?).is_some()))),
    ("ack", Ok(|fields, input| Ok(fields.ack.replace(number(input)?).is_some()))),
    ("len", Ok(|fields, input| Ok(fields.len.replace(integer(input, "a number", 65_535)?).is_some()))),
    ("win", Ok(|fields, input| Ok(fields.window.replace(integer(input, "a number", 1 << 30)?).is_some()))),
    ("sack", Err("SACK")),
    ("ts", Err("timestamps")),
    ("tsval", Err("timestamps")),
    ("tsecr", Err("timestamps")),
    ("mss", Err("the option MSS")),
    ("wscale", Err("window scaling")),
    ("urg", Err("urgent data")),
    ("urp", Err("urgent data")),
    ("csum", Err("checksums")),
    ("opt", Err("options")),
    ("opts", Err("options")),
];

/// Control bits, as in `FIN,ACK` or `FIN+ACK`.
pub(super) fn flags(input: &mut Input<'_>) -> Parsed<Flags> {
    fn bit<'a>(input: &mut Input<'a>) -> Parsed<(Word<'a>, Bit)> {
        let name = letters(input, |letter| ",+".contains(letter))?;
        Ok((name, name.modelled_one_of("flag", &FLAGS)?))
    }
    let bits: Vec<(Word<'_>, Bit)> =
        terminated(separated(1.., bit, one_of([',', '+'])), blank).parse_next(input)?;
    let mut flags = Flags::default();
    for (place, (name, set)) in bits.iter().enumerate() {
        if bits.iter().take(place).any(|(before, _)| before.text == name.text) {
            return Err(name.mistake(format!("`{}` is given twice", name.text), "expected it once").into());
        }
        set(&mut flags);
    }
    Ok(flags)
}

fn fields(input: &mut Input<'_>) -> Parsed<Fields> {
    if input.is_empty() {
        return Err(missing(input, "flags").into());
    }
    let first = letters(&mut input.clone(), |_| false)?;
    if first.text.contains('=') {
        return Err(first.mistake("missing: flags", "expected flags before this, as in FIN,ACK").into());
    }
    let mut fields = Fields { flags: flags(input)?, ..Fields::default() };
    while !input.is_empty() {
        let whole = letters(&mut input.clone(), |_| false)?;
        let name = letters(input, |letter| letter == '=')?;
        if !takes(input, "=")? {
            let title = format!("unexpected `{}`", name.text);
            return Err(whole.mistake(title, "expected seq=, ack=, len= or win=").into());
        }
        let read = name.modelled_one_of("field", &FIELDS)?;
        if read(&mut fields, input)? {
            return Err(whole.mistake(format!("`{}` is given twice", name.text), "expected it once").into());
        }
    }
    Ok(fields)
}

/// A segment that arrives.
pub(super) fn arrival(input: &mut Input<'_>) -> Parsed<Arrival> {
    let Fields { flags, seq, ack, len, window } = fields(input)?;
    let seq = seq.ok_or_else(|| missing(input, "`seq=`"))?;
    let ack = match ack {
        Some(ack) => ack,
        // A reset may carry the flag without anybody looking at the number.
        None if flags.rst || !flags.ack => CaseNumber::of(Term::SndUna),
        None => return Err(missing(input, "`ack=`").into()),
    };
    Ok(Arrival { flags, seq, ack, len: len.unwrap_or(0), window })
}

/// A segment that is expected, or that none is.
pub(super) fn expected_segment(input: &mut Input<'_>) -> Parsed<Option<ExpectedSegment>> {
    if takes(input, "none")? {
        blank(input)?;
        return Ok(None);
    }
    let text = input.trim().to_owned();
    let modelled = |input: &mut Input<'_>| fields(input).map(|fields| (fields, None));
    let read = modelled_or(modelled, |feature| (Fields::default(), Some(feature)));
    let (Fields { flags, seq, ack, len, window }, not_modelled) = read(input)?;
    Ok(Some(ExpectedSegment { text, flags, seq, ack, len: len.unwrap_or(0), window, not_modelled }))
}
