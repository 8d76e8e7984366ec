//! The state of a connection in the kernel, also after its application has closed it: `sock_diag(7)`.

use std::io;
use std::net::{IpAddr, SocketAddrV4};

use netlink_packet_core::{NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload};
use netlink_packet_sock_diag::inet::{ExtensionFlags, InetRequest, SocketId, StateFlags};
use netlink_packet_sock_diag::{
    AF_INET, IPPROTO_TCP, SockDiagMessage, TCP_CLOSE, TCP_CLOSE_WAIT, TCP_CLOSING, TCP_ESTABLISHED, TCP_FIN_WAIT1,
    TCP_FIN_WAIT2, TCP_LAST_ACK, TCP_LISTEN, TCP_SYN_RECV, TCP_SYN_SENT, TCP_TIME_WAIT,
};
use netlink_sys::protocols::NETLINK_SOCK_DIAG;
use netlink_sys::{Socket, SocketAddr};

use super::error::Error;
use crate::tcp::State;

/// Asks for any socket with these ports and addresses, not for one that is known already.
const NO_COOKIE: [u8; 8] = [0xff; 8];

/// What the kernel answers where there is no such socket: `errno(3)`'s `ENOENT`.
const NO_ENTRY: i32 = nix::errno::Errno::ENOENT as i32;

/// A socket to ask through; it sees the namespace that it was opened in.
pub(super) struct SockDiag(Socket);

impl SockDiag {
    /// Opens it in the thread's network namespace.
    pub(super) fn open() -> Result<Self, Error> {
        let what = "open a socket for sock_diag";
        let socket = Socket::new(NETLINK_SOCK_DIAG).map_err(Error::system(what))?;
        socket.connect(&SocketAddr::new(0, 0)).map_err(Error::system(what))?;
        Ok(Self(socket))
    }

    /// The state of the connection between two addresses; where there is none, it is LISTEN or CLOSED.
    pub(super) fn state(&self, kernel: SocketAddrV4, peer: SocketAddrV4) -> Result<State, Error> {
        let answer = self.ask(kernel, peer).map_err(Error::system("ask for the state of a connection"))?;
        let state = match answer {
            NetlinkPayload::InnerMessage(SockDiagMessage::InetResponse(response)) => response.header.state,
            NetlinkPayload::Error(error) if error.raw_code().abs() == NO_ENTRY => TCP_CLOSE,
            NetlinkPayload::Error(error) => {
                return Err(Error::system("ask for the state of a connection")(error.to_io()));
            }
            other => return Err(Error::Unexpected(format!("sock_diag answers {other:?}"))),
        };
        match state {
            TCP_LISTEN => Ok(State::Listen),
            TCP_SYN_SENT => Ok(State::SynSent),
            TCP_SYN_RECV => Ok(State::SynReceived),
            TCP_ESTABLISHED => Ok(State::Established),
            TCP_FIN_WAIT1 => Ok(State::FinWait1),
            TCP_FIN_WAIT2 => Ok(State::FinWait2),
            TCP_CLOSE_WAIT => Ok(State::CloseWait),
            TCP_CLOSING => Ok(State::Closing),
            TCP_LAST_ACK => Ok(State::LastAck),
            TCP_TIME_WAIT => Ok(State::TimeWait),
            TCP_CLOSE => Ok(State::Closed),
            other => Err(Error::Unexpected(format!("the kernel's state {other} is none of a connection"))),
        }
    }

    fn ask(&self, kernel: SocketAddrV4, peer: SocketAddrV4) -> io::Result<NetlinkPayload<SockDiagMessage>> {
        let mut header = NetlinkHeader::default();
        header.flags = NLM_F_REQUEST;
        let request = InetRequest {
            family: AF_INET,
            protocol: IPPROTO_TCP,
            extensions: ExtensionFlags::empty(),
            states: StateFlags::all(),
            socket_id: SocketId {
                source_port: kernel.port(),
                destination_port: peer.port(),
                source_address: IpAddr::V4(*kernel.ip()),
                destination_address: IpAddr::V4(*peer.ip()),
                interface_id: 0,
                cookie: NO_COOKIE,
            },
        };
        let mut message = NetlinkMessage::new(header, SockDiagMessage::InetRequest(request).into());
        message.finalize();
        let mut octets = vec![0; message.buffer_len()];
        message.serialize(&mut octets);
        self.0.send(&octets, 0)?;
        let (answer, _) = self.0.recv_from_full()?;
        NetlinkMessage::deserialize(&answer).map(|message| message.payload).map_err(io::Error::other)
    }
}
