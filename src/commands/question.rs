//! Asking before something is lost.

use std::io::ErrorKind;

use super::failure::Failure;
use super::session::Session;
use crate::tell::visible;

/// Returns when the user agrees; without a terminal it refuses, says what is being done, as in
/// `` `seed --reset` loses data ``, and names the flag.
pub(super) fn confirm(session: &Session, question: &str, doing: &str) -> Result<(), Failure> {
    if session.request.yes {
        return Ok(());
    }
    let Some(confirm) = &session.lent.confirm else {
        return Err(Failure::needs_yes(question, doing));
    };
    match confirm(&visible(question)) {
        Ok(true) => Ok(()),
        Ok(false) => Err(Failure::declined()),
        Err(error) if error.kind() == ErrorKind::Interrupted => Err(Failure::interrupted()),
        Err(error) => Err(Failure::of_io(&error)),
    }
}
