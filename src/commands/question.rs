//! Asking before something is lost.

use dialoguer::Confirm;

use super::failure::Failure;
use super::session::Session;
use crate::tell::visible;

/// Returns when the user agrees; without a terminal it refuses, says what is being done, as in
/// `` `seed --reset` loses data ``, and names the flag.
pub(super) fn confirm(session: &Session, question: &str, doing: &str) -> Result<(), Failure> {
    if session.request.yes {
        return Ok(());
    }
    if !session.screen.interactive {
        return Err(Failure::needs_yes(question, doing));
    }
    let mut agreed = Ok(false);
    (session.screen.suspend)(&mut || {
        agreed = Confirm::new()
            .with_prompt(visible(question))
            .default(false)
            .interact();
    });
    match agreed {
        Ok(true) => Ok(()),
        Ok(false) => Err(Failure::declined()),
        Err(dialoguer::Error::IO(error)) => {
            if error.kind() == std::io::ErrorKind::Interrupted {
                return Err(Failure::interrupted());
            }
            Err(Failure::of_io(&error))
        }
    }
}
