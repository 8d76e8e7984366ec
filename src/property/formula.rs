//! A formula, ready to be evaluated.

use std::fmt;
use std::sync::Arc;

use super::parser::{parse, parse_claim_or_predicate};
use super::predicate::Predicate;
use super::problem::{Place, Problem};
use super::resolve::{Premise, Resolved, resolve};
use super::syntax::{Claim, Expression, Temporal};
use super::vocabulary::Observation;
use crate::diagnostic::{Diagnostics, SourceFile, Span};
use crate::model::{End, Observe};

/// A temporal formula whose names are known and whose types are right.
///
/// It displays in its canonical form: one space around operators, and no more parentheses than needed.
#[derive(Clone, Debug)]
pub struct Formula {
    written: Claim<Expression>,
    claim: Claim<Predicate>,
    premise: Option<Predicate>,
    premises: Vec<Premise>,
    mentions: Vec<(Observation, Span)>,
    is_about_an_end: bool,
}

impl Formula {
    /// Parses a formula that stands in a file: `literal` is the TOML string with its quotes, `text` its value.
    ///
    /// A text without quotes around it, such as a command-line argument, may stand for itself.
    ///
    /// # Errors
    /// Mistakes of grammar, unknown names and types that do not fit, each with its place in the file.
    ///
    /// ```
    /// use lastack::diagnostic::SourceFile;
    /// use lastack::property::Formula;
    ///
    /// let parse = |text: &str| Formula::parse(&SourceFile::new("mine.toml", text), 0..text.len(), text);
    /// assert!(parse("self.state == LAST_ACK leads to self.state == CLOSED")?.is_about_an_end());
    /// assert!(parse("always A.state < 3").is_err());
    /// # Ok::<(), lastack::diagnostic::Diagnostics>(())
    /// ```
    pub fn parse(file: &Arc<SourceFile>, literal: Span, text: &str) -> Result<Self, Diagnostics> {
        Self::parsed_by(parse, file, literal, text)
    }

    /// As [`Formula::parse`], of a formula that need not have a temporal operator: a predicate alone is taken for
    /// what is possible.
    ///
    /// # Errors
    /// Those of [`Formula::parse`], but for the operator.
    pub fn parse_claim_or_predicate(
        file: &Arc<SourceFile>,
        literal: Span,
        text: &str,
    ) -> Result<Self, Diagnostics> {
        Self::parsed_by(parse_claim_or_predicate, file, literal, text)
    }

    fn parsed_by(
        parse: fn(&str) -> Result<Claim<Expression>, Problem>,
        file: &Arc<SourceFile>,
        literal: Span,
        text: &str,
    ) -> Result<Self, Diagnostics> {
        let place = Place::new(file, literal, text);
        let written = parse(text).map_err(|problem| Diagnostics::from(place.diagnostic(problem)))?;
        let resolved = resolve(&written).map_err(|problems| {
            Diagnostics(problems.into_iter().map(|problem| place.diagnostic(problem)).collect())
        })?;
        let Resolved { claim, premises, mut mentions, is_about_an_end } = resolved;
        for (_, span) in &mut mentions {
            *span = place.span(span);
        }
        Ok(Self { written, premise: premise(&claim), claim, premises, mentions, is_about_an_end })
    }

    /// Whether this state decides the matter by itself: it violates what should always (never) be so, or is an
    /// example of what should be possible. `this` is who the formula calls `self`.
    #[must_use]
    pub fn is_revealed_by(&self, state: &impl Observe, this: End) -> bool {
        match &self.claim {
            Claim::Always(p) => !p.holds(state, this),
            Claim::Never(p) | Claim::Possible(p) => p.holds(state, this),
            Claim::Eventually(_)
            | Claim::AlwaysEventually(_)
            | Claim::EventuallyAlways(_)
            | Claim::LeadsTo(..)
            | Claim::TimePasses => false,
        }
    }

    /// Whether the state exercises the formula: whether its premise is true in it.
    #[must_use]
    pub fn is_exercised_by(&self, state: &impl Observe, this: End) -> bool {
        self.premise().is_none_or(|premise| premise.holds(state, this))
    }

    /// Its temporal operator.
    #[must_use]
    pub fn temporal(&self) -> Temporal {
        self.claim.temporal()
    }

    /// The claim, ready to be evaluated.
    #[must_use]
    pub fn claim(&self) -> &Claim<Predicate> {
        &self.claim
    }

    /// The premise that a state must fulfil to exercise the formula: of `always p implies q` and of `p leads to q`
    /// it is p. If no reachable state does, the formula holds vacuously. `None`: every state exercises it.
    #[must_use]
    pub fn premise(&self) -> Option<&Predicate> {
        self.premise.as_ref()
    }

    /// What its implications suppose, in the order in which they are written; for `p leads to q` also p.
    #[must_use]
    pub fn premises(&self) -> &[Premise] {
        &self.premises
    }

    /// Whether it mentions `self` or `peer`, and so has an instance for each end.
    #[must_use]
    pub fn is_about_an_end(&self) -> bool {
        self.is_about_an_end
    }

