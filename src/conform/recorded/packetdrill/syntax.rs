//! The syntax of packetdrill scripts, as far as it is read: the rest of it is named.

use winnow::ascii::{dec_uint, digit1, multispace1, space0, till_line_ending};
use winnow::combinator::{alt, cut_err, delimited, dispatch, eof, fail, opt, peek, preceded, repeat, terminated};
use winnow::error::{StrContext, StrContextValue};
use winnow::stream::{LocatingSlice, Location, Stream};
use winnow::token::{any, rest, take_till, take_until, take_while};
use winnow::{ModalResult, Parser};

use super::super::words::Mistake;
use super::script::{Action, CaseEvent, Packet, Script, SystemCall, Time};

type Input<'a> = LocatingSlice<&'a str>;

/// The script; or the first mistake in it.
pub(super) fn parse(text: &str) -> Result<Script<'_>, Mistake> {
    script.parse(LocatingSlice::new(text)).map_err(|error| {
        let at = error.offset();
        let end =
            text.get(at..).and_then(|rest| rest.find(char::is_whitespace)).map_or(text.len(), |len| at + len);
        let expected: Vec<String> = error.inner().context().filter_map(expectation).collect();
        Mistake {
            at: at..end.max(text.ceil_char_boundary(at + 1)),
            title: "a packetdrill script that cannot be read".to_owned(),
            label: format!(
                "expected {}",
                expected.first().map_or("an event, as in +0 close(4) = 0", String::as_str)
            ),
            help: None,
        }
    })
}

fn expectation(context: &StrContext) -> Option<String> {
    match context {
        StrContext::Expected(expected) => Some(expected.to_string()),
        _ => None,
    }
}

fn expected(what: &'static str) -> StrContext {
    StrContext::Expected(StrContextValue::Description(what))
}

fn script<'a>(input: &mut Input<'a>) -> ModalResult<Script<'a>> {
    let options = preceded(blank, repeat(0.., terminated(option, blank))).parse_next(input)?;
    let mut events: Vec<CaseEvent<'a>> = Vec::new();
    while opt(eof).parse_next(input)?.is_none() {
        let event = alt((command_without_time, preprocessor, event)).parse_next(input)?;
        let is_read = !matches!(event.action, Action::NotModelled(_));
        events.push(event);
        if is_read { blank.parse_next(input)? } else { rest.void().parse_next(input)? }
    }
    Ok(Script { options, events })
}

/// A command that sets up the machine before all events, or cleans it up after them.
fn command_without_time<'a>(input: &mut Input<'a>) -> ModalResult<CaseEvent<'a>> {
    shell.with_span().map(|(action, at)| CaseEvent { at, time: Time::Relative(0, None), action }).parse_next(input)
}

/// `#ifdef …`
fn preprocessor<'a>(input: &mut Input<'a>) -> ModalResult<CaseEvent<'a>> {
    preceded('#', till_line_ending)
        .with_span()
        .map(|(line, at)| CaseEvent { at, time: Time::Relative(0, None), action: Action::Directive(line) })
        .parse_next(input)
}

/// Space and comments.
fn blank(input: &mut Input<'_>) -> ModalResult<()> {
    let comment = alt((
        ("//", till_line_ending).void(),
        ("/*", cut_err(take_until(0.., "*/")).context(expected("the comment's end, `*/`")), "*/").void(),
    ));
    repeat(0.., alt((multispace1.void(), comment))).parse_next(input)
}

fn option<'a>(input: &mut Input<'a>) -> ModalResult<(&'a str, &'a str)> {
    let value = opt(preceded('=', take_till(1.., char::is_whitespace))).map(Option::unwrap_or_default);
    preceded("--", (word, value)).parse_next(input)
}

fn event<'a>(input: &mut Input<'a>) -> ModalResult<CaseEvent<'a>> {
    let start = input.current_token_start();
    let time = cut_err(time).context(expected("a time, as in 0.100, +.1 or *")).parse_next(input)?;
    let returns = opt(preceded((space0, "...", space0), cut_err(microseconds))).parse_next(input)?;
    space0.parse_next(input)?;
    let mut action =
        cut_err(action).context(expected("a segment (< or >), a call, or a `command`")).parse_next(input)?;
    if let Action::Call(call) = &mut action {
        call.returns = returns;
    }
    Ok(CaseEvent { at: start..input.previous_token_end().max(start), time, action })
}

