//! A call to somebody else's address, which is a secret: it stands in no message.

use anyhow::{Context, Result, bail, ensure};
use octocrab::Octocrab;
use serde_json::Value;
use std::time::Duration;

/// The whole call, at most.
const WHOLE: Duration = Duration::from_secs(20);

/// Posts `payload` to `url`, at most once; nothing of our own access goes there.
///
/// # Errors
/// `url` is no web address, nobody answers there in time, or the answer is no success. No message holds the address.
pub fn call(url: &str, payload: &Value) -> Result<()> {
    let url = url.trim();
    ensure!(url.starts_with("https://") || url.starts_with("http://"), "the webhook's address is no https:// address");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("no runtime")?;
    let status = runtime.block_on(async {
        let client = Octocrab::builder().build().map_err(|_| "HTTPS cannot be set up")?;
        let call = tokio::time::timeout(WHOLE, client._post(url, Some(payload)));
        // What went wrong on the way would name the address.
        let response = call.await.map_err(|_| "no answer in time")?.map_err(|_| "the address cannot be reached")?;
        Ok::<u16, &str>(response.status().as_u16())
    });
    match status {
        Ok(200..=299) => Ok(()),
        Ok(status) => bail!("the webhook answers with status {status}"),
        Err(words) => bail!("the webhook was not called: {words}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::github::testing::{Reply, Server};

    #[test]
    fn a_webhook_gets_the_payload_once_and_nothing_of_ours() {
        let server = Server::start(|_, _| Reply::new(200, "ok"));
        call(&format!("{}/hooks/secret?x=1", server.api), &serde_json::json!({ "text": "hi" })).unwrap();
        let seen = server.seen();
        assert_eq!((seen.len(), seen[0].line.as_str()), (1, "POST /hooks/secret?x=1"));
        assert_eq!(seen[0].body, r#"{"text":"hi"}"#);
        assert!(!seen[0].headers.iter().any(|line| line.starts_with("authorization")));
    }

    #[test]
    fn its_address_stands_in_no_error() {
        let server = Server::start(|seen, _| match seen.line.contains("gone") {
            true => Reply::new(404, "no /hooks/secret here"),
            false => Reply::Nothing,
        });
        let urls = ["/hooks/secret-gone", "/hooks/secret"].map(|path| format!("{}{path}", server.api));
        for url in
            urls.iter().map(String::as_str).chain(["secret", "https://secret host/", "http://127.0.0.1:1/secret"])
        {
            let message = format!("{:?}", call(url, &Value::Null).unwrap_err());
            assert!(!message.contains("secret") && !message.contains("127.0.0.1"), "{message}");
        }
    }
}
