//! Finds where SQL statements end, byte by byte, as psql does. Knows nothing of files, and holds
//! no text.

/// What a byte means to who collects a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ScanStep {
    /// It belongs to the statement.
    Keep,
    /// It ends blanks or a comment before the statement: what was kept so far can go.
    Clear,
    /// It is the `;` that ends the statement, or the byte before a meta-command's backslash.
    End,
    /// It is a backslash outside quotes: a meta-command of psql.
    Backslash,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum ScanState {
    /// Between tokens.
    Plain,
    Dash,
    Slash,
    Word,
    LineComment,
    Block {
        depth: u32,
        previous: u8,
    },
    Quoted {
        escapes: bool,
        backslash: bool,
    },
    /// After the quote of an `E''` literal, which goes on after a line break and another quote.
    AfterEscaped {
        line_break: bool,
    },
    Name,
    /// Inside the tag of a dollar quote.
    Tag(Vec<u8>),
    Dollar {
        tag: Vec<u8>,
        matched: usize,
    },
}

/// What is open when a text ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Open {
    Text,
    Name,
    DollarQuote,
    Comment,
    Bracket,
    Body,
}

/// The longest word whose spelling matters.
const LONGEST_WORD: usize = 16;
/// The longest tag of a dollar quote that PostgreSQL reads.
const LONGEST_TAG: usize = 63;

/// The state between two bytes.
#[derive(Clone, Debug)]
pub(crate) struct Scanner {
    state: ScanState,
    /// Whether a token of the statement was seen.
    begun: bool,
    brackets: u32,
    /// How deep in `BEGIN … END` of a function's body.
    bodies: u32,
    word: Vec<u8>,
    /// The first letters of the first words: `cof` is `create or function`.
    first_words: Vec<u8>,
    standard_strings: bool,
}

impl Scanner {
    pub(crate) fn new() -> Self {
        Self {
            state: ScanState::Plain,
            begun: false,
            brackets: 0,
            bodies: 0,
            word: Vec::with_capacity(LONGEST_WORD),
            first_words: Vec::with_capacity(4),
            standard_strings: true,
        }
    }

    /// Says whether a backslash in a plain literal is an ordinary character.
    pub(crate) fn set_standard_strings(&mut self, standard: bool) {
        self.standard_strings = standard;
    }

    /// Returns whether the statement has a token.
    pub(crate) fn has_begun(&self) -> bool {
        self.begun || matches!(self.state, ScanState::Dash | ScanState::Slash)
    }

    /// Returns what is unfinished, if the text ended here.
    pub(crate) fn open(&self) -> Option<Open> {
        match self.state {
            ScanState::Quoted { .. } => Some(Open::Text),
            ScanState::Name => Some(Open::Name),
            ScanState::Dollar { .. } => Some(Open::DollarQuote),
            ScanState::Block { .. } => Some(Open::Comment),
            _ if self.brackets > 0 => Some(Open::Bracket),
            _ if self.bodies > 0 => Some(Open::Body),
            _ => None,
        }
    }

    /// Forgets the statement, for the next one.
    pub(crate) fn reset(&mut self) {
        self.state = ScanState::Plain;
        self.begun = false;
        self.brackets = 0;
        self.bodies = 0;
        self.word.clear();
        self.first_words.clear();
    }

    /// Takes the next byte.
    pub(crate) fn push(&mut self, byte: u8) -> ScanStep {
        match &mut self.state {
            ScanState::Plain => self.plain(byte),
            ScanState::Word => self.in_word(byte),
            ScanState::Dash if byte == b'-' => self.enter(ScanState::LineComment),
            ScanState::Slash if byte == b'*' => self.enter(ScanState::Block {
                depth: 1,
                previous: 0,
            }),
            ScanState::Dash | ScanState::Slash => {
                self.begun = true;
                self.state = ScanState::Plain;
                self.plain(byte)
            }
            ScanState::LineComment if byte == b'\n' => self.leave_comment(),
            ScanState::LineComment => ScanStep::Keep,
            ScanState::Block { .. } => self.in_block(byte),
            ScanState::Quoted { escapes, backslash } => {
                match (byte, *backslash) {
                    (_, true) => *backslash = false,
                    (b'\\', false) if *escapes => *backslash = true,
                    (b'\'', false) if *escapes => {
                        self.state = ScanState::AfterEscaped { line_break: false };
                    }
                    (b'\'', false) => self.state = ScanState::Plain,
                    _ => {}
                }
                ScanStep::Keep
            }
            ScanState::AfterEscaped { line_break } => match byte {
                b'\n' | b'\r' => {
                    *line_break = true;
                    ScanStep::Keep
                }
                b' ' | b'\t' => ScanStep::Keep,
                b'\'' => self.enter(ScanState::Quoted {
                    escapes: true,
                    backslash: false,
                }),
                _ => {
                    self.state = ScanState::Plain;
                    self.plain(byte)
                }
            },
            ScanState::Name => {
                if byte == b'"' {
                    self.state = ScanState::Plain;
                }
                ScanStep::Keep
            }
            ScanState::Tag(_) => self.in_tag(byte),
            ScanState::Dollar { tag, matched } => {
                *matched = match byte {
                    byte if byte == tag[*matched] => *matched + 1,
                    b'$' => 1,
                    _ => 0,
                };
                if *matched == tag.len() {
                    self.state = ScanState::Plain;
                }
                ScanStep::Keep
            }
        }
    }

