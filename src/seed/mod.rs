//! Bringing a database to its declared data: dumps, and the fingerprint that says what is in.
