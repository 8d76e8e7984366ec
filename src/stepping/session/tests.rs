use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::check::{Library, shortest_trace};
use crate::diagnostic::SourceFile;
use crate::explore::Limits;
use crate::model::End;
use crate::report::trace::itf;
use crate::report::trace::saved::SavedEnding;
use crate::scenario::Setting;
use crate::tcp::Call;

/// Halves: A's `TIME_WAIT` is over before what was sent last has gone.
const HALVES: [&str; 3] = ["network.msl=3", "network.duplicates=0", "tcp.time_wait=7"];

fn scenario(name: &str, settings: &[&str]) -> Arc<Scenario> {
    let library = Library::shipped().unwrap();
    let settings: Vec<String> = settings.iter().map(|&setting| setting.to_owned()).collect();
    library.scenarios(&[name.to_owned()], &Setting::parse_all(&settings).unwrap(), 1).unwrap().remove(0)
}

fn instances(names: &[&str]) -> Vec<Instance> {
    let library = Library::shipped().unwrap();
    names.iter().flat_map(|name| library.instances(name).unwrap()).collect()
}

fn session<'s>(scenario: &'s Scenario, properties: &[&str]) -> Session<'s> {
    Session::new(scenario, instances(properties), Terminal::PLAIN)
}

impl Session<'_> {
    fn tell(&mut self, line: &str) -> String {
        match self.obey(line) {
            Ok(Reply::Text(text)) => text,
            other => panic!("{line}: {other:?}"),
        }
    }

    fn refuse(&mut self, line: &str) -> String {
        let before = (self.greeting(None), self.tell("path"));
        let refused = self.obey(line).unwrap_err().render(false);
        assert_eq!((self.greeting(None), self.tell("path")), before, "{line} has changed something");
        refused
    }

    fn saved(&mut self) -> String {
        match self.obey("save here.json") {
            Ok(Reply::Save(_, text, _)) => text,
            other => panic!("{other:?}"),
        }
    }
}

fn parse(text: &str) -> SavedTrace {
    SavedTrace::parse(&SourceFile::new("saved.json", text)).unwrap()
}

/// The counterexample that `show` writes.
fn counterexample(scenario: &Scenario, property: &str) -> SavedTrace {
    let found = shortest_trace(scenario, &instances(&[property]), Limits::NONE);
    let (instance, trace) = found.unwrap().found().unwrap();
    parse(&json::document(scenario, &instance, &trace))
}

#[test]
fn steps_are_undone_and_taken_again() {
    let sequential = scenario("sequential", &[]);
    let mut session = session(&sequential, &[]);
    let at_first = session.tell("state");
    session.tell("A calls shutdown");
    let after_two = session.tell("#1 FIN seq=1 ack=1 arrives");
    assert!(after_two.contains("B ESTABLISHED → CLOSE_WAIT"), "{after_two}");
    assert_eq!(session.tell("undo 2"), at_first);
    assert!(session.refuse("undo").contains("no way back"));
    assert!(after_two.ends_with(&session.tell("redo 2")));
    assert_eq!(session.tell("goto 0"), at_first);
    session.tell("redo");
    session.tell("#1 FIN seq=1 ack=1 to B is lost");
    assert!(session.refuse("redo").contains("the run has 2 steps"));
}

#[test]
fn time_passes_to_the_next_timer() {
    let sequential = scenario("sequential", &["network.losses=1"]);
    let mut session = session(&sequential, &[]);
    assert!(session.refuse("timer").contains("there is nothing that time could wait for"));
    session.tell("A calls shutdown");
    let due = session.tell("timer");
    // Its RTO is the MSL: the FIN is lost as the timer is due.
    assert!(
        due.contains("Step 2: time passes: 2 ticks\n  A → FIN seq=1 ack=1 → B reaches the MSL: it is lost"),
        "{due}"
    );
    assert!(due.contains("A's retransmission timer is due\nAt tick 2, after step 2:"), "{due}");
    assert!(session.refuse("timer").contains("A's retransmission timer has to expire before"));
    assert!(session.refuse("pass 1").contains("A's retransmission timer has to expire before"));
    session.tell("A’s retransmission");
    let short = session.tell("timer");
    assert!(
        short.starts_with(
            "FIN seq=1 ack=1 to B reaches the MSL at tick 4, and no loss is left for it; A's retransmission \
             timer is due at 4: time stops short of that.\n"
        ),
        "{short}"
    );
    assert!(short.contains("At tick 3, after step 4:"), "{short}");
    assert!(session.refuse("timer").contains("deliver it first"));
    assert!(session.tell("pass 1/2").contains("At tick 3½, after step 5:"));
}

