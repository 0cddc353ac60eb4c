//! Decides on the duration of a movie, which several boxes store.

use super::{Movie, Track};
use crate::Facts;
use crate::witness::{Witness, agree};

impl Movie {
    /// Reports the duration, if all boxes that store it agree, and there are at least two.
    pub(super) fn report_duration(&self, facts: &mut Facts) {
        let clock = self
            .header
            .as_ref()
            .map(|header| header.clock)
            .unwrap_or_default();
        let movie = clock
            .duration()
            .map(|seconds| (seconds, "by the movie's header"));
        let in_movie = |units: Option<u64>| clock.seconds(units?);
        let tracks = longest(&self.tracks, |track| in_movie(track.in_movie));
        let media = longest(&self.tracks, |track| {
            in_movie(track.edited).or_else(|| track.clock.duration())
        });
        let tracks = tracks.map(|seconds| (seconds, "by the headers of its tracks"));
        let media = media.map(|seconds| (seconds, "by the media of its tracks"));
        let witnesses: Vec<Witness<'_>> = match &self.fragments {
            // The headers have only the duration before the first fragment, or that of all.
            Some(fragments) => {
                let total = fragments.total.and_then(|units| clock.seconds(units));
                let total = total.map(|seconds| (seconds, "by the header of its fragments"));
                let mut witnesses: Vec<_> =
                    total.into_iter().chain(fragments.witnesses()).collect();
                if witnesses.len() < 2 || fragments.have_all_samples() {
                    witnesses.extend(movie);
                }
                witnesses
            }
            None => [movie, tracks, media].into_iter().flatten().collect(),
        };
        match &*witnesses {
            [] if self.fragments.is_some() => {
                facts.note("it is fragmented, and its header has no duration");
            }
            [] => facts.note("its header has no duration"),
            [only] => facts.doubt_duration(*only, "no other field confirms it"),
            [first, ..] if self.is_cut => facts.doubt_duration(*first, "the file is cut off"),
            [first, second, rest @ ..] => {
                let other = rest.iter().find(|other| !agree(first.0, other.0));
                facts.confirm_duration(*first, *other.unwrap_or(second));
            }
        }
    }
}

fn longest(tracks: &[Track], seconds: impl Fn(&Track) -> Option<f64>) -> Option<f64> {
    tracks.iter().filter_map(seconds).reduce(f64::max)
}
