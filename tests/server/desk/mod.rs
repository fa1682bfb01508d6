//! The desk without JavaScript: who gets in, and what each person may do.

mod doors;
mod goods;
mod journal;
mod sign_in;
