//! What is run: the endpoints, and how many users ask for them how often.

use super::curve::Curve;

/// Entries of the table that endpoints are drawn from: shares of traffic are exact to 1/4,096.
const TICKETS: usize = 4_096;

/// The endpoints of a load test, most frequent first: name, share of the traffic, median latency in s, s.d. of the log
/// latency, share of slow requests, error rate.
///
/// Traffic of 2–20 % and medians of 10–300 ms: an ordinary web application. Log s.d. of 0.3–0.55 are those of handlers
/// with a query or two (the quieter ones of the k6 samples have 0.25–0.35). In 1.5–4 % of requests something goes the
/// long way (a cold cache, a retry). Error rates of 0.5–1 % are what a load test brings out of timeouts and conflicts.
const ENDPOINTS: [(&str, f64, f64, f64, f64, f64); 12] = [
    ("GET /", 0.20, 0.012, 0.40, 0.020, 0.005),
    ("GET /items", 0.15, 0.045, 0.45, 0.025, 0.006),
    ("GET /items/:id", 0.12, 0.025, 0.35, 0.015, 0.005),
    ("GET /search", 0.10, 0.080, 0.50, 0.030, 0.008),
    ("GET /health", 0.09, 0.010, 0.30, 0.015, 0.005),
    ("POST /cart", 0.08, 0.120, 0.45, 0.025, 0.008),
    ("GET /cart", 0.07, 0.035, 0.40, 0.020, 0.006),
    ("POST /login", 0.06, 0.060, 0.35, 0.030, 0.010),
    ("GET /recommendations", 0.05, 0.200, 0.55, 0.040, 0.008),
    ("GET /orders", 0.035, 0.150, 0.45, 0.030, 0.007),
    ("POST /checkout", 0.025, 0.300, 0.50, 0.040, 0.010),
    ("GET /account", 0.02, 0.090, 0.40, 0.020, 0.006),
];

/// Mean time between a response and the same user's next request, s: as long as two responses, so that a service that
/// is a third slower loses a tenth of its throughput.
const PAUSE: f64 = 0.150;

/// How requests come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrivals {
    /// Users wait for the response and then a little: a slower service is asked less often.
    Closed,
    /// At a rate of their own, as a Poisson process.
    Open,
}

/// The load of a scenario.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Load {
    /// Endpoints, at most twelve.
    pub(crate) endpoints: usize,
    /// Requests per second.
    pub(crate) rate: f64,
    /// Length of a run, s.
    pub(crate) length: f64,
    /// How requests come.
    pub(crate) arrivals: Arrivals,
}

impl Load {
    /// A usual load test of a pull request: four minutes of 400 requests/s to twelve endpoints.
    pub(crate) const USUAL: Self = Self { endpoints: 12, rate: 400.0, length: 240.0, arrivals: Arrivals::Closed };
    /// A hasty one: a minute of a third of the load.
    pub(crate) const SHORT: Self = Self { rate: 400.0 / 3.0, length: 60.0, ..Self::USUAL };
}

/// A load test: what is asked for, by whom, how often.
#[derive(Debug)]
pub(crate) struct Scenario {
    /// The endpoints, in the order of their numbers.
    pub(crate) endpoints: Vec<Endpoint>,
    /// Its load.
    pub(crate) load: Load,
    /// Users at a time; with open arrivals, independent sources of requests.
    pub(crate) users: usize,
    /// Mean pause of a user, s; with open arrivals, mean time between the requests of a source.
    pub(crate) pause: f64,
    /// The endpoint that each ticket stands for.
    tickets: Vec<u8>,
}

/// One endpoint of a scenario.
#[derive(Debug)]
pub(crate) struct Endpoint {
    /// Its name.
    pub(crate) name: &'static str,
    /// Share of the requests.
    pub(crate) share: f64,
    /// Distribution of its latencies, s.
    pub(crate) curve: Curve,
    /// Share of its requests that fail.
    pub(crate) error_rate: f64,
}

impl Scenario {
    /// The scenario of a load.
    pub(crate) fn new(load: Load) -> Self {
        let rows = &ENDPOINTS[..load.endpoints];
        let traffic: f64 = rows.iter().map(|row| row.1).sum();
        let endpoints: Vec<Endpoint> = (rows.iter())
            .map(|&(name, share, median, sd, slow, error_rate)| Endpoint {
                name,
                share: share / traffic,
                curve: Curve::new(median, sd, slow),
                error_rate,
            })
            .collect();
        let latency: f64 = endpoints.iter().map(|e| e.share * e.curve.mean()).sum();
        let users = (load.rate * (latency + PAUSE)).round();
        let pause = match load.arrivals {
            Arrivals::Closed => PAUSE,
            Arrivals::Open => users / load.rate,
        };
        Self { tickets: tickets(&endpoints), endpoints, load, users: users as usize, pause }
    }

    /// The endpoint that random bits stand for.
    pub(crate) fn endpoint(&self, bits: u64) -> usize {
        usize::from(self.tickets[bits as usize % TICKETS])
    }

    /// Mean time from one request of a user to the next, s.
    pub(crate) fn cycle(&self) -> f64 {
        self.users as f64 / self.load.rate
    }
}

/// Tickets in proportion to the shares of traffic.
fn tickets(endpoints: &[Endpoint]) -> Vec<u8> {
    let mut tickets = Vec::with_capacity(TICKETS);
    let mut sum = 0.0;
    for (number, endpoint) in endpoints.iter().enumerate() {
        sum += endpoint.share;
        tickets.resize((sum * TICKETS as f64).round() as usize, number as u8);
    }
    tickets
}
