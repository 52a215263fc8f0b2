// Random batches, held against the plainest possible model, with refused batches, reopenings and maintenance between them.

import MillstreamJournal
import MillstreamJournalSQLite
import MillstreamTestSupport
import Testing

@Suite struct ModelTests {
    @Test(arguments: StoreKind.allCases)
    func everyStoreHoldsWhatTheModelHolds(_ kind: StoreKind) throws {
        for _ in 0..<6 {
            let seed = UInt64.random(in: .min ... .max)
            print("model test, \(kind): seed \(seed)")
            try TemporaryDirectory.with { directory in
                try run(kind, seed, directory)
            }
        }
    }

    private func run(_ kind: StoreKind, _ seed: UInt64, _ directory: TemporaryDirectory) throws {
        var random = SeededRandom(seed: seed)
        var batches = RandomBatches(random: SeededRandom(seed: seed ^ 1))
        var model = JournalModel()
        var store = try kind.open(directory)
        for step in 0..<50 {
            let batch = batches.next(model)
            if random.chance(15) {
                let wrong = batch + makeEvents(1000, 1...1) + makeEvents(1000, 1...1)
                #expect(throws: JournalError.self) { try store.commit(wrong) }
            } else {
                try store.commit(batch)
                model.apply(batch)
            }
            if random.chance(20) { while try store.maintain() {} }
            if kind == .sqlite, random.chance(10) {
                store.close()
                store = try kind.open(directory)
            }
            let seen = try Observation(of: store)
            guard seen == model.observation else {
                Issue.record("seed \(seed), step \(step): \(seen.differences(from: model.observation))")
                return
            }
            if random.chance(20) {
                var read = try Observation(reading: store.makeReader())
                read.counts += seen.counts.suffix(2)
                #expect(read == seen, "seed \(seed), step \(step)")
            }
        }
        store.close()
    }
}
