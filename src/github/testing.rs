//! A server of the API that answers as a test says, over real connections.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// A request that the server has seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    /// `GET /path?query`.
    pub(crate) line: String,
    /// Header lines, in lower case.
    pub(crate) headers: Vec<String>,
    pub(crate) body: String,
}

/// What the server answers.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// Status, header lines, body.
    Whole(u16, Vec<String>, String),
    /// A whole answer of which the last byte is missing.
    Truncated(String),
    /// A body without a length that ends in the middle.
    Open(String),
    /// The connection ends.
    Nothing,
}

impl Reply {
    /// A status and a body.
    pub(crate) fn new(status: u16, body: impl Into<String>) -> Self {
        Self::Whole(status, Vec::new(), body.into())
    }

    /// A status and a body, with a header line.
    pub(crate) fn with(status: u16, header: &str, body: &str) -> Self {
        Self::Whole(status, vec![header.to_owned()], body.to_owned())
    }
}

/// The server; it ends with the test's process.
pub(crate) struct Server {
    /// Its address.
    pub(crate) api: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    /// A server that asks `answer` what to say; it gets the request and how many came before.
    pub(crate) fn start(answer: impl Fn(&Seen, usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let api = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (answer, all) = (Arc::new(answer), Arc::clone(&seen));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (answer, all) = (Arc::clone(&answer), Arc::clone(&all));
                thread::spawn(move || {
                    let Some(request) = read(&stream) else { return };
                    let before = {
                        let mut all = all.lock().unwrap();
                        all.push(request.clone());
                        all.len() - 1
                    };
                    write(&stream, answer(&request, before));
                });
            }
        });
        Self { api, seen }
    }

    /// The requests so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// Their first lines: `GET /path?query`.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.seen().into_iter().map(|seen| seen.line).collect()
    }
}

fn read(stream: &TcpStream) -> Option<Seen> {
    let mut reader = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|length| *length > 0)?;
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let line = lines.remove(0).trim_end_matches(" HTTP/1.1").to_owned();
    let headers: Vec<String> = lines.into_iter().map(|line| line.to_lowercase()).collect();
    let length = headers.iter().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Seen { line, headers, body: String::from_utf8_lossy(&body).into_owned() })
}

fn write(mut stream: &TcpStream, reply: Reply) {
    let (status, headers, body, length) = match reply {
        Reply::Whole(status, headers, body) => (status, headers, body.clone(), Some(body.len())),
        Reply::Truncated(body) => (200, Vec::new(), body.clone(), Some(body.len() + 1)),
        Reply::Open(body) => (200, Vec::new(), body, None),
        Reply::Nothing => return,
    };
    let length = length.map(|length| format!("content-length: {length}\r\n")).unwrap_or_default();
    let headers: String = headers.into_iter().map(|line| line + "\r\n").collect();
    let text = format!("HTTP/1.1 {status} X\r\nconnection: close\r\n{length}{headers}\r\n{body}");
    // A client that does not listen to the end is none of the server's business.
    drop(stream.write_all(text.as_bytes()));
}
