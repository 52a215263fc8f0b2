// The pause between tries of a store that is at fault: doubled from the first to the last. A value type.

struct LaneBackoff {
    private let firstMs: Int
    private let maxMs: Int
    private var upcomingMs: Int

    init(firstMs: Int, maxMs: Int) {
        self.firstMs = max(1, firstMs)
        self.maxMs = max(self.firstMs, maxMs)
        upcomingMs = self.firstMs
    }

    /// The pause to make now.
    mutating func next() -> Int {
        defer { upcomingMs = min(maxMs, upcomingMs * 2) }
        return upcomingMs
    }

    mutating func reset() {
        upcomingMs = firstMs
    }
}
