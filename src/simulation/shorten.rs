//! A run that reveals something, without what it does not need.

use super::run::reveals;
use crate::model::Config;
use crate::property::Instance;
use crate::realtime::Witness;

/// Leaves out events, ever smaller groups of them, as long as what is left is a run that reveals the instance
/// (Zeller and Hildebrandt's delta debugging); then takes the earliest moments, in the largest parts of a tick
/// that will do.
pub(super) fn shortened(config: &Config, instance: &Instance, witness: Witness) -> Witness {
    let mut best = witness;
    let mut size = best.events.len().div_ceil(2).max(1);
    loop {
        let mut is_shorter = false;
        let mut start = 0;
        while start < best.events.len() {
            let mut events = best.events.clone();
            events.drain(start..(start + size).min(events.len()));
            let candidate = Witness { parts: best.parts, events };
            if reveals(config, instance, &candidate) {
                best = candidate;
                is_shorter = true;
            } else {
                start += size;
            }
        }
        match (size, is_shorter) {
            (1, false) => break,
            (1, true) => {}
            _ => size = size.div_ceil(2),
        }
    }
    let retimed = best.retimed(config, config).filter(|retimed| reveals(config, instance, retimed));
    retimed.unwrap_or(best)
}