#[test]
fn time_is_as_fine_as_it_is_asked_for() {
    let sequential = scenario("sequential", &[]);
    let mut real = session(&sequential, &[]);
    real.tell("A calls shutdown");
    real.tell("pass 1/2");
    let shown = real.tell("pass ⅓");
    assert!(
        shown.contains("Step 3: time passes: ⅓ tick\n") && shown.contains("At tick ⅚, after step 3:"),
        "{shown}"
    );
    assert!(real.refuse("pass 1/1021").contains("no run has moments finer than 1/1024 of a tick"));
    assert!(real.refuse("pass 0").contains("no time is no step"));
    assert!(
        real.refuse("pass 4000000000")
            .contains("no run lasts longer than 715827882 ticks where moments are 1/6 of a tick")
    );
    let whole = scenario("sequential", &["network.delays=\"whole-ticks\""]);
    let mut whole = session(&whole, &[]);
    whole.tell("A calls shutdown");
    assert!(whole.refuse("pass 1/2").contains("delays are whole ticks in sequential"));
    assert!(whole.tell("pass 4/4").contains("At tick 1, after step 2:"));
}

#[test]
fn what_cannot_be_done_is_said_and_changes_nothing() {
    let sequential = scenario("sequential", &[]);
    let mut session = session(&sequential, &["no-reset"]);
    session.tell("1");
    for (line, why) in [
        ("9", "there is no choice 9, only 5 choices"),
        ("goto 2", "the run has 1 step, this is after step 1"),
        ("undo 99999999999999999999", "expected `undo [N]`"),
        ("eval A.stat == CLOSED", "unknown observation `stat`"),
        ("#1", "`#1` may be 1, 2 or 3"),
        ("#2", "`#2` is no command"),
    ] {
        let refused = session.refuse(line);
        assert!(refused.contains(why), "{line}: {refused}");
    }
}

/// A predicate alone is what may be possible; a mistake is shown in the text that was typed.
#[test]
fn a_formula_that_is_typed_is_read_as_it_is() {
    let sequential = scenario("sequential", &[]);
    let mut session = session(&sequential, &[]);
    let nowhere = session.tell("eval A.state == CLOSED");
    assert_eq!(nowhere, "possible A.state == CLOSED\n  the path is no example\n  p is true nowhere\n");
    assert_eq!(session.tell("eval time passes"), "time passes\n  it speaks of no state\n");
    for (formula, why) in [
        ("alway A.fin_sent", "there is `always`"),
        ("A.fin_sent nd B.fin_sent", "there is `and`"),
        ("time passe", "expected `passes`"),
        ("A.fin_sent leads B.fin_sent", "expected `to`"),
        ("A.state < 3", "`<` compares numbers"),
        ("A.fin_sent and (", "expected a term"),
    ] {
        let refused = session.refuse(&format!("eval {formula}"));
        assert!(refused.contains(why) && refused.contains(&format!("| {formula}\n")), "{formula}: {refused}");
    }
}

#[test]
fn a_run_is_bounded() {
    let sequential = scenario("sequential", &["network.duplicates=\"unlimited\""]);
    let mut session = session(&sequential, &[]);
    session.tell("A calls shutdown");
    for step in 2..=MAX_STEPS {
        let is_wanted = |event: &Event| match event {
            Event::Duplicate(_) => step % 2 == 0,
            Event::Lose(copy) => step % 2 == 1 && copy.is_duplicate,
            _ => false,
        };
        let next = session.so_far().enabled().into_iter().find(is_wanted).unwrap();
        session.happen(next).unwrap();
    }
    assert!(session.happen(Event::Pass(1)).unwrap_err().title.contains("more than 1000 steps"));
}

