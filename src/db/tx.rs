//! The write transaction: the proof that a change is inside one.

use super::version::data_version;
use super::{Conn, Dialect, Statement};
use crate::error::Error;
use crate::kernel::{Origin, Timestamp};

/// What is done once a change is durable.
pub(super) type Afterwards = Vec<Box<dyn FnOnce() + Send>>;

/// A transaction that changes things. Only [`super::Db::write`] makes one, so a function that asks
/// for it cannot run outside a transaction.
pub struct WriteTx<'a> {
    conn: &'a mut Conn,
    now: Timestamp,
    origin: &'a Origin,
    afterwards: &'a mut Afterwards,
}

impl<'a> WriteTx<'a> {
    pub(super) fn new(
        conn: &'a mut Conn,
        now: Timestamp,
        origin: &'a Origin,
        afterwards: &'a mut Afterwards,
    ) -> Self {
        Self { conn, now, origin, afterwards }
    }

    /// Does `what` once the change is durable, before its caller is answered; never when it is
    /// rolled back, and once when it had to run again. For counting facts: it must not block.
    pub fn on_commit(&mut self, what: impl FnOnce() + Send + 'static) {
        self.afterwards.push(Box::new(what));
    }

    /// The connection, for reads inside the transaction and for typed statements.
    pub fn conn(&mut self) -> &mut Conn {
        self.conn
    }

    /// The one time of this transaction.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Who makes the change, in which request.
    #[must_use]
    pub fn origin(&self) -> &'a Origin {
        self.origin
    }

    /// Which dialect the transaction speaks.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.conn.dialect()
    }

    /// A number that is another one when another connection has changed the database since; `None`
    /// on PostgreSQL, where nothing tells.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn data_version(&mut self) -> Result<Option<i64>, Error> {
        data_version(self.conn)
    }

    /// Runs a statement that changes rows; answers how many.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn execute(&mut self, statement: Statement) -> Result<usize, Error> {
        statement.execute(self.conn)
    }
}
