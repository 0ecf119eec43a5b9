//! What only a shell understands. Commands are started without one, so its signs in a text that
//! is split into words are a mistake. Knows no keys.

use super::mistake::Mistake;
use super::reference::{Ask, Piece, ask, split};
use super::tree::{Node, quoted};

/// The character that stands for `${…}` in a text that is looked at; no text may hold it.
pub(crate) const HOLE: char = '\u{FDD0}';

/// What a shell starts with instead of a program.
const BUILTINS: [&str; 22] = [
    ".", "!", "{", "alias", "case", "cd", "eval", "exec", "export", "for", "if", "read", "set",
    "shift", "source", "trap", "ulimit", "umask", "unset", "until", "wait", "while",
];

const SHELLS: [&str; 9] = [
    "ash", "bash", "dash", "fish", "ksh", "mksh", "sh", "su", "zsh",
];

/// Returns which word a shell reads as its script: in `sh -c SCRIPT` the third.
pub(crate) fn script<'a>(words: impl IntoIterator<Item = &'a str>) -> Option<usize> {
    let mut shell = false;
    let mut words = words.into_iter().enumerate();
    words.find(|(_, word)| {
        let found = shell && is_script_option(word);
        let name = word.rsplit('/').next().unwrap_or_default();
        shell = shell || SHELLS.contains(&name);
        found
    })?;
    Some(words.next()?.0)
}

/// Says what only a shell understands in the text of a command, and how it is written for one.
/// `text` is what is split into words, with a hole where something is filled in later.
pub(crate) fn refuse(path: &str, text: &str, node: &Node) -> Option<Mistake> {
    let sign = sign(text)?;
    let shown = match &*sign {
        "`" => "a backtick".to_owned(),
        sign => format!("`{sign}`"),
    };
    let message = format!("{shown} in `{path}` needs a shell, and commands run without one");
    let written = node.written().or_else(|| node.text()).unwrap_or(text);
    let list = list_form(written);
    let service = path.strip_prefix("services.");
    let service = service.and_then(|rest| rest.strip_suffix(".process.command"));
    let service = service.filter(|_| sign.contains("PORT") && sign.starts_with('$'));
    let hint = if let Some(service) = service {
        let name = sign.trim_matches(['$', '{', '}']);
        format!(
            "write `${{services.{service}.port}}` for its port; or let a shell read it, `{list}`, \
             with `{name}` in `environment`"
        )
    } else if sign.starts_with('$') || sign == "`" {
        format!("write `{list}`; in single quotes it is taken as it stands")
    } else if BUILTINS.contains(&&*sign) || sets(&sign) || sign == "(" {
        format!("write `{list}`")
    } else {
        format!("write `{list}`; in quotes it is taken as it stands")
    };
    Some(Mistake::new(message).at(&node.at.within(&sign)).hint(hint))
}

/// Returns a text as the list that lets a shell read it. What is filled in later is handed on
/// behind the script, so that no shell reads it.
fn list_form(written: &str) -> String {
    let (mut script, mut arguments) = (String::new(), Vec::new());
    for piece in split(written) {
        match piece {
            Piece::Text(text) => script += &text.replace("${", "$${"),
            Piece::Open(text) => script += &text,
            Piece::Hole(inner) if matches!(ask(&inner), Some(Ask::Later(_) | Ask::Secret(_))) => {
                arguments.push(format!("${{{inner}}}"));
                let quote = ["\"", ""][script.matches('"').count() % 2];
                script.extend([quote, "$", &arguments.len().to_string(), quote]);
            }
            Piece::Hole(inner) => script.extend(["${", &inner, "}"]),
        }
    }
    let mut words = vec!["sh".to_owned(), "-c".to_owned(), script];
    if !arguments.is_empty() {
        words.push("sh".to_owned());
        words.extend(arguments);
    }
    let words: Vec<String> = words.iter().map(|word| readable(word)).collect();
    format!("[{}]", words.join(", "))
}

/// Writes a TOML text, with as few backslashes as can be.
fn readable(word: &str) -> String {
    let is_literal = word.contains(['"', '\\']) && !word.contains('\'');
    if is_literal && !word.contains(char::is_control) {
        return format!("'{word}'");
    }
    quoted(word)
}

/// Whether an option says that a script follows: `-c`, `-ec`, `--command`.
fn is_script_option(word: &str) -> bool {
    let letters = word.strip_prefix('-').unwrap_or_default();
    let short = letters.ends_with('c') && letters.bytes().all(|byte| byte.is_ascii_alphabetic());
    short || word == "--command"
}

