// All that a reader can see of a small store, in one comparable value.

import MillstreamJournal

struct Observation: Equatable {
    var jobs: [JobRecord] = []
    var live: [JobRecord] = []
    var finished: [JobRecord] = []
    var channels: [ChannelRecord] = []
    var events: [LogRef: [EventRecord]] = [:]
    var firstEvents: [LogRef: EventRecord] = [:]
    var messages: [LogRef: [MessageRecord]] = [:]
    var publications: [LogRef: [Publication: Int64]] = [:]
    var keys: [String: IdempotencyRecord] = [:]
    var uploads: [String: UploadRecord] = [:]
    var unused: [String] = []
    var counts: [Int64] = []

    init() {}

    /// The members that differ, with both values.
    func differences(from other: Observation) -> String {
        func difference<Member: Equatable>(_ name: String, _ member: KeyPath<Observation, Member>) -> String? {
            let (mine, theirs) = (self[keyPath: member], other[keyPath: member])
            return mine == theirs ? nil : "\(name): \(mine) is not \(theirs)"
        }
        return [
            difference("jobs", \.jobs), difference("live", \.live), difference("finished", \.finished),
            difference("channels", \.channels), difference("events", \.events),
            difference("firstEvents", \.firstEvents), difference("messages", \.messages),
            difference("publications", \.publications), difference("keys", \.keys),
            difference("uploads", \.uploads), difference("unused", \.unused), difference("counts", \.counts),
        ].compactMap { $0 }.joined(separator: "; ")
    }

    /// Looks for names out of the small sets from which the tests make them.
    init(of store: any JournalStore) throws {
        try self.init(reading: store)
        counts += [try store.highestRef.number, try store.highestQueueOrder]
    }

    init(reading reader: any JournalReading) throws {
        let all = Int.max
        jobs = try reader.jobs(JobFilter(), before: nil, limit: all)
        live = try reader.liveJobs(after: LogRef(0), limit: all)
        finished = try reader.jobsFinished(before: time(.max), limit: all)
        channels = try reader.channels(after: LogRef(0), limit: all)
        for ref in Names.refs {
            let events = try reader.events(of: ref, after: 0, limit: all, maxBytes: all)
            if !events.isEmpty { self.events[ref] = events }
            firstEvents[ref] = try reader.firstEvent(of: ref)
            let messages = try reader.messages(of: ref, after: 0, limit: all)
            if !messages.isEmpty { self.messages[ref] = messages }
            for publication in Names.publications {
                if let sequence = try reader.sequence(of: publication, in: ref) {
                    publications[ref, default: [:]][publication] = sequence
                }
            }
        }
        for key in Names.keys { keys[key] = try reader.idempotency(key) }
        for id in Names.uploads { uploads[id] = try reader.upload(id) }
        unused = try reader.unusedUploads(before: time(50), limit: all).map(\.id)
        let statistics = try reader.statistics()
        counts = [statistics.jobs, statistics.liveJobs, statistics.channels]
    }
}

/// The names and numbers that random batches are made of.
enum Names {
    static let refs = (1...60).map { LogRef(Int64($0)) }
    static let keys = ["k", "k2", "k3", "k4"]
    static let uploads = ["u", "u2", "u3"]
    static let jobs = ["a", "b", "c", "d", "e"]
    static let channels = ["c", "d", "e"]
    static let publications = (1...2).flatMap { attempt in
        (1...10).map { Publication(attempt: attempt, sequence: Int64($0)) }
    }
}
