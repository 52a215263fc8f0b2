import Glibc

// How a program ended. A plain value.

/// How a program ended.
public enum ProgramExit: Hashable, Sendable {
    case code(Int32)
    case signal(Int32)

    /// Exit status 0.
    public var isSuccess: Bool { self == .code(0) }

    /// For people: `exit status 3`, `signal 9 (Killed)`.
    public var text: String {
        switch self {
        case .code(let code): "exit status \(code)"
        case .signal(let number): "signal \(number) (\(strsignal(number).map { String(cString: $0) } ?? "unknown"))"
        }
    }
}
