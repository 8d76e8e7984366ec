//! Each instance's verdict together with the behaviour that shows it.

use super::decide::{Evidence, decide};
use crate::explore::{Extent, Limits, Phase, Stopped};
use crate::property::{Instance, Verdict};
use crate::trace::NoTrace;
use crate::world::Scenario;

/// What one exploration of a scenario's timed world has found.
#[derive(Clone, Debug)]
pub struct Findings {
    /// How far it came.
    pub extent: Extent,
    /// Why it ended early.
    pub stopped: Option<Stopped>,
    /// One for each instance, in their order.
    pub each: Vec<Finding>,
}

/// What was found of one instance.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The instance.
    pub instance: Instance,
    /// What is known of it.
    pub verdict: Verdict,
    /// The counterexample or the example, replayed, where there is one.
    pub evidence: Option<Evidence>,
}

impl Findings {
    /// Explores the world once, and decides the instances, which must be applicable to it.
    pub fn of(
        scenario: &Scenario,
        instances: Vec<Instance>,
        threads: usize,
        limits: Limits<'_>,
        progress: &dyn Fn(Phase, &Extent),
    ) -> Result<Self, NoTrace> {
        let decided = decide(scenario, &instances, threads, limits, progress);
        let evidence = decided.evidence(scenario, &instances)?;
        let each = instances.into_iter().zip(decided.verdicts).zip(evidence);
        let each = each.map(|((instance, verdict), evidence)| Finding { instance, verdict, evidence }).collect();
        Ok(Self { extent: decided.extent, stopped: decided.stopped, each })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Library, shortest_trace};
    use crate::trace::Ending;
    use crate::world::TimedWorld;

    /// One exploration finds for each instance what a search for it alone finds; the places lead to the same steps.
    #[test]
    fn each_instance_has_its_shortest_trace() {
        let library = Library::read(&[], &[]).unwrap();
        let mut endings = [0; 3];
        for name in ["one-msl", "dead-network", "gives-up"] {
            let scenario = library.scenarios(&[name.to_owned()], &[], 1).unwrap().remove(0);
            let instances: Vec<Instance> = library.properties.iter().flat_map(Instance::all).collect();
            let found = Findings::of(&scenario, instances, 1, Limits::NONE, &|_, _| {}).unwrap();
            let world = TimedWorld::new(scenario.config);
            for Finding { instance, verdict, evidence } in found.each {
                let alone = shortest_trace(&scenario, std::slice::from_ref(&instance), Limits::NONE).unwrap();
                assert_eq!(evidence.is_some(), matches!(verdict, Verdict::Violated | Verdict::Possible));
                assert_eq!(evidence.as_ref().map(|one| &one.trace), alone.as_ref().map(|(_, trace)| trace));
                let Some(Evidence { trace, places }) = evidence else {
                    continue;
                };
                endings[match trace.ending {
                    Ending::Open => 0,
                    Ending::Stops { .. } => 1,
                    Ending::Repeats { .. } => 2,
                }] += 1;
                assert_eq!(places.len(), trace.steps.len());
                let mut state = world.initial().unwrap();
                for (place, step) in places.into_iter().zip(trace.steps) {
                    let mut enabled = Vec::new();
                    world.enabled(&state, &mut enabled);
                    state = world.step(&state, enabled[place]).unwrap();
                    assert_eq!(
                        crate::world::End::BOTH.map(|end| state.endpoint(end).0.state),
                        step.after.states()
                    );
                }
            }
        }
        assert!(endings.iter().all(|count| *count > 0), "{endings:?}");
    }
}
