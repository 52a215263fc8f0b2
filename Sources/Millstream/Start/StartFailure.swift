// Why a server did not start: one sentence, and the exit status that a program should end with (sysexits.h).

/// A start that failed.
public struct StartFailure: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Reason: Int32, Sendable {
        /// EX_OSERR: no descriptor, memory or thread.
        case resources = 71
        /// EX_CANTCREAT: the data directory cannot be used.
        case data = 73
        /// EX_UNAVAILABLE: the address cannot be listened on.
        case address = 69
        /// EX_CONFIG: the settings forbid it.
        case configuration = 78
    }

    public var reason: Reason
    public var description: String

    public init(_ reason: Reason, _ description: String) {
        self.reason = reason
        self.description = description
    }

    /// 69, 71, 73 or 78.
    public var exitStatus: Int32 { reason.rawValue }
}
