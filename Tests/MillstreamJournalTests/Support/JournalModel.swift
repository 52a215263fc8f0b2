// What a store should hold after a batch, said as plainly as possible: arrays, searched from end to end.

import MillstreamJournal

struct JournalModel {
    private(set) var jobs: [JobRecord] = []
    private(set) var channels: [ChannelRecord] = []
    private var events: [(ref: LogRef, event: EventRecord)] = []
    private var publications: [(ref: LogRef, publication: Publication, sequence: Int64)] = []
    private var messages: [(ref: LogRef, message: MessageRecord)] = []
    private var keys: [IdempotencyRecord] = []
    private var uploads: [(record: UploadRecord, wasUsed: Bool)] = []
    private var uses: [(upload: String, ref: LogRef)] = []
    private(set) var highestRef: Int64 = 0
    private var highestQueueOrder: Int64 = 0

    func lastSequence(_ ref: LogRef) -> Int64 {
        jobs.first { $0.ref == ref }?.lastSequence ?? channels.first { $0.ref == ref }?.lastSequence ?? 0
    }

    mutating func apply(_ batch: [JournalMutation]) {
        for mutation in batch { apply(mutation) }
    }

    private mutating func apply(_ mutation: JournalMutation) {
        switch mutation {
        case .insertJob(let job):
            if let old = jobs.first(where: { $0.id == job.id }) { apply(.removeJob(old.ref)) }
            jobs.append(job)
            note(job.ref, job.queueOrder)
        case .updateJob(let job):
            guard let index = jobs.firstIndex(where: { $0.ref == job.ref }) else { return }
            let old = jobs[index]
            jobs[index] = job
            jobs[index].input = old.input
            jobs[index].kind = old.kind
            jobs[index].id = old.id
            jobs[index].owner = old.owner
            jobs[index].viewers = old.viewers
            jobs[index].createdAt = old.createdAt
            jobs[index].epoch = old.epoch
            note(job.ref, job.queueOrder)
        case .putChannel(let channel):
            channels.removeAll { $0.ref == channel.ref }
            channels.append(channel)
            note(channel.ref, 0)
        case .append(let ref, let event, let publication):
            events.append((ref, event))
            if let publication { publications.append((ref, publication, event.sequence)) }
        case .appendMessage(let ref, let message): messages.append((ref, message))
        case .putIdempotency(let record):
            keys.removeAll { $0.key == record.key }
            keys.append(record)
        case .putUpload(let record):
            let wasUsed = uploads.first { $0.record.id == record.id }?.wasUsed ?? false
            uploads.removeAll { $0.record.id == record.id }
            uploads.append((record, wasUsed))
        case .removeUpload(let id):
            uploads.removeAll { $0.record.id == id }
            uses.removeAll { $0.upload == id }
        case .useUpload(let id, let ref):
            guard let index = uploads.firstIndex(where: { $0.record.id == id }) else { return }
            uploads[index].wasUsed = true
            uses.append((id, ref))
        case .trim(let ref, let sequence): events.removeAll { $0.ref == ref && $0.event.sequence <= sequence }
        case .removeJob(let ref):
            guard jobs.contains(where: { $0.ref == ref }) else { return }
            jobs.removeAll { $0.ref == ref }
            events.removeAll { $0.ref == ref }
            publications.removeAll { $0.ref == ref }
            messages.removeAll { $0.ref == ref }
            keys.removeAll { $0.ref == ref }
            uses.removeAll { $0.ref == ref }
        case .removeChannel(let ref):
            channels.removeAll { $0.ref == ref }
            events.removeAll { $0.ref == ref }
        case .expireIdempotency(let time): keys.removeAll { $0.createdAt < time }
        }
    }

    private mutating func note(_ ref: LogRef, _ queueOrder: Int64) {
        highestRef = max(highestRef, ref.number)
        highestQueueOrder = max(highestQueueOrder, queueOrder)
    }

    var observation: Observation {
        var seen = Observation()
        seen.jobs = jobs.sorted { $0.ref > $1.ref }
        seen.live = jobs.filter { !$0.state.isTerminal }.sorted { $0.ref < $1.ref }
        seen.finished = jobs.filter(\.state.isTerminal).sorted {
            ($0.finishedAt!, $0.ref) < ($1.finishedAt!, $1.ref)
        }
        seen.channels = channels.sorted { $0.ref < $1.ref }
        for (ref, event) in events { seen.events[ref, default: []].append(event) }
        seen.firstEvents = seen.events.compactMapValues(\.first)
        for (ref, message) in messages { seen.messages[ref, default: []].append(message) }
        for (ref, publication, sequence) in publications {
            seen.publications[ref, default: [:]][publication] = sequence
        }
        for key in keys { seen.keys[key.key] = key }
        for (record, _) in uploads { seen.uploads[record.id] = record }
        let free = uploads.filter { upload in !uses.contains { $0.upload == upload.record.id } }
        let released = free.filter(\.wasUsed)
        let never = free.filter { !$0.wasUsed && $0.record.createdAt < time(50) }
        seen.unused = [released, never].flatMap { list in
            list.map(\.record).sorted { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }.map(\.id)
        }
        seen.counts = [Int64(jobs.count), Int64(seen.live.count), Int64(channels.count), highestRef, highestQueueOrder]
        return seen
    }
}
