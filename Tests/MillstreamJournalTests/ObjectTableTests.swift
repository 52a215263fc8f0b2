import MillstreamJournal
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

@Suite struct ObjectTableTests {
    @Test func holdsWhatADictionaryHoldsThroughGrowthAndLeaving() {
        var table = ObjectTable<Named.ByName>()
        var model: [String: Named] = [:]
        var random = SystemRandomNumberGenerator()
        // Names come again, so that places of those who left are used anew; the range grows and shrinks.
        for range in [10, 1_000, 100, 5_000, 20] {
            for _ in 0..<range * 20 {
                let name = "n\(Int.random(in: 0..<range, using: &random))"
                if Bool.random(using: &random) {
                    let object = Named(name)
                    table[name] = object
                    model[name] = object
                } else {
                    table[name] = nil
                    model[name] = nil
                }
                #expect(table[name] === model[name])
                #expect(table.count == model.count)
            }
            for (name, object) in model { #expect(table[name] === object) }
            #expect(Set(table.values.map(\.name)) == Set(model.keys))
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
