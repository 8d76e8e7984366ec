//! From a formula's text to its syntax tree.
//!
//! ```text
//! claim       = ("always" | "never" | "possible" | "eventually" | "always" "eventually" | "eventually" "always")
//!               implies | implies "leads" "to" implies | "time" "passes"
//! implies     = or ["implies" implies]
//! or          = and {"or" and}
//! and         = not {"and" not}
//! not         = "not" not | comparison
//! comparison  = sum [("==" | "!=" | "<" | "<=" | ">" | ">=") sum | "in" "{" item {"," item} "}"]
//! sum         = negative {("+" | "-") negative}
//! negative    = "-" negative | primary
//! primary     = INTEGER | NAME | NAME "." NAME | NAME "(" NAME {"," NAME} ")" | "(" implies ")"
//! item        = INTEGER | NAME
//! ```

use strum::VariantArray;

use crate::diagnostic::{Span, nearest};

use super::lexer::{Kind, Token, tokens};
use super::problem::Problem;
use super::syntax::{Claim, Expression, Form, Order, Sign, Word};
use super::unexpected::{FIRST_WORDS, LEADS_TO, ONE_TEMPORAL, no_temporal, unclosed, unexpected};

/// What walks a tree recurses; these two bound how deep.
const MAX_FORMULA_BYTES: usize = 4096;
const MAX_DEPTH: usize = 64;

/// Words that are no names, apart from the temporal operators.
const KEYWORDS: [&str; 7] = ["and", "or", "not", "implies", "in", "leads", "to"];

/// Parses a whole formula.
pub(super) fn parse(text: &str) -> Result<Claim<Expression>, Problem> {
    let tokens = tokens_of(text)?;
    let mut parser = Parser::new(&tokens, text);
    let claim = parser.claim()?;
    parser.ends_with(claim)
}

/// Parses a whole formula, or a predicate alone, which is taken for what is possible.
pub(super) fn parse_claim_or_predicate(text: &str) -> Result<Claim<Expression>, Problem> {
    let tokens = tokens_of(text)?;
    let mut parser = Parser::new(&tokens, text);
    let claim = parser.claim_or_predicate()?;
    parser.ends_with(claim)
}

fn tokens_of(text: &str) -> Result<Vec<Token<'_>>, Problem> {
    if text.len() > MAX_FORMULA_BYTES {
        let title = format!("the formula is too long: {} bytes", text.len());
        return Err(Problem::new(title, &(0..text.len()), format!("expected at most {MAX_FORMULA_BYTES} bytes")));
    }
    tokens(text)
}

struct Parser<'t> {
    tokens: &'t [Token<'t>],
    depth: usize,
    end: usize,
}

