//! HTTP/2 (RFC 9113), as far as a client of the Model API speaks it.
//!
//! Request headers are not decoded: a stream with a body is a submit, one without is another call.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use super::answer::{Answer, QUOTED_TOKEN, Response};
use super::court::{Court, OTHER_CALLS};
use super::ledger::Ledger;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;

const END_STREAM: u8 = 0x1;
const ACK: u8 = 0x1;
const END_HEADERS: u8 = 0x4;
const PADDED: u8 = 0x8;

const NO_ERROR: u32 = 0;
const INTERNAL_ERROR: u32 = 2;
const REFUSED_STREAM: u32 = 7;

/// Index of `:status` in HPACK's static table (RFC 7541, appendix A).
const STATUS_INDEX: u8 = 8;

struct Frame {
    kind: u8,
    flags: u8,
    stream: u32,
    payload: Vec<u8>,
}

/// Serves the streams of a connection, until either side ends it.
pub(super) fn serve(
    mut socket: TcpStream,
    connection: usize,
    is_held: bool,
    court: &Arc<Court>,
) -> io::Result<()> {
    let mut preface = [0; PREFACE.len()];
    socket.read_exact(&mut preface)?;
    if preface != PREFACE {
        return Err(io::ErrorKind::InvalidData.into());
    }
    if is_held {
        write(&mut socket, SETTINGS, 0, 0, &initial_window(0))?;
        release_later(socket.try_clone()?, Arc::clone(court));
    } else {
        write(&mut socket, SETTINGS, 0, 0, &[])?;
    }
    let mut bodies = Bodies {
        open: HashMap::new(),
        court,
    };
    while let Some(frame) = read(&mut socket)? {
        match frame.kind {
            SETTINGS if frame.flags & ACK == 0 => write(&mut socket, SETTINGS, ACK, 0, &[])?,
            PING if frame.flags & ACK == 0 => write(&mut socket, PING, ACK, 0, &frame.payload)?,
            HEADERS if frame.flags & END_STREAM == 0 => {
                bodies.open.insert(frame.stream, Vec::new());
            }
            HEADERS => {
                let other = Response::new(200, OTHER_CALLS);
                respond(&mut socket, frame.stream, &other, "", true)?;
            }
            DATA => {
                let length = u32::try_from(frame.payload.len()).unwrap_or(u32::MAX);
                let is_held = is_held && !court.released.load(Ordering::SeqCst);
                if length > 0 && !is_held {
                    for stream in [0, frame.stream] {
                        write(&mut socket, WINDOW_UPDATE, 0, stream, &length.to_be_bytes())?;
                    }
                }
                let Some(body) = bodies.add(&frame) else {
                    continue;
                };
                let (answer, id) = court.judge(&body, connection);
                if !give(&mut socket, frame.stream, &answer, &id)? {
                    return Ok(());
                }
            }
            RST_STREAM if bodies.open.remove(&frame.stream).is_some() => {
                court.ledger(Ledger::was_cut);
            }
            GOAWAY => return Ok(()),
            _ => {}
        }
    }
    Ok(())
}

/// Window of the connection and of each stream after a release, far above any body here.
const WINDOW: u32 = 1 << 24;

/// Setting of the window with which each stream starts.
fn initial_window(size: u32) -> Vec<u8> {
    const INITIAL_WINDOW_SIZE: u16 = 4;
    let mut setting = INITIAL_WINDOW_SIZE.to_be_bytes().to_vec();
    setting.extend(size.to_be_bytes());
    setting
}

/// Opens the windows of a connection once the court releases it.
fn release_later(mut socket: TcpStream, court: Arc<Court>) {
    thread::spawn(move || {
        while !court.released.load(Ordering::SeqCst) {
            if court.closing.load(Ordering::SeqCst) {
                return;
            }
            thread::sleep(Duration::from_millis(5));
        }
        // A connection that has ended needs no window.
        write(&mut socket, SETTINGS, 0, 0, &initial_window(WINDOW)).ok();
        write(&mut socket, WINDOW_UPDATE, 0, 0, &WINDOW.to_be_bytes()).ok();
    });
}

/// Bodies that have begun and not ended; what is left of them with the connection was cut.
struct Bodies<'c> {
    open: HashMap<u32, Vec<u8>>,
    court: &'c Court,
}

impl Bodies<'_> {
    /// Adds a frame to its stream's body, and returns the body where that was its end.
    fn add(&mut self, frame: &Frame) -> Option<Vec<u8>> {
        let mut data = frame.payload.as_slice();
        if frame.flags & PADDED != 0 {
            let (padding, rest) = data.split_first()?;
            data = rest.get(..rest.len().checked_sub(usize::from(*padding))?)?;
        }
        self.open.get_mut(&frame.stream)?.extend_from_slice(data);
        if frame.flags & END_STREAM == 0 {
            return None;
        }
        self.open.remove(&frame.stream)
    }
}

