use std::{
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
    process::ExitCode,
};

use serde_json::{Value as Json, json};

use super::{
    super::{
        Failure,
        output::{Stop, print},
    },
    candidate::Candidate,
};
use crate::{stderr::say, tail::clean};

/// What a program is asked, and what it has to answer.
struct Vector {
    name: String,
    question: Json,
    /// `None`, if it may answer this or that.
    answer: Option<Json>,
}

/// Asks the program about every vector, and says which verdicts it shares.
pub(super) fn check(folder: &Path, command: &[OsString]) -> Result<ExitCode, Stop> {
    let unreadable =
        |error: io::Error| Failure::usage(format_args!("{}: {error}", folder.display()));
    let vectors = read(folder).map_err(unreadable)?;
    let mut candidate = Candidate::start(command).map_err(|error| {
        let program = command.first().map(|program| program.to_string_lossy()).unwrap_or_default();
        Failure::usage(format_args!("cannot start {program}: {error}"))
    })?;
    let (mut shared, mut other, mut skipped) = (0, 0, 0);
    for Vector { name, question, answer } in &vectors {
        let verdict = match (candidate.ask(question), answer) {
            (Err(why), _) => {
                print(&clean(&format!("{name}: {why}\n")))?;
                return Ok(ExitCode::FAILURE);
            }
            (Ok(found), _) if found.get("skip") == Some(&true.into()) => {
                skipped += 1;
                "skipped".to_owned()
            }
            (Ok(_), None) => {
                shared += 1;
                "ok, either way".to_owned()
            }
            (Ok(found), Some(expected)) if found == *expected => {
                shared += 1;
                "ok".to_owned()
            }
            (Ok(found), Some(expected)) => {
                other += 1;
                format!("expected {expected}, found {found}")
            }
        };
        let line = format!("{name}: {verdict}");
        print(&format!("{}\n", clean(&line)))?;
    }
    let count = vectors.len();
    say(format_args!("{count} vectors, {shared} shared, {other} not, {skipped} skipped"));
    Ok(ExitCode::from(u8::from(other > 0 || shared == 0)))
}

fn read(folder: &Path) -> io::Result<Vec<Vector>> {
    let mut vectors = Vec::new();
    for group in ["propagation", "line", "evolution"] {
        let entries: io::Result<Vec<_>> = fs::read_dir(folder.join(group))?.collect();
        let mut paths: Vec<PathBuf> = entries?.into_iter().map(|entry| entry.path()).collect();
        paths.sort();
        for path in paths {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let vector = vector(group, &stem, &fs::read(&path)?);
            vectors.push(vector.map_err(|why| {
                io::Error::new(io::ErrorKind::InvalidData, format!("{group}/{stem}: {why}"))
            })?);
        }
    }
    Ok(vectors)
}

fn vector(group: &str, stem: &str, content: &[u8]) -> Result<Vector, String> {
    let is_accepted = match stem.split_once('_') {
        Some(("y", _)) => Some(true),
        Some(("n", _)) => Some(false),
        Some(("i", _)) => None,
        _ => return Err("the name begins with no verdict".to_owned()),
    };
    let name = format!("{group}/{stem}");
    let mut question = json!({"vector": &name, "group": group});
    let mut answer = json!({});
    if group == "line" {
        question["hex"] =
            content.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into();
        answer["valid"] = is_accepted.into();
    } else {
        let data: Json = serde_json::from_slice(content).map_err(|error| error.to_string())?;
        let mut ask = |member: &str| question[member] = data[member].clone();
        if group == "propagation" {
            ask("headers");
            question["grpc"] = (data["grpc"] == true).into();
            answer["read"] = data["read"].clone();
        } else {
            ask("before");
            ask("after");
            answer["breaks"] = is_accepted.map(|is_accepted| !is_accepted).into();
        }
    }
    Ok(Vector { name, question, answer: is_accepted.map(|_| answer) })
}
