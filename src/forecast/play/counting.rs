//! The figures, counted as the play goes and at its end.

use super::*;

impl Play<'_> {
    /// Place among the days, and the hour on the clock there.
    pub(super) fn day_and_hour(&self, now_s: u32) -> (u32, usize) {
        let there = self.zone.offset_at(wall(now_s)).to_datetime(wall(now_s).timestamp());
        let days = self.outlook.days[0].date.until(there.date()).map_or(0, |span| span.get_days());
        (days.max(0) as u32, there.hour() as usize)
    }

    pub(super) fn count_segments(&mut self) {
        for n in 0..self.list.people.len() {
            if self.list.people[n].planned {
                self.count_in_segment(n as u32);
            }
        }
    }

    pub(super) fn count_in_segment(&mut self, person: u32) {
        let owed = self.list.owed(&self.list.people[person as usize]);
        let segment = self.segment(person);
        segment.contacts += 1;
        segment.owed_minor += owed.minor;
    }

    pub(super) fn segment(&mut self, person: u32) -> &mut Segment {
        let p = &self.list.people[person as usize];
        let key = (p.segment, self.list.owed(p).currency);
        let place = self.segments.iter().position(|(segment, currency, _)| (*segment, *currency) == key);
        let place = place.unwrap_or_else(|| {
            self.segments.push((key.0, key.1, Segment::default()));
            self.segments.len() - 1
        });
        &mut self.segments[place].2
    }

    pub(super) fn tried(&mut self, person: u32, now_s: u32, disposition: Disposition) {
        self.endings[disposition as usize] += 1;
        self.last_s = self.last_s.max(now_s);
        if self.list.people[person as usize].try_first() {
            self.one_less_to_try(now_s);
        }
    }

    pub(super) fn one_less_to_try(&mut self, now_s: u32) {
        self.first_tries_left -= 1;
        if self.first_tries_left == 0 {
            self.outlook.all_tried_at = Some(wall(now_s));
        }
    }

    pub(super) fn count_begun(&mut self, dialled: &Dialled) {
        self.outlook.channels_in_use_max = self.outlook.channels_in_use_max.max(self.air.calls);
        let (day, hour) = dialled.today;
        self.outlook.days[day as usize].calls[hour] += 1;
    }

    pub(super) fn count_over(&mut self, dialled: &Dialled, outcome: &Outcome) {
        let Dialled { person, began_s, rung: Rung { ring_s, talk_s, .. }, rate, .. } = *dialled;
        self.tried(person, began_s, outcome.disposition);
        let (day, hour) = dialled.today;
        let day = &mut self.outlook.days[day as usize];
        day.line_s[hour] += u64::from(ring_s + talk_s);
        day.picked_up += u64::from(outcome.answered_by.is_some());
        day.right_party += u64::from(outcome.right_party);
        if let Some(bill) = &mut self.outlook.cost {
            bill.call(rate, Duration::from_secs(talk_s.into()));
        }
        let segment = self.segment(person);
        segment.calls += 1;
        segment.right_party += u64::from(outcome.right_party);
    }

    pub(super) fn count_agent(&mut self, result: AgentResult, agent_s: u32) {
        if let Some(met) = &mut self.outlook.agents {
            met.connected += u64::from(result == AgentResult::Connected);
            met.abandoned += u64::from(result == AgentResult::Abandoned);
            met.talk_s += u64::from(agent_s);
        }
        if let Some(bill) = &mut self.outlook.cost {
            bill.agent(agent_s.into());
        }
    }

    pub(super) fn count_promise(&mut self, person: u32, owed: crate::money::Money) {
        let day = &mut self.outlook.days[self.today.0 as usize];
        day.promises += 1;
        *day.promised.entry(owed.currency).or_default() += owed.minor;
        let segment = self.segment(person);
        segment.promises += 1;
        segment.promised_minor += owed.minor;
    }

    /// Where everybody stands.
    pub(super) fn finished(mut self) -> Outlook {
        let mut open = 0;
        for n in 0..self.list.people.len() {
            self.pay_part(n as u32, self.end_s.saturating_sub(1));
            let p = &self.list.people[n];
            let (pays_s, planned) = (p.pays_s, p.planned);
            let (owed, end) = (self.list.owed(p), self.stands(p));
            open += u64::from(end == End::Open);
            if pays_s < self.end_s {
                let (day, _) = self.day_and_hour(pays_s);
                let day = &mut self.outlook.days[day as usize];
                day.paid += 1;
                *day.paid_sum.entry(owed.currency).or_default() += owed.minor;
                let promises = self.list.further.get(&(n as u32)).map(|further| &further.promises);
                let open = promises.and_then(|promises| promises.iter().find(|p| p.state == PromiseState::Open));
                let kept = open.is_some_and(|promise| wall(pays_s) < promise.judge_at);
                day.kept += u64::from(kept);
                if planned {
                    let segment = self.segment(n as u32);
                    segment.kept += u64::from(kept);
                    segment.paid += 1;
                    segment.paid_minor += owed.minor;
                }
            }
            self.outlook.ends.entry(end).or_default().add(owed);
        }
        self.outlook.not_tried = self.first_tries_left;
        self.outlook.finished_at = (open == 0).then(|| wall(self.last_s));
        for (segment, currency, figures) in &self.segments {
            let name = self.list.segments[usize::from(*segment)].clone();
            self.outlook.segments.insert((name, *currency), *figures);
        }
        for disposition in Disposition::ALL {
            if self.endings[*disposition as usize] > 0 {
                self.outlook.endings.insert(*disposition, self.endings[*disposition as usize]);
            }
        }
        self.outlook
    }

    fn stands(&self, p: &Person) -> End {
        if p.pays_s < self.end_s {
            return End::Paid;
        }
        match p.state {
            State::Open => End::Open,
            State::Asleep(_) => End::Promised,
            State::Closed(reason) => End::Closed(self.list.reasons[usize::from(reason)].clone()),
        }
    }
}
