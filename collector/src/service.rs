use std::sync::LazyLock;

/// The member `service` of the events that the collector writes itself. Its instance is the name of the host, so that those who read the events of
/// many collectors in one place know which one it was.
pub(crate) fn service() -> &'static str {
    static SERVICE: LazyLock<String> =
        LazyLock::new(|| render(&rustix::system::uname().nodename().to_string_lossy()));
    &SERVICE
}

fn render(host: &str) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let host: String = host.chars().filter(char::is_ascii_graphic).take(128).collect();
    let host = host.replace(['"', '\\'], "");
    let instance = if host.is_empty() { host } else { format!(r#","instance":"{host}""#) };
    format!(r#"{{"name":"throughline-collector","version":"{version}"{instance}}}"#)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_named_whatever_its_name() {
        let instance = |host: &str| {
            let service: serde_json::Value = serde_json::from_str(&render(host)).unwrap();
            service.get("instance").map(|instance| instance.as_str().unwrap().to_owned())
        };
        assert_eq!(instance("node-7.example.org").as_deref(), Some("node-7.example.org"));
        assert_eq!(instance("a \"b\\\n\u{7f}ü").as_deref(), Some("ab"));
        assert_eq!(instance(&"x".repeat(500)).map(|name| name.len()), Some(128));
        assert_eq!((instance(""), instance("\n")), (None, None));
    }
}
