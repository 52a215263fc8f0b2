// Names of events, and which of them are the server's.

public enum EventName {
    /// `[A-Za-z0-9_.:-]{1,64}`.
    public static func isValid(_ name: some StringProtocol) -> Bool {
        let bytes = name.utf8
        guard !bytes.isEmpty, bytes.count <= 64 else { return false }
        return bytes.allSatisfy { byte in
            switch byte {
            case 0x30...0x3A, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
            default: false
            }
        }
    }

    /// What only the server says: neither workers nor publishers may use these.
    public static let reserved: Set<String> = [
        "status", "completed", "failed", "cancelled", "gap", "closing", "retrying",
    ]

    /// The event that a slow reader may get only the newest of.
    public static let progress = "progress"
}
