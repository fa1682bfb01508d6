//! The desk without JavaScript: who gets in, and what each person may do.

mod doors;
mod goods;
mod journal;
mod keys;
mod orders;
mod password;
mod people;
mod sign_in;
mod start;