/// Returns the first sign in a command's text that only a shell would follow, as it is written:
/// `&&`, `$PORT`, `*.log`, `cd`. What stands in quotes is a word like others, but that a shell
/// looks for its `$` in double ones, too.
pub(crate) fn sign(text: &str) -> Option<String> {
    let words = shell_words::split(text).ok()?;
    // Such a shell has its script in quotes, where everything is its own.
    let has_script = script(words.iter().map(String::as_str)).is_some();
    let mut scan = Scan {
        rest: text,
        word: Word::default(),
        first: true,
        has_script,
    };
    scan.find()
}

/// The word that is being read.
#[derive(Default)]
struct Word<'a> {
    /// The text from its start on; empty between words.
    text: &'a str,
    /// How much of it has been read.
    length: usize,
    quoted: bool,
}

impl<'a> Word<'a> {
    fn written(&self) -> &'a str {
        &self.text[..self.length]
    }
}

struct Scan<'a> {
    rest: &'a str,
    word: Word<'a>,
    /// Whether no word has ended yet.
    first: bool,
    has_script: bool,
}

impl Scan<'_> {
    fn find(&mut self) -> Option<String> {
        while let Some(next) = self.rest.chars().next() {
            let found = match next {
                '\'' => self.single(),
                '"' => self.double(),
                '\\' => {
                    self.quote();
                    self.take(1);
                    let escaped = self.rest.chars().next().map_or(0, char::len_utf8);
                    self.take(escaped);
                    None
                }
                '#' if self.word.length == 0 => {
                    let end = self.rest.find('\n').unwrap_or(self.rest.len());
                    self.rest = &self.rest[end..];
                    None
                }
                next if next.is_ascii_whitespace() => {
                    let found = self.end_of_word();
                    self.rest = &self.rest[1..];
                    found
                }
                _ => self.plain(next),
            };
            if found.is_some() {
                return found;
            }
        }
        self.end_of_word()
    }

    fn take(&mut self, length: usize) {
        if self.word.length == 0 {
            self.word.text = self.rest;
        }
        self.word.length += length;
        self.rest = &self.rest[length..];
    }

    fn quote(&mut self) {
        self.word.quoted = true;
    }

    fn single(&mut self) -> Option<String> {
        self.quote();
        let inside = self.rest[1..].find('\'')?;
        self.take(inside + 2);
        None
    }

    fn double(&mut self) -> Option<String> {
        self.quote();
        self.take(1);
        while let Some(next) = self.rest.chars().next() {
            match next {
                '"' => {
                    self.take(1);
                    break;
                }
                '\\' => {
                    self.take(1);
                    let escaped = self.rest.chars().next().map_or(0, char::len_utf8);
                    self.take(escaped);
                }
                '$' | '`' if !self.has_script => {
                    let found = expansion(self.rest);
                    if found.is_some() {
                        return found;
                    }
                    self.take(1);
                }
                _ => self.take(next.len_utf8()),
            }
        }
        None
    }

    fn plain(&mut self, next: char) -> Option<String> {
        let found = match next {
            '$' | '`' => expansion(self.rest),
            '&' | '|' | ';' | '<' | '>' if !self.is_address() => self.operator(),
            '(' if self.first && self.word.length == 0 => Some("(".to_owned()),
            '~' if self.word.length == 0 => home(self.rest),
            _ => None,
        };
        if found.is_none() {
            self.take(next.len_utf8());
        }
        found
    }

    /// Whether the word is a URL, in which `&`, `;` and `?` have a meaning of their own.
    fn is_address(&self) -> bool {
        let written = self.word.written();
        written.contains("://") || written.contains("jdbc:")
    }

    fn operator(&mut self) -> Option<String> {
        let rest = self.rest.as_bytes();
        let before = self.word.written().bytes().last();
        // `package>=1.0` and `a->b` are read by programs.
        let compares = matches!(rest, [b'<' | b'>', b'=', ..])
            || (rest[0] == b'>' && matches!(before, Some(b'-' | b'=')));
        if compares && self.word.length > 0 {
            return None;
        }
        let descriptor = matches!(rest[0], b'<' | b'>') && self.word.written() == "2";
        let length = match rest {
            [b'>', b'&', b'0'..=b'9' | b'-', ..] => 3,
            [first, second, ..] if first == second => 2,
            _ => 1,
        };
        let start = if descriptor { "2" } else { "" };
        Some(format!("{start}{}", &self.rest[..length]))
    }

    fn end_of_word(&mut self) -> Option<String> {
        let word = std::mem::take(&mut self.word);
        let written = word.written();
        if written.is_empty() {
            return None;
        }
        let first = std::mem::replace(&mut self.first, false);
        let is_first = first && !word.quoted && (BUILTINS.contains(&written) || sets(written));
        // No file is called so, and a shell hands on as it stands what matches none.
        let is_value = written.starts_with('-') || written.contains([':', '=']);
        let globs = !word.quoted && !is_value && written.contains(['*', '?']);
        (is_first || globs).then(|| written.replace(HOLE, "${…}"))
    }
}

