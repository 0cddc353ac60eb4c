//! Finds the URLs of a text, and what is secret in them.

use std::ops::Range;

use crate::spelling::Spelling;

/// The URLs of a text, and what is secret in them. All positions are indices of characters.
pub(super) struct Urls<'a> {
    pub(super) text: &'a Spelling<'a>,
    pub(super) shorten_paths: bool,
    /// The text may be cut, so that what ends a password is missing.
    pub(super) is_cut: bool,
}

/// Schemes after which a browser needs no slashes.
const SCHEMES: [&str; 5] = ["http", "https", "ftp", "ws", "wss"];

/// Maximum number of characters of a URL in quotation marks. Every mark that is not closed costs as
/// many steps.
const MAX_QUOTED: usize = 2048;

/// Maximum number of characters of a password, and of the words behind which a query continues.
const MAX_PART: usize = 256;

/// Maximum number of characters of the name of a secret.
const MAX_NAME: usize = 64;

/// Ends of the names of secrets, without case and what joins words.
const SECRET_NAMES: [&str; 13] = [
    "signature",
    "token",
    "apikey",
    "accesskey",
    "accesskeyid",
    "secretkey",
    "keypairid",
    "policy",
    "credential",
    "credentials",
    "secret",
    "password",
    "passwd",
];

/// Returns `true` for the name of a secret, such as `X-Amz-Signature`.
pub(super) fn is_secret_name(name: &str) -> bool {
    let is_joint = |c: char| matches!(c, '_' | '-' | '.');
    let last = name.rsplit(is_joint).next().unwrap_or_default();
    let name = name.replace(is_joint, "").to_ascii_lowercase();
    last.eq_ignore_ascii_case("sig") || SECRET_NAMES.iter().any(|end| name.ends_with(end))
}

/// Length from which a word of letters and digits looks like a key rather than like a word.
const KEY_CHARS: usize = 8;

fn is_slash(c: char) -> bool {
    matches!(c, '/' | '\\')
}

fn is_quote(c: char) -> bool {
    matches!(c, '"' | '\'' | '`')
}

/// Returns `true` for characters of a parameter's name.
fn is_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '~' | '%' | '[' | ']' | '$')
}

/// Returns `true` for characters that a sentence puts behind a URL.
fn is_punctuation(c: char) -> bool {
    matches!(c, ',' | '.' | ';' | '!' | ')' | ']' | '}' | '>' | '|') || is_quote(c)
}

impl<'a> Urls<'a> {
    pub(super) fn new(text: &'a Spelling<'a>) -> Self {
        Self {
            text,
            shorten_paths: false,
            is_cut: false,
        }
    }

    /// Returns the secret parts of all URLs, in their order. Some may overlap.
    pub(super) fn secret_parts(&self) -> Vec<Range<usize>> {
        let mut parts = Vec::new();
        let mut at = 0;
        // The text since the last space, where a user name may start, and its first colon.
        let (mut run, mut colon) = (0, None);
        while at < self.text.len() {
            let next = if let Some(authority) = self.authority(at) {
                self.url(at, authority, &mut parts)
            } else if self.is_query(at) || self.is_credential(at) {
                let end = self.end(self.word_start(at), at, Some(at));
                parts.extend(self.query(at..end));
                end
            } else {
                at + 1
            };
            if next > at + 1 || self.ends_run(at) {
                (run, colon) = (next, None);
            } else if self.text.char(at) == Some(':') {
                colon = colon.or(Some(at));
            } else if self.text.char(at) == Some('@') {
                parts.extend(colon.and_then(|colon| self.bare_user(run..at, colon)));
            }
            at = next;
        }
        if self.is_cut && colon.is_some_and(|colon| at - colon > KEY_CHARS) {
            parts.push(run..at);
        }
        parts.sort_unstable_by_key(|part| part.start);
        parts
    }