/// A counterexample with moments of halves is gone on from after its first half of a tick.
#[test]
fn a_counterexample_in_real_time_is_left_in_its_middle() {
    let halves = scenario("sequential", &HALVES);
    let saved = counterexample(&halves, "nothing-outlives-time-wait@A");
    let mut session = session(&halves, &["nothing-outlives-time-wait"]);
    let all = session.load(&saved, None).unwrap();
    assert!(all.contains("violates") && all.contains("½"), "{all}");
    let length = session.run.trace().steps.len();
    let before = session.run.trace().moments().iter().position(|moment| moment.unwrap().to_string().contains('½'));
    let middle = before.unwrap() + 1;
    assert!(middle < length);
    session.tell(&format!("goto {middle}"));
    let shown = session.tell("pass 1/4");
    assert!(shown.contains("¾, after step"), "{shown}");
    assert_eq!(session.run.trace().steps.len(), middle + 1);
    assert!(session.refuse(&format!("goto {length}")).contains("there is no such step"));
    assert!(session.load(&saved, Some(length + 1)).is_err());
}

#[test]
fn a_lasso_is_judged_as_it_goes_on_and_left_in_its_middle() {
    let dead = scenario("dead-network", &[]);
    let saved = counterexample(&dead, "last-ack-ends@B");
    let mut session = session(&dead, &["last-ack-ends", "time-passes", "no-reset"]);
    let text = session.load(&saved, None).unwrap();
    let length = session.run.trace().steps.len();
    let SavedEnding::Repeats(from) = saved.ending else { panic!("{:?}", saved.ending) };
    assert!(text.contains(&format!("Steps {} to {length} are repeated forever.", from + 1)), "{text}");
    assert!(session.tell("path").contains("again and again"));
    let properties = session.tell("properties");
    assert!(
        properties.contains("last-ack-ends@B (forever)") && !properties.contains("time-passes ("),
        "{properties}"
    );
    let formula = "eval self.state == LAST_ACK leads to self.state != LAST_ACK";
    assert!(session.tell(formula).contains("self is B: false of this run, which goes on forever"));
    // Before its end it is a run that may go on.
    session.tell(&format!("goto {from}"));
    assert!(!session.tell("path").contains("again and again"));
    assert!(!session.tell("properties").contains("(forever)"));
    session.tell("timer");
    session.tell("B's retransmission timer expires");
    session.tell("#4 FIN seq=1 ack=2 arrives at A");
    assert!(session.tell("state").contains("TIME_WAIT"));
    assert_eq!(session.ending, RunEnding::Open);
}

#[test]
fn a_trace_that_is_no_run_here_is_opened_up_to_where_they_part() {
    let one_msl = scenario("one-msl", &[]);
    let saved = counterexample(&one_msl, "no-premature-closed@A");
    let sequential = scenario("sequential", &[]);
    let mut session = session(&sequential, &[]);
    let parted = session.load(&saved, None).unwrap_err().render(false);
    assert!(parted.contains("it parts from sequential at step"), "{parted}");
    let usable = parted.split("--step ").nth(1).unwrap().split('`').next().unwrap().parse().unwrap();
    assert!(session.load(&saved, Some(usable + 1)).is_err());
    assert_eq!(session.at, 0);
    session.load(&saved, Some(usable)).unwrap();
    assert_eq!((session.at, session.run.trace().steps.len()), (usable, usable));
    // A cycle that does not come back is none.
    let dead = scenario("dead-network", &[]);
    let mut lasso = counterexample(&dead, "last-ack-ends@B");
    lasso.ending = SavedEnding::Repeats(0);
    let refused = super::tests::session(&dead, &[]).load(&lasso, None).unwrap_err().render(false);
    assert!(refused.contains("its ending does not hold: the run does not repeat as it says"), "{refused}");
}

