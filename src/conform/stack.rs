//! A TCP implementation that is driven from outside, one event at a time.

use crate::tcp::{Call, Segment, Seq, State, Timer};

/// What another implementation needs to be compared with the endpoint in lock step.
pub trait Stack {
    /// What went wrong outside of TCP.
    type Error: std::fmt::Display;
    /// The application opens a connection.
    ///
    /// # Errors
    /// If the stack cannot be driven.
    fn connect(&mut self) -> Result<(), Self::Error>;
    /// The application waits for connections, for one after the other, until it closes or aborts while there is
    /// none.
    ///
    /// # Errors
    /// If the stack cannot be driven.
    fn listen(&mut self) -> Result<(), Self::Error>;
    /// What happens next begins a connection, for which the endpoint has this initial number. The stack has one of
    /// its own; segments count from the endpoint's.
    fn number_from(&mut self, iss: Seq);
    /// The application calls anything but RECEIVE.
    ///
    /// # Errors
    /// If the stack cannot be driven.
    fn call(&mut self, call: Call) -> Result<(), Self::Error>;
    /// The application calls RECEIVE: how many octets there were.
    ///
    /// # Errors
    /// If the stack cannot be driven.
    fn receive(&mut self) -> Result<u32, Self::Error>;
    /// A segment arrives. Where a connection is established from the start, its first octets have number 1 (both
    /// initial sequence numbers are 0).
    ///
    /// # Errors
    /// If the stack cannot be driven.
    fn arrive(&mut self, segment: &Segment) -> Result<(), Self::Error>;
    /// A timer that is due in the model expires.
    ///
    /// # Errors
    /// If the stack cannot be driven.
    fn expire(&mut self, timer: Timer) -> Result<(), Self::Error>;
    /// What was sent since this was last asked, in order.
    ///
    /// # Errors
    /// If the stack cannot be driven.
    fn sent(&mut self) -> Result<Vec<Segment>, Self::Error>;
    /// The state of the connection.
    ///
    /// # Errors
    /// If the stack cannot be driven.
    fn state(&mut self) -> Result<State, Self::Error>;
}
