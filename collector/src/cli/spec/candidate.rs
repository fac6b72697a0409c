use std::{
    ffi::OsString,
    io::{self, BufRead, BufReader, Read, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use serde_json::Value as Json;

/// The longest answer, in bytes.
const MAX_ANSWER: u64 = 1 << 20;

/// A program that is asked about vectors. Dropping it ends it.
pub(super) struct Candidate {
    child: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Candidate {
    pub(super) fn start(command: &[OsString]) -> io::Result<Candidate> {
        let (program, arguments) = command.split_first().ok_or(io::ErrorKind::InvalidInput)?;
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let questions = child.stdin.take();
        let answers = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        Ok(Candidate { child, questions, answers: BufReader::new(answers) })
    }

    /// Asks, and waits for the answer. The error says why there is none, and then there will be no other.
    pub(super) fn ask(&mut self, question: &Json) -> Result<Json, String> {
        let ended = "the program ended without an answer";
        if let Some(questions) = &mut self.questions {
            let asked = writeln!(questions, "{question}").and_then(|()| questions.flush());
            asked.map_err(|_| ended.to_owned())?;
        }
        let mut answer = String::new();
        let mut limited = (&mut self.answers).take(MAX_ANSWER);
        match limited.read_line(&mut answer) {
            Ok(0) => Err(ended.to_owned()),
            Ok(_) => serde_json::from_str(&answer).map_err(|error| format!("no JSON: {error}")),
            Err(error) => Err(format!("no answer: {error}")),
        }
    }
}

impl Drop for Candidate {
    fn drop(&mut self) {
        // There are no more questions.
        drop(self.questions.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
