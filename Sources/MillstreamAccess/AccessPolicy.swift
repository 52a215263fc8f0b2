// The one place that decides. Until the server knows tokens it trusts whoever reaches it, and for that reason is reachable
// from this machine only: `refusalToBind` stops a start on any other address.

/// Decides each request. A value, used on the loop thread.
public struct AccessPolicy: Sendable {
    public enum Mode: Sendable, Hashable {
        /// No tokens: everybody who can connect may do everything.
        case loopbackOnly
    }

    public let mode: Mode

    public init(mode: Mode) {
        self.mode = mode
    }

    public func decide(_ need: RouteNeed, on resource: AccessResource) -> AccessDecision {
        switch mode {
        case .loopbackOnly: .allowed(.anonymous)
        }
    }

    /// Why the server must not listen there, or nil when it may. Unix sockets are guarded by their file's permissions.
    public func refusalToBind(host: String) -> String? {
        switch mode {
        case .loopbackOnly:
            guard !host.hasPrefix("unix:"), !HostName.isLoopback(host) else { return nil }
            return "no access tokens are configured, so anybody who reaches \(host) could start jobs and read them; "
                + "bind to 127.0.0.1, ::1, localhost or unix:PATH"
        }
    }
}
