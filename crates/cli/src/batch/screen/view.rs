//! View of a store, as a screen shows it.

use console::{strip_ansi_codes, style};
use runcomfy_batch::{AttemptState, Attempts, Clock, Counts, Store, StoreError, Timestamp};
use serde_json::{Value, json};

use crate::batch::counts;
use crate::batch::named::Named;
use crate::show;

/// Counts of a batch, its oldest held job, and its doubts by name.
pub(crate) struct View {
    pub(crate) counts: Counts,
    /// The held attempt that was claimed first.
    pub(super) oldest: Option<Named>,
    /// Doubts, the oldest first.
    pub(super) doubts: Vec<Named>,
    pub(super) now: Timestamp,
}

impl View {
    /// Reads a store, and the names of at most `max_named` doubts.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(crate) async fn read(store: &dyn Store, max_named: usize) -> Result<Self, StoreError> {
        let counts = store.counts().await?;
        let mut held = Vec::new();
        if counts.intent + counts.submitted > 0 {
            held = store.attempts(Attempts::Held).await?;
        }
        let oldest = held.into_iter().min_by_key(|attempt| attempt.claimed_at);
        let oldest = match oldest {
            Some(attempt) => Some(Named::read(store, attempt).await?),
            None => None,
        };
        let mut in_doubt = Vec::new();
        if counts.doubts > 0 {
            in_doubt = store.attempts(Attempts::InDoubt).await?;
            in_doubt.sort_by_key(|attempt| attempt.claimed_at);
        }
        let doubts = Named::read_all(store, in_doubt.into_iter().take(max_named)).await?;
        Ok(Self {
            counts,
            oldest,
            doubts,
            now: Clock::system().now(),
        })
    }

    /// Returns the oldest held job and the doubts in words with their times, without colours.
    /// Other commands find the batch by the arguments `named`.
    pub(crate) fn words(&self, named: &str) -> Vec<String> {
        let since = |named: &Named| format!("since {}", named.attempt.claimed_at);
        let doubts = self.doubt_lines(named, usize::MAX, since);
        let lines = self.oldest_line(since).into_iter().chain(doubts);
        let line = |line: String| {
            let line = strip_ansi_codes(&line);
            line.strip_prefix("  ").unwrap_or(&line).to_owned()
        };
        lines.map(line).collect()
    }

    /// Returns the oldest held job in words, where there is one; `when` prints its time.
    pub(super) fn oldest_line(&self, when: impl Fn(&Named) -> String) -> Option<String> {
        let oldest = self.oldest.as_ref()?;
        let attempt = &oldest.attempt;
        let what = match (&attempt.request_id, attempt.state) {
            (Some(id), AttemptState::Submitted) => format!("running as {id}"),
            _ => "submit in flight".to_owned(),
        };
        let name = show::plain(&oldest.name()).into_owned();
        Some(format!("  oldest: {name}, {}, {what}", when(oldest)))
    }

    /// Returns the doubts by name, in at most this number of lines; `when` prints their times.
    pub(super) fn doubt_lines(
        &self,
        named: &str,
        room: usize,
        when: impl Fn(&Named) -> String,
    ) -> Vec<String> {
        let total = self.counts.doubts;
        if total == 0 || room < 3 {
            return Vec::new();
        }
        let head = format!("  in doubt: runcomfy batch resolve KEY {named}");
        let head = style(head).yellow().for_stderr().to_string();
        let mut lines = vec![String::new(), head];
        let doubts: Vec<String> = self
            .doubts
            .iter()
            .map(|doubt| {
                let name = doubt.name();
                format!(
                    "    {}  {}, {}",
                    doubt.attempt.key,
                    show::plain(&name),
                    when(doubt)
                )
            })
            .collect();
        let room = room - lines.len();
        if doubts.len() as u64 == total && doubts.len() <= room {
            lines.extend(doubts);
        } else {
            let shown = doubts.len().min(room - 1);
            lines.extend(doubts.into_iter().take(shown));
            lines.push(format!("    and {} more", total - shown as u64));
        }
        lines
    }

    /// Returns the counts as JSON, with the oldest held job and the doubts by name.
    pub(crate) fn to_json(&self) -> Value {
        let mut json = counts::to_json(&self.counts);
        let doubts: Vec<Value> = self.doubts.iter().map(Named::to_json).collect();
        json["oldest_held"] = json!(self.oldest.as_ref().map(Named::to_json));
        json["in_doubt"] = json!(doubts);
        json
    }
}
