//! One HTTP request per connection, with a bound on everything: bytes of the head, bytes of the body, and the time until both are
//! there. Whoever sends slowly loses the connection; a fixed number of them is open at once, and more wait in the kernel.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

/// Bytes of request line and headers.
const HEAD: usize = 8 << 10;
const HEADERS: usize = 64;
/// Time for a whole request to arrive, and for an answer to be taken.
const PATIENCE: Duration = Duration::from_secs(5);
/// Time for the rest of a refused request, which is read and thrown away.
const LINGER: Duration = Duration::from_secs(1);
/// Connections at once. Alertmanager and the probes need a handful.
const THREADS: usize = 32;

pub struct Request {
    pub method: String,
    pub path: String,
    /// Value of the header `authorization`.
    pub authorization: String,
    pub body: Vec<u8>,
}

/// A status and what a person reads.
pub type Answer = (u16, String);

/// Answers requests with `answer` until the process ends. Bodies over `limit` bytes are refused.
pub fn serve(listener: &TcpListener, limit: usize, answer: &(impl Fn(&Request) -> Answer + Sync)) {
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(move || {
                loop {
                    match listener.accept() {
                        Ok((mut connection, _)) => {
                            // The other side may be gone at any time; that concerns nobody else.
                            let _ = one(&mut connection, limit, answer);
                        }
                        // No file descriptor, say: it may pass.
                        Err(_) => std::thread::sleep(Duration::from_millis(100)),
                    }
                }
            });
        }
    });
}

fn one(connection: &mut TcpStream, limit: usize, answer: &impl Fn(&Request) -> Answer) -> std::io::Result<()> {
    connection.set_write_timeout(Some(PATIENCE))?;
    let (status, text) = match read(connection, limit, Instant::now() + PATIENCE) {
        Ok(request) => answer(&request),
        Err(refused) => refused,
    };
    let reason = match status {
        200 => "OK",
        400..=499 => "Refused",
        _ => "Failed",
    };
    let length = text.len() + 1;
    connection.write_all(format!("HTTP/1.1 {status} {reason}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{text}\n").as_bytes())?;
    // Closing with unread bytes would reset the connection, and the answer might be lost with it.
    connection.shutdown(std::net::Shutdown::Write)?;
    let until = Instant::now() + LINGER;
    let mut rest = [0; 4096];
    while more(connection, &mut rest, until).is_ok_and(|n| n > 0) {}
    Ok(())
}

/// Bytes that have come before `until`; 0 at the end.
fn more(connection: &mut TcpStream, into: &mut [u8], until: Instant) -> Result<usize, Answer> {
    let late = || (408, format!("no whole request within {} s", PATIENCE.as_secs()));
    let left = until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()).ok_or_else(late)?;
    connection.set_read_timeout(Some(left)).map_err(|error| (500, error.to_string()))?;
    connection.read(into).map_err(|error| match error.kind() {
        std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut => late(),
        _ => (400, error.to_string()),
    })
}

fn read(connection: &mut TcpStream, limit: usize, until: Instant) -> Result<Request, Answer> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    let (mut request, length, head) = loop {
        if let Some(found) = head(&bytes)? {
            break found;
        }
        if bytes.len() > HEAD {
            return Err((431, format!("the headers are larger than {HEAD} bytes")));
        }
        match more(connection, &mut chunk, until)? {
            0 => return Err((400, "the request is not whole".into())),
            n => bytes.extend_from_slice(&chunk[..n]),
        }
    };
    if length > limit {
        return Err((413, format!("the body is larger than {limit} bytes")));
    }
    while bytes.len() - head < length {
        match more(connection, &mut chunk, until)? {
            0 => return Err((400, "the body is not whole".into())),
            n => bytes.extend_from_slice(&chunk[..n]),
        }
    }
    request.body = bytes[head..head + length].to_vec();
    Ok(request)
}

/// The request without its body, the length of the body, and where it begins; nothing while the head is not whole.
fn head(bytes: &[u8]) -> Result<Option<(Request, usize, usize)>, Answer> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut parsed = httparse::Request::new(&mut headers);
    let end = match parsed.parse(bytes) {
        Ok(httparse::Status::Complete(end)) => end,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(error) => return Err((400, format!("no HTTP request: {error}"))),
    };
    let value = |name: &str| {
        let mut all = parsed.headers.iter().filter(|h| h.name.eq_ignore_ascii_case(name));
        let first = all.next().map_or("", |h| std::str::from_utf8(h.value).unwrap_or("?")).trim();
        if all.next().is_some() { Err((400, format!("two headers `{name}`"))) } else { Ok(first) }
    };
    if !value("transfer-encoding")?.is_empty() {
        return Err((411, "send the body with a content-length".into()));
    }
    let length = match value("content-length")? {
        "" => 0,
        digits if digits.bytes().all(|b| b.is_ascii_digit()) => digits.parse().map_err(|_| (413, "the body is too large".to_owned()))?,
        _ => return Err((400, "content-length is no number".into())),
    };
    let word = |w: Option<&str>| w.unwrap_or("").to_owned();
    let request = Request { method: word(parsed.method), path: word(parsed.path), authorization: value("authorization")?.to_owned(), body: Vec::new() };
    Ok(Some((request, length, end)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_read_whole_or_refused() {
        let status = |text: &str| head(text.as_bytes()).map(|found| found.map(|(r, length, at)| (r.method, r.path, r.authorization, length, at))).map_err(|(status, _)| status);
        assert_eq!(status("POST /alerts HTTP/1.1\r\ncontent-le"), Ok(None));
        let whole = "POST /alerts HTTP/1.1\r\nAuthorization: Bearer x\r\nContent-Length: 3\r\n\r\nabc";
        assert_eq!(status(whole), Ok(Some(("POST".into(), "/alerts".into(), "Bearer x".into(), 3, whole.len() - 3))));
        for (bad, wanted) in [
            ("nonsense\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\ncontent-length: -1\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\ncontent-length: 99999999999999999999999\r\n\r\n", 413),
            ("POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n", 411),
        ] {
            assert_eq!(status(bad), Err(wanted), "{bad}");
        }
    }
}
