// The whole state of a ledger as lines of text, for tests: two ledgers that print the same decide the same.

import MillstreamJournal

extension JobLedger {
    /// Everything that decides, in a canonical order; not the random generator and not caches of what the store holds.
    func dump() -> [String] {
        var lines = ["counters \(counters)", "waiting \(waitingCount)", "timers \(timers.count) \(timers.next ?? -1)"]
        lines.append("schedule \(schedule.count) \(schedule.next ?? -1)")
        for entry in entries.values.sorted(by: { $0.ref < $1.ref }) {
            lines.append("job \(entry.stage) \(entry.snapshot)")
            assert(entriesByID[entry.id] === entry)
        }
        lines.append("names \(entriesByID.count)")
        for lane in laneOrder where lane.declared != nil || !lane.ready.isEmpty || lane.taken > 0 {
            lines.append("kind \(lane.name) \(lane.taken) \(lane.ready.refs) \(String(describing: lane.declared))")
        }
        for key in places.keys.sorted(by: { ($0.ref, $0.attempt) < ($1.ref, $1.attempt) }) {
            lines.append("place \(key) \(places[key]?.name ?? "")")
        }
        for channel in channels.values.sorted(by: { $0.ref < $1.ref }) { lines.append("channel \(channel.record)") }
        return lines
    }

    /// What follows from the jobs' stages, worked out anew; empty when the tables agree with it.
    func inconsistencies() -> [String] {
        var found: [String] = []
        let waiting = entries.values.filter { $0.stage.isWaiting }.count
        if waiting != waitingCount { found.append("waiting \(waitingCount), not \(waiting)") }
        var ready: [String: [LedgerEntry]] = [:]
        var timed = 0
        var scheduled = 0
        for entry in entries.values {
            switch entry.stage {
            case .ready: ready[entry.lane.name, default: []].append(entry)
            case .scheduled: scheduled += 1
            case .pausing, .running(.some), .stopping: timed += 1
            case .running(nil): break
            case .none: found.append("\(entry.id) is nowhere")
            }
            if entry.record.state.isRunning, places[RunKey(ref: entry.ref, attempt: entry.record.attempt)] == nil {
                found.append("\(entry.id) runs without a place")
            }
        }
        if timed != timers.count { found.append("timers \(timers.count), not \(timed)") }
        if scheduled != schedule.count { found.append("schedule \(schedule.count), not \(scheduled)") }
        for lane in laneOrder {
            let expected = (ready[lane.name] ?? []).sorted { $0.queueKey < $1.queueKey }.map(\.ref)
            if lane.ready.refs != expected { found.append("queue of \(lane.name)") }
            if places.values.filter({ $0 === lane }).count != lane.taken { found.append("places of \(lane.name)") }
        }
        return found
    }
}
