// Answers of the memory store, from what the last batch left. Values go out; nothing of the state does.

import MillstreamJSON

extension MemoryState {
    /// Texts up to this length are part of a list.
    static let listTextBytes = 16 * 1024

    func job(_ id: JobID) -> JobRecord? {
        jobs.ref(of: id).flatMap { jobs[$0] }
    }

    func channel(_ name: String) -> ChannelRecord? {
        refsByChannel[name].flatMap { channels[$0] }
    }

    func events(of ref: LogRef, after: Int64, limit: Int, maxBytes: Int) -> [EventRecord] {
        let log = logs[ref]
        var events: [EventRecord] = []
        var bytes = 0
        for event in log.events[log.index(after: after)...] {
            guard events.count < limit else { break }
            bytes += event.data.bytes.count
            events.append(event)
            if bytes >= maxBytes { break }
        }
        return events
    }

    func messages(of ref: LogRef, after number: Int, limit: Int) -> [MessageRecord] {
        Array(logs[ref].messages.lazy.filter { $0.number > number }.prefix(max(limit, 0)))
    }

    func jobs(_ filter: JobFilter, before: LogRef?, limit: Int) -> [JobRecord] {
        listed(jobs.refs.below(before).reversed(), limit: limit) { job in
            (filter.state ?? job.state) == job.state && (filter.kind ?? job.kind) == job.kind
                && (filter.owner == nil || filter.owner == job.owner)
        }
    }

    func liveJobs(after: LogRef, limit: Int) -> [JobRecord] {
        listed(jobs.live.above(after), limit: limit) { _ in true }
    }

    func jobsFinished(before time: Timestamp, limit: Int) -> [JobRecord] {
        let ended = jobs.finished.below(TimedKey(time: time, name: LogRef(.min)))
        return listed(ended.lazy.map(\.name), limit: limit) { _ in true }
    }

    func channels(after: LogRef, limit: Int) -> [ChannelRecord] {
        let later = channels.rows.values.filter { $0.ref > after }
        return Array(later.sorted { $0.ref < $1.ref }.prefix(max(limit, 0)))
    }

    func unusedUploads(before time: Timestamp, limit: Int) -> [UploadRecord] {
        let unused = uploads.rows.values.filter { upload in
            upload.users.isEmpty && (upload.wasUsed || upload.record.createdAt < time)
        }
        let ordered = unused.sorted { one, other in
            if one.wasUsed != other.wasUsed { return one.wasUsed }
            return TimedKey(time: one.record.createdAt, name: one.record.id)
                < TimedKey(time: other.record.createdAt, name: other.record.id)
        }
        return ordered.prefix(max(limit, 0)).map(\.record)
    }

    /// The place is found by halving: a log's times do not decrease, but for a clock that was set back.
    func lastSequence(of ref: LogRef, olderThan time: Timestamp) -> Int64? {
        let events = logs[ref].events
        let index = events.firstIndexOfSorted { $0.time >= time }
        return index == 0 ? nil : events[index - 1].sequence
    }

    var statistics: JournalStatistics {
        var statistics = JournalStatistics()
        statistics.jobs = Int64(jobs.count)
        statistics.liveJobs = Int64(jobs.live.keys.count)
        statistics.events = logs.eventCount
        statistics.channels = Int64(channels.rows.count)
        statistics.fileBytes = Int64(byteCount)
        return statistics
    }

    private func listed(
        _ refs: some Sequence<LogRef>, limit: Int, where isWanted: (JobRecord) -> Bool
    ) -> [JobRecord] {
        var list: [JobRecord] = []
        for ref in refs {
            guard list.count < limit else { break }
            guard var job = jobs[ref], isWanted(job) else { continue }
            job.input = job.input.held(upTo: Self.listTextBytes)
            job.result = job.result?.held(upTo: Self.listTextBytes)
            list.append(job)
        }
        return list
    }
}