/// Where segments are promised to arrive, to lose each is not fair, and decides nothing.
#[test]
fn a_lasso_is_judged_by_the_fairness_of_the_scenario() {
    let lasso = counterexample(&scenario("dead-network", &[]), "last-ack-ends@B");
    let lossy = scenario("lossy-for-ever", &[]);
    let mut session = session(&lossy, &["last-ack-ends", "both-close"]);
    let text = session.load(&lasso, None).unwrap();
    assert!(text.contains("Fairness rules out here that they are repeated forever."), "{text}");
    assert!(!session.tell("properties").contains("(forever)"));
}

/// An application that is promised to close does so.
#[test]
fn a_run_does_not_end_where_a_close_is_promised() {
    let sequential = scenario("sequential", &[]);
    let mut session = session(&sequential, &["both-close"]);
    let mut nothing = parse(&session.saved());
    nothing.ending = SavedEnding::Stops;
    let text = session.load(&nothing, None).unwrap();
    assert!(text.contains("They do not end a run here"), "{text}");
    assert!(!session.tell("properties").contains("(forever)"));
    let unpromised = scenario("sequential", &["fairness.applications=false"]);
    let mut session = super::tests::session(&unpromised, &["both-close"]);
    session.load(&nothing, None).unwrap();
    assert!(session.tell("properties").contains("both-close (forever)"));
}

#[test]
fn a_lasso_is_saved_as_one() {
    let dead = scenario("dead-network", &[]);
    let lasso = counterexample(&dead, "last-ack-ends@B");
    let mut session = session(&dead, &["last-ack-ends", "time-passes"]);
    session.load(&lasso, None).unwrap();
    let saved = parse(&session.saved());
    assert_eq!((saved.ending, saved.instance.as_deref()), (lasso.ending, Some("last-ack-ends@B")));
    assert!(session.tell("eval time passes").contains("true of this run, which goes on forever"));
}

/// Steps that are repeated without the passing of time refute `time passes`, and say nothing of anything else.
#[test]
fn where_no_time_passes_there_is_no_run() {
    let endless = scenario("rfc1337-ack-loop", &[]);
    let lasso = counterexample(&endless, "time-passes");
    let mut session = session(&endless, &["time-passes", "both-close"]);
    session.load(&lasso, None).unwrap();
    let properties = session.tell("properties");
    assert!(
        properties.contains("time-passes (forever)") && !properties.contains("both-close (forever)"),
        "{properties}"
    );
    assert!(session.tell("eval time passes").contains("false of this run, which goes on forever"));
    let eventually = session.tell("eval eventually A.state == TIME_WAIT");
    assert!(eventually.contains("no time passes in the steps that are repeated: that is no run"), "{eventually}");
}

/// Of several connects, which differ in their initial number, a saved one is found by the SYN that it sent; in ITF
/// that is the new one to the peer, whatever the peer has sent at the same moment.
#[test]
fn a_connect_is_found_by_its_syn() {
    let settings = ["a", "b"].map(|end| {
        [format!("{end}.aborts=true"), format!("{end}.opens=\"connect\""), format!("{end}.iss=\"any\"")]
    });
    let settings = settings.concat();
    let reopens = scenario("sequential", &settings.iter().map(String::as_str).collect::<Vec<_>>());
    let mut session = session(&reopens, &[]);
    session.tell("A calls abort");
    session.tell("B calls abort");
    let connects = |session: &Session<'_>, end| {
        let enabled = session.so_far().enabled().into_iter();
        enabled
            .filter(move |event| matches!(event, Event::Call(of, Call::Connect(_)) if *of == end))
            .collect::<Vec<_>>()
    };
    let (of_a, of_b) = (connects(&session, End::A), connects(&session, End::B));
    assert!(of_a.len() > 2 && of_b.len() > 2, "{of_a:?} {of_b:?}");
    session.happen(of_b[1]).unwrap();
    session.happen(of_a[2]).unwrap();
    let walked = session.so_far().trace().clone();
    for text in [json::path(&reopens, &walked), itf::path(&reopens, &walked)] {
        let replayed = parse(&text).replay(&reopens, None);
        assert_eq!((replayed.parted, replayed.trace.steps), (None, walked.steps.clone()));
    }
}

