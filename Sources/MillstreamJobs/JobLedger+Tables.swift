// Queues, timers and counts: each follows from the stage of a job, and only these functions write them.

import MillstreamJournal

extension JobLedger {
    /// Gives the job another stage. The caller has called `change` or `insert` before.
    func move(_ entry: LedgerEntry, to stage: Stage) {
        unlist(entry)
        entry.stage = stage
        list(entry)
    }

    /// Puts the job into the tables of its stage.
    func list(_ entry: LedgerEntry) {
        if entry.stage.isWaiting { waitingCount += 1 }
        switch entry.stage {
        case .none, .running(nil): break
        case .ready: entry.lane.ready.insert(entry.ref, at: entry.queueKey)
        case .scheduled(let time): schedule.insert(entry, at: time.milliseconds)
        case .pausing(let deadline), .running(.some(let deadline)), .stopping(_, let deadline):
            timers.insert(entry, at: deadline)
        }
    }

    /// Takes the job out of the tables of its stage.
    func unlist(_ entry: LedgerEntry) {
        if entry.stage.isWaiting { waitingCount -= 1 }
        switch entry.stage {
        case .none, .running(nil): break
        case .ready: entry.lane.ready.remove(entry.queueKey)
        case .scheduled: schedule.remove(entry)
        case .pausing, .running(.some), .stopping: timers.remove(entry)
        }
    }

    func takePlace(for entry: LedgerEntry) {
        let key = RunKey(ref: entry.ref, attempt: entry.record.attempt)
        undo.steps.append(.tookPlace(key))
        places[key] = entry.lane
        entry.lane.taken += 1
    }

    /// False when the run has no place: it was never started, or has left already.
    func leavePlace(_ key: RunKey) -> Bool {
        guard let lane = places.removeValue(forKey: key) else { return false }
        undo.steps.append(.leftPlace(key, lane))
        lane.taken -= 1
        return true
    }

    /// The lane of a kind that may no longer be declared.
    func lane(named name: String) -> KindLane {
        if let lane = lanes[name] { return lane }
        let lane = KindLane(name: name)
        lanes[name] = lane
        laneOrder.append(lane)
        return lane
    }

    func declare(_ kinds: [JobKind]) {
        let declared = Dictionary(kinds.map { ($0.name, $0) }, uniquingKeysWith: { _, last in last })
        for kind in kinds { _ = lane(named: kind.name) }
        for lane in laneOrder {
            undo.steps.append(.declared(lane, lane.declared))
            lane.declared = declared[lane.name]
        }
    }
}
