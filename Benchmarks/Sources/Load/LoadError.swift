import Glibc

/// Why a run could not begin.
public enum LoadError: Error, Equatable, CustomStringConvertible {
    case badAddress(String)
    case badHeader(String)
    /// The connection to host:port failed with this `errno`.
    case noServer(String, Int32)
    case tooFewDescriptors(needed: Int, limit: Int)
    case cannot(Dialect, [Capability])
    case noProcess(Int32)
    case unknownGroup(String)
    case twice(String)
    case system(String, Int32)

    public var description: String {
        switch self {
        case .badAddress(let host): "\(host) is no IPv4 address (names are not looked up: 127.0.0.1)"
        case .badHeader(let header): "\"\(header)\" is no header of the form Name: value"
        case .noServer(let address, let error): "no server at \(address): \(Self.text(error))"
        case .tooFewDescriptors(let needed, let limit):
            "the scenario needs \(needed) descriptors, the hard limit is \(limit) (ulimit -Hn)"
        case .cannot(let dialect, let needs):
            "a server that is spoken to as \(dialect.rawValue) cannot do this: \(needs.map(\.rawValue).joined(separator: ", "))"
        case .noProcess(let pid): "there is no process \(pid), or its figures in /proc cannot be read"
        case .unknownGroup(let name): "the scenario has no group of readers named \"\(name)\""
        case .twice(let name): "two activities of one phase own the streams of the group \"\(name)\""
        case .system(let call, let error): "\(call): \(Self.text(error))"
        }
    }

    static func text(_ error: Int32) -> String { error == 0 ? "" : String(cString: strerror(error)) }
}
