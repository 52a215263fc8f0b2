// Logs in memory as the journal would have them, and the hub's questions to it, answered when the test says.

import MillstreamJSON
import MillstreamJournal
import MillstreamStreams

final class TestStore: LogSource {
    final class Run {
        let ref: LogRef
        let epoch: Epoch
        var events: [EventRecord] = []
        var trimmedThrough: Int64 = 0
        var hasEnded = false
        var isRemoved = false
        var snapshot: [UInt8] = []

        init(ref: LogRef, epoch: Epoch) {
            self.ref = ref
            self.epoch = epoch
        }

        var extent: LogExtent {
            LogExtent(
                ref: ref, epoch: epoch, lastSequence: Int64(events.count), trimmedThrough: trimmedThrough,
                hasEnded: hasEnded)
        }
    }

    enum Question {
        case page(LogRef, after: Int64, maxEvents: Int, maxBytes: Int)
        case head(LogName)
    }

    var runs: [LogRef: Run] = [:]
    var names: [LogName: LogRef] = [:]
    var questions: [(token: PageToken, question: Question)] = []
    var questionCount = 0
    var pageCount = 0
    var refusesQuestions = false

    func requestPage(of ref: LogRef, after: Int64, maxEvents: Int, maxBytes: Int, token: PageToken) -> Bool {
        guard !refusesQuestions else { return false }
        pageCount += 1
        return ask(.page(ref, after: after, maxEvents: maxEvents, maxBytes: maxBytes), token)
    }

    func requestHead(of name: LogName, token: PageToken) -> Bool {
        guard !refusesQuestions else { return false }
        return ask(.head(name), token)
    }

    private func ask(_ question: Question, _ token: PageToken) -> Bool {
        questions.append((token, question))
        questionCount += 1
        return true
    }

    // MARK: Contents

    func create(_ name: LogName) -> Run {
        let number = Int64(runs.count + 1)
        let run = Run(ref: LogRef(number), epoch: Epoch("e" + String(number, radix: 36))!)
        runs[run.ref] = run
        names[name] = run.ref
        return run
    }

    func run(_ name: LogName) -> Run? { names[name].flatMap { runs[$0] } }

    func append(_ name: String, _ data: String, to run: Run) -> EventRecord {
        let event = EventRecord(
            sequence: Int64(run.events.count + 1), name: name, data: JSONText(trusted: Array(data.utf8)),
            time: Timestamp(milliseconds: 0))
        run.events.append(event)
        return event
    }

    // MARK: Answers

    /// Answers the question at that place of the list.
    func answer(at index: Int, to hub: StreamHub, failing: Bool = false) {
        let (token, question) = questions.remove(at: index)
        let fault = JournalError(.io, "made to fail")
        switch question {
        case .page(let ref, let after, let maxEvents, let maxBytes):
            let page = page(ref, after, maxEvents, maxBytes)
            hub.pageArrived(token, failing ? .failure(fault) : .success(page))
        case .head(let name): hub.headArrived(token, failing ? .failure(fault) : .success(run(name)?.extent))
        }
    }

    /// Answers everything, and what follows from the answers.
    func answerAll(to hub: StreamHub) {
        while hub.flush() {}
        while !questions.isEmpty {
            answer(at: 0, to: hub)
            while hub.flush() {}
        }
    }

    private func page(_ ref: LogRef, _ after: Int64, _ maxEvents: Int, _ maxBytes: Int) -> [EventRecord] {
        guard let run = runs[ref], !run.isRemoved else { return [] }
        var page: [EventRecord] = []
        var bytes = 0
        for event in run.events where event.sequence > max(after, run.trimmedThrough) {
            guard page.count < maxEvents, bytes < maxBytes else { break }
            page.append(event)
            bytes += event.data.bytes.count
        }
        return page
    }
}
