// One reader as 56 bytes in a flat array. A plain value without references; the hub alone reads and changes it.

struct ReaderSlot {
    enum Phase: UInt8 {
        case free
        /// Has everything of its log, and nothing is pending.
        case live
        /// Waits for its turn, in this flush or a later one.
        case due
        /// Waits for a page or a head.
        case waiting
        /// Its output is pending.
        case blocked
    }

    struct Flags: OptionSet {
        let rawValue: UInt8
        /// Reads several logs: the hub's `combined` has the rest.
        static let isCombined = Flags(rawValue: 1)
        /// Is in the hub's `news` or in its backlog.
        static let isQueued = Flags(rawValue: 2)
        /// Its cursor was not looked at because the log is not known: the hub's `unresolved` has it.
        static let isUnresolved = Flags(rawValue: 4)
        /// The hub's `prefaces` has text that goes before anything else.
        static let hasPreface = Flags(rawValue: 8)
        /// The heartbeat comment goes before anything else: the reply begins with it where there is no status.
        static let isGreeted = Flags(rawValue: 16)
    }

    var reading = LogReading(after: 0)
    var generation: UInt32 = 0
    /// The place of its log in the hub's table.
    var log: UInt32 = 0
    /// Its place among the log's members.
    var member: UInt32 = 0
    /// When something was last given to the output, in milliseconds modulo 2^32.
    var lastSentMs: UInt32 = 0
    /// When its time is over, in tenths of a second since the hub was made.
    var expiresAtTenths = UInt32.max
    /// The last state of the log that it was told of.
    var statusVersion: UInt16 = 0
    var phase = Phase.free
    var flags: Flags = []
}
