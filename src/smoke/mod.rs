//! Smoke checks: what to call, what must come back, and the reports of it.
