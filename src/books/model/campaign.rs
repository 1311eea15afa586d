//! Published flows, campaigns, and which version of a flow a campaign runs.

use super::*;

impl Model {
    /// Refused for a name and version that are published with another content.
    pub fn publish(&mut self, flow: &FlowVersion, at: Wall) -> Result<Publication> {
        self.transaction(|books| books.put_published(flow, at))
    }

    /// By name, version and when.
    pub fn published(&self) -> Vec<PublishedFlow> {
        let mut published: Vec<PublishedFlow> = self.published.values().cloned().collect();
        published.sort_by(|a, b| {
            let key = |p: &PublishedFlow| (p.flow.name.clone(), p.flow.version, p.published_at, p.flow.hash.clone());
            key(a).cmp(&key(b))
        });
        published
    }

    fn put_published(&mut self, flow: &FlowVersion, at: Wall) -> Result<Publication> {
        if let Some(there) = self.published.get(&flow.hash) {
            return Ok(Publication::Already(there.published_at));
        }
        let same = |p: &&PublishedFlow| p.flow.name == flow.name && p.flow.version == flow.version;
        if let Some(there) = self.published.values().find(same) {
            return Err(BookError::other_content(&there.flow));
        }
        self.published.put(flow.hash.clone(), PublishedFlow { flow: flow.clone(), published_at: at });
        Ok(Publication::New)
    }

    /// Pins the flows, and publishes those that are not published yet.
    pub fn create_campaign(&mut self, name: &str, ladder: &str, flows: &[FlowVersion], at: Wall) -> Result<CampaignId> {
        self.transaction(|books| {
            if books.campaigns.values().any(|c| c.name == name) {
                return Err(BookError::Conflict(format!("a campaign named `{name}` is already there")));
            }
            for flow in flows {
                books.put_published(flow, at)?;
            }
            let id = CampaignId(books.campaigns.last().map_or(1, |c| c.0 + 1));
            let campaign = Campaign {
                id,
                name: name.into(),
                state: CampaignState::Draft,
                priority: Priority::USUAL,
                ladder: ladder.into(),
                flows: flows.to_vec(),
                earlier_flows: Vec::new(),
                created_at: at,
            };
            books.campaigns.put(id, campaign);
            Ok(id)
        })
    }

    /// Attempts dialled from now on use this published version in place of the one of the same name. `false`: they did
    /// already.
    pub fn use_flow(&mut self, id: CampaignId, flow: &FlowHash, at: Wall) -> Result<bool> {
        let new = self.published.get(flow).map(|p| p.flow.clone());
        let new = new.ok_or_else(|| BookError::NotFound(format!("a published flow {flow}")))?;
        let mut campaign = self.campaign_by_id(id)?.clone();
        if campaign.state == CampaignState::Stopped {
            return Err(BookError::Conflict(format!("campaign {id} was stopped, which is for good")));
        }
        let Some(pinned) = campaign.flows.iter_mut().find(|f| f.name == new.name) else {
            return Err(BookError::uses_no_flow(id, &new));
        };
        if pinned.hash == new.hash {
            return Ok(false);
        }
        let detail = format!("from {pinned} to {new}");
        campaign.earlier_flows.retain(|f| f.hash != new.hash);
        campaign.earlier_flows.push(std::mem::replace(pinned, new));
        campaign.earlier_flows.sort_by(|a, b| (&a.name, a.version, &a.hash).cmp(&(&b.name, b.version, &b.hash)));
        self.campaigns.put(id, campaign);
        self.note(CampaignEvent { campaign: id, at, kind: CampaignEventKind::FlowMoved, detail });
        self.commit();
        Ok(true)
    }

