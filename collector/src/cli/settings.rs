use std::{
    fmt, fs,
    path::{Path, PathBuf},
};

use clap::Args;
use serde::Deserialize;
use toml::de::DeTable;

use super::{
    Failure,
    destination::destination,
    folder::default_dir,
    nats::NatsSettings,
    otlp::OtlpSettings,
    spelled::{Address, Flush, Mode, Size, Span, quoted, spelled},
};
use crate::Config;

/// What the collector is told, by flags or by a file. The name of a key is that of the flag, with `_` for `-`.
#[derive(Debug, Default, Args, Deserialize)]
#[serde(default)]
pub(super) struct Settings {
    /// The folder to store events in [default: /var/lib/throughline for root, else ~/.local/state/throughline]
    #[arg(long, env = "THROUGHLINE_DIR")]
    dir: Option<PathBuf>,

    /// The Unix socket to listen on [default: throughline.sock in the folder]
    #[arg(long, env = "THROUGHLINE_SOCKET")]
    socket: Option<PathBuf>,

    /// The permissions of the socket, in octal [default: 0660]
    #[arg(long)]
    #[serde(deserialize_with = "quoted")]
    mode: Option<Mode>,

    /// The group of the socket: a name of /etc/group, or a number
    #[arg(long)]
    #[serde(deserialize_with = "spelled")]
    group: Option<String>,

    /// The number of a user who may send events, repeatable [default: whoever may write to the socket]
    #[arg(long, value_name = "UID")]
    allow_user: Option<Vec<u32>>,

    /// The longest line to accept [default: 1MiB]
    #[arg(long, value_name = "BYTES")]
    #[serde(deserialize_with = "spelled")]
    max_line: Option<Size>,

    /// Begin a new file of events after so many bytes [default: 64MiB, at most an eighth of --retain-bytes]
    #[arg(long, value_name = "BYTES")]
    #[serde(deserialize_with = "spelled")]
    segment_bytes: Option<Size>,

    /// Flush events to the disk before they are acknowledged, after each batch or so often; or leave it to the kernel
    /// [default: each]
    #[arg(long, value_name = "each|never|TIME")]
    #[serde(deserialize_with = "quoted")]
    sync: Option<Flush>,

    /// Keep so many bytes of events at most, and delete the oldest [default: keep all]
    #[arg(long, value_name = "BYTES")]
    #[serde(deserialize_with = "spelled")]
    retain_bytes: Option<Size>,

    /// Delete events that are older, as 7d or 12h [default: keep all]
    #[arg(long, value_name = "TIME")]
    #[serde(deserialize_with = "quoted")]
    retain_age: Option<Span>,

    /// Delete events even if they were not forwarded; they are counted
    #[arg(long, num_args = 0..=1, default_missing_value = "true")]
    drop_unforwarded: Option<bool>,

    /// Forward events to nats://HOST:PORT[,…], tls://…, otlp:http[s]://HOST:PORT, unix:SOCKET, file:PATH or stdout;
    /// repeatable, one of each kind
    #[arg(long, value_name = "DESTINATION")]
    forward: Option<Vec<String>>,

    /// Answer /metrics and /healthz on this port of the loopback interface, or on this address
    #[arg(long, value_name = "[ADDRESS:]PORT")]
    #[serde(deserialize_with = "spelled")]
    http: Option<Address>,

    #[command(flatten)]
    #[serde(flatten)]
    nats: NatsSettings,

    #[command(flatten)]
    #[serde(flatten)]
    otlp: OtlpSettings,
}

