//! Who is served: requests from this server's own page, and from nobody's page.
//!
//! A page from elsewhere that is open in the same browser can send requests to this computer, and by DNS rebinding
//! even under a name of its own. So the host that a request names has to be an address, or `localhost`, which no
//! name from elsewhere is; and what a browser says of the page that asks has to be this origin or none.

use std::net::{IpAddr, SocketAddr};

use hyper::header::{HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN};
use hyper::{StatusCode, Uri};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Which hosts a request may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hosts {
    /// `localhost` and the addresses of this computer alone.
    Loopback,
    /// `localhost` and every address.
    Addresses,
}

impl Hosts {
    /// Those of a server that listens at an address.
    pub(super) fn of(listens_at: SocketAddr) -> Self {
        if listens_at.ip().is_loopback() { Self::Loopback } else { Self::Addresses }
    }

    fn include(self, host: &str) -> bool {
        let Some(name) = name_of(host) else {
            return false;
        };
        let ip = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
        match ip.parse::<IpAddr>() {
            Ok(ip) => self == Self::Addresses || ip.is_loopback(),
            Err(_) => name.eq_ignore_ascii_case("localhost"),
        }
    }
}

/// The name before the port, if both are well-formed. The port may be another than that which is listened at: it
/// may have been forwarded.
fn name_of(host: &str) -> Option<&str> {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
        _ => (host, None),
    };
    let is_number = |port: &str| port.parse::<u16>().is_ok() && port.bytes().all(|byte| byte.is_ascii_digit());
    (!name.is_empty() && port.is_none_or(is_number)).then_some(name)
}

/// Why a request is refused, whatever it asks for.
pub(super) fn refuses(hosts: Hosts, uri: &Uri, headers: &HeaderMap) -> Option<StatusCode> {
    let only = |name: HeaderName| -> Option<&HeaderValue> {
        let mut values = headers.get_all(name).iter();
        values.next().filter(|_| values.next().is_none())
    };
    // A target with a host of its own is for proxies.
    let host = only(HOST).and_then(|host| host.to_str().ok()).filter(|_| uri.authority().is_none());
    let Some(host) = host.filter(|host| hosts.include(host)) else {
        return Some(StatusCode::MISDIRECTED_REQUEST);
    };
    if headers.contains_key(ORIGIN) {
        let is_own = |origin: &HeaderValue| origin.as_bytes() == format!("http://{host}").as_bytes();
        if !only(ORIGIN).is_some_and(is_own) {
            return Some(StatusCode::FORBIDDEN);
        }
    }
    // `none`: somebody typed the address, or followed a link of a terminal.
    if headers.contains_key(SEC_FETCH_SITE)
        && !only(SEC_FETCH_SITE).is_some_and(|site| site == "same-origin" || site == "none")
    {
        return Some(StatusCode::FORBIDDEN);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(hosts: Hosts, headers: &[(&'static str, &str)]) -> Option<u16> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        refuses(hosts, &Uri::from_static("/"), &map).map(|status| status.as_u16())
    }

    #[test]
    fn a_host_is_an_address_or_localhost() {
        for own in
            ["localhost", "localhost:3000", "LOCALHOST:1", "127.0.0.1:3000", "127.9.9.9", "[::1]:3000", "[::1]"]
        {
            assert_eq!(status(Hosts::Loopback, &[("host", own)]), None, "{own}");
        }
        for foreign in [
            "",
            "example.org",
            "example.org:3000",
            "localhost.example.org",
            "127.0.0.1.example.org",
            "192.0.2.1:3000",
            "[2001:db8::1]:3000",
            "localhost:",
            "localhost:99999",
            "localhost:+80",
            ":3000",
            "127.0.0.1:3000:3000",
            "user@localhost",
        ] {
            assert_eq!(status(Hosts::Loopback, &[("host", foreign)]), Some(421), "{foreign}");
        }
        assert_eq!(status(Hosts::Addresses, &[("host", "192.0.2.1:3000")]), None);
        assert_eq!(status(Hosts::Addresses, &[("host", "rebound.example.org:3000")]), Some(421));
        assert_eq!(status(Hosts::Loopback, &[]), Some(421));
        assert_eq!(status(Hosts::Loopback, &[("host", "localhost"), ("host", "localhost")]), Some(421));
        let mut map = HeaderMap::new();
        map.insert(HOST, HeaderValue::from_static("localhost"));
        let refused = refuses(Hosts::Loopback, &Uri::from_static("http://example.org/"), &map);
        assert_eq!(refused, Some(StatusCode::MISDIRECTED_REQUEST));
    }

    #[test]
    fn another_page_gets_nothing() {
        let host = ("host", "localhost:3000");
        for own in [
            &[("origin", "http://localhost:3000")][..],
            &[("sec-fetch-site", "same-origin")],
            &[("sec-fetch-site", "none")],
        ] {
            assert_eq!(status(Hosts::Loopback, &[&[host], own].concat()), None, "{own:?}");
        }
        for foreign in [
            &[("origin", "http://example.org")][..],
            &[("origin", "null")],
            &[("origin", "http://localhost")],
            &[("origin", "http://127.0.0.1:3000")],
            &[("origin", "https://localhost:3000")],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")],
            &[("origin", "http://localhost:3000"), ("origin", "http://example.org")],
        ] {
            assert_eq!(status(Hosts::Loopback, &[&[host], foreign].concat()), Some(403), "{foreign:?}");
        }
    }
}
