//! Rows of a JTL on their way to the recorder: what each counts as, when it started, what failed.

use std::borrow::Cow;
use std::collections::HashSet;

use super::batch::{Batch, Packed};
use super::groups::{Groups, Told};
use super::stamps::{Stamped, look_nested};
use super::thread::parts;
use super::{Row, TRANSACTION, named};
use crate::ingest::names::Names;
use crate::ingest::short;
use crate::ingest::successes::Successes;
use crate::ingest::{Found, Label, Observation, Recorder};
use crate::model::Kind;

/// Rows that are looked at before the first goes on: some seconds of a usual run.
const FIRST_ROWS: usize = 4_096;
/// Bytes of such rows at most, however long their labels are.
const FIRST_BYTES: usize = 8 << 20;
/// Samples that wait to be recorded, and labels of them.
const MOST_PENDING: usize = 4_096;
const MOST_PENDING_LABELS: usize = 256;
/// Labels of controllers that are remembered; a plan has tens.
const MOST_CONTROLLERS: usize = 1_000;

/// Takes the rows of one file.
pub(super) struct Rows<'a> {
    recorder: &'a mut Recorder,
    /// The first rows of the file, until it is known what their stamps mean.
    first: Option<Vec<Row<'static>>>,
    size: usize,
    stamped: Stamped,
    groups: Groups,
    controllers: HashSet<String>,
    users: Option<u64>,
    /// Samples that wait; `None` where those that can be counted were counted before.
    pending: Option<Pending>,
}

/// A sample that is a success without a pause, and no controller.
pub(super) struct Usual<'a> {
    /// Start or end, Unix time in ms.
    pub(super) stamp: i64,
    /// Time in ms.
    pub(super) elapsed: u32,
    /// Label and thread as they are written, and what the file goes on with from the label on.
    pub(super) label: &'a [u8],
    pub(super) near_label: &'a [u8; short::MOST],
    pub(super) thread: &'a [u8],
    pub(super) users: u32,
}

/// Samples that were counted and are not recorded yet.
#[derive(Default)]
struct Pending {
    labels: Names,
    successes: Successes,
    many: usize,
}

impl<'a> Rows<'a> {
    /// Rows for `recorder`.
    pub(super) fn new(recorder: &'a mut Recorder) -> Self {
        Self {
            recorder,
            first: Some(Vec::new()),
            size: 0,
            stamped: Stamped::default(),
            groups: Groups::default(),
            controllers: HashSet::new(),
            users: None,
            pending: None,
        }
    }

    /// Rows for `recorder`, of which usual ones are counted here.
    pub(super) fn counting(recorder: &'a mut Recorder) -> Self {
        Self { pending: Some(Pending::default()), ..Self::new(recorder) }
    }

    /// The recorder, for warnings.
    pub(super) fn recorder(&mut self) -> &mut Recorder {
        self.recorder
    }

    /// What stamps are, once the first rows have told.
    pub(super) fn stamped(&self) -> Option<Stamped> {
        self.first.is_none().then_some(self.stamped)
    }

    /// Whether the rows that were counted can be taken apart from the others of a batch.
    pub(super) fn has_room(&self, batch: &Batch) -> bool {
        self.recorder.has_room(&batch.labels, self.groups.waiting())
    }

    /// Takes the rows of a batch.
    pub(super) fn take_all(&mut self, batch: &Batch) {
        self.users = self.users.max(batch.users.map(u64::from));
        let (mut known, mut counted) = (Known::of(batch), batch.counted().peekable());
        for (at, (row, rest)) in batch.rows().enumerate() {
            while let Some((_, group, samples)) = counted.next_if(|(before, ..)| *before <= at) {
                self.counted(batch.groups.label(group).text(), samples);
            }
            if rest.is_some() || self.first.is_some() || !self.sample(&row, batch, &mut known) {
                self.take(&batch.row(&row, rest));
            }
        }
        counted.for_each(|(_, group, samples)| self.counted(batch.groups.label(group).text(), samples));
        self.recorder.observe_all(&batch.labels, &batch.successes);
    }

    /// Tells a group of samples that were counted: controllers that waited for one are listed.
    fn counted(&mut self, group: &str, samples: u64) {
        let (recorder, stamped) = (&mut *self.recorder, self.stamped);
        self.groups.sampled(group, samples, &mut |row, kind| record(recorder, stamped, row, kind));
    }

