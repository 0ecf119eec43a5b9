//! Lines of services' logs: `db | line`, with the names in one column.

use super::cut::{pad, width};
use super::paint::Paint;

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

    /// Returns the line with the service's name before it, and its end.
    pub(super) fn line(&mut self, service: &str, line: &str) -> String {
        let number = self.number(service);
        let name = format!("{} |", pad(service, self.column));
        let line = line.trim_end_matches(['\r', '\n']);
        let text = format!("{} {line}", self.paint.numbered(number, &name));
        format!("{}\n", text.trim_end())
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