    fn enter(&mut self, state: ScanState) -> ScanStep {
        self.state = state;
        ScanStep::Keep
    }

    fn plain(&mut self, byte: u8) -> ScanStep {
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c => {
                return if self.begun {
                    ScanStep::Keep
                } else {
                    ScanStep::Clear
                };
            }
            b'-' => return self.enter(ScanState::Dash),
            b'/' => return self.enter(ScanState::Slash),
            b'\\' => return ScanStep::Backslash,
            b';' if self.brackets == 0 && self.bodies == 0 => return ScanStep::End,
            b'\'' => {
                self.state = ScanState::Quoted {
                    escapes: !self.standard_strings,
                    backslash: false,
                }
            }
            b'"' => self.state = ScanState::Name,
            b'$' => self.state = ScanState::Tag(vec![b'$']),
            b'(' => self.brackets += 1,
            b')' => self.brackets = self.brackets.saturating_sub(1),
            byte if is_word(byte) => {
                self.word.clear();
                self.word.push(byte.to_ascii_lowercase());
                self.state = ScanState::Word;
            }
            _ => {}
        }
        self.begun = true;
        ScanStep::Keep
    }

    fn in_word(&mut self, byte: u8) -> ScanStep {
        // A dollar sign is part of a name that it does not begin.
        if is_word(byte) || byte == b'$' {
            if self.word.len() < LONGEST_WORD {
                self.word.push(byte.to_ascii_lowercase());
            }
            return ScanStep::Keep;
        }
        if byte == b'\'' && self.word == b"e" {
            return self.enter(ScanState::Quoted {
                escapes: true,
                backslash: false,
            });
        }
        self.end_word();
        self.state = ScanState::Plain;
        self.plain(byte)
    }

    fn end_word(&mut self) {
        if self.first_words.len() < 4 {
            let letter = match self.word.as_slice() {
                b"create" => b'c',
                b"or" => b'o',
                b"replace" => b'r',
                b"function" | b"procedure" => b'f',
                _ => b'x',
            };
            self.first_words.push(letter);
        }
        let routine = self.first_words.starts_with(b"cf") || self.first_words.starts_with(b"corf");
        if !routine || self.brackets > 0 {
            return;
        }
        match self.word.as_slice() {
            b"begin" => self.bodies += 1,
            b"case" if self.bodies > 0 => self.bodies += 1,
            b"end" => self.bodies = self.bodies.saturating_sub(1),
            _ => {}
        }
    }

    fn in_block(&mut self, byte: u8) -> ScanStep {
        let ScanState::Block { depth, previous } = &mut self.state else {
            return ScanStep::Keep;
        };
        match (*previous, byte) {
            (b'*', b'/') => {
                *depth -= 1;
                *previous = 0;
                if *depth == 0 {
                    return self.leave_comment();
                }
            }
            (b'/', b'*') => {
                *depth += 1;
                *previous = 0;
            }
            _ => *previous = byte,
        }
        ScanStep::Keep
    }

    fn leave_comment(&mut self) -> ScanStep {
        self.state = ScanState::Plain;
        if self.begun {
            ScanStep::Keep
        } else {
            ScanStep::Clear
        }
    }

    fn in_tag(&mut self, byte: u8) -> ScanStep {
        let ScanState::Tag(tag) = &mut self.state else {
            return ScanStep::Keep;
        };
        let fits = is_word(byte) && !(tag.len() == 1 && byte.is_ascii_digit());
        if fits && tag.len() <= LONGEST_TAG {
            tag.push(byte);
            return ScanStep::Keep;
        }
        if byte == b'$' {
            let mut tag = std::mem::take(tag);
            tag.push(b'$');
            return self.enter(ScanState::Dollar { tag, matched: 0 });
        }
        // It was a parameter (`$1`) or a stray sign.
        self.state = ScanState::Plain;
        self.plain(byte)
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}
