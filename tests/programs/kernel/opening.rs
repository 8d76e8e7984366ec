//! When the ports of a connection in `TIME_WAIT` can be connected from again.

use std::fs;
use std::thread;
use std::time::Duration;

use lastack::conform::Stack;
use lastack::conform::kernel::{Kernel, policy};
use lastack::tcp::{Call, Flags, Segment, Seq, State};

use crate::Missing;

const RTO: Duration = Duration::from_secs(5);

/// Linux, `tcp_twsk_unique`: a port that the application has bound is connected from again with timestamps alone.
/// `tcp_tw_reuse` counts where the kernel chooses the port.
pub(crate) fn only_timestamps_let_time_wait_be_reused() -> Result<(), Missing> {
    let _guard = super::available()?;
    let set = |name: &str, value: &str| fs::write(format!("/proc/sys/net/ipv4/{name}"), value).unwrap();
    for (timestamps, reuse, after, may) in
        [("0", "0", 0, false), ("0", "1", 2_500, false), ("1", "0", 2_500, true), ("1", "1", 2_500, true)]
    {
        let connected = Kernel::with(&policy().unwrap(), None, |kernel| {
            set("tcp_timestamps", timestamps);
            set("tcp_tw_reuse", reuse);
            let mut connection = kernel.closed(RTO, 1)?;
            if timestamps == "1" {
                connection.send_timestamps();
            }
            connection.establish()?;
            connection.call(Call::Shutdown)?;
            connection.sent()?;
            connection.arrive(&Segment { flags: Flags::FIN_ACK, seq: Seq(1), ack: Seq(2), len: 0 })?;
            connection.sent()?;
            assert_eq!(connection.state()?, State::TimeWait);
            thread::sleep(Duration::from_millis(after));
            connection.number_from(Seq(3));
            let connected = connection.connect();
            if connected.is_ok() {
                assert_eq!(connection.state()?, State::SynSent);
                let syn = Segment { flags: Flags::SYN, seq: Seq(3), ack: Seq(0), len: 0 };
                assert_eq!(connection.sent()?, [syn]);
            }
            Ok(connected.map_err(|error| error.to_string()))
        });
        let what = format!("timestamps {timestamps}, tcp_tw_reuse {reuse}, after {after} ms");
        match connected.unwrap() {
            Ok(()) => assert!(may, "{what}"),
            Err(error) => assert!(!may && error.contains("Cannot assign requested address"), "{what}: {error}"),
        }
    }
    Ok(())
}