    /// Takes a row that is one success, unless what it counts as is not known yet.
    #[inline]
    fn sample(&mut self, row: &Packed, batch: &Batch, known: &mut Known) -> bool {
        let group = &mut known.groups[row.group as usize];
        let group = *group.get_or_insert_with(|| self.groups.number(batch.groups.label(row.group).text()));
        if !self.groups.count(group) {
            return false;
        }
        let label = batch.labels.label(row.label);
        let (start, latency) = (self.stamped.start_of(row.stamp, row.elapsed), row.elapsed);
        let seen = Observation { label, kind: Kind::Request, start: Some(start), latency, ok: true, weight: 1 };
        self.recorder.observe_again(&seen, &mut known.endpoints[row.label as usize]);
        true
    }

    /// Takes a row and says whether it is a transaction's.
    ///
    /// A controller that had no samples has no time either and is left out.
    pub(super) fn take(&mut self, row: &Row<'_>) -> bool {
        if self.count(row) {
            return false;
        }
        if let Some(pending) = &mut self.pending
            && pending.many > 0
            && !pending.can_wait(self.recorder, &self.groups)
        {
            pending.record(self.recorder);
        }
        match self.controller(row) {
            Some(transaction) => self.take_known(&Row { transaction: Some(transaction), ..row.clone() }),
            None => self.take_known(row),
        }
    }

    /// Counts a usual sample, where that is known to be a request; `false` if it is not. `read` makes the text of a label.
    #[inline]
    pub(super) fn take_usual<'b>(&mut self, usual: &Usual<'b>, read: impl FnOnce(&'b [u8]) -> Cow<'b, str>) -> bool {
        let Self { recorder, groups, pending: Some(pending), .. } = self else { return false };
        if self.first.is_some() || (pending.many == 0 && !pending.can_wait(recorder, groups)) {
            return false;
        }
        let (group, _) = parts(usual.thread);
        if !groups.number_of_raw(group).is_some_and(|group| groups.count(group)) {
            return false;
        }
        self.users = self.users.max(Some(usual.users.into()));
        let read = |written| read(named(written));
        let label = pending.labels.number_of(usual.near_label, usual.label.len(), || usual.label, read);
        let start = self.stamped.start_of(usual.stamp, usual.elapsed.into());
        pending.successes.add_milliseconds(label, start, usual.elapsed);
        pending.was_added(recorder);
        true
    }

    /// Counts a row that is one success without anything unusual, where that is known to be a request; `false` if it is not.
    #[inline]
    fn count(&mut self, row: &Row<'_>) -> bool {
        let Self { recorder, groups, pending: Some(pending), .. } = self else { return false };
        let is_plain = row.transaction.is_none() && row.samples == 1 && row.errors == 0 && !row.silent;
        let Ok(latency) = u64::try_from(row.elapsed) else { return false };
        // A label may be what another is written as.
        let is_plain = is_plain && !row.label.contains('&');
        if !is_plain || self.first.is_some() || (pending.many == 0 && !pending.can_wait(recorder, groups)) {
            return false;
        }
        let group = groups.number(&row.thread.group);
        if !groups.count(group) {
            return false;
        }
        self.users = self.users.max(row.users);
        let label = pending.labels.number_of_label(Label::with_hash(&row.label, row.hash));
        pending.successes.add(label, self.stamped.start(row), latency);
        pending.was_added(recorder);
        true
    }

    fn take_known(&mut self, row: &Row<'_>) -> bool {
        let is_transaction = row.transaction.is_some();
        if row.transaction == Some(0) || row.samples == 0 {
            return is_transaction;
        }
        self.users = self.users.max(row.users);
        match &mut self.first {
            None => self.place(row),
            Some(first) => {
                self.size += row.size();
                first.push(row.clone().into_owned());
                if first.len() >= FIRST_ROWS || self.size >= FIRST_BYTES {
                    self.look();
                }
            }
        }
        is_transaction
    }

