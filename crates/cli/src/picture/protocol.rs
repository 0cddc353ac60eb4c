//! The image protocol of the terminal, detected from environment variables.

/// A protocol for images in terminals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    /// The graphics protocol of kitty: base64 in chunks.
    Kitty,
    /// The inline images of iTerm: a whole file in base64.
    Iterm,
    /// Six pixels of one colour in each character, one above the other.
    Sixel,
}

/// The variable that overrides detection.
const VARIABLE: &str = "RUNCOMFY_PICTURES";
/// Prefixes of `TERM` in terminals with sixel. Windows Terminal is not detected: its variable has no
/// version, and an old console opened from it inherits the variable.
const SIXEL_TERMS: [&str; 4] = ["foot", "mlterm", "contour", "yaft"];
/// The first version of Konsole with sixel: 22.04.0.
const SIXEL_KONSOLE: u32 = 22_04_00;

impl Protocol {
    /// Returns the protocol that the user chose, else that of the terminal. An invalid choice is
    /// ignored with a warning.
    pub(super) fn from_variables(
        variable: impl Fn(&str) -> Option<String>,
        warn: impl FnOnce(&str),
    ) -> Option<Self> {
        match variable(VARIABLE).as_deref() {
            Some("kitty") => Some(Self::Kitty),
            Some("iterm") => Some(Self::Iterm),
            Some("sixel") => Some(Self::Sixel),
            Some("none") => None,
            None | Some("") => Self::from_terminal(variable),
            Some(other) => {
                warn(&format!(
                    "warning: {VARIABLE} is {other:?}, expected kitty, iterm, sixel or none; it is ignored"
                ));
                Self::from_terminal(variable)
            }
        }
    }

    /// Detects the protocol from the variables that terminals set. No query is sent to the terminal:
    /// its response would arrive as typed text.
    fn from_terminal(variable: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let value = |name| variable(name).unwrap_or_default();
        let has = |name| !value(name).is_empty();
        let term = value("TERM");
        // tmux and screen do not pass images on, and a dumb terminal shows none; all three may inherit
        // the variables of the terminal around them.
        if has("TMUX") || has("STY") || term == "dumb" {
            return None;
        }
        let is_sixel_term = SIXEL_TERMS.iter().any(|name| term.starts_with(name));
        let is_sixel_konsole = value("KONSOLE_VERSION")
            .parse()
            .is_ok_and(|version: u32| version >= SIXEL_KONSOLE);
        match (&*value("TERM_PROGRAM"), &*value("LC_TERMINAL"), &*term) {
            ("iTerm.app" | "WezTerm" | "mintty", ..) | (_, "iTerm2", _) => Some(Self::Iterm),
            ("ghostty", ..) | (.., "xterm-kitty" | "xterm-ghostty") => Some(Self::Kitty),
            ("rio", ..) => Some(Self::Sixel),
            _ if is_sixel_term => Some(Self::Sixel),
            _ if has("KITTY_WINDOW_ID") => Some(Self::Kitty),
            _ if value("TERMINAL_NAME") == "contour" => Some(Self::Sixel),
            _ if has("MLTERM") || is_sixel_konsole => Some(Self::Sixel),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the protocol and the warnings.
    fn detected(variables: &[(&str, &str)]) -> (Option<Protocol>, String) {
        let mut warnings = String::new();
        let variable = |name: &str| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let protocol = Protocol::from_variables(variable, |text| warnings += text);
        (protocol, warnings)
    }

    #[test]
    fn terminals_are_detected_by_their_variables() {
        let xterm = ("TERM", "xterm-256color");
        for (variables, expected) in [
            (&[][..], None),
            (&[xterm], None),
            (&[("TERM", "xterm-kitty")], Some(Protocol::Kitty)),
            (&[xterm, ("KITTY_WINDOW_ID", "1")], Some(Protocol::Kitty)),
            (&[xterm, ("KITTY_WINDOW_ID", "")], None),
            (&[("TERM_PROGRAM", "ghostty")], Some(Protocol::Kitty)),
            (&[("TERM_PROGRAM", "iTerm.app")], Some(Protocol::Iterm)),
            (&[("TERM_PROGRAM", "WezTerm")], Some(Protocol::Iterm)),
            (&[("TERM_PROGRAM", "Apple_Terminal")], None),
            (&[xterm, ("LC_TERMINAL", "iTerm2")], Some(Protocol::Iterm)),
            (&[("TERM", "foot")], Some(Protocol::Sixel)),
            (&[("TERM", "foot-extra")], Some(Protocol::Sixel)),
            (&[("TERM", "mlterm-256color")], Some(Protocol::Sixel)),
            (&[("TERM", "yaft-256color")], Some(Protocol::Sixel)),
            (&[("TERM", "contour-latest")], Some(Protocol::Sixel)),
            (
                &[xterm, ("TERMINAL_NAME", "contour")],
                Some(Protocol::Sixel),
            ),
            (&[xterm, ("TERM_PROGRAM", "rio")], Some(Protocol::Sixel)),
            (&[xterm, ("MLTERM", "3.9.4")], Some(Protocol::Sixel)),
            (
                &[xterm, ("KONSOLE_VERSION", "220400")],
                Some(Protocol::Sixel),
            ),
            (&[xterm, ("KONSOLE_VERSION", "210802")], None),
            (&[xterm, ("KONSOLE_VERSION", "new")], None),
            // Started from kitty.
            (
                &[("TERM", "foot"), ("KITTY_WINDOW_ID", "1")],
                Some(Protocol::Sixel),
            ),
            (&[("TERM", "dumb"), ("KITTY_WINDOW_ID", "1")], None),
            (&[("TERM", "xterm-kitty"), ("TMUX", "/x,1,0")], None),
            (&[("LC_TERMINAL", "iTerm2"), ("STY", "1.tty")], None),
        ] {
            assert_eq!(
                detected(variables),
                (expected, String::new()),
                "{variables:?}"
            );
        }
    }

    #[test]
    fn choice_of_the_user_overrides_detection() {
        let kitty = ("TERM", "xterm-kitty");
        for (word, expected) in [
            ("kitty", Some(Protocol::Kitty)),
            ("iterm", Some(Protocol::Iterm)),
            ("sixel", Some(Protocol::Sixel)),
            ("none", None),
        ] {
            let tmux = [kitty, ("TMUX", "/x,1,0"), (VARIABLE, word)];
            for variables in [&tmux[..], &[kitty, (VARIABLE, word)], &[(VARIABLE, word)]] {
                assert_eq!(
                    detected(variables),
                    (expected, String::new()),
                    "{variables:?}"
                );
            }
        }
        let empty = detected(&[kitty, (VARIABLE, "")]);
        assert_eq!(empty, (Some(Protocol::Kitty), String::new()));
    }

    #[test]
    fn invalid_choice_is_ignored_with_a_warning() {
        let warning = "warning: RUNCOMFY_PICTURES is \"Six\\u{1b}\", \
             expected kitty, iterm, sixel or none; it is ignored";
        for (term, expected) in [("xterm-kitty", Some(Protocol::Kitty)), ("xterm", None)] {
            let found = detected(&[("TERM", term), (VARIABLE, "Six\u{1b}")]);
            assert_eq!(found, (expected, warning.to_owned()));
        }
    }
}
