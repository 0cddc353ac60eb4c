//! Reads MP4, MOV and M4A: the movie's header and its tracks, without their tables.

use runcomfy_schema::MediaKind;

use crate::Facts;
use crate::boxes::Boxes;
use crate::orientation::Turn;
use crate::span::Span;
use crate::sparse::Stop;

mod clock;
mod codec;
mod duration;
mod fragments;
mod track;

use clock::Clock;
use fragments::Fragments;
use track::{Kind, MAX_TRACKS, Track, matrix};

/// Returns `true` if a file without brands begins with a QuickTime box.
pub(crate) fn begins(head: &[u8; 16]) -> bool {
    match &head[4..8] {
        b"moov" | b"mdat" => true,
        // These four bytes are English words too; as boxes they are short.
        b"wide" | b"free" | b"skip" | b"pnot" => head[0] == 0,
        _ => false,
    }
}

pub(crate) fn read(span: Span<'_>, facts: &mut Facts) -> Result<(), Stop> {
    let mut top = Boxes::new(span);
    let Some(moov) = top.find(*b"moov")? else {
        return Err(Stop::Unreadable("it has no movie header"));
    };
    let mut movie = Movie {
        is_audio: facts.kind == Some(MediaKind::Audio),
        is_cut: moov.is_cut(),
        ..Movie::default()
    };
    let walked = movie.walk(moov).and_then(|()| movie.read_rest(top, span));
    movie.report(walked.is_ok(), facts);
    walked
}

/// The content of the movie box, and what is known of the boxes after it.
#[derive(Default)]
struct Movie {
    /// `true` if the brand is one of audio; a video track is its cover then.
    is_audio: bool,
    header: Option<Header>,
    tracks: Vec<Track>,
    /// The fragments, if the rest of the movie follows in them.
    fragments: Option<Fragments>,
    /// `true` if the file ends before its last box does, or before the last one's data.
    is_cut: bool,
}

struct Header {
    clock: Clock,
    turn: Option<Turn>,
}

impl Movie {
    fn walk(&mut self, moov: Span<'_>) -> Result<(), Stop> {
        let mut boxes = Boxes::new(moov);
        while let Some(part) = boxes.next()? {
            match &part.kind {
                b"mvhd" if self.header.is_none() => {
                    let (clock, end) = Clock::parse(part.body)?;
                    let turn = matrix(part.body, end + 16)?;
                    self.header = Some(Header { clock, turn });
                }
                b"trak" if self.tracks.len() < MAX_TRACKS => {
                    self.tracks.push(Track::parse(part.body)?);
                }
                b"mvex" => self.fragments = Some(Fragments::parse(part.body)?),
                b"cmov" => return Err(Stop::Unreadable("its movie header is compressed")),
                _ => {}
            }
        }
        Ok(())
    }

    /// Reads the boxes after the movie, which show where the file should end and what the fragments
    /// have. In a file behind a URL they are not worth a read of their own.
    fn read_rest(&mut self, mut top: Boxes<'_>, span: Span<'_>) -> Result<(), Stop> {
        if self.fragments.is_some() && span.is_affordable() {
            span.part(0, span.known_len().unwrap_or_default())
                .require()?;
        }
        loop {
            let part = match top.next() {
                Ok(Some(part)) => part,
                Err(Stop::Hole(hole)) if span.is_local() => return Err(Stop::Hole(hole)),
                // The end of the file, or data of other programs after it.
                Ok(None) | Err(_) => return Ok(()),
            };
            // The data of a fragment follow its header.
            self.is_cut = part.body.is_cut() || part.kind == *b"moof";
            if let Some(fragments) = &mut self.fragments {
                match fragments.read(&part, span, &self.tracks) {
                    Err(Stop::Hole(hole)) if span.is_affordable() => return Err(Stop::Hole(hole)),
                    Err(_) => return Ok(()),
                    Ok(()) => {}
                }
            }
        }
    }

    /// Reports the certain facts; some are certain only once the whole box is read.
    fn report(self, walked: bool, facts: &mut Facts) {
        if walked {
            self.report_duration(facts);
        }
        let first = |kind| self.tracks.iter().find(move |track| track.kind == kind);
        let video = first(Kind::Video).filter(|_| !self.is_audio);
        match (video, first(Kind::Audio)) {
            (Some(video), _) => self.report_video(video, facts),
            (None, Some(audio)) if walked || self.is_audio => {
                facts.kind = Some(MediaKind::Audio);
                facts.codec = audio.codec;
            }
            (None, None) if walked => {
                facts.note("it has neither a video track nor an audio track");
            }
            _ => {}
        }
    }

    fn report_video(&self, video: &Track, facts: &mut Facts) {
        facts.kind = Some(MediaKind::Video);
        facts.codec = video.codec;
        facts.frame_rate = video.frame_rate;
        if let Some((width, height)) = video.dimensions {
            facts.width = Some(width);
            facts.height = Some(height);
        } else {
            facts.note("its video track has no dimensions");
        }
        if let Some(header) = &self.header {
            let turn = video.turn.zip(header.turn);
            facts.orientation = turn.map(|(first, then)| first.then(then).exif());
            if turn.is_none() {
                facts.note("its rotation is not a multiple of 90 degrees");
            }
        }
    }
}
