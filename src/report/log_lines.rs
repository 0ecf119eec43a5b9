//! Lines of services' logs: `db | line`, with the names in one column.

use super::cut::{pad, width};
use super::paint::Paint;
use crate::tell::Event;

/// The names seen so far; the column grows with the longest.
pub(super) struct LogLines {
    paint: Paint,
    services: Vec<String>,
    column: usize,
}

impl LogLines {
    pub(super) fn new(paint: Paint) -> Self {
        Self {
            paint,
            services: Vec::new(),
            column: 0,
        }
    }

    /// Returns the line that an event is, with the service's name before it, and its end.
    pub(super) fn event(&mut self, event: &Event) -> Option<String> {
        let Event::LogLine {
            service,
            time,
            line,
            look,
            ..
        } = event
        else {
            return None;
        };
        let line = line.trim_end_matches(['\r', '\n']);
        let time = time.as_ref().filter(|_| look.with_time);
        let line = match time {
            Some(time) => format!("{} {line}", self.paint.dim(time)),
            None => line.to_owned(),
        };
        if look.without_name {
            return Some(line + "\n");
        }
        self.column = self.column.max(look.column);
        let number = self.number(service);
        let name = format!("{} |", pad(service, self.column));
        let text = format!("{} {line}", self.paint.numbered(number, &name));
        Some(format!("{}\n", text.trim_end()))
    }

    fn number(&mut self, service: &str) -> usize {
        if let Some(number) = self.services.iter().position(|known| known == service) {
            return number;
        }
        self.column = self.column.max(width(service));
        self.services.push(service.to_owned());
        self.services.len() - 1
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::tell::LogLook;

    impl LogLines {
        fn line(&mut self, service: &str, line: &str) -> String {
            self.looking(LogLook::default(), service, line)
        }

        fn looking(&mut self, look: LogLook, service: &str, line: &str) -> String {
            let event = Event::LogLine {
                service: service.to_owned(),
                stderr: false,
                time: Some("2021-01-31T12:03:04.567Z".to_owned()),
                line: line.to_owned(),
                look,
            };
            self.event(&event).unwrap()
        }
    }

    #[test]
    fn a_column_can_be_known_before_and_a_name_left_out() {
        let mut lines = LogLines::new(Paint::new(false));
        let look = LogLook {
            column: 9,
            with_time: true,
            ..LogLook::default()
        };
        let bare = LogLook {
            without_name: true,
            ..LogLook::default()
        };
        let text = [
            lines.looking(look, "db", "ready"),
            lines.looking(bare, "db", "  ready\r\n"),
        ];
        expect![[r"
            db        | 2021-01-31T12:03:04.567Z ready
              ready
        "]]
        .assert_eq(&text.concat());
    }

    #[test]
    fn names_are_aligned_and_each_keeps_its_colour() {
        let mut lines = LogLines::new(Paint::new(false));
        let text: String = [("db", "ready\r\n"), ("rates-api", "listening"), ("db", "")]
            .map(|(service, line)| lines.line(service, line))
            .concat();
        expect![[r"
            db | ready
            rates-api | listening
            db        |
        "]]
        .assert_eq(&text);
        let mut lines = LogLines::new(Paint::new(true));
        assert_eq!(lines.line("db", "x"), "\x1b[36mdb |\x1b[0m x\n");
        assert_eq!(lines.line("api", "x"), "\x1b[33mapi |\x1b[0m x\n");
        assert_eq!(lines.line("db", "x"), "\x1b[36mdb  |\x1b[0m x\n");
    }
}
