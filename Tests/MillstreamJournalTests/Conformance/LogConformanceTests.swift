// What every store does alike with logs and the rest. Each test runs against each store.

import MillstreamJSON
import MillstreamJournal
import Testing

@Suite struct LogConformanceTests {
    // MARK: Events

    @Test(arguments: StoreKind.allCases)
    func eventsComeInOrderAndBounded(_ kind: StoreKind) throws {
        try kind.withStore { store in
            try store.commit([.insertJob(makeJob(1, "j"))] + makeEvents(1, 1...10))
            let log = LogRef(1)
            #expect(try store.allEvents(1) == (1...10).map { makeEvent($0) })
            #expect(try store.events(of: log, after: 4, limit: 3, maxBytes: .max).map(\.sequence) == [5, 6, 7])
            #expect(try store.events(of: log, after: 0, limit: 9, maxBytes: 14).map(\.sequence) == [1, 2])
            #expect(try store.events(of: log, after: 0, limit: 9, maxBytes: 15).map(\.sequence) == [1, 2, 3])
            #expect(try store.events(of: log, after: 0, limit: 9, maxBytes: 0).map(\.sequence) == [1])
            #expect(try store.events(of: log, after: 0, limit: 0, maxBytes: 100) == [])
            #expect(try store.events(of: log, after: 10, limit: 9, maxBytes: 100) == [])
            #expect(try store.events(of: log, after: .max, limit: 9, maxBytes: 100) == [])
            #expect(try store.allEvents(2) == [])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func eventDataIsKeptByteForByte(_ kind: StoreKind) throws {
        try kind.withStore { store in
            let texts = [
                "null", "1.50e+3", #""\u0000\ud83d é 😀""#, "\"" + String(repeating: "y", count: 300_000) + "\"",
            ]
            let events = texts.enumerated().map { makeEvent(Int64($0.offset + 1), "a.b:c-d_e", data: $0.element) }
            try store.commit(events.map { .append(LogRef(5), $0, nil) })
            #expect(try store.allEvents(5) == events)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func trimmedEventsAreGoneAndTheOthersStay(_ kind: StoreKind) throws {
        try kind.withStore { store in
            try store.commit([.putChannel(makeChannel(1, "c", last: 10))] + makeEvents(1, 1...10))
            try store.commit([.trim(LogRef(1), through: 4), .putChannel(makeChannel(1, "c", last: 10, trimmed: 4))])
            #expect(try store.allEvents(1).map(\.sequence) == Array(5...10))
            #expect(try store.firstEvent(of: LogRef(1))?.sequence == 5)
            #expect(try store.channel("c")?.trimmedThrough == 4)
            try store.commit([.trim(LogRef(1), through: 10)])
            #expect(try store.allEvents(1) == [])
            #expect(try store.firstEvent(of: LogRef(1)) == nil)
            try store.commit(makeEvents(1, 11...12))
            #expect(try store.allEvents(1).map(\.sequence) == [11, 12])
            #expect(try store.statistics().events == 2)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func theLastEventOlderThanATimeIsFound(_ kind: StoreKind) throws {
        try kind.withStore { store in
            let times: [Int64] = [10, 10, 20, 30, 30, 30, 50]
            try store.commit(
                times.enumerated().map { .append(LogRef(1), makeEvent(Int64($0.offset + 4), at: $0.element), nil) })
            for (limit, expected) in [(10, nil), (11, 5), (20, 5), (21, 6), (30, 6), (31, 9), (50, 9), (51, 10)] {
                #expect(
                    try store.lastSequence(of: LogRef(1), olderThan: time(Int64(limit))) == expected.map(Int64.init))
            }
            #expect(try store.lastSequence(of: LogRef(2), olderThan: time(99)) == nil)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func aPublicationIsKnownEvenWhenItsEventWasTrimmed(_ kind: StoreKind) throws {
        try kind.withStore { store in
            let log = LogRef(1)
            try store.commit([
                .insertJob(makeJob(1, "j")), .append(log, makeEvent(1), Publication(attempt: 1, sequence: 1)),
                .append(log, makeEvent(2), Publication(attempt: 2, sequence: 1)),
            ])
            try store.commit([.trim(log, through: 2)])
            #expect(try store.sequence(of: Publication(attempt: 1, sequence: 1), in: log) == 1)
            #expect(try store.sequence(of: Publication(attempt: 2, sequence: 1), in: log) == 2)
            #expect(try store.sequence(of: Publication(attempt: 2, sequence: 2), in: log) == nil)
            #expect(try store.sequence(of: Publication(attempt: 1, sequence: 1), in: LogRef(2)) == nil)
            try store.commit([.removeJob(log)])
            #expect(try store.sequence(of: Publication(attempt: 1, sequence: 1), in: log) == nil)
        }
    }

    // MARK: The rest

    @Test(arguments: StoreKind.allCases)
    func messagesComeInOrder(_ kind: StoreKind) throws {
        try kind.withStore { store in
            let messages = (1...5).map {
                MessageRecord(number: $0, body: json(#"{"input":\#($0)}"#), time: time(Int64($0)))
            }
            try store.commit([.insertJob(makeJob(1, "j"))] + messages.map { .appendMessage(LogRef(1), $0) })
            #expect(try store.messages(of: LogRef(1), after: 0, limit: 9) == messages)
            #expect(try store.messages(of: LogRef(1), after: 2, limit: 2).map(\.number) == [3, 4])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func aChannelIsPutAndPutAgain(_ kind: StoreKind) throws {
        try kind.withStore { store in
            let first = makeChannel(3, "c")
            try store.commit([.append(LogRef(3), makeEvent(1), nil), .putChannel(first)])
            var second = makeChannel(3, "c", last: 1)
            second.logBytes = 7
            try store.commit([.putChannel(second), .putChannel(makeChannel(7, "d"))])
            #expect(try store.channel("c") == second)
            #expect(try store.channel("x") == nil)
            #expect(try store.channels(after: LogRef(0), limit: 9).map(\.name) == ["c", "d"])
            #expect(try store.channels(after: LogRef(3), limit: 9).map(\.name) == ["d"])
            #expect(try store.highestRef == LogRef(7))
            try store.commit([.removeChannel(LogRef(3))])
            #expect(try store.channel("c") == nil)
            #expect(try store.allEvents(3) == [])
            #expect(try store.statistics().channels == 1)
            #expect(try store.statistics().events == 0)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func idempotencyKeysExpireAndGoWithTheirJob(_ kind: StoreKind) throws {
        try kind.withStore { store in
            try store.commit([
                .insertJob(makeJob(1, "a")), .insertJob(makeJob(2, "b")),
                .putIdempotency(makeKey("old", ref: 1, at: 10)),
                .putIdempotency(makeKey("new", ref: 1, at: 20)), .putIdempotency(makeKey("kept", ref: 2, at: 20)),
            ])
            #expect(try store.idempotency("old") == makeKey("old", ref: 1, at: 10))
            try store.commit([.expireIdempotency(before: time(20))])
            #expect(try store.idempotency("old") == nil)
            #expect(try store.idempotency("new") != nil)
            try store.commit([.removeJob(LogRef(1))])
            #expect(try store.idempotency("new") == nil)
            #expect(try store.idempotency("kept") != nil)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func aKeyThatWasTakenOverStaysWithItsNewJob(_ kind: StoreKind) throws {
        try kind.withStore { store in
            try store.commit([
                .insertJob(makeJob(1, "a")), .insertJob(makeJob(2, "b")), .putIdempotency(makeKey("k", ref: 1)),
                .putIdempotency(makeKey("k", ref: 2)), .removeJob(LogRef(1)),
            ])
            #expect(try store.idempotency("k") == makeKey("k", ref: 2))
        }
    }

    @Test(arguments: StoreKind.allCases)
    func anUploadIsUnusedWhenOldOrWhenItsLastJobIsGone(_ kind: StoreKind) throws {
        try kind.withStore { store in
            try store.commit([
                .putUpload(makeUpload("old", at: 10)), .putUpload(makeUpload("young", at: 90)),
                .putUpload(makeUpload("used", at: 10)), .insertJob(makeJob(1, "a")), .insertJob(makeJob(2, "b")),
                .useUpload("used", LogRef(1)), .useUpload("used", LogRef(2)), .useUpload("unknown", LogRef(1)),
            ])
            func unused(_ before: Int64, _ limit: Int = 9) throws -> [String] {
                try store.unusedUploads(before: time(before), limit: limit).map(\.id)
            }
            #expect(try store.upload("used") == makeUpload("used", at: 10))
            #expect(try store.upload("unknown") == nil)
            #expect(try unused(50) == ["old"])
            #expect(try unused(99) == ["old", "young"])
            #expect(try unused(99, 1) == ["old"])
            try store.commit([.removeJob(LogRef(1))])
            #expect(try unused(5) == [])
            try store.commit([.removeJob(LogRef(2))])
            #expect(try unused(5) == ["used"])
            try store.commit([.insertJob(makeJob(3, "c")), .useUpload("used", LogRef(3))])
            #expect(try unused(5) == [])
            try store.commit([.removeUpload("used"), .removeUpload("old")])
            #expect(try store.upload("used") == nil)
            #expect(try unused(99) == ["young"])
        }
    }
}
