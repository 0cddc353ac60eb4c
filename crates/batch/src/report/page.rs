//! A page for browsers, in one file.

mod card;
mod doubt;
mod escape;
mod excerpt;
mod location;
mod media;
mod summary;

use std::io::{self, Write};

use runcomfy::new_idempotency_key;

use super::entry::Entry;
use super::settings::Settings;
use crate::counts::{Counts, Spending};
use crate::money::Money;
use crate::timestamp::Timestamp;
use card::Cards;
use doubt::Doubts;
use escape::escaped;
use location::Location;
use summary::Summary;

const STYLE: &str = include_str!("page/page.css");
const SCRIPT: &str = include_str!("page/page.js");

/// Beginning of every page, by which it is recognized.
pub(super) const BEGINNING: &str = "<!doctype html>
<html lang=\"en\">
<head>
<meta charset=\"utf-8\">
<meta http-equiv=\"Content-Security-Policy\" content=\"script-src 'nonce-";

/// Maximum number of jobs that a page shows: with more, browsers become slow.
const MAX_CARDS: u64 = 20_000;

/// A page, to which the jobs are added before it is written.
#[derive(Debug)]
pub(super) struct Page<'a> {
    settings: &'a Settings,
    at: Timestamp,
    counts: Counts,
    cards: Cards,
    doubts: Doubts,
    location: Location,
}

impl<'a> Page<'a> {
    /// Creates a page without jobs.
    pub(super) fn new(
        settings: &'a Settings,
        at: Timestamp,
        budget: Option<Money>,
    ) -> io::Result<Self> {
        let money = Spending {
            budget,
            ..Spending::default()
        };
        Ok(Self {
            settings,
            at,
            counts: Counts {
                money,
                ..Counts::default()
            },
            cards: Cards::default(),
            doubts: Doubts::default(),
            location: Location::new(&settings.folder, settings.files.as_deref())?,
        })
    }

    /// Adds a job: to the sums always, as a card up to the maximum.
    pub(super) fn add(&mut self, entry: &Entry) {
        *self.counts.of_state_mut(entry.row.state) += 1;
        let money = &mut self.counts.money;
        money.spent += entry.money.spent;
        money.reserved += entry.money.reserved;
        money.in_doubt += entry.money.in_doubt;
        money.spent_by_estimate += entry.money.spent_by_estimate;
        for doubt in entry.doubts() {
            self.counts.doubts += 1;
            self.doubts.add(entry, doubt);
        }
        if self.counts.total() <= MAX_CARDS {
            self.cards.add(entry, &self.location);
        }
    }

    /// Sets the number of ids that no attempt has.
    pub(super) fn strays(&mut self, strays: u64) {
        self.counts.strays = strays;
    }

    /// Writes the page.
    pub(super) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let title = escaped(&self.settings.title);
        // Only the page's own script runs, and nothing is fetched: also if a text were not escaped.
        let nonce = new_idempotency_key();
        let policy = "connect-src 'none'; object-src 'none'; frame-src 'none'; base-uri 'none'; form-action 'none'";
        writeln!(
            out,
            r#"{BEGINNING}{nonce}'; {policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>{title}</title>
<style>
{STYLE}</style>
</head>
<body>"#
        )?;
        let summary = Summary {
            title: &self.settings.title,
            at: self.at,
            counts: &self.counts,
        };
        out.write_all(summary.html().as_bytes())?;
        out.write_all(self.doubts.html(&self.settings.resolve).as_bytes())?;
        self.cards
            .write(self.counts.total(), self.settings.has_inputs, out)?;
        writeln!(
            out,
            "<script nonce=\"{nonce}\">\n{SCRIPT}</script>\n</body>\n</html>"
        )
    }
}
