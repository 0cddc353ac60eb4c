//! How the terminal takes pictures.

/// A way in which terminals take pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    /// kitty's graphics protocol: base64 in pieces.
    Kitty,
    /// iTerm's inline images: a whole file in base64.
    Iterm,
    /// Six pixels of one colour in each letter, one above the other.
    Sixel,
}

/// The user's choice.
const VARIABLE: &str = "RUNCOMFY_PICTURES";
/// What terminals with sixel call themselves, before a `-` and more. Windows Terminal is not known by
/// its variable: that tells no version, and stays where an old console is opened from it.
const SIXEL_TERMS: [&str; 4] = ["foot", "mlterm", "contour", "yaft"];
/// The first Konsole with sixel: 22.04.0.
const SIXEL_KONSOLE: u32 = 22_04_00;

impl Protocol {
    /// What the user says, or else the terminal; a word of the user's that says nothing is told.
    pub(super) fn of(
        variable: impl Fn(&str) -> Option<String>,
        warn: impl FnOnce(&str),
    ) -> Option<Self> {
        match variable(VARIABLE).as_deref() {
            Some("kitty") => Some(Self::Kitty),
            Some("iterm") => Some(Self::Iterm),
            Some("sixel") => Some(Self::Sixel),
            Some("none") => None,
            None | Some("") => Self::of_terminal(variable),
            Some(other) => {
                warn(&format!(
                    "warning: {VARIABLE} is {other:?}, expected kitty, iterm, sixel or none; it is ignored"
                ));
                Self::of_terminal(variable)
            }
        }
    }

    /// What the terminal says of itself. Nothing is asked of it: its answer would come as if typed.
    fn of_terminal(variable: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let said = |name| variable(name).unwrap_or_default();
        let has = |name| !said(name).is_empty();
        let term = said("TERM");
        // tmux and screen let no pictures through, and a dumb terminal shows none; all three may keep
        // the variables of the terminal around them.
        if has("TMUX") || has("STY") || term == "dumb" {
            return None;
        }
        let is_sixel_term = SIXEL_TERMS.iter().any(|name| term.starts_with(name));
        let is_sixel_konsole = said("KONSOLE_VERSION")
            .parse()
            .is_ok_and(|version: u32| version >= SIXEL_KONSOLE);
        match (&*said("TERM_PROGRAM"), &*said("LC_TERMINAL"), &*term) {
            ("iTerm.app" | "WezTerm" | "mintty", ..) | (_, "iTerm2", _) => Some(Self::Iterm),
            ("ghostty", ..) | (.., "xterm-kitty" | "xterm-ghostty") => Some(Self::Kitty),
            ("rio", ..) => Some(Self::Sixel),
            _ if is_sixel_term => Some(Self::Sixel),
            _ if has("KITTY_WINDOW_ID") => Some(Self::Kitty),
            _ if said("TERMINAL_NAME") == "contour" => Some(Self::Sixel),
            _ if has("MLTERM") || is_sixel_konsole => Some(Self::Sixel),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The protocol, and what the user is told.
    fn told(variables: &[(&str, &str)]) -> (Option<Protocol>, String) {
        let mut told = String::new();
        let variable = |name: &str| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let protocol = Protocol::of(variable, |text| told += text);
        (protocol, told)
    }

    #[test]
    fn terminals_are_known_by_what_they_say() {
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
            assert_eq!(told(variables), (expected, String::new()), "{variables:?}");
        }
    }

    #[test]
    fn the_user_knows_better_than_the_terminal() {
        let kitty = ("TERM", "xterm-kitty");
        for (word, expected) in [
            ("kitty", Some(Protocol::Kitty)),
            ("iterm", Some(Protocol::Iterm)),
            ("sixel", Some(Protocol::Sixel)),
            ("none", None),
        ] {
            let tmux = [kitty, ("TMUX", "/x,1,0"), (VARIABLE, word)];
            for variables in [&tmux[..], &[kitty, (VARIABLE, word)], &[(VARIABLE, word)]] {
                assert_eq!(told(variables), (expected, String::new()), "{variables:?}");
            }
        }
        let empty = told(&[kitty, (VARIABLE, "")]);
        assert_eq!(empty, (Some(Protocol::Kitty), String::new()));
    }

    #[test]
    fn a_word_that_says_nothing_is_told() {
        let warning = "warning: RUNCOMFY_PICTURES is \"Six\\u{1b}\", \
             expected kitty, iterm, sixel or none; it is ignored";
        for (term, expected) in [("xterm-kitty", Some(Protocol::Kitty)), ("xterm", None)] {
            let found = told(&[("TERM", term), (VARIABLE, "Six\u{1b}")]);
            assert_eq!(found, (expected, warning.to_owned()));
        }
    }
}
