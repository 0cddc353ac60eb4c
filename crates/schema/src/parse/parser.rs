//! The parser's state: what it has found, and how it reports it.

use super::references::References;
use crate::{Code, Diagnostic, Location, Severity};

/// Deeper nesting than any real schema has; a limit keeps every later walk shallow.
pub(super) const MAX_DEPTH: usize = 32;

/// The state of reading a file.
pub(super) struct Parser<'a> {
    /// `true` if what cannot be read is left out with a warning.
    pub(super) is_lenient: bool,
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) document: usize,
    pub(super) references: References<'a>,
}

impl Parser<'_> {
    pub(super) fn new(is_lenient: bool) -> Self {
        Self {
            is_lenient,
            diagnostics: Vec::new(),
            document: 0,
            references: References::default(),
        }
    }

    pub(super) fn too_deep(&mut self, at: &str) {
        let message = format!("nested deeper than {MAX_DEPTH} levels");
        self.unusable(
            Code::TooDeep,
            at,
            Location::Value,
            &message,
            "flatten the schema",
        );
    }

    fn diagnose(
        &mut self,
        severity: Severity,
        code: Code,
        at: &str,
        location: Location,
        message: &str,
        help: &str,
    ) {
        let diagnostic = Diagnostic {
            severity,
            code,
            document: self.document,
            pointer: at.to_owned(),
            location,
            message: message.to_owned(),
            help: help.to_owned(),
        };
        // A schema that is referred to twice is read twice.
        if !self.references.is_used || !self.diagnostics.contains(&diagnostic) {
            self.diagnostics.push(diagnostic);
        }
    }

    /// Reports what makes the file useless.
    pub(super) fn error(
        &mut self,
        code: Code,
        at: &str,
        location: Location,
        message: &str,
        help: &str,
    ) {
        self.diagnose(Severity::Error, code, at, location, message, help);
    }

    /// Reports what cannot be read. At run time it is left out.
    pub(super) fn unusable(
        &mut self,
        code: Code,
        at: &str,
        location: Location,
        message: &str,
        help: &str,
    ) {
        if self.is_lenient {
            let message = format!("{message}; left out, not checked");
            self.diagnose(Severity::Warning, code, at, location, &message, help);
        } else {
            self.diagnose(Severity::Error, code, at, location, message, help);
        }
    }

    pub(super) fn warn(
        &mut self,
        code: Code,
        at: &str,
        location: Location,
        message: &str,
        help: &str,
    ) {
        self.diagnose(Severity::Warning, code, at, location, message, help);
    }
}