    /// Returns the user name and password before an `@`, where there is no scheme: `user:password@host`.
    fn bare_user(&self, user: Range<usize>, colon: usize) -> Option<Range<usize>> {
        let is_slash_at = |at: usize| self.text.char(at).is_some_and(is_slash);
        let is_digit = |c: char| c.is_ascii_digit();
        let port_end = self.text.find(colon + 1..user.end, |c| !is_digit(c));
        let is_port = port_end.is_some_and(|end| end > colon + 1 && is_slash_at(end));
        (self.starts_host(user.end + 1) && !is_port).then_some(user)
    }

    /// Returns `true` for what no user name continues behind.
    fn ends_run(&self, at: usize) -> bool {
        self.is_blank(at) || self.text.char(at) == Some('"') && self.text.spelled(at) == "\""
    }

    /// Adds the secret parts of the URL whose colon or first slash is at `at`; returns its end.
    fn url(&self, at: usize, authority: usize, parts: &mut Vec<Range<usize>>) -> usize {
        let start = if self.text.char(at) == Some(':') {
            self.scheme_start(at)
        } else {
            at
        };
        let end = self.end(start, authority, None);
        let mut at = authority;
        let mut user = self.user(authority, end);
        let query = loop {
            at = user.as_ref().map_or(at, |user| user.end);
            parts.extend(user.take());
            match self.text.char(at).filter(|_| at < end) {
                None => break None,
                Some(_) if self.is_mark(at) => break Some(at),
                // A URL in the path of another.
                Some(_) => match self.inner_authority(at).filter(|inner| *inner < end) {
                    Some(inner) => {
                        at = inner;
                        user = self.user(inner, end);
                    }
                    None => at += 1,
                },
            }
        };
        if self.shorten_paths {
            parts.extend(self.first_segments(authority, query.unwrap_or(end)));
        }
        parts.extend(query.and_then(|query| self.query(query..end)));
        end
    }

    /// Returns where the authority of a URL starts whose colon, or the first of whose slashes where
    /// it has no scheme, is at `at`.
    fn authority(&self, at: usize) -> Option<usize> {
        if self.text.char(at) == Some(':') {
            let end = self.slashes_end(at + 1);
            let has_slashes = end - at > 2;
            return ((has_slashes || self.has_scheme(at)) && self.is_host(end)).then_some(end);
        }
        let before = at.checked_sub(1).and_then(|at| self.text.char(at));
        let is_mark = |c: char| c.is_whitespace() || is_quote(c) || "([{<>=,;|".contains(c);
        before
            .is_none_or(is_mark)
            .then(|| self.relative_authority(at))?
    }

    /// Returns where the authority of a URL inside another URL starts, where `//` suffices.
    fn inner_authority(&self, at: usize) -> Option<usize> {
        let before = at.checked_sub(1).and_then(|at| self.text.char(at));
        let begins = !before.is_some_and(is_slash);
        let relative = || begins.then(|| self.relative_authority(at))?;
        self.authority(at).or_else(relative)
    }

    /// Returns where the authority starts behind the slashes at `at`, if there are two.
    fn relative_authority(&self, at: usize) -> Option<usize> {
        let end = self.slashes_end(at);
        (end > at + 1 && self.is_host(end)).then_some(end)
    }

    fn slashes_end(&self, start: usize) -> usize {
        // A backslash and the first letter of a host may be taken for a line break.
        let is_slash_at = |at: &usize| {
            let is_break = self.is_blank(*at) && self.text.spelled(*at).starts_with('\\');
            is_break || self.text.char(*at).is_some_and(is_slash)
        };
        let rest = start..self.text.len();
        start + rest.take_while(is_slash_at).count()
    }

    /// Returns `true` if a host may start at `at`; what may not is seen in patterns: `https?://)?`.
    fn is_host(&self, at: usize) -> bool {
        let c = self.text.char(at);
        !self.is_blank(at) && c.is_some_and(|c| !"()?*+^".contains(c))
    }

