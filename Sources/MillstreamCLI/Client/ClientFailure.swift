// Why a command did not do what it was asked, and the exit status that says so. One table, shown in `millstream
// --help`.

/// A failure of a client command.
enum ClientFailure: Error, Equatable, CustomStringConvertible {
    /// No connection, or one that broke before the answer was complete.
    case unreachable(server: String, reason: String)
    /// The server said no: its problem's status, title and detail.
    case refused(status: Int, text: String)
    /// What came is no HTTP, no JSON, or more than is taken.
    case badAnswer(String)
    /// A file of the user's that cannot be read.
    case noInput(String)
    /// An argument that the parser could not know to be wrong.
    case usage(String)
    /// Ctrl-C.
    case interrupted

    var exitStatus: Int32 {
        switch self {
        case .unreachable: ExitStatus.unreachable
        case .refused(let status, _): status == 503 || status == 507 ? ExitStatus.busy : ExitStatus.refused
        case .badAnswer: ExitStatus.badAnswer
        case .noInput: ExitStatus.noInput
        case .usage: ExitStatus.usage
        case .interrupted: ExitStatus.interrupted
        }
    }

    var description: String {
        switch self {
        case .unreachable(let server, let reason): "\(server): \(reason)"
        case .refused(let status, let text): "the server refused (\(status)): \(text)"
        case .badAnswer(let reason): "the answer is not a Millstream server's: \(reason)"
        case .noInput(let reason), .usage(let reason): reason
        case .interrupted: "interrupted"
        }
    }
}
