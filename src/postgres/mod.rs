//! Talking to PostgreSQL servers: connections, readiness, databases, roles, migrations. Knows
//! where a server is, not who runs it.
