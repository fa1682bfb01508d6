//! The life of an order.

mod cancel;
mod capture;
mod fulfil;
mod list;
mod manual;
mod place;
mod refund;
mod settle;
mod writes;