impl Settings {
    /// What the TOML file at `path` says.
    pub(super) fn load(path: &Path) -> Result<Self, Failure> {
        let failed =
            |what: &dyn fmt::Display| Failure::usage(format_args!("{}: {what}", path.display()));
        let text = fs::read_to_string(path).map_err(|error| failed(&error))?;
        // Not as TOML's errors display: they show the text, and there may be a secret in it.
        let wrong = |at: usize, what: &dyn fmt::Display| {
            let line = text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1;
            failed(&format_args!("line {line}: {what}"))
        };
        let table = DeTable::parse(&text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            wrong(at, &error.message())
        })?;
        let known = known_keys();
        for (key, value) in table.get_ref() {
            let (name, at) = (key.get_ref(), key.span().start);
            if !known.iter().any(|known| known == name) {
                return Err(wrong(at, &unknown(name, &known)));
            }
            // By itself, since an error of them all says neither which one it is nor where.
            toml::from_str::<Self>(&text[at..value.span().end])
                .map_err(|error| wrong(at, &format_args!("{name}: {}", error.message())))?;
        }
        toml::from_str(&text).map_err(|error| failed(&error.message()))
    }

    /// These, and what they leave open from `other`.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            dir: self.dir.or(other.dir),
            socket: self.socket.or(other.socket),
            mode: self.mode.or(other.mode),
            group: self.group.or(other.group),
            allow_user: self.allow_user.or(other.allow_user),
            max_line: self.max_line.or(other.max_line),
            segment_bytes: self.segment_bytes.or(other.segment_bytes),
            sync: self.sync.or(other.sync),
            retain_bytes: self.retain_bytes.or(other.retain_bytes),
            retain_age: self.retain_age.or(other.retain_age),
            drop_unforwarded: self.drop_unforwarded.or(other.drop_unforwarded),
            forward: self.forward.or(other.forward),
            http: self.http.or(other.http),
            nats: self.nats.or(other.nats),
            otlp: self.otlp.or(other.otlp),
        }
    }

    pub(super) fn config(self) -> Result<Config, Failure> {
        let dir = self.dir.unwrap_or_else(default_dir);
        let socket = self.socket.unwrap_or_else(|| dir.join("throughline.sock"));
        let mut config = Config::new(socket, dir);
        if let Some(Mode(mode)) = self.mode {
            config.mode = mode;
        }
        config.group = self.group.map(|name| group(&name)).transpose()?;
        config.users = self.allow_user;
        if let Some(Size(bytes)) = self.max_line {
            config.max_line = usize::try_from(bytes).unwrap_or(usize::MAX);
        }
        if let Some(Size(bytes)) = self.segment_bytes {
            config.segment_bytes = bytes;
        }
        if let Some(Flush(sync)) = self.sync {
            config.sync = sync;
        }
        config.retain.bytes = self.retain_bytes.map(|Size(bytes)| bytes);
        config.retain.age = self.retain_age.map(|Span(age)| age);
        config.retain.drop_unforwarded = self.drop_unforwarded.unwrap_or(false);
        for to in self.forward.unwrap_or_default() {
            config.forward.push(destination(&to, &self.nats, &self.otlp)?);
        }
        config.http = self.http.map(|Address(address)| address);
        Ok(config)
    }
}

/// The keys that a file may have: the flags of which there is a field.
fn known_keys() -> Vec<String> {
    let command = Settings::augment_args(clap::Command::new("collect"));
    command.get_arguments().map(|argument| argument.get_id().to_string()).collect()
}

fn unknown(key: &str, known: &[String]) -> String {
    let near = known.iter().map(|name| (strsim::jaro_winkler(key, name), name));
    match near.max_by(|(a, _), (b, _)| a.total_cmp(b)) {
        Some((_, name)) => format!("there is no setting {key:?}: is it {name:?} that you mean?"),
        None => format!("there is no setting {key:?}"),
    }
}

