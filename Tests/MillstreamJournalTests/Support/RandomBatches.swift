// Batches such as the ledger makes: heads that agree with their logs, numbers without holes. From a seed.

import MillstreamJournal
import MillstreamTestSupport

struct RandomBatches {
    var random: SeededRandom

    mutating func next(_ model: JournalModel) -> [JournalMutation] {
        var scratch = model
        var batch: [JournalMutation] = []
        for _ in 0..<Int.random(in: 1...6, using: &random) {
            let step = step(scratch)
            scratch.apply(step)
            batch += step
        }
        return batch
    }

    private mutating func step(_ model: JournalModel) -> [JournalMutation] {
        switch Int.random(in: 0..<100, using: &random) {
        case ..<20: newJob(model)
        case ..<50: growJob(model)
        case ..<65: growChannel(model)
        case ..<73: trim(model)
        case ..<79: model.jobs.randomElement(using: &random).map { [.removeJob($0.ref)] } ?? []
        case ..<82: model.channels.randomElement(using: &random).map { [.removeChannel($0.ref)] } ?? []
        case ..<87: [.putUpload(makeUpload(pick(Names.uploads), at: .random(in: 0...100, using: &random)))]
        case ..<91: model.jobs.randomElement(using: &random).map { [.useUpload(pick(Names.uploads), $0.ref)] } ?? []
        case ..<93: [.removeUpload(pick(Names.uploads))]
        case ..<98:
            model.jobs.randomElement(using: &random).map { job in
                [
                    .putIdempotency(
                        makeKey(pick(Names.keys), ref: job.ref.number, at: .random(in: 0...100, using: &random)))
                ]
            } ?? []
        default: [.expireIdempotency(before: time(.random(in: 0...100, using: &random)))]
        }
    }

    private mutating func pick(_ names: [String]) -> String { names.randomElement(using: &random)! }

    private mutating func newJob(_ model: JournalModel) -> [JournalMutation] {
        guard model.highestRef < 60 else { return [] }
        let owner = [nil, "ann", "bob"].randomElement(using: &random)!
        var job = makeJob(model.highestRef + 1, pick(Names.jobs), kind: pick(["x", "y"]), owner: owner)
        job.queueOrder = .random(in: 0...1000, using: &random)
        return [.insertJob(job)]
    }

    private mutating func growJob(_ model: JournalModel) -> [JournalMutation] {
        guard var job = model.jobs.randomElement(using: &random), job.lastSequence < 16 else { return [] }
        var batch: [JournalMutation] = []
        for _ in 0..<Int.random(in: 0...3, using: &random) {
            job.lastSequence += 1
            let outside = Publication(
                attempt: Int((job.lastSequence + 1) % 2 + 1), sequence: (job.lastSequence + 1) / 2)
            let event = makeEvent(job.lastSequence)
            job.logBytes += Int64(event.data.bytes.count)
            batch.append(.append(job.ref, event, random.chance(30) ? outside : nil))
        }
        if random.chance(20) {
            job.messageCount += 1
            batch.append(
                .appendMessage(job.ref, MessageRecord(number: job.messageCount, body: json("1"), time: time(1))))
        }
        job.state = JobState.allCases.randomElement(using: &random)!
        job.finishedAt = job.state.isTerminal ? time(.random(in: 0...50, using: &random)) : nil
        job.progress = .random(in: 0...100, using: &random)
        if random.chance(20) { job.result = StoredValue(json("[\(job.lastSequence)]")) }
        job.revision += 1
        return batch + [.updateJob(job)]
    }

    private mutating func growChannel(_ model: JournalModel) -> [JournalMutation] {
        let name = pick(Names.channels)
        let known = model.channels.first { $0.name == name }
        guard known != nil || model.highestRef < 60 else { return [] }
        var channel = known ?? makeChannel(model.highestRef + 1, name)
        var batch: [JournalMutation] = []
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            channel.lastSequence += 1
            batch.append(.append(channel.ref, makeEvent(channel.lastSequence, "message"), nil))
        }
        return batch + [.putChannel(channel)]
    }

    private mutating func trim(_ model: JournalModel) -> [JournalMutation] {
        if random.chance(50), var channel = model.channels.randomElement(using: &random) {
            channel.trimmedThrough = .random(in: channel.trimmedThrough...channel.lastSequence, using: &random)
            return [.trim(channel.ref, through: channel.trimmedThrough), .putChannel(channel)]
        }
        guard var job = model.jobs.randomElement(using: &random) else { return [] }
        job.trimmedThrough = .random(in: job.trimmedThrough...job.lastSequence, using: &random)
        return [.trim(job.ref, through: job.trimmedThrough), .updateJob(job)]
    }
}