fn time(input: &mut Input<'_>) -> ModalResult<Time> {
    alt((
        '*'.value(Time::Any),
        ('+', space0, microseconds, opt(preceded((space0, '~', space0, opt('+')), microseconds)))
            .map(|(_, _, from, to)| Time::Relative(from, to)),
        (microseconds, opt(preceded((space0, '~', space0), microseconds)))
            .map(|(from, to)| Time::Absolute(from, to)),
    ))
    .parse_next(input)
}

/// A number of seconds, perhaps with a fraction.
fn microseconds(input: &mut Input<'_>) -> ModalResult<u64> {
    // `0...0.1` is a time, three dots, and a time.
    let fraction = preceded(('.', peek(any.verify(|next: &char| next.is_ascii_digit()))), digit1);
    let (whole, fraction) =
        alt(((digit1, opt(fraction)), preceded('.', digit1).map(|fraction| ("0", Some(fraction)))))
            .parse_next(input)?;
    let places: String = fraction.unwrap_or_default().chars().chain("000000".chars()).take(6).collect();
    let seconds = whole.parse::<u64>().ok().filter(|seconds| *seconds <= 1_000_000);
    match (seconds, places.parse::<u64>()) {
        (Some(seconds), Ok(places)) => Ok(seconds * 1_000_000 + places),
        _ => cut_err(fail.context(expected("at most 1000000 seconds"))).parse_next(input),
    }
}

fn action<'a>(input: &mut Input<'a>) -> ModalResult<Action<'a>> {
    dispatch! {peek(any);
        '<' => preceded(('<', space0), cut_err(packet)).map(|packet| packet.map_or_else(Action::NotModelled, Action::Inbound)),
        '>' => preceded(('>', space0), cut_err(packet)).map(|packet| packet.map_or_else(Action::NotModelled, Action::Outbound)),
        '`' => shell,
        '%' => delimited("%{", cut_err(take_until(0.., "}%")).context(expected("the code's end, `}%`")), "}%").map(Action::Code),
        _ => call.map(Action::Call),
    }
    .parse_next(input)
}

fn shell<'a>(input: &mut Input<'a>) -> ModalResult<Action<'a>> {
    delimited('`', take_till(0.., '`'), cut_err('`').context(expected("the command's end, a backtick")))
        .map(Action::Shell)
        .parse_next(input)
}

/// A segment; or the name of a packet that is none, or has something that is not modelled.
fn packet<'a>(input: &mut Input<'a>) -> ModalResult<Result<Packet<'a>, &'static str>> {
    if let Some(feature) = opt(not_tcp).parse_next(input)? {
        return Ok(Err(feature));
    }
    let flags = take_while(1.., |letter: char| "FSRPUEWACN.-".contains(letter) || letter.is_ascii_digit())
        .context(expected("flags, as in F. or S"))
        .parse_next(input)?;
    space0.parse_next(input)?;
    let (seq, len) = alt((any_numbers, numbers)).parse_next(input)?;
    if opt('!').parse_next(input)?.is_some() {
        return Ok(Err("a number that is not relative, `!`"));
    }
    let ack = opt(preceded((space0, "ack", space0), cut_err(field))).parse_next(input)?;
    let window = cut_err(number.verify(|window| *window <= 65_535)).context(expected("a window of at most 65535"));
    let window = opt(preceded((space0, "win", space0), window)).parse_next(input)?;
    if opt((space0, "urg")).parse_next(input)?.is_some() {
        return Ok(Err("urgent data"));
    }
    let options = opt(preceded(
        (space0, '<'),
        cut_err(terminated(take_till(0.., ['>', '\n']), '>')).context(expected("the options' end, `>`")),
    ))
    .parse_next(input)?;
    if opt((space0, "/udp")).parse_next(input)?.is_some() {
        return Ok(Err("an encapsulated packet"));
    }
    if flags.contains(|flag: char| "UEWACN".contains(flag) || flag.is_ascii_digit()) && !flags.contains('S') {
        return Ok(Err(if flags.contains('U') { "urgent data" } else { "ECN" }));
    }
    Ok(Ok(Packet { flags, seq, len, ack, window, options }))
}