/// Whether the first word of a command sets a variable: `PORT=3000`.
fn sets(word: &str) -> bool {
    let Some((name, _)) = word.split_once('=') else {
        return false;
    };
    let inside = |c: char| c.is_ascii_alphanumeric() || c == '_';
    !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit()) && name.chars().all(inside)
}

/// Returns what a shell would fill in at the start of a text: `$PORT`, `${PORT}`, `$(…`, `` ` ``.
fn expansion(text: &str) -> Option<String> {
    if text.starts_with('`') {
        return Some("`".to_owned());
    }
    let after = text.strip_prefix('$')?;
    let first = after.chars().next()?;
    let end = match first {
        '{' => after.find('}').map_or(1, |end| end + 1),
        '(' | '$' | '@' | '*' | '?' | '#' | '0'..='9' => 1,
        '_' | 'a'..='z' | 'A'..='Z' => after
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(after.len()),
        _ => return None,
    };
    Some(text[..=end].to_owned())
}

/// Returns `~` where a shell would put the home folder.
fn home(text: &str) -> Option<String> {
    let next = text[1..].chars().next();
    let ends = next.is_none_or(|c| c == '/' || c.is_ascii_whitespace());
    ends.then(|| "~".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_of_a_shell_are_found_where_a_shell_would_follow_them() {
        let check = |text: &str, expect: &str| assert_eq!(sign(text).as_deref(), Some(expect));
        check("cd web && npm start", "cd");
        check("npm ci && npm start", "&&");
        check("npm ci || true", "||");
        check("seq 3 | wc -l", "|");
        check("make; make install", ";");
        check("serve > log", ">");
        check("serve >> log", ">>");
        check("serve 2>/dev/null", "2>");
        check("serve >&2", ">&2");
        check("psql < dump.sql", "<");
        check("serve &", "&");
        check("python3 -m http.server --bind 127.0.0.1 $PORT", "$PORT");
        check("serve \"--port=$PORT\"", "$PORT");
        check("serve --port ${PORT:-3000}", "${PORT:-3000}");
        check("serve --id $(hostname)", "$(");
        check("serve --id `hostname`", "`");
        check("serve $1", "$1");
        check("cat logs/*.log", "logs/*.log");
        check("cat log?", "log?");
        check("PORT=3000 serve", "PORT=3000");
        check("exec serve", "exec");
        check("~/bin/serve", "~");
        check("serve --root ~", "~");
        check("(cd web; serve)", "(");
        check("sh -c serve && true", "&&");
        check("sh -c serve $PORT", "$PORT");
        check(&format!("A={HOLE} serve"), "A=${…}");
    }

    #[test]
    fn what_programs_read_is_no_sign() {
        for text in [
            "",
            "serve --port 3000 # > not this",
            "serve --price '$5' 'a && b' \"a | b\" \"it's *\"",
            r"find . -name \*.py -exec rm {} \;",
            "pip install 'uvicorn[standard]' flask>=2.0 a->b",
            "pip install uvicorn[standard]",
            "curl -f http://127.0.0.1/search?q=a&limit=3;x",
            "env PORT=3000 serve --a=b=c",
            "gunicorn app:app --forwarded-allow-ips=*",
            "java -cp target/classes:target/dependency/* Main",
            "curl -sf localhost:9200/_cluster/health?wait_for_status=yellow",
            "java -jar app.jar --spring.datasource.url=jdbc:h2:mem:x;DB_CLOSE_DELAY=-1",
            "sh -c 'cd web && exec serve --port $PORT'",
            "sh -c \"cd web && exec serve --port $PORT\"",
            "bash -lc \"echo $HOME\" x",
            "serve 5$ $",
            "git@host:a~b",
            "serve\n--port\n3000",
        ] {
            assert_eq!(sign(text), None, "{text}");
        }
    }

    #[test]
    fn the_script_of_a_shell_is_known() {
        let check = |words: &str, expect| {
            let found = script(words.split(' '));
            assert_eq!(found, expect, "{words}");
        };
        check("sh -c SCRIPT", Some(2));
        check("/bin/bash -euo pipefail -c SCRIPT x", Some(4));
        check("busybox sh -ec SCRIPT", Some(3));
        check("timeout 5 sh -c SCRIPT", Some(4));
        check("su app -c SCRIPT", Some(3));
        check("sh -c", None);
        check("sh script.sh -x", None);
        check("python3 -c CODE", None);
        check("serve", None);
    }
}
