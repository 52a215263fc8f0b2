// Names of events, and which of them are the server's.

public enum EventName {
    /// `[A-Za-z0-9_.:-]{1,64}`.
    public static func isValid(_ name: String) -> Bool {
        var name = name
        // Each event is asked: a loop over the bytes, where a generic function over the string's view would be called for each of them.
        return name.withUTF8 { bytes in
            guard (1...64).contains(bytes.count) else { return false }
            for byte in bytes {
                switch byte {
                case 0x30...0x3A, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: continue
                default: return false
                }
            }
            return true
        }
    }

    /// What only the server says: neither workers nor publishers may use these.
    public static let reserved = ["status", "completed", "failed", "cancelled", "gap", "closing", "retrying"]

    /// Whether the name is one of those. A few comparisons of short strings cost less than one hash.
    public static func isReserved(_ name: String) -> Bool { name != progress && reserved.contains(name) }

    /// The event that a slow reader may get only the newest of.
    public static let progress = "progress"
}
