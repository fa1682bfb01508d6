//! The desk without JavaScript: who gets in, and what each person may do.

mod doors;
mod sign_in;