    fn scheme_start(&self, colon: usize) -> usize {
        let is_scheme = |at: &usize| {
            let c = self.text.char(*at);
            c.is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
        };
        (0..colon)
            .rev()
            .take_while(is_scheme)
            .last()
            .unwrap_or(colon)
    }

    fn has_scheme(&self, colon: usize) -> bool {
        let scheme = self.scheme_start(colon)..colon;
        // A longer one is none of them.
        if scheme.len() > KEY_CHARS {
            return false;
        }
        let scheme: String = scheme.filter_map(|at| self.text.char(at)).collect();
        SCHEMES.contains(&scheme.to_ascii_lowercase().as_str())
    }

    /// Returns the user name and password at the start of an authority.
    fn user(&self, authority: usize, end: usize) -> Option<Range<usize>> {
        let text = self.text;
        let is_encoded = |at| text.spelled(at).starts_with('%');
        let all_encoded = is_encoded(authority - 1);
        // An escaped character does not end the authority, unless the whole URL is escaped.
        let authority_end = |from: usize| {
            let ends = |at: &usize| {
                let c = text.char(*at);
                c.is_some_and(|c| is_slash(c) || matches!(c, '?' | '#'))
                    && (all_encoded || !is_encoded(*at))
            };
            (from..end).find(ends).unwrap_or(end)
        };
        let last_at = |range: Range<usize>| range.rev().find(|at| text.char(*at) == Some('@'));
        let first_end = authority_end(authority);
        if self.is_cut && first_end == text.len() {
            return Some(authority..first_end);
        }
        if let Some(at) = last_at(authority..first_end) {
            return Some(authority..at);
        }
        // A password may have such a character itself. What is behind a colon is no port then.
        let colon = text.find(authority..first_end, |c| c == ':')?;
        let is_port = |at: usize| self.text.char(at).is_some_and(|c| c.is_ascii_digit());
        let port = colon + 1..first_end;
        let has_password = port.is_empty() || !port.into_iter().all(is_port);
        if !has_password || text.char(authority) == Some('[') {
            return None;
        }
        let near = end.min(self.near(first_end));
        let word_end = (first_end..near)
            .find(|at| self.is_blank(*at))
            .unwrap_or(near);
        if self.is_cut && word_end == text.len() {
            return Some(authority..word_end);
        }
        let at = text.find(first_end..word_end, |c| c == '@')?;
        Some(authority..last_at(at..authority_end(at)).unwrap_or(at))
    }

    /// Returns the segments of a path but its last one, without the slashes around them.
    fn first_segments(&self, authority: usize, end: usize) -> Option<Range<usize>> {
        let is_end = |at: &usize| self.is_blank(*at);
        let end = (authority..end).find(is_end).unwrap_or(end);
        let first = self.text.find(authority..end, is_slash)?;
        let last = (first..end)
            .rev()
            .find(|at| self.text.char(*at).is_some_and(is_slash))?;
        (first < last).then_some(first + 1..last)
    }

    /// Returns what is secret of a query: all behind its first character, without the punctuation of
    /// the sentence.
    fn query(&self, query: Range<usize>) -> Option<Range<usize>> {
        let is_shown = |at: &usize| self.text.char(*at).is_some_and(is_punctuation);
        let start = query.start + 1;
        let shown = (start..query.end).rev().take_while(is_shown).count();
        let secret = start..query.end - shown;
        (!secret.is_empty()).then_some(secret)
    }

    /// Returns `true` if the character at `at` starts the query of a URL.
    fn is_mark(&self, at: usize) -> bool {
        match self.text.char(at) {
            Some('?' | '#') => true,
            Some(';' | '&') => self.is_parameter(at),
            _ => false,
        }
    }

