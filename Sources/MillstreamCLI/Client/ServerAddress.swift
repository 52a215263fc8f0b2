// Where the server is, as `--server` and MILLSTREAM_SERVER say it. A value.

/// `http://HOST[:PORT]`, `HOST:PORT` or `unix:PATH`.
struct ServerAddress: Equatable, CustomStringConvertible {
    enum Target: Equatable {
        case tcp(host: String, port: String)
        case unix(path: String)
    }

    static let fallback = "http://127.0.0.1:8080"

    let target: Target
    /// What stood in front of the server's paths, without a slash at its end: a proxy may have put it below one.
    let pathPrefix: String

    /// Nil when the text is no address. `https` is not spoken.
    init?(_ text: String) {
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst(5))
            guard !path.isEmpty, path.utf8.count < 108, !path.utf8.contains(0) else { return nil }
            target = .unix(path: path)
            pathPrefix = ""
            return
        }
        var rest = text[...]
        if rest.lowercased().hasPrefix("http://") { rest = rest.dropFirst(7) }
        let authority = rest.prefix { $0 != "/" }
        guard let (host, port) = Self.split(authority), !rest.contains("://") else { return nil }
        target = .tcp(host: host, port: port)
        var prefix = rest.dropFirst(authority.count)
        while prefix.last == "/" { prefix = prefix.dropLast() }
        guard prefix.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F && $0 != 0x3F && $0 != 0x23 }) else { return nil }
        pathPrefix = String(prefix)
    }

    /// For `Host:` (RFC 9110, section 7.2): a unix socket has none, so any loopback name does.
    var hostField: String {
        switch target {
        case .unix: "localhost"
        case .tcp(let host, let port): (host.contains(":") ? "[\(host)]" : host) + (port == "80" ? "" : ":\(port)")
        }
    }

    var description: String {
        switch target {
        case .unix(let path): "unix:\(path)"
        case .tcp: "http://\(hostField)\(pathPrefix)"
        }
    }

    private static func split(_ authority: Substring) -> (host: String, port: String)? {
        var host = authority
        var port = "80"
        if authority.first == "[", let end = authority.firstIndex(of: "]") {
            host = authority[authority.index(after: authority.startIndex)..<end]
            let behind = authority[authority.index(after: end)...]
            guard behind.isEmpty || behind.first == ":" else { return nil }
            if !behind.isEmpty { port = String(behind.dropFirst()) }
        } else if let colon = authority.lastIndex(of: ":") {
            host = authority[..<colon]
            port = String(authority[authority.index(after: colon)...])
            guard !host.contains(":") else { return nil }
        }
        let isHost = !host.isEmpty && host.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && $0 != 0x40 }
        guard isHost, let number = Int(port), (1...65_535).contains(number) else { return nil }
        return (String(host), port)
    }
}
