#![doc = include_str!("README.md")]

pub mod person;
pub mod population;