    /// Refused for a name and version that are published with another content.
    pub fn publish_ladder(&mut self, ladder: &LadderVersion, at: Wall) -> Result<Publication> {
        if let Some(there) = self.ladders.get(&ladder.hash) {
            return Ok(Publication::Already(there.published_at));
        }
        let same = |p: &&PublishedLadder| p.ladder.name == ladder.name && p.ladder.version == ladder.version;
        if let Some(there) = self.ladders.values().find(same) {
            return Err(there.ladder.other_content());
        }
        self.ladders.put(ladder.hash.clone(), PublishedLadder { ladder: ladder.clone(), published_at: at });
        self.commit();
        Ok(Publication::New)
    }

    /// By name and version.
    pub fn published_ladders(&self) -> Vec<PublishedLadder> {
        let mut published: Vec<PublishedLadder> = self.ladders.values().cloned().collect();
        published.sort_by(|a, b| (&a.ladder.name, a.ladder.version).cmp(&(&b.ladder.name, b.ladder.version)));
        published
    }

    /// What comes next for the campaign's contacts is said by this ladder from now on. `false`: it was already.
    pub fn use_ladder(&mut self, id: CampaignId, ladder: &str, detail: &str, at: Wall) -> Result<bool> {
        let campaign = self.campaign_by_id(id)?.clone();
        if campaign.state == CampaignState::Stopped {
            return Err(BookError::Conflict(format!("campaign {id} was stopped, which is for good")));
        }
        if campaign.ladder == ladder {
            return Ok(false);
        }
        self.campaigns.put(id, Campaign { ladder: ladder.into(), ..campaign });
        let (kind, detail) = (CampaignEventKind::LadderMoved, detail.to_string());
        self.note(CampaignEvent { campaign: id, at, kind, detail });
        self.commit();
        Ok(true)
    }

    /// Faults of lines that the files brought beside contacts of this campaign, by kind, the most frequent first. What was taken back
    /// counts no more.
    pub fn campaign_rejects(&self, campaign: CampaignId) -> Vec<(RejectCode, u64)> {
        let enrolled = |contact: &ContactId| self.enrolled.has(&(campaign, *contact));
        let added = self.added_by.range(..).filter(|(contact, _)| enrolled(contact)).map(|(_, batch)| *batch);
        let changed = self.import_changes.keys().filter(|(_, contact)| enrolled(contact)).map(|(batch, _)| *batch);
        let fed: BTreeSet<ImportBatchId> = added.chain(changed).collect();
        let stands = |batch: &ImportBatchId| self.imports.get(batch).is_some_and(|of| of.undone_at.is_none());
        let mut kinds: BTreeMap<&str, (RejectCode, u64)> = BTreeMap::new();
        for batch in fed.iter().filter(|batch| stands(batch)) {
            for (_, reject) in self.import_rejects.range((*batch, 0)..=(*batch, u64::MAX)) {
                kinds.entry(reject.code.as_str()).or_insert((reject.code, 0)).1 += 1;
            }
        }
        let mut kinds: Vec<(RejectCode, u64)> = kinds.into_values().collect();
        kinds.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        kinds
    }

    /// running → paused, with the reason. A campaign that is not running is left as it is.
    pub fn suspend_campaign(&mut self, id: CampaignId, why: &str, at: Wall) -> Result<()> {
        let campaign = self.campaign_by_id(id)?.clone();
        if campaign.state == CampaignState::Running {
            self.campaigns.put(id, Campaign { state: CampaignState::Paused, ..campaign });
            let kind = CampaignEventKind::Suspended;
            self.note(CampaignEvent { campaign: id, at, kind, detail: why.into() });
            self.commit();
        }
        Ok(())
    }

    /// Its weight when lines are shared.
    pub fn set_priority(&mut self, id: CampaignId, priority: Priority) -> Result<()> {
        let campaign = self.campaign_by_id(id)?.clone();
        if campaign.state == CampaignState::Stopped {
            return Err(BookError::Conflict(format!("campaign {id} was stopped, which is for good")));
        }
        self.campaigns.put(id, Campaign { priority, ..campaign });
        self.commit();
        Ok(())
    }

