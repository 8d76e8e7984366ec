//! The files that are compiled in: `policies/`, so that an installed `lastack` needs no files.

macro_rules! policies {
    ($($name:literal)*) => {
        &[$((concat!("policies/", $name, ".toml"), include_str!(concat!("../../policies/", $name, ".toml")))),*]
    };
}

/// Path and text of each file of `policies/`.
pub(super) const POLICIES: &[(&str, &str)] = policies!(
    "cs144"
    "demikernel"
    "freebsd"
    "fuchsia"
    "generic"
    "gvisor"
    "libtpa"
    "linux"
    "lwip"
    "netx"
    "rfc1337"
    "rfc5961"
    "rfc793"
    "rfc9293"
    "smoltcp"
    "zephyr"
);