impl<'t> Parser<'t> {
    fn new(tokens: &'t [Token<'t>], text: &str) -> Self {
        Self { tokens, depth: 0, end: text.len() }
    }

    /// The claim that was parsed, if nothing is left behind it.
    fn ends_with(&self, claim: Claim<Expression>) -> Result<Claim<Expression>, Problem> {
        if self.kind() == Kind::End { Ok(claim) } else { Err(self.after_a_term()) }
    }

    fn claim(&mut self) -> Result<Claim<Expression>, Problem> {
        let claim = if self.take_word("always") {
            if self.take_word("eventually") { Claim::AlwaysEventually } else { Claim::Always }
        } else if self.take_word("eventually") {
            if self.take_word("always") { Claim::EventuallyAlways } else { Claim::Eventually }
        } else if self.take_word("never") {
            Claim::Never
        } else if self.take_word("possible") {
            Claim::Possible
        } else if self.take_word("time") {
            self.expect("passes", "`time passes`")?;
            return Ok(Claim::TimePasses);
        } else {
            return self.leads_to();
        };
        self.implies().map(claim)
    }

    fn claim_or_predicate(&mut self) -> Result<Claim<Expression>, Problem> {
        let first = self.peek();
        let begins = matches!(first.kind, Kind::Word(word) if is_temporal(word));
        if begins || self.has_leads() {
            return self.claim();
        }
        let predicate = self.implies().and_then(|predicate| match self.kind() {
            Kind::End => Ok(Claim::Possible(predicate)),
            _ => Err(self.after_a_term()),
        });
        // `alway A.fin_sent` is rather a formula than a predicate.
        predicate.map_err(|problem| match first.kind {
            Kind::Word(word) if nearest(word, FIRST_WORDS).is_some() => no_temporal(&first),
            _ => problem,
        })
    }

    fn has_leads(&self) -> bool {
        self.tokens.iter().any(|token| token.kind == Kind::Word("leads"))
    }

    fn leads_to(&mut self) -> Result<Claim<Expression>, Problem> {
        // Without its word it is more likely that the operator at the beginning is missing.
        if !self.has_leads() {
            return Err(no_temporal(&self.peek()));
        }
        let premise = self.implies()?;
        if !self.take_word("leads") {
            return Err(self.after_a_term());
        }
        self.expect("to", "what it leads to")?;
        Ok(Claim::LeadsTo(premise, self.implies()?))
    }

    fn implies(&mut self) -> Result<Expression, Problem> {
        let premise = self.or()?;
        if !self.take_word("implies") {
            return Ok(premise);
        }
        let conclusion = self.deeper(Self::implies)?;
        let span = premise.span.start..conclusion.span.end;
        Ok(Expression { form: Form::Implies(Box::new(premise), Box::new(conclusion)), span })
    }

    fn or(&mut self) -> Result<Expression, Problem> {
        self.chain("or", Self::and, Form::or)
    }

    fn and(&mut self) -> Result<Expression, Problem> {
        self.chain("and", Self::not, Form::and)
    }

    fn chain(
        &mut self,
        word: &str,
        part: impl Fn(&mut Self) -> Result<Expression, Problem>,
        form: impl Fn(Vec<Expression>) -> Form,
    ) -> Result<Expression, Problem> {
        let first = part(self)?;
        let mut span = first.span.clone();
        let mut parts = vec![first];
        while self.take_word(word) {
            let next = part(self)?;
            span.end = next.span.end;
            parts.push(next);
        }
        match <[Expression; 1]>::try_from(parts) {
            Ok([only]) => Ok(only),
            Err(parts) => Ok(Expression { form: form(parts), span }),
        }
    }

    fn not(&mut self) -> Result<Expression, Problem> {
        let start = self.span().start;
        if !self.take_word("not") {
            return self.comparison();
        }
        let part = self.deeper(Self::not)?;
        let span = start..part.span.end;
        Ok(Expression { form: Form::Not(Box::new(part)), span })
    }

    fn comparison(&mut self) -> Result<Expression, Problem> {
        let left = self.sum()?;
        let compared = if let Some(comparison) = self.take_order() {
            let right = self.sum()?;
            let span = left.span.start..right.span.end;
            Expression { form: Form::Compare(Box::new(left), comparison, Box::new(right)), span }
        } else if self.take_word("in") {
            let (items, end) = self.set()?;
            let span = left.span.start..end;
            Expression { form: Form::In(Box::new(left), items), span }
        } else {
            return Ok(left);
        };
        let operator = self.span();
        if self.take_order().is_some() || self.take_word("in") {
            return Err(Problem::new("comparisons do not chain", &operator, "expected `and`, `or` or `implies`")
                .also(&compared.span, "this is compared already")
                .help("join two comparisons with `and`, or put one in parentheses"));
        }
        Ok(compared)
    }

    /// The items of a set, and where it ends.
    fn set(&mut self) -> Result<(Vec<Expression>, usize), Problem> {
        let open = self.expect("{", "the set of `in`")?;
        let mut items = Vec::new();
        loop {
            let token = self.next();
            let form = match token.kind {
                Kind::Integer(integer) => Form::Integer(integer),
                Kind::Word(text) if !is_keyword(text) => Form::Name(text.to_owned()),
                Kind::End => return Err(unclosed("{", &open, &token)),
                _ => return Err(unexpected("a name or an integer", &token)),
            };
            items.push(Expression { form, span: token.span });
            let token = self.next();
            match token.kind {
                Kind::Symbol(",") => {}
                Kind::Symbol("}") => return Ok((items, token.span.end)),
                Kind::End => return Err(unclosed("{", &open, &token)),
                _ => return Err(unexpected("`,` or `}`", &token)),
            }
        }
    }

    fn sum(&mut self) -> Result<Expression, Problem> {
        let first = self.negative()?;
        let mut span = first.span.clone();
        let mut others = Vec::new();
        loop {
            let sign = match self.kind() {
                Kind::Symbol("+") => Sign::Plus,
                Kind::Symbol("-") => Sign::Minus,
                _ => break,
            };
            self.next();
            let other = self.negative()?;
            span.end = other.span.end;
            others.push((sign, other));
        }
        if others.is_empty() {
            return Ok(first);
        }
        Ok(Expression { form: Form::sum(first, others), span })
    }

    fn negative(&mut self) -> Result<Expression, Problem> {
        let start = self.span().start;
        if self.kind() != Kind::Symbol("-") {
            return self.primary();
        }
        self.next();
        let part = self.deeper(Self::negative)?;
        let span = start..part.span.end;
        Ok(Expression { form: Form::Negative(Box::new(part)), span })
    }

    fn primary(&mut self) -> Result<Expression, Problem> {
        let token = self.next();
        match token.kind {
            Kind::Integer(integer) => Ok(Expression { form: Form::Integer(integer), span: token.span }),
            Kind::Symbol("(") => {
                let inner = self.deeper(Self::implies)?;
                let close = self.close(&token.span)?;
                Ok(Expression { form: inner.form, span: token.span.start..close })
            }
            Kind::Word(text) if !is_keyword(text) => self.name(word(text, token.span)),
            Kind::Word("not") => Err(unexpected("a term", &token).help("put `not …` in parentheses here")),
            Kind::Word("eventually") => Err(unexpected("a term", &token).help(LEADS_TO)),
            Kind::Word(text) if is_temporal(text) => Err(unexpected("a term", &token).help(ONE_TEMPORAL)),
            _ => Err(unexpected("a term", &token)),
        }
    }

    fn name(&mut self, name: Word) -> Result<Expression, Problem> {
        match self.kind() {
            Kind::Symbol(".") => {
                self.next();
                let observation = self.expect_name("an observation of the end, as in `self.state`")?;
                let span = name.span.start..observation.span.end;
                Ok(Expression { form: Form::Member(name, observation), span })
            }
            Kind::Symbol("(") => {
                let open = self.next().span;
                let mut arguments = vec![self.expect_name("a name, as in `in_flight(FIN, self)`")?];
                while self.kind() == Kind::Symbol(",") {
                    self.next();
                    arguments.push(self.expect_name("a name, as in `in_flight(FIN, self)`")?);
                }
                let span = name.span.start..self.close(&open)?;
                Ok(Expression { form: Form::Call(name, arguments), span })
            }
            _ => Ok(Expression { form: Form::Name(name.text), span: name.span }),
        }
    }

    /// Parses what is one level further down.
    fn deeper(&mut self, part: impl Fn(&mut Self) -> Result<Expression, Problem>) -> Result<Expression, Problem> {
        if self.depth == MAX_DEPTH {
            let label = format!("expected at most {MAX_DEPTH} levels of parentheses, `not`, `implies` and `-`");
            return Err(Problem::new("the formula is nested too deeply", &self.span(), label));
        }
        self.depth += 1;
        let parsed = part(self);
        self.depth -= 1;
        parsed
    }

    /// Takes the `)` that belongs to a `(`; where it ends.
    fn close(&mut self, open: &Span) -> Result<usize, Problem> {
        let token = self.next();
        match token.kind {
            Kind::Symbol(")") => Ok(token.span.end),
            Kind::End => Err(unclosed("(", open, &token)),
            _ => Err(unexpected("an operator or `)`", &token).also(open, "for this `(`")),
        }
    }

    /// Something follows a term that is no operator.
    fn after_a_term(&self) -> Problem {
        let token = self.peek();
        match token.kind {
            Kind::Symbol(")") => Problem::new("unbalanced parenthesis", &token.span, "this `)` closes nothing"),
            Kind::Word("is") => unexpected("an operator", &token).help("write `==`"),
            Kind::Word("leads") => unexpected("the end of the formula", &token).help(ONE_TEMPORAL),
            Kind::Word(text) => {
                let problem = unexpected("an operator or the end of the formula", &token);
                match nearest(text, KEYWORDS) {
                    Some(name) => problem.help(format!("there is `{name}`")),
                    None => problem,
                }
            }
            _ => unexpected("an operator or the end of the formula", &token),
        }
    }

    fn expect(&mut self, symbol: &str, of: &str) -> Result<Span, Problem> {
        let token = self.next();
        if token.kind == Kind::Word(symbol) || matches!(token.kind, Kind::Symbol(s) if s == symbol) {
            Ok(token.span)
        } else {
            Err(unexpected(&format!("`{symbol}` and {of}"), &token))
        }
    }

    fn expect_name(&mut self, what: &str) -> Result<Word, Problem> {
        let token = self.next();
        match token.kind {
            Kind::Word(text) if !is_keyword(text) => Ok(word(text, token.span)),
            _ => Err(unexpected(what, &token)),
        }
    }

    fn take_word(&mut self, word: &str) -> bool {
        let is_next = self.kind() == Kind::Word(word);
        if is_next {
            self.next();
        }
        is_next
    }

    fn take_order(&mut self) -> Option<Order> {
        let Kind::Symbol(symbol) = self.kind() else {
            return None;
        };
        let order = Order::VARIANTS.iter().find(|order| order.name() == symbol)?;
        self.next();
        Some(*order)
    }

    fn peek(&self) -> Token<'t> {
        let end = Token { kind: Kind::End, span: self.end..self.end };
        self.tokens.first().cloned().unwrap_or(end)
    }

    fn kind(&self) -> Kind<'t> {
        self.peek().kind
    }

    fn span(&self) -> Span {
        self.peek().span
    }

    fn next(&mut self) -> Token<'t> {
        let token = self.peek();
        self.tokens = self.tokens.get(1..).unwrap_or_default();
        token
    }
}

