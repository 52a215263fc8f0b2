// The questions to the store: each asked once for all who need the answer, a bounded number at a time, answers kept a while.
// Loop-confined. It knows logs and readers by number only and sends nothing to anybody.

import MillstreamJournal

/// Pages and heads that were asked for, and the last pages that came.
struct PageDesk {
    /// Events of a run after a number. Runs are never used again, so an answer that comes too late names nothing.
    struct Key: Hashable {
        var log: UInt32
        var run: UInt32
        var after: Int64
    }

    enum Question {
        /// `end`: the log's last event when the question was asked; everything up to it that is missing in the answer is gone.
        case page(Key, LogRef, end: Int64)
        case head(LogName)
    }

    struct Asked {
        var question: Question
        var readers: [ReaderID]
    }

    private struct Kept {
        var key: Key
        /// Once so many turns were given, those who asked for it had theirs.
        var untilTurn: UInt64
    }

    private var asked: [UInt64: Asked] = [:]
    private var tokens: [Key: UInt64] = [:]
    private var waiting: [UInt64] = []
    private var firstWaiting = 0
    private var underWay = 0
    private var lastToken: UInt64 = 0
    private var pages: [Key: EncodedEvents] = [:]
    private var pageOrder: [Kept] = []
    private var firstPage = 0
    private(set) var cachedBytes = 0

    /// Questions without an answer.
    var count: Int { asked.count }

    // MARK: Asking

    mutating func needPage(_ key: Key, of ref: LogRef, end: Int64, for reader: ReaderID) {
        if let token = tokens[key] {
            asked[token]?.readers.append(reader)
            return
        }
        tokens[key] = add(Asked(question: .page(key, ref, end: end), readers: [reader]))
    }

    mutating func needHead(of name: LogName) {
        _ = add(Asked(question: .head(name), readers: []))
    }

    private mutating func add(_ question: Asked) -> UInt64 {
        lastToken += 1
        asked[lastToken] = question
        waiting.append(lastToken)
        return lastToken
    }

    /// Hands waiting questions to `ask` while there is room and it takes them.
    mutating func ask(maxUnderWay: Int, _ ask: (Question, PageToken) -> Bool) {
        while firstWaiting < waiting.count, underWay < maxUnderWay {
            let token = waiting[firstWaiting]
            if let question = asked[token]?.question {
                guard ask(question, PageToken(token)) else { break }
                underWay += 1
            }
            firstWaiting += 1
        }
        if firstWaiting > 64, firstWaiting * 2 > waiting.count {
            waiting.removeSubrange(..<firstWaiting)
            firstWaiting = 0
        }
    }

    /// The question that this answers; nil when it was answered before.
    mutating func answered(_ token: PageToken) -> Asked? {
        guard let answered = asked.removeValue(forKey: token.number) else { return nil }
        underWay -= 1
        if case .page(let key, _, _) = answered.question { tokens[key] = nil }
        return answered
    }

    // MARK: Answers that are kept

    func page(_ key: Key) -> EncodedEvents? { pages.isEmpty ? nil : pages[key] }

    /// - Parameter untilTurn: how many turns the readers' backlog gives until those who asked for the page had theirs.
    mutating func keep(_ events: EncodedEvents, as key: Key, untilTurn: UInt64) {
        if let old = pages.updateValue(events, forKey: key) {
            cachedBytes -= old.heldBytes
        } else {
            pageOrder.append(Kept(key: key, untilTurn: untilTurn))
        }
        cachedBytes += events.heldBytes
    }

    /// Forgets the oldest pages, but none that somebody waits for.
    mutating func trim(toBytes maxBytes: Int, turnsGiven: UInt64) {
        while cachedBytes > maxBytes, firstPage < pageOrder.count, pageOrder[firstPage].untilTurn <= turnsGiven {
            if let page = pages.removeValue(forKey: pageOrder[firstPage].key) { cachedBytes -= page.heldBytes }
            firstPage += 1
        }
        if firstPage > 64, firstPage * 2 > pageOrder.count {
            pageOrder.removeSubrange(..<firstPage)
            firstPage = 0
        }
    }
}
