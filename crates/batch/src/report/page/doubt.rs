//! Doubts on a page, with what to do.

use std::fmt::Write;

use super::escape::escaped;
use super::excerpt;
use super::summary::minute;
use crate::report::entry::Entry;
use crate::row::Attempt;

/// The attempts in doubt, as rows of a table.
#[derive(Debug, Default)]
pub(super) struct Doubts(String);

impl Doubts {
    /// Adds an attempt in doubt.
    pub(super) fn add(&mut self, entry: &Entry, doubt: &Attempt) {
        let row = &entry.row;
        let at = doubt.ended_at.unwrap_or(doubt.claimed_at);
        let note = doubt
            .note
            .as_deref()
            .unwrap_or("the outcome of the submit is unknown");
        // Writing to a string cannot fail.
        let _ = writeln!(
            self.0,
            "<tr><td><a href=\"#job-{}\" dir=\"auto\">{}</a></td><td><code>{}</code></td><td><time datetime=\"{at}\">{}</time></td><td class=\"sum\">{}</td><td dir=\"auto\">{}</td></tr>",
            row.n,
            escaped(row.id.as_str()),
            escaped(doubt.key.as_str()),
            minute(doubt.claimed_at),
            doubt.reserved,
            escaped(&excerpt::of_text(note)),
        );
    }

    /// Returns the section; nothing without doubts.
    pub(super) fn html(&self, resolve: &str) -> String {
        if self.0.is_empty() {
            return String::new();
        }
        let (rows, resolve) = (&self.0, escaped(resolve));
        format!(
            r#"<section class="doubts" aria-labelledby="doubts">
<h2 id="doubts">In doubt: decide on these</h2>
<p>Each of these submits may have made a job that costs money, and its response was lost. None is sent again by itself. Look for its input and time in the account’s history, or ask the service’s support by its key. Then:</p>
<ul>
<li>If there is a job, take its id: <code>{resolve} --request-id ID</code></li>
<li>If there is none: <code>{resolve} --no-job</code></li>
<li>To submit it again, and perhaps pay twice: <code>{resolve} --resubmit</code></li>
</ul>
<div class="scroll" tabindex="0" role="region" aria-label="Submits in doubt"><table>
<thead><tr><th scope="col">Job</th><th scope="col">Key</th><th scope="col">Submitted</th><th scope="col">Sum</th><th scope="col">Reason</th></tr></thead>
<tbody>
{rows}</tbody>
</table></div>
</section>
"#
        )
    }
}
