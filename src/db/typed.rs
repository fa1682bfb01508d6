//! Typed queries on the connection inside [`Conn`](super::Conn).
//!
//! On the enum diesel writes the text of a query anew, several times, whenever it runs. On the
//! connection inside, the text of a query of one shape is written and prepared once. What is asked
//! at every request asks so.

/// Runs a query on the connection inside, whichever it is.
macro_rules! on_inner {
    ($conn:expr, $inner:ident => $run:expr) => {
        match $conn {
            $crate::db::Conn::Sqlite($inner) => $run,
            $crate::db::Conn::Postgres($inner) => $run,
        }
    };
}
pub(crate) use on_inner;

/// Loads the rows of a query in whose column one of these values is. One value asks in words of
/// its own: several are as many words as values, and are prepared each time.
macro_rules! load_where {
    ($conn:expr, $query:expr, $column:expr, $values:expr) => {
        match $values {
            [one] => {
                let query = $query.filter($column.eq(one));
                $crate::db::on_inner!($conn, inner => query.load(inner))
            }
            several => {
                let query = $query.filter($column.eq_any(several));
                $crate::db::on_inner!($conn, inner => query.load(inner))
            }
        }
    };
}
pub(crate) use load_where;
