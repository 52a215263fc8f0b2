import MillstreamJournal
import MillstreamTestSupport
import Testing

// The table of objects by their own keys, held against a dictionary.

private final class Named: Sendable {
    let name: String

    init(_ name: String) {
        self.name = name
    }

    enum ByName: TableKeying {
        static func key(of element: Named) -> String { element.name }
    }
}

/// A name whose hash it has in common with 19 others, so that many stand far from their homes.
private struct Crowded: Hashable {
    let name: Int

    func hash(into hasher: inout Hasher) { hasher.combine(name / 20) }
}

private final class InACrowd: Sendable {
    let key: Crowded

    init(_ name: Int) {
        key = Crowded(name: name)
    }

    enum ByKey: TableKeying {
        static func key(of element: InACrowd) -> Crowded { element.key }
    }
}

@Suite struct ObjectTableTests {
    /// Names come again, so that places of those who left are used anew; the range grows and shrinks.
    private static let ranges = [10, 1_000, 100, 5_000, 20]

    @Test func holdsWhatADictionaryHoldsThroughGrowthAndLeaving() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededRandom(seed: seed)
        var table = ObjectTable<Named.ByName>()
        var model: [String: Named] = [:]
        for range in Self.ranges {
            for _ in 0..<range * 20 {
                let name = "n\(Int.random(in: 0..<range, using: &random))"
                let object = Bool.random(using: &random) ? Named(name) : nil
                table[name] = object
                model[name] = object
                #expect(table[name] === model[name], "seed \(seed)")
                #expect(table.count == model.count, "seed \(seed)")
            }
            for (name, object) in model { #expect(table[name] === object, "seed \(seed)") }
            #expect(Set(table.values.map(\.name)) == Set(model.keys), "seed \(seed)")
        }
    }

    @Test func whoSharesItsHashWithOthersIsFoundAndLeavesThemWhereTheyAreFound() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededRandom(seed: seed)
        var table = ObjectTable<InACrowd.ByKey>()
        var model: [Crowded: InACrowd] = [:]
        for range in Self.ranges {
            for _ in 0..<range * 10 {
                let object = InACrowd(Int.random(in: 0..<range, using: &random))
                let stays = Bool.random(using: &random)
                table[object.key] = stays ? object : nil
                model[object.key] = stays ? object : nil
                #expect(table[object.key] === model[object.key], "seed \(seed)")
            }
            for (key, object) in model { #expect(table[key] === object, "seed \(seed)") }
            #expect(table.count == model.count, "seed \(seed)")
        }
    }

    @Test func lettingAllGoLetsThemGo() {
        var table = ObjectTable<Named.ByName>()
        weak var gone: Named?
        do {
            let object = Named("one")
            gone = object
            table["one"] = object
        }
        #expect(table["one"] === gone)
        table["one"] = nil
        #expect(gone == nil)
        #expect(table.isEmpty)
    }

    @Test func anEmptyTableHasNothing() {
        var table = ObjectTable<Named.ByName>()
        table["one"] = nil
        #expect(table["one"] == nil)
        #expect(table.values.map(\.name).isEmpty)
    }
}