    /// Hands on what is left and tells what a reader should know.
    pub(super) fn finish(mut self) {
        self.look();
        self.pending.iter_mut().for_each(|pending| pending.record(self.recorder));
        let (recorder, stamped) = (&mut *self.recorder, self.stamped);
        let told = self.groups.finish(&mut |row, kind| record(recorder, stamped, row, kind));
        warn(recorder, &told);
        let peak = &mut recorder.run().load.peak_users;
        *peak = (*peak).max(self.users);
    }

    /// Knows a controller that was cut short, and so has no message, by the label of one that was not.
    fn controller(&mut self, row: &Row<'_>) -> Option<u64> {
        if row.transaction.is_some() && !self.controllers.contains(&*row.label) {
            if self.controllers.len() < MOST_CONTROLLERS {
                self.controllers.insert(row.label.clone().into_owned());
            }
            return None;
        }
        let is_cut = row.silent && row.transaction.is_none() && self.controllers.contains(&*row.label);
        is_cut.then_some(1)
    }

    /// Decides by the first rows what stamps mean, and lets them go.
    fn look(&mut self) {
        let Some(first) = self.first.take() else { return };
        self.stamped = Stamped::judge(&first);
        if self.stamped == Stamped::End {
            self.recorder.run().warn("timeStamp looks like the end of each sample: starts are that less elapsed");
        }
        if look_nested(&first, self.stamped) {
            let message = format!(
                "rows of one thread overlap: parents and their parts look both counted; save the response message \
                 ('{}…' tells controllers) or switch sub-results off",
                String::from_utf8_lossy(TRANSACTION).trim_end_matches(" : ")
            );
            self.recorder.run().warn(message);
        }
        first.iter().for_each(|row| self.place(row));
    }

    fn place(&mut self, row: &Row<'_>) {
        let (recorder, stamped) = (&mut *self.recorder, self.stamped);
        self.groups.take(row, &mut |row, kind| record(recorder, stamped, row, kind));
    }
}

impl Pending {
    /// Whether samples may wait: recorded later, they change nothing about which labels are merged.
    fn can_wait(&self, recorder: &Recorder, groups: &Groups) -> bool {
        recorder.has_room(&self.labels, 2 * MOST_PENDING_LABELS + groups.waiting())
    }

    /// Counts a sample that was added, and records all of them where they are many.
    #[inline]
    fn was_added(&mut self, recorder: &mut Recorder) {
        self.many += 1;
        if self.many >= MOST_PENDING || self.labels.len() >= MOST_PENDING_LABELS {
            self.record(recorder);
        }
    }

    /// Records the samples.
    fn record(&mut self, recorder: &mut Recorder) {
        self.successes.settle();
        recorder.observe_all(&self.labels, &self.successes);
        self.labels.clear();
        self.successes.clear();
        self.many = 0;
    }
}

/// What was found of the labels and groups of a batch, by their numbers.
struct Known {
    endpoints: Vec<Found>,
    groups: Vec<Option<usize>>,
}

impl Known {
    /// Of none yet.
    fn of(batch: &Batch) -> Self {
        Self { endpoints: vec![Found::default(); batch.labels.len()], groups: vec![None; batch.groups.len()] }
    }
}

/// Hands a row to the recorder: its successes, its failures and why they failed.
fn record(recorder: &mut Recorder, stamped: Stamped, row: &Row<'_>, kind: Kind) {
    let label = Label::with_hash(&row.label, row.hash);
    let (start, latency) = (Some(stamped.start(row)), row.latency());
    for (ok, weight) in [(true, row.samples - row.errors), (false, row.errors)] {
        if weight > 0 {
            recorder.observe(&Observation { label, kind, start, latency, ok, weight });
        }
    }
    if let (Some(failure), Kind::Request) = (&row.failure, kind) {
        recorder.failure(Some(label.text()), failure, u64::from(row.errors));
    }
}

fn warn(recorder: &mut Recorder, told: &Told) {
    if !told.promoted.is_empty() {
        recorder.run().warn(format!(
            "thread group {} has transaction controllers only (generate parent sample): they are counted as requests",
            told.promoted.join(", ")
        ));
    }
    if !told.short.is_empty() {
        recorder.run().warn(format!(
            "thread group {} has far fewer samples than its transaction controllers say: only those in the file are \
             counted; switch 'generate parent sample' off",
            told.short.join(", ")
        ));
    }
}