fn word(text: &str, span: Span) -> Word {
    Word { text: text.to_owned(), span }
}

fn is_keyword(word: &str) -> bool {
    KEYWORDS.contains(&word) || is_temporal(word)
}

/// None can be a name.
fn is_temporal(word: &str) -> bool {
    FIRST_WORDS.contains(&word)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::testing::any_claim;
    use super::*;

    fn canonical(text: &str) -> String {
        parse(text).unwrap().to_string()
    }

    #[test]
    fn operators_bind_as_in_the_grammar() {
        let written = "always not a == b and c or d implies e implies f";
        assert_eq!(canonical(written), written);
        let grouped = "always (((((not (a == b)) and c) or d)) implies (e implies f))";
        assert_eq!(canonical(grouped), written);
        assert_eq!(parse(grouped).unwrap(), parse(written).unwrap());
    }

    #[test]
    fn only_needed_parentheses_are_kept() {
        for canonical_already in [
            "never (a implies b) implies c",
            "never (a or b) and not (c and d)",
            "never (not a) == (b and c)",
            "never a - (b + c) + -(d - e) - -f < 3",
            "possible (a in {Y, 1}) == in_flight(FIN, self)",
        ] {
            assert_eq!(canonical(canonical_already), canonical_already);
        }
        assert_eq!(canonical("never (a and b) and (c and (d))"), "never a and b and c and d");
        assert_eq!(canonical("never (a + b) + (c - d) > 0"), "never a + b + c - d > 0");
        assert_eq!(canonical("never a<=b\n\tand -c+1 in{Z ,Y}"), "never a <= b and -c + 1 in {Z, Y}");
    }

    #[test]
    fn long_chains_are_flat_and_deep_nesting_is_refused() {
        for (first, part) in [("a", " or a"), ("a", " and a"), ("1", " + 1")] {
            let long = format!("always {first}{}", part.repeat(500));
            assert_eq!(canonical(&long), long);
        }
        for (open, inner, close) in [("(", "a", ")"), ("not ", "a", ""), ("-", "a", ""), ("a implies ", "a", "")] {
            let nested = |depth| format!("always {}{inner}{}", open.repeat(depth), close.repeat(depth));
            assert!(parse(&nested(MAX_DEPTH)).is_ok());
            assert!(parse(&nested(MAX_DEPTH + 1)).is_err());
        }
        assert!(parse(&format!("always {}", "a".repeat(MAX_FORMULA_BYTES))).is_err());
    }

    /// A state's name is one word however it is spelt, and a difference stays one.
    #[test]
    fn hyphens_belong_to_the_names_of_states() {
        let spelt = |text: &str| canonical(&format!("always {text}"));
        assert_eq!(spelt("a.state == FIN-WAIT-1"), "always a.state == FIN_WAIT_1");
        assert_eq!(
            spelt("a in {TIME-WAIT, LAST_ACK,CLOSE-WAIT}"),
            "always a in {TIME_WAIT, LAST_ACK, CLOSE_WAIT}"
        );
        assert_eq!(spelt("FIN-WAIT-2-1 == TIME-WAIT-a"), "always FIN_WAIT_2 - 1 == TIME_WAIT - a");
        let numbers = ["losses", "duplicates", "a.sent", "a.acked", "a.delivered", "a.retransmissions", "1"];
        for left in numbers {
            for right in numbers {
                assert_eq!(spelt(&format!("{left}-{right} > 0")), format!("always {left} - {right} > 0"));
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_displayed_parses_to_the_same(claim in any_claim()) {
            let displayed = claim.to_string();
            // A formula cannot be longer.
            prop_assume!(displayed.len() <= MAX_FORMULA_BYTES);
            prop_assert_eq!(parse(&displayed).unwrap(), claim, "{}", displayed);
        }

        #[test]
        fn any_text_is_parsed_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&String::from_utf8_lossy(&bytes));
        }

        #[test]
        fn any_sequence_of_tokens_is_parsed_or_refused(
            tokens in prop::collection::vec(prop::sample::select(&[
                "always", "never", "not", "and", "or", "implies", "in", "==", "<", "{", "}", "(", ")", ",", ".",
                "-", "+", "self", "state", "FIN", "in_flight", "7", "99999999999", "é", "=", "!", "eventually", "leads",
                "to", "TIME-WAIT", "FIN-WAIT-1", "time-wait", "[]", "<>", "U", "G", "A", "E", "~>", "□",
            ][..]), 0..40),
        ) {
            let _ = parse(&tokens.join(" "));
            let _ = parse(&format!("always {}", tokens.concat()));
        }
    }
}
