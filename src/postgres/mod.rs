//! Talking to PostgreSQL servers: connections, readiness, databases, roles, migrations. Knows
//! where a server is, not who runs it.

mod brake;
mod copy;
mod database;
mod error;
mod lock;
mod migrate;
mod migration;
mod own_table;
mod place;
mod probe;
mod query;
mod quote;
mod scanner;
mod server;
mod session;
mod statement;
mod token;

pub(crate) use brake::{Brake, on_thread};
pub(crate) use lock::{is_held, try_lock, wait_for_lock};
pub(crate) use migrate::{MIGRATIONS, migrate_here, migrations_in};
pub(crate) use migration::is_copy_from_stdin;
pub(crate) use own_table::{OwnTable, OwnTables};
pub(crate) use place::first_line;
pub(crate) use quote::{identifier, literal};
pub(crate) use scanner::{ScanStep, Scanner};
pub(crate) use session::{DatabaseSession, TextRow};
pub(crate) use token::{Placed, Token, placed_tokens, tokens};

pub use database::{Ensured, database_exists, ensure_database, password_sql};
pub use error::{Error, ServerError};
pub use migrate::{Applied, MigrationState, MigrationStatus, migrate, migration_status};
pub use migration::{Migration, read_migrations};
pub use probe::{Version, probe};
pub use query::{Column, Rows, query};
pub use server::{Server, Target};
