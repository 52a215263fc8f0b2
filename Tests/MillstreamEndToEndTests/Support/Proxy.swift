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

    var port: UInt16 { keptPort.number }
    var client: TestClient { TestClient(port: port) }
    private let keptPort: KeptPort
    private let directory: TemporaryDirectory
    private let process: ChildProcess

    /// Nil, told as a skipped test, when the program is not installed.
    init?(_ kind: Kind, to upstream: UInt16) throws {
        let name = kind == .nginxWithSnippet ? "nginx" : kind.rawValue
        guard let program = Requirement.program(name) else { return nil }
        directory = try TemporaryDirectory()
        keptPort = try KeptPort()
        let port = keptPort.number
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
        guard eventually({ (try? TestConnection(port: port)) != nil }) else {
            throw TestFailure("\(name): \(try String(contentsOf: directory.file("log"), encoding: .utf8))")
        }
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
