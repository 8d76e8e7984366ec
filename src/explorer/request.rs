//! What a request asks for, and why it is refused.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;

use super::walk::MAX_STEPS;

/// The longest formula, in bytes.
const MAX_FORMULA_BYTES: usize = 2000;

/// Why a request has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    /// It is written in a way that is not understood.
    BadRequest,
    /// There is nothing at that place.
    NotFound,
    /// Its formula has a mistake.
    Unprocessable,
}

/// A request that has no answer, and why.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: Status,
    pub(super) text: String,
}

impl Refusal {
    pub(super) fn new(status: Status, text: impl Into<String>) -> Self {
        Self { status, text: text.into() }
    }
}

/// The places of a path as stateright writes it, `/0/2/1`: the first is that of the initial state, of which there
/// is one.
pub(super) fn places(path: &str) -> Result<Vec<usize>, Refusal> {
    let malformed = || Refusal::new(Status::BadRequest, "expected a path such as 0/2/1: the places of actions");
    let path = path.strip_prefix('/').ok_or_else(malformed)?;
    let path = path.strip_suffix('/').unwrap_or(path);
    let mut numbers = path.split('/');
    if numbers.next() != Some("0") {
        return Err(Refusal::new(Status::NotFound, "a path begins with 0: there is one initial state"));
    }
    let mut places = Vec::new();
    for number in numbers {
        if places.len() == MAX_STEPS {
            return Err(Refusal::new(Status::BadRequest, format!("a path has at most {MAX_STEPS} steps")));
        }
        let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
        places.push(number.parse().ok().filter(|_| is_number).ok_or_else(malformed)?);
    }
    Ok(places)
}

/// What stands behind the question mark of a request.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Query {
    /// The state after so many steps is meant.
    pub(super) at: Option<usize>,
    /// The instance that is meant.
    pub(super) property: Option<String>,
    /// The formula that is to be evaluated.
    pub(super) formula: Option<String>,
}

impl Query {
    /// Reads the keys that there are; others are refused.
    pub(super) fn parse(query: &str) -> Result<Self, Refusal> {
        let mut values: BTreeMap<&str, String> = BTreeMap::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = percent_decode_str(value).decode_utf8();
            let value = value.map_err(|_| Refusal::new(Status::BadRequest, format!("`{key}` is not UTF-8")))?;
            values.insert(key, value.into_owned());
        }
        let at = match values.remove("at") {
            Some(at) => {
                let malformed = |_| Refusal::new(Status::BadRequest, "`at` is no number of steps");
                Some(at.parse().map_err(malformed)?)
            }
            None => None,
        };
        let (property, formula) = (values.remove("property"), values.remove("formula"));
        if let Some(key) = values.keys().next() {
            return Err(Refusal::new(Status::BadRequest, format!("`{key}` is asked for by nobody")));
        }
        if formula.as_ref().is_some_and(|formula| formula.len() > MAX_FORMULA_BYTES) {
            let text = format!("the formula is longer than {MAX_FORMULA_BYTES} bytes");
            return Err(Refusal::new(Status::BadRequest, text));
        }
        Ok(Self { at, property, formula })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_path_is_a_list_of_places() {
        assert_eq!(places("/0"), Ok(vec![]));
        assert_eq!(places("/0/2/1"), Ok(vec![2, 1]));
        assert_eq!(places("/0/2/1/"), Ok(vec![2, 1]));
        for wrong in ["", "/", "0/1", "/1", "//", "/0//1", "/0/-1", "/0/+1", "/0/x", "/0/99999999999999999999999"]
        {
            assert!(places(wrong).is_err(), "{wrong}");
        }
        assert!(places(&format!("/0{}", "/0".repeat(MAX_STEPS))).is_ok());
        assert!(places(&format!("/0{}", "/0".repeat(MAX_STEPS + 1))).is_err());
    }

    #[test]
    fn a_query_has_known_keys() {
        let query = Query::parse("at=3&formula=A.state%20%3D%3D%20CLOSED").unwrap();
        assert_eq!((query.at, query.formula.as_deref()), (Some(3), Some("A.state == CLOSED")));
        assert_eq!(Query::parse(""), Ok(Query::default()));
        for wrong in ["at=", "at=x", "at=-1", "colour=red", "formula=%ff"] {
            assert!(Query::parse(wrong).is_err(), "{wrong}");
        }
        assert!(Query::parse(&format!("formula={}", "a".repeat(MAX_FORMULA_BYTES + 1))).is_err());
    }

    proptest! {
        #[test]
        fn no_request_is_fatal(path in "\\PC{0,64}", query in "\\PC{0,64}") {
            let _ = (places(&path), Query::parse(&query));
        }
    }
}
