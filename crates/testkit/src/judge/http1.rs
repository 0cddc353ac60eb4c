//! HTTP/1.1, as far as a client of the Model API speaks it.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use super::answer::{Answer, Response};
use super::court::{Court, OTHER_CALLS};
use super::ledger::Ledger;

/// Serves the requests of a connection in turn, until either side ends it.
pub(super) fn serve(stream: TcpStream, connection: usize, court: &Court) -> io::Result<()> {
    let mut writer = stream.try_clone()?;
    let mut reader = BufReader::new(stream);
    let mut owes_late_429 = false;
    while let Some(head) = Head::read(&mut reader)? {
        if std::mem::take(&mut owes_late_429) {
            writer.write_all(&bytes(&Response::new(429, "{}"), "", usize::MAX))?;
        }
        if !head.is_submit {
            io::copy(
                &mut reader.by_ref().take(head.length as u64),
                &mut io::sink(),
            )?;
            let other = Response::new(200, OTHER_CALLS);
            writer.write_all(&bytes(&other, "", usize::MAX))?;
            continue;
        }
        // The last byte stays unread until the verdict: a socket that is closed over unread bytes
        // is reset.
        let mut body = vec![0; head.length.saturating_sub(1)];
        let mut last = [0; 1];
        if let Err(error) = reader.read_exact(&mut body) {
            court.ledger(Ledger::was_cut);
            return Err(error);
        }
        if head.length > 0 && reader.fill_buf()?.is_empty() {
            court.ledger(Ledger::was_cut);
            return Ok(());
        }
        let (answer, id) = court.judge(&body, connection);
        if !matches!(answer, Answer::Reset) && head.length > 0 {
            reader.read_exact(&mut last)?;
        }
        if !give(&mut writer, &mut reader, &answer, &id)? {
            return Ok(());
        }
        owes_late_429 = matches!(answer, Answer::WithLate429(_));
    }
    Ok(())
}

/// Answers; returns `false` where the connection ends with that.
fn give(
    writer: &mut TcpStream,
    reader: &mut impl Read,
    answer: &Answer,
    id: &str,
) -> io::Result<bool> {
    match answer {
        Answer::Respond(response) | Answer::WithLate429(response) => {
            writer.write_all(&bytes(response, id, usize::MAX))?;
        }
        Answer::Half(response)
        | Answer::HalfThenRefuse(response)
        | Answer::HalfThenGoAwayBelow(response) => {
            writer.write_all(&bytes(response, id, response.body(id).len() / 2))?;
            return Ok(false);
        }
        Answer::Interim(response) => {
            writer.write_all(b"HTTP/1.1 103 Early Hints\r\n\r\n")?;
            writer.write_all(&bytes(response, id, usize::MAX))?;
        }
        Answer::Silence => {
            io::copy(reader, &mut io::sink())?;
            return Ok(false);
        }
        Answer::Close | Answer::Reset | Answer::Refuse | Answer::GoAwayBelow | Answer::GoAwayAt => {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A response with at most so many bytes of its body.
fn bytes(response: &Response, id: &str, limit: usize) -> Vec<u8> {
    let body = response.body(id);
    let mut head = format!(
        "HTTP/1.1 {} Any\r\ncontent-type: application/json\r\ncontent-length: {}\r\n",
        response.status,
        body.len()
    );
    for (name, value) in &response.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    let mut bytes = head.into_bytes();
    bytes.extend_from_slice(&body.as_bytes()[..body.len().min(limit)]);
    bytes
}

/// Parts of a request's head that decide about its body.
struct Head {
    is_submit: bool,
    length: usize,
}

impl Head {
    /// Reads a head; `None` where the connection has ended before one.
    fn read(reader: &mut impl BufRead) -> io::Result<Option<Self>> {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let is_submit = line.starts_with("POST ") && line.contains("/models/");
        let mut length = 0;
        loop {
            line.clear();
            if reader.read_line(&mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let Some((name, value)) = line.split_once(':') else {
                return Ok(Some(Self { is_submit, length }));
            };
            if name.eq_ignore_ascii_case("content-length") {
                let parsed = value.trim().parse();
                length = parsed.map_err(|_| io::ErrorKind::InvalidData)?;
            }
        }
    }
}
