//! The application of a replayed case: its calls, and what they return.

use super::{Host, ticks};
use crate::conform::recorded::case::{AppCall, SocketError};
use crate::conform::recorded::returned::Returned;
use crate::model::EndpointEvent;
use crate::tcp::{Call, EndedBy, Endpoint, Sending, State, Transfer};

impl Host {
    /// Makes a call and returns its result.
    pub(in crate::conform::recorded) fn app(&mut self, call: &AppCall) -> Returned {
        let state = self.endpoint.state;
        let returned = match (call, state) {
            // Of sockets this is ENOTCONN; RFC 9293 §3.10.4: "connection does not exist".
            (AppCall::ShutdownWrite | AppCall::ShutdownRead | AppCall::ShutdownBoth, State::Closed) => {
                Returned::Gone
            }
            (_, State::Established | State::CloseWait) | (AppCall::ShutdownRead, _) => Returned::Done,
            (AppCall::Send { .. }, State::Closed) => Returned::Gone,
            (AppCall::Send { .. }, _) => Returned::Closing,
            (AppCall::Abort, state) if state != State::Closed => Returned::Done,
            _ => Returned::NothingToDo,
        };
        match call {
            AppCall::Connect => {
                self.take(None, |endpoint, policy| endpoint.connect(endpoint.next_iss(), policy));
                let is_new = self.endpoint.state == State::SynSent && state != State::SynSent;
                return if is_new { Returned::Done } else { Returned::NothingToDo };
            }
            AppCall::Listen if state == State::Closed => {
                self.endpoint.listen();
                return Returned::Done;
            }
            AppCall::Listen => return Returned::NothingToDo,
            AppCall::Close if self.lingers_not => self.call(Call::Abort),
            AppCall::Close => self.call(Call::Close),
            AppCall::Abort => self.call(Call::Abort),
            AppCall::ShutdownWrite => self.call(Call::Shutdown),
            AppCall::ShutdownRead => self.take(None, Endpoint::shutdown_read),
            AppCall::ShutdownBoth => {
                self.call(Call::Shutdown);
                self.take(None, Endpoint::shutdown_read);
            }
            AppCall::Send { octets, queued: true } => {
                self.endpoint.queue(*octets);
                // Nothing can be sent, and the endpoint knows that something waits.
                if self.endpoint.transfer.send_window.size == 0
                    && self.policy.transmission.sending == Sending::AtOnce
                {
                    self.poll(u32::MAX);
                }
            }
            AppCall::Send { octets, queued: false } => {
                if state == State::Closed {
                    return self.pending_error().unwrap_or(Returned::Closing);
                }
                self.take(Some(EndpointEvent::Call(Call::Send)), |endpoint, policy| {
                    endpoint.send_text(*octets, policy)
                });
                if returned == Returned::Done {
                    return Returned::Octets(*octets);
                }
            }
            AppCall::Receive(octets) => return self.receive(*octets),
            AppCall::Peek(octets) => return self.clone().receive(Some(*octets)),
            AppCall::TakeError => return self.pending_error().unwrap_or(Returned::Done),
            AppCall::SetUserTimeout(span) => {
                // As `TCP_USER_TIMEOUT` has it, 0 is none.
                self.user_timeout = Some(span.milliseconds(&self.policy)).filter(|timeout| *timeout > 0);
                return Returned::Done;
            }
            AppCall::SetLingerZero | AppCall::UnsetLinger => {
                self.lingers_not = *call == AppCall::SetLingerZero;
                return Returned::Done;
            }
            AppCall::SetFinWait2Timeout(span) => {
                // As `TCP_LINGER2` has it, 0 is the system's own.
                let timeout = Some(ticks(span, &self.policy)).filter(|timeout| *timeout > 0);
                self.policy.wait.fin_wait_2_timeout = timeout.or(self.policy.wait.fin_wait_2_timeout);
                return Returned::Done;
            }
        }
        returned
    }

    fn receive(&mut self, octets: Option<u32>) -> Returned {
        let octets = octets.unwrap_or(u32::MAX);
        let Endpoint { state, ended_by, fin_received, transfer: Transfer { reading_shut, .. }, .. } =
            self.endpoint;
        let read = self.endpoint.receive(octets).max(octets.min(self.left_over));
        self.left_over = self.left_over.saturating_sub(octets);
        if read > 0 {
            Returned::Octets(read)
        } else if state == State::Closed && ended_by != Some(EndedBy::Fin) {
            self.pending_error().unwrap_or(Returned::Eof)
        } else if reading_shut || fin_received {
            Returned::Eof
        } else {
            Returned::Nothing
        }
    }

    /// How the connection ended; returned once.
    fn pending_error(&mut self) -> Option<Returned> {
        let error = self.socket_error()?;
        let was_known = std::mem::replace(&mut self.end_is_known, true);
        (!was_known).then_some(Returned::Failed(error))
    }

    /// What `SO_ERROR` says: a socket that is gone, as in `TIME_WAIT`, says nothing.
    pub(in crate::conform::recorded) fn socket_error(&self) -> Option<SocketError> {
        let Endpoint { ended_by, left, .. } = self.endpoint;
        match (ended_by?, left?) {
            (EndedBy::Fin | EndedBy::Abort, _) | (EndedBy::Rst, State::TimeWait) => None,
            (EndedBy::Rst, State::CloseWait) if self.policy.resets.epipe_after_fin => {
                Some(SocketError::BrokenPipe)
            }
            // RFC 9293 §3.10.7.4: "the connection was refused".
            (EndedBy::Rst, State::SynSent | State::SynReceived) => Some(SocketError::ConnectionRefused),
            (EndedBy::Rst, _) => Some(SocketError::ConnectionReset),
            (EndedBy::GiveUp, _) => Some(SocketError::TimedOut),
        }
    }
}
