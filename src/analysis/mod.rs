//! What a history says beyond the judgement of one run: pure readers of runs and judgements.

pub mod calibrate;
pub mod levels;