/// A number of 0 is shown, and a count of 0 is not.
#[test]
fn a_sequence_number_may_be_zero() {
    let sequential = scenario("time-wait-reused-any", &[]);
    let property = "no-old-segment-ends-the-new@B";
    let (_, trace) = shortest_trace(&sequential, &instances(&[property]), Limits::NONE).unwrap().found().unwrap();
    let mut session = session(&sequential, &[property]);
    let text = session.open_found(&trace, Some(8)).unwrap();
    assert!(text.contains("SYN_SENT") && text.contains("SND.UNA 0"), "{text}");
}

/// What is shown of a timer that may be late agrees with what is said of it.
#[test]
fn a_timer_that_may_be_late_is_due_and_has_to_expire_later() {
    let late = scenario("late-timers", &[]);
    let mut session = session(&late, &[]);
    let text = session.tell("A calls shutdown");
    assert!(text.contains("timer is set: 4 ticks") && text.contains("timer: 4 ticks"), "{text}");
    let text = session.tell("timer");
    assert!(text.contains("timer is due") && text.contains("timer: due, in 1 tick at the latest"), "{text}");
    session.tell("pass 1/2");
    let text = session.tell("list");
    assert!(text.contains("A's retransmission timer expires (½ tick late)"), "{text}");
}

/// A run through two connections, which is saved as the counterexample that it is.
#[test]
fn a_run_of_two_incarnations_is_saved() {
    let reopens = scenario("reopen-early", &[]);
    let property = "no-old-segment-ends-the-new@B";
    let (_, trace) = shortest_trace(&reopens, &instances(&[property]), Limits::NONE).unwrap().found().unwrap();
    let mut session = session(&reopens, &[property]);
    let text = session.open_found(&trace, None).unwrap();
    assert!(text.contains("incarnation 2") && text.contains("ended_by_old"), "{text}");
    let saved = parse(&session.saved());
    assert_eq!(saved.instance.as_deref(), Some(property));
    let replayed = saved.replay(&reopens, Some(&instances(&[property])[0]));
    assert!(replayed.is_revealed);
    assert_eq!((replayed.parted, replayed.trace.steps), (None, session.so_far().trace().steps.clone()));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// Whatever is chosen can be: undone it leads to the initial state, and saved it is a run that replays.
    #[test]
    fn whatever_is_chosen_is_a_run(
        scenario_of in prop::sample::select(vec!["sequential", "simultaneous", "gives-up", "reopen", "one-msl"]),
        picks in prop::collection::vec((any::<u8>(), 1_u32..4), 1..30),
    ) {
        let scenario = scenario(scenario_of, &[]);
        let mut session = session(&scenario, &["no-premature-closed", "no-reset"]);
        let at_first = session.tell("state");
        for (pick, part) in picks {
            let choices = answer::choices(&session.so_far(), &scenario);
            let before = session.tell("state");
            // Now and then a time of one's own.
            let _ = session.obey(&format!("pass {part}/3"));
            if session.tell("state") != before || choices.is_empty() {
                continue;
            }
            let number = usize::from(pick) % choices.len() + 1;
            let text = choices[number - 1].text.clone();
            prop_assert!(session.tell(&number.to_string()).contains(&text));
            session.tell("undo");
            prop_assert_eq!(session.tell("state"), before);
            session.tell("redo");
        }
        let saved = parse(&session.saved());
        let replayed = saved.replay(&scenario, None);
        prop_assert_eq!(replayed.parted, None);
        let walked = session.so_far();
        prop_assert_eq!(&replayed.trace.steps, &walked.trace().steps);
        let here = session.tell("state");
        let opened = super::tests::session(&scenario, &["no-premature-closed", "no-reset"]).load(&saved, None).unwrap();
        prop_assert!(opened.ends_with(&here));
        session.tell("goto 0");
        prop_assert_eq!(session.tell("state"), at_first);
    }
}