/// The number of the group with this name.
fn group(name: &str) -> Result<u32, Failure> {
    if let Ok(id) = name.parse() {
        return Ok(id);
    }
    let groups = fs::read_to_string("/etc/group").unwrap_or_default();
    let ids = groups.lines().filter_map(|line| {
        let mut parts = line.split(':');
        let found = parts.next() == Some(name);
        parts.nth(1).filter(|_| found)?.parse().ok()
    });
    let id = ids.into_iter().next();
    id.ok_or_else(|| Failure::usage(format_args!("/etc/group has no group {name:?}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<Settings, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        fs::write(&path, text).unwrap();
        Settings::load(&path).map_err(|failure| failure.message)
    }

    #[test]
    fn a_file_says_what_flags_say() {
        let text = r#"
            dir = "/data"
            mode = "0600"
            allow_user = [0, 1000]
            max_line = 1000
            sync = "200ms"
            retain_bytes = "10GiB"
            retain_age = "7d"
            drop_unforwarded = true
            forward = ["file:/out", "stdout"]
            http = 9090
        "#;
        let config = load(text).unwrap().config().unwrap();
        assert_eq!(config.socket, Path::new("/data/throughline.sock"));
        assert_eq!((config.mode, config.max_line), (0o600, 1000));
        assert_eq!(config.users, Some(vec![0, 1000]));
        assert_eq!(config.sync, crate::SyncPolicy::Interval(std::time::Duration::from_millis(200)));
        assert_eq!(config.retain.bytes, Some(10 << 30));
        assert!(config.retain.drop_unforwarded);
        let to: Vec<_> = config.forward.iter().map(ToString::to_string).collect();
        assert_eq!(to, ["file:/out", "stdout"]);
        assert_eq!(config.http.unwrap().to_string(), "127.0.0.1:9090");
    }

    #[test]
    fn flags_come_before_the_file() {
        let flags = Settings { max_line: Some(Size(7)), ..Settings::default() };
        let file = load("max_line = 8\ndir = \"/data\"").unwrap();
        let config = flags.or(file).config().unwrap();
        assert_eq!((config.max_line, config.dir.as_path()), (7, Path::new("/data")));
    }

    #[test]
    fn an_unknown_key_is_refused_and_the_nearest_one_named() {
        for (key, near) in [
            ("retain_byte", "retain_bytes"),
            ("max-line", "max_line"),
            ("fsync", "sync"),
            ("forwards", "forward"),
        ] {
            let error = load(&format!("{key} = 1")).unwrap_err();
            assert!(error.contains(&format!("{near:?}")), "{error}");
        }
    }

    #[test]
    fn a_wrong_value_is_explained_with_its_place() {
        let error = load("dir = \"/data\"\nretain_age = \"soon\"").unwrap_err();
        assert!(error.contains("line 2") && error.contains("7d"), "{error}");
        assert!(load("mode = 660").is_err());
        let other = "\u{feff}# é\r\n \"dir\"=\"é\"# é\r\n'sync' = \"\"\"each\"\"\"\r\nforward = [\n'stdout', # é\n]\n";
        assert_eq!(load(other).unwrap().config().unwrap().dir, Path::new("é"));
        assert!(load("dir = ").is_err());
    }

    #[test]
    #[cfg(feature = "otlp")]
    fn what_is_wrong_with_a_secret_is_said_without_it() {
        for wrong in [
            "authorization=Bearer hidden",
            "[\"authorization=Bearer hidden\"]",
            "{ authorization = \"hidden\" }",
            "\"authorization=hidden",
            "\"authorization=hidden\\q\"",
        ] {
            for before in ["", "dir = \"/data\"\n"] {
                let error = load(&format!("{before}otlp_headers = {wrong}")).unwrap_err();
                assert!(!error.contains("hidden"), "{error}");
                let line = before.lines().count() + 1;
                assert!(error.contains(&format!("line {line}: ")), "{error}");
            }
        }
        let error = load("otlp_headers = []\notlp_gzip = true").unwrap_err();
        assert!(error.contains("otlp_headers"), "{error}");
    }

    #[test]
    fn a_group_has_a_name_or_a_number() {
        assert_eq!(group("root").unwrap(), 0);
        assert_eq!(group("12345").unwrap(), 12345);
        assert!(group("no such group").is_err());
    }
}
