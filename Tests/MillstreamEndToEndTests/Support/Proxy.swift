// A real proxy in front of the server, started by a test with a configuration and a port of its own.

import Foundation
import Testing

/// Runs until the object goes.
final class Proxy {
    enum Kind: String, CaseIterable, Sendable {
        /// As it is installed, with `gzip on` for all types.
        case nginx
        /// With the snippet that Millstream ships.
        case nginxWithSnippet
        /// With the file that Millstream ships, its addresses aside.
        case caddy
        case haproxy

        /// Those that run what stands in Config/proxies.
        static let shipped: [Kind] = [.nginxWithSnippet, .caddy, .haproxy]
    }

    let port: UInt16
    var client: TestClient { TestClient(port: port) }
    private let directory: TemporaryDirectory
    private let process: ChildProcess

    /// Nil, told as a skipped test, when the program is not installed.
    init?(_ kind: Kind, to upstream: UInt16) throws {
        let name = kind == .nginxWithSnippet ? "nginx" : kind.rawValue
        guard let program = Requirement.program(name) else { return nil }
        directory = try TemporaryDirectory()
        port = try Self.freePort()
        let file = try directory.write(
            "configuration", try Self.configuration(kind, port: port, upstream: upstream, in: directory))
        let arguments =
            switch kind {
            case .nginx, .nginxWithSnippet:
                ["-c", file.path, "-p", directory.url.path, "-e", directory.file("error").path]
            case .caddy: ["run", "--config", file.path, "--adapter", "caddyfile"]
            case .haproxy: ["-db", "-f", file.path]
            }
        process = try ChildProcess(
            program, arguments, environment: ["HOME": directory.url.path], output: .file(directory.file("log")),
            errors: directory.file("log"))
        let port = self.port
        guard eventually({ (try? TestConnection(port: port)) != nil }) else {
            throw TestFailure("\(name): \(try String(contentsOf: directory.file("log"), encoding: .utf8))")
        }
    }

    /// A port that nobody listens on at this moment.
    private static func freePort() throws -> UInt16 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 ? getsockname(descriptor, $0, &length) : -1
            }
        }
        guard result == 0 else { throw TestFailure("no free port: errno \(errno)") }
        return UInt16(bigEndian: address.sin_port)
    }

    private static func configuration(
        _ kind: Kind, port: UInt16, upstream: UInt16, in directory: TemporaryDirectory
    ) throws -> String {
        let path = directory.url.path
        let nginx = { (inside: String) in
            """
            daemon off;
            master_process off;
            pid \(path)/pid;
            events {}
            http {
                access_log off;
                client_body_temp_path \(path)/body;
                proxy_temp_path \(path)/proxy;
                fastcgi_temp_path \(path)/fastcgi;
                uwsgi_temp_path \(path)/uwsgi;
                scgi_temp_path \(path)/scgi;
                gzip on;
                gzip_types *;
                gzip_proxied any;
                gzip_min_length 1;
                upstream millstream { server 127.0.0.1:\(upstream); }
                server {
                    listen 127.0.0.1:\(port);
                    \(inside)
                }
            }

            """
        }
        switch kind {
        case .nginx: return nginx("location / { proxy_pass http://127.0.0.1:\(upstream); }")
        case .nginxWithSnippet:
            return nginx("include \(ServerProcess.packageRoot.path)/Config/proxies/nginx.conf;")
        case .caddy:
            let file = try shippedFile("Caddyfile", [":80 {": "http://127.0.0.1:\(port) {"], upstream: upstream)
            return "{\n\tadmin off\n\tauto_https off\n}\n\(file)"
        case .haproxy:
            return try shippedFile("haproxy.cfg", ["bind :80": "bind 127.0.0.1:\(port)"], upstream: upstream)
        }
    }

    /// A file of Config/proxies with the test's addresses in place of its own; an address that is not there is a failure.
    private static func shippedFile(_ name: String, _ changes: [String: String], upstream: UInt16) throws -> String {
        let file = ServerProcess.packageRoot.appendingPathComponent("Config/proxies/\(name)")
        var text = try String(contentsOf: file, encoding: .utf8)
        for (old, new) in changes.merging(["127.0.0.1:8080": "127.0.0.1:\(upstream)"], uniquingKeysWith: { $1 }) {
            guard text.contains(old) else { throw TestFailure("\(name) has no \(old)") }
            text = text.replacingOccurrences(of: old, with: new)
        }
        return text
    }
}
