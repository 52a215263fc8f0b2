// Which web pages may talk to the server (Fetch standard, CORS protocol). A value, used on the loop thread.

/// Decides over the `Origin` header of a request.
public struct OriginPolicy: Sendable {
    public enum Verdict: Sendable, Hashable {
        /// No `Origin`: not a cross-site browser request.
        case none
        /// The server's own page.
        case own
        /// Listed; answer with `Access-Control-Allow-Origin: ORIGIN`.
        case listed(String)
        /// Any other page: it may change nothing, and reads nothing.
        case foreign
    }

    /// Exact origins (`http://localhost:3000`), compared without regard to case; `*` lists them all.
    public let origins: [String]
    /// Whether the server trusts everybody on this machine: then a page whose own name is not a loopback name was brought
    /// here by a DNS answer of its author's (DNS rebinding) and is foreign although `Origin` and `Host` agree.
    public let loopbackOnly: Bool

    public init(origins: [String], loopbackOnly: Bool) {
        self.origins = origins.map { $0.lowercased() }
        self.loopbackOnly = loopbackOnly
    }

    public func verdict(origin: String?, host: String?) -> Verdict {
        guard let origin else { return .none }
        let lowered = origin.lowercased()
        if origins.contains(lowered) || origins.contains("*") { return .listed(origin) }
        guard let host, let authority = Self.authority(of: lowered), authority == host.lowercased() else {
            return .foreign
        }
        if loopbackOnly, !HostName.isLoopback(HostName.withoutPort(authority)) { return .foreign }
        return .own
    }

    private static func authority(of origin: String) -> String? {
        for scheme in ["http://", "https://"] where origin.hasPrefix(scheme) {
            return String(origin.dropFirst(scheme.count))
        }
        return nil
    }
}