/// `...(1000)`: whatever the numbers are.
fn any_numbers(input: &mut Input<'_>) -> ModalResult<(Option<u32>, u32)> {
    let len = delimited((space0, '('), number, ')').context(expected("the octets of text, as in ...(0)"));
    preceded("...", cut_err(len)).map(|len| (None, len)).parse_next(input)
}

/// `1:1001(1000)`
fn numbers(input: &mut Input<'_>) -> ModalResult<(Option<u32>, u32)> {
    let seq = number.context(expected("sequence numbers, as in 1:1001(1000)")).parse_next(input)?;
    let end = (preceded(':', number), delimited((space0, '('), number, ')'))
        .context(expected("the numbers' end and the octets of text, as in 1:1001(1000)"));
    let (_, len) = cut_err(end.verify(|(end, len): &(u32, u32)| *end == seq.wrapping_add(*len)))
        .context(expected("numbers whose difference is the octets of text, as in 1:1001(1000)"))
        .parse_next(input)?;
    Ok((Some(seq), len))
}

fn not_tcp(input: &mut Input<'_>) -> ModalResult<&'static str> {
    let other = alt((
        "icmp".value("ICMP"),
        "udp".value("UDP"),
        "sctp".value("SCTP"),
        "psp".value("PSP"),
        alt(("ipv4", "ipv6", "gre", "GRE", "mpls", "encap")).value("an encapsulated packet"),
    ));
    alt(('['.value("ECN, or another field of IP"), '('.value("another field of IP"), other, ports))
        .parse_next(input)
}

/// `1234 > 80 `
fn ports(input: &mut Input<'_>) -> ModalResult<&'static str> {
    (digit1, space0, '>').value("ports").parse_next(input)
}

fn call<'a>(input: &mut Input<'a>) -> ModalResult<SystemCall<'a>> {
    let name = word.context(expected("a segment (< or >), a call, or a `command`")).parse_next(input)?;
    let arguments =
        cut_err(arguments).context(expected("the call's arguments between parentheses")).parse_next(input)?;
    (blank, cut_err('=').context(expected("what the call returns, as in = 0")), blank).parse_next(input)?;
    let result = cut_err(take_while(1.., |letter: char| letter.is_ascii_alphanumeric() || "-._".contains(letter)))
        .context(expected("what the call returns, as in = 0"))
        .parse_next(input)?;
    space0.parse_next(input)?;
    let error = opt(word).parse_next(input)?;
    // What stands in parentheses behind it is a remark.
    opt((space0, '(', take_till(0.., [')', '\n']), ')')).parse_next(input)?;
    Ok(SystemCall { returns: None, name, arguments, result, error })
}

/// What stands between parentheses, taken apart at its commas; brackets inside keep theirs.
fn arguments<'a>(input: &mut Input<'a>) -> ModalResult<Vec<&'a str>> {
    let text: &'a str = input.as_ref();
    if !text.starts_with('(') {
        return fail.parse_next(input);
    }
    let mut arguments = Vec::new();
    let mut depth = 0usize;
    let mut start = 1;
    let mut is_quoted = false;
    for (at, letter) in text.char_indices() {
        match letter {
            '"' => is_quoted = !is_quoted,
            _ if is_quoted => {}
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth > 1 => depth -= 1,
            ',' | ')' | ']' | '}' if depth == 1 => {
                let argument = text.get(start..at).unwrap_or_default().trim();
                start = at + 1;
                if letter == ',' || !argument.is_empty() || !arguments.is_empty() {
                    arguments.push(argument);
                }
                if letter != ',' {
                    input.next_slice(at + 1);
                    return Ok(arguments);
                }
            }
            _ => {}
        }
    }
    fail.parse_next(input)
}

fn word<'a>(input: &mut Input<'a>) -> ModalResult<&'a str> {
    take_while(1.., |letter: char| letter.is_ascii_alphanumeric() || letter == '_').parse_next(input)
}

fn field(input: &mut Input<'_>) -> ModalResult<u32> {
    number.context(expected("a number from 0 to 4294967295")).parse_next(input)
}

fn number(input: &mut Input<'_>) -> ModalResult<u32> {
    dec_uint.parse_next(input)
}
