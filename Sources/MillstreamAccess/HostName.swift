// Names and addresses as they stand in `--host`, `Host:` and `Origin:`.

public enum HostName {
    /// Whether the host (without port; IPv6 with or without brackets) can be reached from this machine only.
    public static func isLoopback(_ host: String) -> Bool {
        var name = host.lowercased()
        if name.hasPrefix("["), name.hasSuffix("]") { name = String(name.dropFirst().dropLast()) }
        if name == "localhost" || name == "::1" { return true }
        // 127.0.0.0/8, RFC 1122 section 3.2.1.3: only the dotted form of four numbers, not a name such as 127.evil.example.
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "127" else { return false }
        return parts.allSatisfy { part in
            (1...3).contains(part.utf8.count) && part.utf8.allSatisfy { (0x30...0x39).contains($0) }
                && (Int(part) ?? 256) < 256
        }
    }

    /// The host of `host[:port]`, brackets kept.
    public static func withoutPort(_ authority: String) -> String {
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
            return String(authority[...end])
        }
        guard let colon = authority.lastIndex(of: ":") else { return authority }
        return String(authority[..<colon])
    }
}
