//! The two streams that everything is written to.

use std::io::{Error, ErrorKind, Result, Write, stderr, stdout};

use super::workflow;
use crate::tell::visible;

/// Standard output and standard error. A reader that is gone (`envctl logs | head`) is no
/// failure: what comes after it is dropped.
pub(super) struct Outputs {
    stdout: Box<dyn Write + Send>,
    stderr: Box<dyn Write + Send>,
    /// Whether nobody reads standard output any more.
    stdout_closed: bool,
    failure: Option<Error>,
    /// Whether a reader takes some lines for commands, which no foreign text may give.
    guarded: bool,
}

impl Outputs {
    /// Returns the streams of the process.
    pub(super) fn process() -> Self {
        Self::new(Box::new(stdout()), Box::new(stderr()))
    }

    pub(super) fn new(stdout: Box<dyn Write + Send>, stderr: Box<dyn Write + Send>) -> Self {
        Self {
            stdout,
            stderr,
            stdout_closed: false,
            failure: None,
            guarded: false,
        }
    }

    /// Guards the streams: what is written is text and no command, but for [`Self::command`].
    pub(super) fn guard(&mut self, guarded: bool) {
        self.guarded = guarded;
    }

    /// Writes the text to standard output.
    pub(super) fn out(&mut self, text: &str) {
        if self.guarded {
            self.exact(&workflow::neutral(text));
        } else {
            self.exact(text);
        }
    }

    /// Writes lines of JSON to standard output.
    pub(super) fn json(&mut self, lines: &str) {
        let lines = visible(lines);
        if self.guarded {
            self.exact(&workflow::neutral_json(&lines));
        } else {
            self.exact(&lines);
        }
    }

    /// Writes a text of which no byte may change to standard output.
    pub(super) fn exact(&mut self, text: &str) {
        if self.stdout_closed {
            return;
        }
        let written = self
            .stdout
            .write_all(text.as_bytes())
            .and_then(|()| self.stdout.flush());
        if let Err(error) = written {
            self.stdout_closed = true;
            self.failure = Some(error).filter(|error| error.kind() != ErrorKind::BrokenPipe);
        }
    }

    /// Writes the text to standard error.
    pub(super) fn err(&mut self, text: &str) {
        if self.guarded {
            self.raw_err(&workflow::neutral(text));
        } else {
            self.raw_err(text);
        }
    }

    /// Writes a command for the reader of a guarded stream to standard error.
    pub(super) fn command(&mut self, line: &str) {
        self.raw_err(&format!("{line}\n"));
    }

    fn raw_err(&mut self, text: &str) {
        // There is nowhere left to say that standard error cannot be written.
        let _ = self.stderr.write_all(text.as_bytes());
        let _ = self.stderr.flush();
    }

    /// Writes a line that a program printed to the stream that it was printed to.
    pub(super) fn line(&mut self, stderr: bool, line: &str) {
        let line = format!("{}\n", line.trim_end_matches(['\r', '\n']));
        if stderr {
            self.err(&line);
        } else {
            self.out(&line);
        }
    }

    /// Returns why standard output could not be written (a full disk), if so, and says it.
    pub(super) fn finish(mut self) -> Result<()> {
        let Some(failure) = self.failure.take() else {
            return Ok(());
        };
        self.err(&format!(
            "error: standard output could not be written: {failure}\n"
        ));
        Err(failure)
    }
}

#[cfg(test)]
pub(super) mod testing {
    use std::io::{Error, ErrorKind, Result, Write};
    use std::sync::{Arc, Mutex};

    use super::Outputs;

    /// A stream that keeps what is written to it.
    #[derive(Clone, Default)]
    pub(in crate::report) struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Kept {
        pub(in crate::report) fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    impl Write for Kept {
        fn write(&mut self, buffer: &[u8]) -> Result<usize> {
            self.0.lock().unwrap().write(buffer)
        }

        fn flush(&mut self) -> Result<()> {
            Ok(())
        }
    }

    /// A stream that nobody reads.
    struct Closed;

    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> Result<usize> {
            Err(Error::from(ErrorKind::BrokenPipe))
        }

        fn flush(&mut self) -> Result<()> {
            Ok(())
        }
    }

    /// Returns outputs and what they keep: standard output, then standard error.
    pub(in crate::report) fn kept() -> (Outputs, Kept, Kept) {
        let (out, err) = (Kept::default(), Kept::default());
        let outputs = Outputs::new(Box::new(out.clone()), Box::new(err.clone()));
        (outputs, out, err)
    }

    #[test]
    fn a_closed_standard_output_is_noticed_and_standard_error_goes_on() {
        let err = Kept::default();
        let mut outputs = Outputs::new(Box::new(Closed), Box::new(err.clone()));
        outputs.out("lost\n");
        outputs.out("lost\n");
        outputs.err("kept\n");
        assert!(outputs.stdout_closed);
        assert!(outputs.finish().is_ok());
        assert_eq!(err.text(), "kept\n");
    }

    #[test]
    fn a_line_goes_to_the_stream_that_it_was_printed_to() {
        let (mut outputs, out, err) = kept();
        outputs.line(false, "one\r\n");
        outputs.line(true, "two");
        outputs.line(false, "");
        assert_eq!((out.text(), err.text()), ("one\n\n".into(), "two\n".into()));
    }

    #[test]
    fn a_full_disk_is_a_failure_that_is_said() {
        let full = fs_err::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap();
        let err = Kept::default();
        let mut outputs = Outputs::new(Box::new(full.into_file()), Box::new(err.clone()));
        outputs.out("lost\n");
        outputs.out("lost\n");
        assert_eq!(outputs.finish().unwrap_err().kind(), ErrorKind::StorageFull);
        let said = "error: standard output could not be written: No space left on device";
        assert_eq!(err.text(), format!("{said} (os error 28)\n"));
    }
}
