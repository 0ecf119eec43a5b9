//! INSERTs that travel together: a dump of them is slow when each waits for an answer.

use super::script::DumpStatement;

/// How many bytes and statements go at once.
const BYTES: usize = 64 * 1024;
const STATEMENTS: usize = 500;

/// Statements that wait to be sent in one message, which the server runs as one transaction.
#[derive(Debug, Default)]
pub(super) struct Batch {
    statements: Vec<DumpStatement>,
    bytes: usize,
}

impl Batch {
    /// Undoes a batch that failed inside a transaction of the dump.
    pub(super) const UNDO: &str = "ROLLBACK TO SAVEPOINT envctl; RELEASE SAVEPOINT envctl";

    /// Adds a statement and returns whether the batch is full.
    pub(super) fn add(&mut self, statement: DumpStatement) -> bool {
        self.bytes += statement.sql.len();
        self.statements.push(statement);
        self.bytes >= BYTES || self.statements.len() >= STATEMENTS
    }

    /// Takes what waits.
    pub(super) fn take(&mut self) -> Self {
        std::mem::take(self)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.statements.is_empty()
    }

    pub(super) fn statements(&self) -> &[DumpStatement] {
        &self.statements
    }

    /// Returns the message. Inside a transaction of the dump it can be undone on its own.
    pub(super) fn sql(&self, in_transaction: bool) -> String {
        let mut sql = String::with_capacity(self.bytes + 3 * self.statements.len() + 64);
        if in_transaction {
            sql.push_str("SAVEPOINT envctl;\n");
        }
        for statement in &self.statements {
            sql.push_str(&statement.sql);
            // A statement may end in a comment.
            sql.push_str("\n;\n");
        }
        if in_transaction {
            sql.push_str("RELEASE SAVEPOINT envctl");
        }
        sql
    }
}
