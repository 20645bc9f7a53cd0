//! By case.
