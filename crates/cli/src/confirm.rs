//! Questions to the user: before money is spent, and before a job is cancelled.

use clap::ArgMatches;

use crate::advice::NOTHING_SUBMITTED;
use crate::failure::Failure;
use crate::format::is_used_by_a_person;
use crate::input::Checked;
use crate::local_file::read_blocking;
use crate::show;

/// Asks whether an input with warnings is submitted, if there is somebody to ask. Elsewhere the warnings
/// are all: a script gets the same in a terminal as without one.
///
/// # Errors
/// If the answer is not yes.
pub(crate) async fn submit(matches: &ArgMatches, checked: &Checked) -> Result<(), Failure> {
    let is_asked = checked.has_likely_violations()
        && is_used_by_a_person()
        && !matches.get_flag("yes")
        && !matches.get_flag("emulate");
    if !is_asked {
        return Ok(());
    }
    if is_yes("The service may refuse this input, or charge for it in vain. Submit it?").await {
        return Ok(());
    }
    let failure = Failure::input("the input was not submitted, since it has warnings");
    Err(failure.with_advice(format!(
        "{NOTHING_SUBMITTED} --yes submits it without a question."
    )))
}

/// Asks a question, and returns `true` if the next line of standard input is a yes.
pub(crate) async fn is_yes(question: &str) -> bool {
    let mut asked = Question::ask(question);
    let answer = read_blocking(|| {
        let mut line = String::new();
        std::io::stdin().read_line(&mut line)?;
        Ok(line)
    });
    let answer = answer.await.unwrap_or_default();
    asked.has_ended = answer.ends_with('\n');
    matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

/// A question at the end of the screen. Its line ends with the answer, or else when it is dropped.
struct Question {
    has_ended: bool,
}

impl Question {
    fn ask(text: &str) -> Self {
        let text = format!("{text} [y/N]");
        let has_ended = !show::unfinished(&format!("{text} "));
        if has_ended {
            show::note(&text);
        }
        Self { has_ended }
    }
}

impl Drop for Question {
    fn drop(&mut self) {
        if !self.has_ended {
            show::unfinished("\n");
        }
    }
}