    /// Returns `true` if a query starts at `at` behind what has no scheme, or only may be a URL. The
    /// question mark of a question starts none.
    fn is_query(&self, at: usize) -> bool {
        let Some(mark @ ('?' | '#' | ';' | '&')) = self.text.char(at) else {
            return false;
        };
        let has_name = self.is_parameter(at);
        let word = self.word_start(at)..at;
        let has = |mark: char| self.text.find(word.clone(), |c| c == mark).is_some();
        match mark {
            '#' => has_name,
            ';' => has_name && has('/'),
            '&' => has_name && (has('/') || word.clone().any(|at| self.is_equals(at))),
            _ => {
                let before = word.end.checked_sub(1).and_then(|at| self.text.char(at));
                let has_value = self.has_value(at);
                let is_alone = word.is_empty() && before.is_none_or(char::is_whitespace);
                let is_path = || before != Some(')') && (has('/') || self.has_dot(word.clone()));
                has_name || has_value && (is_path() || is_alone)
            }
        }
    }

    /// Returns `true` if the equals sign at `at` is behind the name of a secret, such as
    /// `X-Amz-Signature` or `access_token`.
    fn is_credential(&self, at: usize) -> bool {
        if !self.is_equals(at) {
            return false;
        }
        let is_part = |at: &usize| {
            let c = self.text.char(*at);
            c.is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
        };
        let near = at.saturating_sub(MAX_NAME)..at;
        let name = near.rev().take_while(is_part);
        let name: String = name.filter_map(|at| self.text.char(at)).collect();
        let name: String = name.chars().rev().collect();
        is_secret_name(&name)
    }

    /// Returns `true` if what follows the mark at `at` is no end of a sentence.
    fn has_value(&self, at: usize) -> bool {
        let next = self.text.char(at + 1).filter(|_| !self.is_blank(at + 1));
        // Some languages put no space behind a question mark of their own.
        let is_ascii = self.text.spelled(at).is_ascii();
        let is_word = |c: char| c.is_ascii_alphanumeric() || is_ascii && c.is_alphanumeric();
        next.is_some_and(|next| is_word(next) || "%&=_~".contains(next))
    }

    /// Returns `true` if a word has a dot within it, as the name of a host or a file.
    fn has_dot(&self, word: Range<usize>) -> bool {
        let is_word = |at: usize| self.text.char(at).is_some_and(char::is_alphanumeric);
        let is_dot =
            |at: &usize| self.text.char(*at) == Some('.') && is_word(at - 1) && is_word(at + 1);
        let end = word.end;
        word.skip(1).any(|at| at + 1 < end && is_dot(&at))
    }

    fn word_start(&self, at: usize) -> usize {
        let is_word = |at: &usize| {
            !self.is_blank(*at)
                && !self
                    .text
                    .char(*at)
                    .is_some_and(|c| is_quote(c) || "<>(,".contains(c))
        };
        let near = at.saturating_sub(MAX_PART)..at;
        near.rev().take_while(is_word).last().unwrap_or(at)
    }

    /// Returns the end of the text, or of what is near enough to be part of the same.
    fn near(&self, at: usize) -> usize {
        self.text.len().min(at.saturating_add(MAX_PART))
    }

    /// Returns where a URL ends that starts at `start`; what is before `from` belongs to it. Its query
    /// starts at `query`, if that is known.
    fn end(&self, start: usize, from: usize, mut query: Option<usize>) -> usize {
        let text = self.text;
        let quote = start
            .checked_sub(1)
            .filter(|at| text.char(*at).is_some_and(is_quote));
        if let Some(end) = quote.and_then(|quote| self.quoted_end(quote, from)) {
            return end;
        }
        let mut open = None;
        let mut at = from;
        while at < text.len() {
            let is_value = query.is_some() && self.may_start_value(at);
            if is_value && !self.is_among(at, open.get_or_insert_with(|| self.open_marks(start))) {
                let open = open.as_deref().unwrap_or_default();
                at = self.value_end(at, open).unwrap_or(at + 1);
            } else if self.is_blank(at) {
                let more = match query {
                    Some(_) => self.more_query(at),
                    None => self.more_url(from, at),
                };
                match more {
                    Some(more) => at = more,
                    None => return at,
                }
            } else if self.ends_text(at) {
                return at;
            } else {
                query = query.or_else(|| self.is_mark(at).then_some(at));
                at += 1;
            }
        }
        at
    }

