//! A calculator for the formulas of explanations.

use crate::stats::survival;
use crate::verdict::explain::Explanation;

/// What is left of a formula, in which `{name}` is a value of the explanation.
pub(super) struct Calculator<'a> {
    text: &'a str,
    explanation: &'a Explanation,
}

impl Calculator<'_> {
    /// What an expression comes to.
    pub(super) fn result(expression: &str, explanation: &Explanation) -> f64 {
        let mut calculator = Calculator { text: expression, explanation };
        let result = calculator.sum();
        assert_eq!(calculator.text, "", "{expression}");
        result
    }

    fn takes(&mut self, token: &str) -> bool {
        let rest = self.text.trim_start().strip_prefix(token);
        self.text = rest.unwrap_or(self.text);
        rest.is_some()
    }

    fn sum(&mut self) -> f64 {
        let mut sum = self.product();
        loop {
            match (self.takes("+"), self.takes("−")) {
                (true, _) => sum += self.product(),
                (_, true) => sum -= self.product(),
                _ => return sum,
            }
        }
    }

    fn product(&mut self) -> f64 {
        let mut product = self.power();
        loop {
            match (self.takes("·"), self.takes("/")) {
                (true, _) => product *= self.power(),
                (_, true) => product /= self.power(),
                _ => return product,
            }
        }
    }

    fn power(&mut self) -> f64 {
        let base = self.atom();
        if self.takes("²") { base * base } else { base }
    }

    /// The arguments up to the closing bracket.
    fn list(&mut self) -> Vec<f64> {
        let mut list = vec![self.sum()];
        while self.takes(",") || self.takes(";") {
            list.push(self.sum());
        }
        assert!(self.takes(")"), "{}", self.text);
        list
    }

    fn atom(&mut self) -> f64 {
        if self.takes("−") {
            return -self.power();
        }
        if self.takes("{") {
            let (name, rest) = self.text.split_once('}').unwrap();
            self.text = rest;
            return value(self.explanation, name);
        }
        type Function = fn(&[f64]) -> f64;
        let functions: [(&str, Function); 9] = [
            ("P(T >", |x| survival(x[0], x[1])),
            ("max(", |x| x.iter().copied().fold(f64::MIN, f64::max)),
            ("min(", |x| x.iter().copied().fold(f64::MAX, f64::min)),
            ("exp(", |x| x[0].exp()),
            ("ln(", |x| x[0].ln()),
            ("asin √(", |x| x[0].clamp(0.0, 1.0).sqrt().asin()),
            ("sin²(", |x| x[0].clamp(0.0, std::f64::consts::FRAC_PI_2).sin().powi(2)),
            ("√(", |x| x[0].sqrt()),
            ("(", |x| x[0]),
        ];
        for (name, function) in functions {
            if self.takes(name) {
                return function(&self.list());
            }
        }
        let text = self.text.trim_start();
        let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
        self.text = &text[end..];
        text[..end].parse().unwrap_or_else(|_| panic!("no number: {text}"))
    }
}

/// The value of that name.
pub(super) fn value(explanation: &Explanation, name: &str) -> f64 {
    explanation.value(name).unwrap_or_else(|| panic!("no value {name}")).value
}
