//! What there is at each place, and the answer to a request for it.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::json;

use super::exploration::Exploration;
use super::request::{Query, Refusal, Status, places};
use super::{answers, formula, protocol};
use crate::model::Layout;
use crate::report::terminal::Terminal;
use crate::report::trace::{TraceFormat, itf, pcap, svg};
use crate::trace::Trace;

/// The answer to a request, apart from what every answer says.
pub(super) struct Reply {
    /// It only says why there is nothing.
    pub(super) refused: Option<Status>,
    pub(super) content_type: &'static str,
    pub(super) policy: &'static str,
    /// The name of the file that a browser saves it as.
    pub(super) saved_as: Option<String>,
    pub(super) body: Cow<'static, [u8]>,
}

/// The page loads nothing but what this server has, and is in no frame.
const STRICT: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// stateright's page makes functions of its bindings, and shows pictures that bring their styles.
const OF_STATERIGHT: &str = "default-src 'none'; script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; \
                             connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const JSON: &str = "application/json";
const PICTURE: &str = "image/svg+xml";

/// The files of the pages, as they are.
const FILES: [(&str, &str, &str, &str); 7] = [
    ("/", HTML, STRICT, include_str!("page/index.html")),
    ("/explorer.js", SCRIPT, STRICT, include_str!("page/explorer.js")),
    ("/icon.svg", PICTURE, STRICT, include_str!("page/icon.svg")),
    ("/stateright/", HTML, OF_STATERIGHT, include_str!("stateright/index.htm")),
    ("/stateright/app.css", CSS, OF_STATERIGHT, include_str!("stateright/app.css")),
    ("/stateright/app.js", SCRIPT, OF_STATERIGHT, include_str!("stateright/app.js")),
    ("/stateright/knockout-3.5.0.js", SCRIPT, OF_STATERIGHT, include_str!("stateright/knockout-3.5.0.js")),
];

/// The answer to `GET` of a path and a query.
pub(super) fn answer<L: Layout>(exploration: &Exploration<L>, path: &str, query: &str) -> Reply {
    found(exploration, path, query).unwrap_or_else(|Refusal { status, text }| {
        let body = json!({ "error": text }).to_string();
        Reply { refused: Some(status), ..plain(JSON, STRICT, body.into_bytes()) }
    })
}

fn found<L: Layout>(exploration: &Exploration<L>, path: &str, query: &str) -> Result<Reply, Refusal> {
    if let Some((_, content_type, policy, text)) = FILES.iter().find(|(name, ..)| *name == path) {
        return Ok(plain(content_type, policy, text.as_bytes()));
    }
    if path == "/explorer.css" {
        // The ladders of the page are drawn with the styles of all pictures.
        return Ok(plain(CSS, STRICT, [include_str!("page/explorer.css"), svg::STYLE].concat().into_bytes()));
    }
    if path == "/.status" {
        return document(&protocol::status(exploration));
    }
    if let Some(path) = path.strip_prefix("/.states") {
        return if matches!(path, "" | "/") {
            document(&protocol::initial_states(&exploration.model))
        } else {
            document(&protocol::next_states(&exploration.model, &places(path)?)?)
        };
    }
    let query = Query::parse(query)?;
    if path == "/api/scenario" {
        return document(&answers::scenario(exploration));
    }
    if path == "/api/counterexample" {
        let name = query.property.as_deref().unwrap_or_default();
        return document(&answers::counterexample(exploration, name, query.at)?);
    }
    if let Some(path) = path.strip_prefix("/api/path") {
        let places = places(path)?;
        return document(&answers::path(exploration, &places, query.at, query.property.as_deref())?);
    }
    if let Some(path) = path.strip_prefix("/api/formula") {
        let text = query.formula.ok_or_else(|| Refusal::new(Status::BadRequest, "no `formula` is given"))?;
        return document(&formula::evaluate(exploration, &places(path)?, &text)?);
    }
    if let Some(file) = path.strip_prefix("/download") {
        return download(exploration, file, &query);
    }
    Err(Refusal::new(Status::NotFound, "there is nothing here"))
}

/// A path as a file: `/0/2/1.svg`; or, of a run that is no path, `/run.svg?property=…`.
fn download<L: Layout>(exploration: &Exploration<L>, file: &str, query: &Query) -> Result<Reply, Refusal> {
    let nothing = || Refusal::new(Status::NotFound, "there is nothing to download here");
    let (path, extension) = file.rsplit_once('.').ok_or_else(nothing)?;
    let (format, content_type) = match extension {
        "svg" => (TraceFormat::Svg, PICTURE),
        "pcap" => (TraceFormat::Pcap, "application/vnd.tcpdump.pcap"),
        "itf" => (TraceFormat::Itf, JSON),
        _ => return Err(nothing()),
    };
    let property = query.property.as_deref();
    let walked;
    let (decision, trace) = if path == "/run" {
        let decision = exploration.decision(property.unwrap_or_default()).ok_or_else(nothing)?;
        (Some(decision), &decision.evidence.as_ref().ok_or_else(nothing)?.trace)
    } else {
        let places = places(path)?;
        if let Some(decision) = exploration.decided_by(&places, property).first() {
            (Some(*decision), &decision.evidence.as_ref().ok_or_else(nothing)?.trace)
        } else {
            let walk = exploration.model.walk(&places);
            walked = walk.map_err(|astray| Refusal::new(Status::NotFound, astray.to_string()))?.trace;
            (None, &walked)
        }
    };
    let scenario = &exploration.scenario;
    let bytes = match decision {
        Some(decision) => format
            .write(scenario, &decision.instance, trace, Terminal::PLAIN)
            .map_err(|fault| Refusal::new(Status::Unprocessable, fault.title))?,
        None => of_path(exploration, format, trace)?,
    };
    let of = decision.map_or_else(|| "path".to_owned(), |decision| decision.instance.name().replace('@', "-"));
    let ending = if extension == "itf" { "itf.json" } else { extension };
    let saved_as = Some(format!("{}-{of}.{ending}", scenario.name));
    Ok(Reply { saved_as, ..plain(content_type, STRICT, bytes) })
}

/// A path that decides nothing.
fn of_path<L: Layout>(
    exploration: &Exploration<L>,
    format: TraceFormat,
    trace: &Trace,
) -> Result<Vec<u8>, Refusal> {
    let scenario = &exploration.scenario;
    match format {
        TraceFormat::Pcap => {
            pcap::capture(trace).map_err(|error| Refusal::new(Status::Unprocessable, error.to_string()))
        }
        TraceFormat::Itf => Ok(itf::path(scenario, trace).into_bytes()),
        _ => Ok(svg::path(Some(scenario.config.msl), trace).into_bytes()),
    }
}

fn plain(content_type: &'static str, policy: &'static str, body: impl Into<Cow<'static, [u8]>>) -> Reply {
    Reply { refused: None, content_type, policy, saved_as: None, body: body.into() }
}

fn document(value: &impl Serialize) -> Result<Reply, Refusal> {
    let text = serde_json::to_vec(value)
        .map_err(|error| Refusal::new(Status::Unprocessable, format!("this cannot be written: {error}")))?;
    Ok(plain(JSON, STRICT, text))
}