impl Drop for Bodies<'_> {
    fn drop(&mut self) {
        for _ in self.open.drain() {
            self.court.ledger(Ledger::was_cut);
        }
    }
}

/// Answers; returns `false` where the connection ends with that.
fn give(socket: &mut TcpStream, stream: u32, answer: &Answer, id: &str) -> io::Result<bool> {
    match answer {
        Answer::Respond(response) | Answer::WithLate429(response) => {
            respond(socket, stream, response, id, true)?;
        }
        Answer::Interim(response) => {
            write(socket, HEADERS, END_HEADERS, stream, &block(103, &[]))?;
            respond(socket, stream, response, id, true)?;
        }
        Answer::Half(response) => {
            respond(socket, stream, response, id, false)?;
            return Ok(false);
        }
        Answer::HalfThenRefuse(response) => {
            respond(socket, stream, response, id, false)?;
            reset(socket, stream, REFUSED_STREAM)?;
        }
        Answer::HalfThenGoAwayBelow(response) => {
            respond(socket, stream, response, id, false)?;
            go_away(socket, stream.saturating_sub(2))?;
            return Ok(false);
        }
        Answer::Reset => reset(socket, stream, INTERNAL_ERROR)?,
        Answer::Refuse => reset(socket, stream, REFUSED_STREAM)?,
        Answer::GoAwayBelow => {
            // Clients number their streams 1, 3, 5, …
            go_away(socket, stream.saturating_sub(2))?;
            return Ok(false);
        }
        Answer::GoAwayAt => {
            go_away(socket, stream)?;
            return Ok(false);
        }
        Answer::Close => return Ok(false),
        Answer::Silence => {}
    }
    Ok(true)
}

fn reset(socket: &mut TcpStream, stream: u32, code: u32) -> io::Result<()> {
    write(socket, RST_STREAM, 0, stream, &code.to_be_bytes())
}

fn go_away(socket: &mut TcpStream, last_stream: u32) -> io::Result<()> {
    let mut payload = last_stream.to_be_bytes().to_vec();
    payload.extend(NO_ERROR.to_be_bytes());
    payload.extend(QUOTED_TOKEN.as_bytes());
    write(socket, GOAWAY, 0, 0, &payload)
}

/// Sends a response, or the half of its body without an end.
fn respond(
    socket: &mut TcpStream,
    stream: u32,
    response: &Response,
    id: &str,
    whole: bool,
) -> io::Result<()> {
    let body = response.body(id);
    let mut fields = vec![
        ("content-type", "application/json".to_owned()),
        ("content-length", body.len().to_string()),
    ];
    fields.extend(response.headers.iter().cloned());
    let head = block(response.status, &fields);
    write(socket, HEADERS, END_HEADERS, stream, &head)?;
    let (end, flags) = if whole {
        (body.len(), END_STREAM)
    } else {
        (body.len() / 2, 0)
    };
    // No body here is longer than a frame may be without asking, 16,384 bytes.
    write(socket, DATA, flags, stream, &body.as_bytes()[..end])
}

/// A header block of literal fields without indexing, which every decoder must take.
fn block(status: u16, fields: &[(&str, String)]) -> Vec<u8> {
    let mut block = vec![STATUS_INDEX];
    text(&mut block, &status.to_string());
    for (name, value) in fields {
        block.push(0);
        text(&mut block, name);
        text(&mut block, value);
    }
    block
}

/// A string of HPACK without Huffman coding; all strings here are shorter than 127 bytes.
fn text(block: &mut Vec<u8>, text: &str) {
    block.push(u8::try_from(text.len()).unwrap_or(126).min(126));
    block.extend_from_slice(&text.as_bytes()[..text.len().min(126)]);
}

fn write(
    socket: &mut TcpStream,
    kind: u8,
    flags: u8,
    stream: u32,
    payload: &[u8],
) -> io::Result<()> {
    let length = u32::try_from(payload.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
    let mut frame = length.to_be_bytes()[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend_from_slice(payload);
    socket.write_all(&frame)
}

/// Reads a frame; `None` where the connection has ended before one.
fn read(socket: &mut TcpStream) -> io::Result<Option<Frame>> {
    let mut head = [0; 9];
    match socket.read_exact(&mut head) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
    let mut payload = vec![0; length as usize];
    socket.read_exact(&mut payload)?;
    Ok(Some(Frame {
        kind: head[3],
        flags: head[4],
        stream: u32::from_be_bytes([head[5] & 0x7f, head[6], head[7], head[8]]),
        payload,
    }))
}
