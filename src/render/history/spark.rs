//! A series as a line of blocks.

const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Least relative height of the line, and least height in what runs scatter: noise is no mountain.
const LEAST_HEIGHT: f64 = 0.25;
const LEAST_SPREADS: f64 = 8.0;

/// The values, which scatter by `spread`, in at most `most` characters, several in one where there are more; a space where
/// none is known.
pub(crate) fn line(values: &[Option<f64>], spread: f64, most: usize) -> String {
    let columns = most.min(values.len());
    let bounds = (0..=columns).map(|i| i * values.len() / columns.max(1)).collect::<Vec<_>>();
    let means: Vec<Option<f64>> = bounds.windows(2).map(|pair| mean(&values[pair[0]..pair[1]])).collect();
    let known = || means.iter().flatten().copied();
    let (low, high) = (known().fold(f64::INFINITY, f64::min), known().fold(f64::NEG_INFINITY, f64::max));
    let middle = 0.5 * (low + high);
    let height = (high - low).max(LEAST_HEIGHT * middle.abs()).max(LEAST_SPREADS * spread);
    let block = |value: f64| {
        let share = if height > 0.0 { (value - middle) / height + 0.5 } else { 0.0 };
        BLOCKS[((share * BLOCKS.len() as f64) as usize).min(BLOCKS.len() - 1)]
    };
    means.into_iter().map(|mean| mean.map_or(' ', block)).collect()
}

fn mean(values: &[Option<f64>]) -> Option<f64> {
    let known: Vec<f64> = values.iter().flatten().copied().collect();
    (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[f64], most: usize) -> String {
        line(&values.iter().copied().map(Some).collect::<Vec<_>>(), 0.0, most)
    }

    #[test]
    fn the_line_spans_the_blocks_and_noise_does_not() {
        assert_eq!(of(&[1.0, 1.5, 2.0], 9), "▁▅█");
        assert_eq!(of(&[1.0, 1.01, 0.99], 9), "▅▅▄");
        assert_eq!(line(&[Some(1.0), Some(1.5), Some(2.0)], 0.5, 9), "▄▅▆");
        assert_eq!(of(&[0.0, 0.0], 9), "▁▁");
    }

    #[test]
    fn many_runs_share_a_character_and_gaps_are_blank() {
        assert_eq!(of(&[1.0, 1.0, 2.0, 2.0, 1.0, 1.0], 3), "▁█▁");
        assert_eq!(line(&[Some(1.0), None, Some(2.0)], 0.0, 9), "▁ █");
        assert_eq!(line(&[], 0.0, 9), "");
        assert_eq!(of(&[3.0; 1_000], 40).chars().count(), 40);
    }
}
