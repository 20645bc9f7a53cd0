//! A server that passes everything on to the real one and remembers what was said.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// What one side of a connection said.
type Transcript = Arc<Mutex<Vec<u8>>>;

/// A server between a client and the real one.
pub(crate) struct Relay {
    /// Its address: `http://127.0.0.1:4711` and the path of the real one.
    pub(crate) api: String,
    /// Both sides of each connection: the client's, the server's.
    connections: Arc<Mutex<Vec<(Transcript, Transcript)>>>,
}

impl Relay {
    /// A relay to the API at `api`, which is `http://HOST:PORT` or below.
    pub(crate) fn to(api: &str) -> Self {
        let rest = api.strip_prefix("http://").expect("PERF_GATE_E2E_API is an http:// address");
        let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let api = format!("http://{}{path}", listener.local_addr().unwrap());
        let connections = Arc::new(Mutex::new(Vec::new()));
        let (host, accepted) = (host.to_owned(), Arc::clone(&connections));
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let server = TcpStream::connect(&host).unwrap();
                let said = (Transcript::default(), Transcript::default());
                pass(client.try_clone().unwrap(), server.try_clone().unwrap(), Arc::clone(&said.0));
                pass(server, client, Arc::clone(&said.1));
                accepted.lock().unwrap().push(said);
            }
        });
        Self { api, connections }
    }

    /// The requests so far, as `GET /path`, connection by connection.
    pub(crate) fn requests(&self) -> Vec<String> {
        let connections = self.connections.lock().unwrap();
        let texts = connections.iter().map(|(client, _)| text(client));
        texts.flat_map(|text| text.split(" HTTP/1.1\r\n").map(last_request).collect::<Vec<_>>()).flatten().collect()
    }

    /// How many answers had which status.
    pub(crate) fn answers(&self) -> BTreeMap<String, usize> {
        let mut found = BTreeMap::new();
        for (_, server) in self.connections.lock().unwrap().iter() {
            for answer in text(server).split("HTTP/1.1 ").skip(1) {
                *found.entry(answer[..3].to_owned()).or_default() += 1;
            }
        }
        found
    }
}

/// Passes on what `from` says, until it ends.
fn pass(mut from: TcpStream, mut to: TcpStream, said: Transcript) {
    thread::spawn(move || {
        let mut part = [0; 65_536];
        while let Ok(length @ 1..) = from.read(&mut part) {
            said.lock().unwrap().extend_from_slice(&part[..length]);
            if to.write_all(&part[..length]).is_err() {
                break;
            }
        }
        drop(to.shutdown(Shutdown::Write));
    });
}

fn text(said: &Transcript) -> String {
    String::from_utf8_lossy(&said.lock().unwrap()).into_owned()
}

/// The request line at the end of a text, which may follow on a body without a line break.
fn last_request(text: &str) -> Option<String> {
    let methods = ["GET /", "POST /", "PATCH /", "DELETE /"];
    let start = methods.iter().filter_map(|method| text.rfind(method)).max()?;
    let line = &text[start..];
    (!line.contains('\n')).then(|| line.to_owned())
}