    /// Returns how the quotation marks are written that are open before `at`, on the same line.
    fn open_marks(&self, at: usize) -> Vec<&'a str> {
        let near = at.saturating_sub(MAX_QUOTED)..at;
        let line = near.rev().take_while(|at| !self.is_line_end(*at));
        // A mark closes one that is written in the same way.
        let mut open: Vec<&str> = Vec::new();
        for at in line.filter(|at| self.text.char(*at) == Some('"')) {
            let mark = self.text.spelled(at);
            match open.iter().position(|known| *known == mark) {
                Some(index) => drop(open.swap_remove(index)),
                None => open.push(mark),
            }
        }
        open
    }

    /// Returns `true` if one of these quotation marks is at `at`.
    fn is_among(&self, at: usize, marks: &[&str]) -> bool {
        marks.contains(&self.text.spelled(at))
    }

    /// Returns `true` if a value in a query may start at `at` that has spaces of its own.
    fn may_start_value(&self, at: usize) -> bool {
        self.text.char(at).is_some_and(|c| c == '{' || is_quote(c))
    }

    fn is_line_end(&self, at: usize) -> bool {
        self.text.spelled(at).starts_with(['\n', '\r'])
    }

    /// Returns where a value in quotation marks or braces ends that starts at `at`, such as
    /// `{"a": "b"}`. It is within quotation marks that are `open`.
    fn value_end(&self, at: usize, open: &[&str]) -> Option<usize> {
        let text = self.text;
        if text.char(at) != Some('{') {
            let is_value = at > 0 && self.is_equals(at - 1);
            let end = self.quoted_end(at, at + 1).filter(|_| is_value)?;
            return Some(end + 1);
        }
        let mut depth = 0_usize;
        let near = text.len().min(at + MAX_QUOTED);
        for at in at..near {
            match text.char(at) {
                Some(_) if self.is_line_end(at) => return None,
                Some(_) if self.is_among(at, open) && self.closes(at) => return None,
                Some('{') => depth += 1,
                Some('}') if depth == 1 => return Some(at + 1),
                Some('}') => depth -= 1,
                _ => {}
            }
        }
        // The text may be cut.
        (near == text.len()).then_some(near)
    }

    /// Returns the position of the quotation mark that closes the one at `quote`, on the same line.
    fn quoted_end(&self, quote: usize, from: usize) -> Option<usize> {
        let (text, mark) = (self.text, self.text.spelled(quote));
        for at in from..text.len().min(from + MAX_QUOTED) {
            let c = text.char(at)?;
            if matches!(c, '\n' | '\r') && self.is_blank(at) {
                return None;
            }
            let is_same = text.char(quote) == Some(c) && text.spelled(at) == mark;
            if is_same && self.closes(at) && !self.goes_on(at) {
                return Some(at);
            }
        }
        None
    }

    /// Returns `true` if a parameter of the same URL follows the quotation mark at `at` in the same word:
    /// `"https://host/?a={"b":"c"}&d=e"`.
    fn goes_on(&self, at: usize) -> bool {
        let ends = |at: &usize| self.is_blank(*at) || self.is_url(*at);
        let word = (at + 1..self.near(at)).take_while(|at| !ends(at));
        let is_parameter = |at| self.text.char(at) == Some('&') && self.is_parameter(at);
        word.into_iter().any(is_parameter)
    }

    /// Returns `true` if the quotation mark at `at` is followed by what follows the end of a text,
    /// and not by more of a URL.
    fn closes(&self, at: usize) -> bool {
        let text = self.text;
        let rest = at + 1..text.len();
        let is_double = text.char(at) == Some('"');
        let Some(next) = text.find(rest, |c| !",;:.!?)]}>".contains(c)) else {
            return true;
        };
        if self.is_blank(next) {
            let word = (next..text.len()).find(|at| !self.is_blank(*at));
            return !word.is_some_and(|word| self.is_parameter(word));
        }
        let is_list = next > at + 1 && is_double;
        let ends_tag = text.char(next) == Some('/') && text.char(next + 1) == Some('>');
        is_list
            || ends_tag
            || text
                .char(next)
                .is_some_and(|c| is_quote(c) || "{[(<\\".contains(c))
    }

    /// Returns the word behind the white space at `blank`, and whether that is a break: anything but
    /// spaces.
    fn next_word(&self, blank: usize) -> Option<(usize, bool)> {
        let word = (blank..self.near(blank)).find(|at| !self.is_blank(*at))?;
        let is_break = self.text.find(blank..word, |c| c != ' ').is_some();
        Some((word, is_break))
    }

    /// Returns where a URL that has no query so far continues behind the break at `blank`, if it does:
    /// there is a query, or the end of a password.
    fn more_url(&self, authority: usize, blank: usize) -> Option<usize> {
        let text = self.text;
        let (next, is_break) = self.next_word(blank)?;
        let first_slash = text.find(authority..blank, is_slash);
        let colon = text.find(authority..blank, |c| c == ':');
        let may_be_user = first_slash.is_none() && colon.is_some();
        if !is_break {
            let colon = colon.filter(|_| may_be_user)?;
            return self.ends_password(colon, blank, next).then_some(next);
        }
        let near = self.near(blank);
        let mut at = next;
        while at < near && !self.ends_text(at) && !self.is_url(at) {
            if self.is_blank(at) {
                match self.next_word(at) {
                    Some((word, true)) => at = word,
                    _ => return None,
                }
            } else if self.is_mark(at) && self.has_value(at)
                || may_be_user && text.char(at) == Some('@')
            {
                return Some(next);
            } else {
                at += 1;
            }
        }
        None
    }

    /// Returns `true` if a password with a space at `blank` ends before a host: `user:pass word@host`.
    fn ends_password(&self, colon: usize, blank: usize, next: usize) -> bool {
        let text = self.text;
        let port = colon + 1..blank;
        let has_port = !port.is_empty() && text.find(port, |c| !c.is_ascii_digit()).is_none();
        let is_line = |at: usize| self.is_blank(at) && text.char(at) != Some(' ');
        let stops = |at: &usize| is_line(*at) || self.ends_text(*at) || self.is_url(*at);
        let stop = (next..self.near(blank)).find(stops);
        let rest = next..stop.unwrap_or(self.near(blank));
        let is_cut = self.is_cut && rest.end == text.len();
        let at = text.find(rest, |c| c == '@');
        !has_port && (is_cut || at.is_some_and(|at| self.starts_host(at + 1)))
    }

    /// Returns `true` if the name of a host starts at `at`.
    fn starts_host(&self, at: usize) -> bool {
        let host = self.text.char(at);
        host.is_some_and(|host| host.is_alphanumeric() || host == '[')
    }

    /// Returns where the query continues behind the white space at `blank`, if it does.
    fn more_query(&self, blank: usize) -> Option<usize> {
        let text = self.text;
        let (word, is_break) = self.next_word(blank)?;
        if self.is_parameter(word) {
            return Some(word);
        }
        let near = self.near(blank);
        let is_line = |at: usize| self.is_blank(at) && matches!(text.char(at), Some('\n' | '\r'));
        let stops = |at: &usize| is_line(*at) || self.ends_text(*at) || self.is_url(*at);
        let stop = (word..near).find(stops).unwrap_or(near);
        let word_end = (word..stop).find(|at| self.is_blank(*at)).unwrap_or(stop);
        if self.is_marked(word) {
            return Some(word);
        }
        let is_url = self.starts_url(word, word_end);
        if !is_url && word_end > word && (is_break || self.is_query_like(word..word_end)) {
            return Some(word);
        }
        (word..stop).find(|at| self.is_parameter(*at))
    }

    /// Returns `true` if the colon or first slash of a URL is at `at`.
    fn is_url(&self, at: usize) -> bool {
        self.authority(at).is_some()
    }

    /// Returns `true` if the word is a URL of its own: it starts with a scheme.
    fn starts_url(&self, word: usize, word_end: usize) -> bool {
        self.is_url(word) || self.is_url(word_end) && self.scheme_start(word_end) <= word + 1
    }

    /// Returns `true` for a quotation mark that ends the text around a URL.
    fn ends_text(&self, at: usize) -> bool {
        let is_mark = self.text.char(at) == Some('"') && !self.text.spelled(at).starts_with('%');
        is_mark && self.closes(at) && !self.goes_on(at)
    }

    /// Returns `true` if the character at `at` is a mark before a parameter: `&name=`.
    fn is_parameter(&self, at: usize) -> bool {
        let text = self.text;
        if !matches!(text.char(at), Some('?' | '#' | '&' | ';')) {
            return false;
        }
        let ends = |at: &usize| self.is_equals(*at) || !text.char(*at).is_some_and(is_name);
        let name = at + 1;
        let mut from = name;
        loop {
            let Some(end) = (from..self.near(at)).find(ends) else {
                return false;
            };
            if end == name || self.is_equals(end) {
                return end > name;
            }
            // A break in the name.
            match self.next_word(end).filter(|_| self.is_blank(end)) {
                Some((word, true)) => from = word,
                _ => return false,
            }
        }
    }

    /// Returns `true` for an equals sign, which may have been taken for the start of an escape.
    fn is_equals(&self, at: usize) -> bool {
        self.text.char(at) == Some('=') || self.text.spelled(at).starts_with('=')
    }

    /// Returns `true` if a mark that no sentence has there is before a word: `?a=b <word`.
    fn is_marked(&self, word: usize) -> bool {
        let is_mark = |c: char| "<|{^~*+=%$\\".contains(c);
        let next = self.text.char(word + 1);
        self.text.char(word).is_some_and(is_mark) && next.is_some_and(char::is_alphanumeric)
    }

    /// Returns `true` if a word may belong to the query before it: `name=value`, or a key.
    fn is_query_like(&self, word: Range<usize>) -> bool {
        let has = |is: fn(char) -> bool| self.text.find(word.clone(), is).is_some();
        let is_mark = |at: &usize| self.text.char(*at).is_some_and(is_punctuation);
        let is_opening = |at: &usize| self.text.char(*at).is_some_and(|c| "([{<'\"`".contains(c));
        let key_start = word.start + word.clone().take_while(is_opening).count();
        let key_end = word.end - word.clone().rev().take_while(is_mark).count();
        let is_other = |c: char| !c.is_ascii_alphanumeric() && !matches!(c, '+' | '/' | '_' | '-');
        let is_key = key_end.saturating_sub(key_start) >= KEY_CHARS
            && has(|c| c.is_ascii_digit())
            && has(|c| c.is_ascii_alphabetic())
            && self.text.find(key_start..key_end, is_other).is_none();
        is_key || word.clone().any(|at| self.is_equals(at))
    }

    /// Returns `true` for white space that is written as it is, or as in a string of JSON or Rust. In
    /// any other spelling it belongs to a URL, and so does a space that is escaped.
    fn is_blank(&self, at: usize) -> bool {
        let is_white = |c: char| c.is_whitespace();
        let spelled = self.text.spelled(at);
        match self.text.char(at) {
            Some(' ') => spelled.starts_with(' '),
            c => c.is_some_and(is_white) && !spelled.starts_with(['%', '&']),
        }
    }
}