    /// Whether it asks how many copies are in flight, beyond whether any are.
    #[must_use]
    pub fn counts_in_flight(&self) -> bool {
        match &self.claim {
            Claim::Always(p)
            | Claim::Never(p)
            | Claim::Possible(p)
            | Claim::Eventually(p)
            | Claim::AlwaysEventually(p)
            | Claim::EventuallyAlways(p) => p.counts_in_flight(),
            Claim::LeadsTo(p, q) => p.counts_in_flight() || q.counts_in_flight(),
            Claim::TimePasses => false,
        }
    }

    /// Where in its file it first mentions the observation, if it does.
    #[must_use]
    pub fn mentions(&self, observation: Observation) -> Option<Span> {
        let (_, span) = self.mentions.iter().find(|(mentioned, _)| *mentioned == observation)?;
        Some(span.clone())
    }
}

/// What a claim supposes; see [`Formula::premise`].
fn premise(claim: &Claim<Predicate>) -> Option<Predicate> {
    match claim {
        Claim::Always(p) => supposed_by(p),
        Claim::LeadsTo(p, _) => Some(p.clone()),
        Claim::Never(_)
        | Claim::Possible(_)
        | Claim::Eventually(_)
        | Claim::AlwaysEventually(_)
        | Claim::EventuallyAlways(_)
        | Claim::TimePasses => None,
    }
}

/// What an implication supposes, or a conjunction of nothing but implications, of which one that applies is
/// enough.
fn supposed_by(predicate: &Predicate) -> Option<Predicate> {
    match predicate {
        Predicate::Implies(p, q) => Some(match supposed_by(q) {
            Some(also) => Predicate::All(Box::new([(**p).clone(), also])),
            None => (**p).clone(),
        }),
        Predicate::All(parts) => parts.iter().map(supposed_by).collect::<Option<Box<_>>>().map(Predicate::Any),
        _ => None,
    }
}

impl fmt::Display for Formula {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.written.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::testing::{any_predicate, any_world, is_true};
    use super::*;
    use crate::model::End;

    fn parsed(text: &str) -> Formula {
        let file = SourceFile::new("a formula", text);
        Formula::parse(&file, 0..text.len(), text).unwrap_or_else(|mistakes| panic!("{mistakes}"))
    }

    #[test]
    fn a_formula_with_self_or_peer_has_two_instances() {
        assert!(parsed("always self.fin_sent").is_about_an_end());
        assert!(parsed("always A.fin_sent or in_flight(FIN, peer)").is_about_an_end());
        assert!(!parsed("always A.state == B.state or in_flight(ANY, A) or losses == 0").is_about_an_end());
    }

    #[test]
    fn mentions_are_where_the_file_has_them() {
        let text = "formula = \"never losses > 1 and losses < self.retransmissions\"\n";
        let file = SourceFile::new("p.toml", text);
        let value = &text[11..text.len() - 2];
        let formula = Formula::parse(&file, 10..text.len() - 1, value).unwrap();
        let of = |observation| formula.mentions(observation).map(|span| &text[span]);
        assert_eq!(of(Observation::Losses), Some("losses"));
        assert_eq!(formula.mentions(Observation::Losses).unwrap().start, text.find("losses").unwrap());
        assert_eq!(of(Observation::Retransmissions), Some("self.retransmissions"));
        assert_eq!(of(Observation::Duplicates), None);
    }

    #[test]
    fn a_number_of_copies_is_no_truth_value() {
        for text in ["always in_flight(FIN, A) implies not in_flight(ANY, B)", "A.fin_sent leads to losses < 2"] {
            assert!(!parsed(text).counts_in_flight(), "{text}");
        }
        for text in [
            "never not (A.fin_sent and in_flight(FIN, A) == 2)",
            "A.fin_sent leads to losses + in_flight(ANY, B) < 2",
            "eventually in_flight(ACK, A) in {1, 2}",
        ] {
            assert!(parsed(text).counts_in_flight(), "{text}");
        }
    }

    #[test]
    fn the_premises_of_implications_are_at_hand() {
        let premises = |text: &str| {
            let formula = parsed(text);
            formula.premises().iter().map(|premise| premise.text.clone()).collect::<Vec<_>>()
        };
        assert_eq!(
            premises("always self.left == TIME_WAIT implies not in_flight(FIN, self)"),
            ["self.left == TIME_WAIT"]
        );
        assert_eq!(
            premises(
                "never (A.fin_sent implies B.fin_sent) or A.fin_acked implies B.fin_acked implies losses > 1"
            ),
            ["A.fin_sent", "(A.fin_sent implies B.fin_sent) or A.fin_acked", "B.fin_acked"]
        );
        assert_eq!(premises("A.fin_sent leads to B.fin_received"), ["A.fin_sent"]);
        assert_eq!(premises("eventually A.fin_sent"), Vec::<String>::new());
    }

    proptest! {
        #[test]
        fn evaluation_agrees_with_a_naive_one(
            predicate in any_predicate(),
            worlds in prop::collection::vec(any_world(), 8),
        ) {
            let text = format!("always {predicate}");
            // A formula cannot be longer.
            prop_assume!(text.len() <= 4096);
            let formula = parsed(&text);
            let Claim::Always(claimed) = formula.claim() else { panic!("{formula}") };
            for (world, this) in worlds.iter().flat_map(|world| End::BOTH.map(|this| (world, this))) {
                prop_assert_eq!(claimed.holds(world, this), is_true(&predicate, world, this), "{}", text);
            }
        }
    }
}
