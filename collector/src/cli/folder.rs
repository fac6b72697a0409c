use std::{env, fs, os::unix::fs::MetadataExt, path::PathBuf};

/// Where events are stored unless somebody says otherwise: `/var/lib/throughline` for root, the user's folder for state
/// else.
pub(super) fn default_dir() -> PathBuf {
    let root = fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
    if root {
        return "/var/lib/throughline".into();
    }
    let folder = |name: &str| {
        let path = PathBuf::from(env::var_os(name)?);
        path.is_absolute().then_some(path)
    };
    folder("XDG_STATE_HOME")
        .or_else(|| Some(folder("HOME")?.join(".local/state")))
        .unwrap_or_else(env::temp_dir)
        .join("throughline")
}
