//! Words that every module shares: money, identifiers, time, secrets, and who is acting.
//!
//! Pure: nothing here reads a database, a file or the network. The two impure sources of the
//! program, the clock and the random generator, are reached only through this module.

mod crash;
mod ids;
mod money;
mod origin;
mod secret;
mod time;
mod token;
mod words;

pub use crash::{crash_point, panic_point};
pub use ids::{
    CartId, CustomerId, EntryId, FulfilmentId, ImportId, KeyId, LineId, MalformedId, OperationId,
    OrderId, PaymentId, PersonalDataId, RequestId, StaffId, TransferId, random_bytes,
};
pub use money::{Amount, Currency, MAX_AMOUNT, MoneyError};
pub use origin::{Actor, Origin};
pub use secret::Secret;
pub use time::{Clock, Stopwatch, Timestamp};
pub use token::Token;
pub(crate) use words::words;