    /// What slows or stops dialling now, instead of what was said before.
    pub fn tell_holding(&mut self, holding: &[Holding]) {
        let before: Vec<String> = self.holding.keys().cloned().collect();
        before.iter().for_each(|about| self.holding.remove(about));
        for told in holding {
            self.holding.put(told.about.clone(), told.clone());
        }
        self.commit();
    }

    pub fn holding(&self) -> Vec<Holding> {
        self.holding.values().cloned().collect()
    }

    /// By campaign and currency, in order; `since`: those that ended then or later.
    pub fn spent(&self, since: Wall) -> Vec<Spent> {
        let mut spent: BTreeMap<(CampaignId, &'static str), Spent> = BTreeMap::new();
        for attempt in self.attempts.values() {
            let Some(cost) = attempt.cost else { continue };
            let nothing = Cost::new(0, cost.currency);
            let key = (attempt.campaign, cost.currency.code());
            let entry =
                spent.entry(key).or_insert(Spent { campaign: attempt.campaign, total: nothing, since: nothing });
            entry.total.micros += cost.micros;
            if attempt.finished_at.is_some_and(|at| at >= since) {
                entry.since.micros += cost.micros;
            }
        }
        spent.into_values().collect()
    }

    /// By campaign and hour, in order; of calls that ended at `since` or later.
    pub fn agent_hours(&self, since: Wall) -> Vec<AgentHour> {
        let mut hours: BTreeMap<(CampaignId, i64), AgentHour> = BTreeMap::new();
        for attempt in self.attempts.values() {
            let (Some(agent), Some(at)) = (attempt.agent, attempt.finished_at.filter(|at| *at >= since)) else {
                continue;
            };
            let (campaign, hour) = (attempt.campaign, at.0.div_euclid(3_600_000_000));
            let entry = AgentHour { campaign, hour, connected: 0, abandoned: 0 };
            let entry = hours.entry((campaign, hour)).or_insert(entry);
            match agent {
                AgentResult::Connected => entry.connected += 1,
                AgentResult::Abandoned => entry.abandoned += 1,
            }
        }
        hours.into_values().collect()
    }

    fn note(&mut self, event: CampaignEvent) {
        let last = self.campaign_events.range((event.campaign, 0)..=(event.campaign, u32::MAX)).next_back();
        let number = last.map_or(0, |((_, n), _)| n + 1);
        self.campaign_events.put((event.campaign, number), event);
    }

    /// Oldest first.
    pub fn campaign_events(&self, id: CampaignId) -> Vec<CampaignEvent> {
        self.campaign_events.range((id, 0)..=(id, u32::MAX)).map(|(_, e)| e.clone()).collect()
    }

    pub fn campaigns(&self) -> Vec<Campaign> {
        self.campaigns.values().cloned().collect()
    }

    pub fn campaign(&self, name: &str) -> Result<Campaign> {
        let found = self.campaigns.values().find(|c| c.name == name);
        found.cloned().ok_or_else(|| BookError::NotFound(format!("campaign `{name}`")))
    }

    /// `Stopped` is for good, and cancels what is scheduled or claimed; what is in the air ends by itself.
    /// `Finished` is refused while an attempt is open.
    pub fn set_campaign_state(&mut self, id: CampaignId, state: CampaignState, _at: Wall) -> Result<()> {
        let campaign = self.campaign_by_id(id)?.clone();
        if campaign.state == state {
            return Ok(());
        }
        if campaign.state == CampaignState::Stopped {
            return Err(BookError::Conflict(format!("campaign {id} was stopped, which is for good")));
        }
        let open: Vec<AttemptId> =
            self.attempts.values().filter(|a| a.campaign == id && a.state.is_open()).map(|a| a.id).collect();
        if state == CampaignState::Finished && !open.is_empty() {
            return Err(BookError::Conflict(format!("campaign {id} still has {} open attempts", open.len())));
        }
        self.campaigns.put(id, Campaign { state, ..campaign });
        if state == CampaignState::Stopped {
            for attempt in open {
                self.cancel_unless_live(attempt, Close::stopped());
            }
        }
        self.commit();
        Ok(())
    }
}
