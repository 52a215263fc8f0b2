import Foundation
import Load

// The servers that are compared, each with the reason why it is here. To add one: an entry in `all`, its program under
// Benchmarks/Peers, its installation in `Config/setup.sh bench`.

package struct ServerCatalog: Sendable {
    package static let ours = "millstream"

    package let all: [ServerSpec]

    /// - Parameters:
    ///   - repository: its root.
    ///   - millstream: the release binary to measure.
    package init(repository: URL, millstream: URL) {
        let peers = repository.appendingPathComponent("Benchmarks/Peers")
        let built = repository.appendingPathComponent("Benchmarks/.build-peers")
        all = [
            Self.millstream(millstream, repository),
            Self.compiled(
                Yardstick.epoll.rawValue, "bare epoll (C)", built.appendingPathComponent("epoll-sse"),
                scenarios: ScenarioNames.streams.union(ScenarioNames.curve).subtracting([ScenarioNames.stalled])),
            Self.durable(built.appendingPathComponent("durable-sse")),
            Self.compiled(
                "libevent", "libevent (C, no log)", built.appendingPathComponent("steal-sse"),
                scenarios: ScenarioNames.streams),
            Self.nchan(peers.appendingPathComponent("nchan/nginx.conf.in")),
            Self.node(peers.appendingPathComponent("node/server.js")),
            Self.starlette(peers.appendingPathComponent("starlette"), built.appendingPathComponent("venv/bin")),
        ]
    }

    package func named(_ name: String) -> ServerSpec? { all.first { $0.name == name } }

    private static let setUp = "Config/setup.sh bench"

    private static func millstream(_ binary: URL, _ repository: URL) -> ServerSpec {
        ServerSpec(
            name: ours, title: "Millstream", dialect: .millstream,
            requirements: [.init(path: binary.path, madeBy: "Config/release.sh")],
            command: { port, directory in
                [
                    binary.path, "serve", "--demo", "--port", "\(port)", "--data",
                    directory.appendingPathComponent("data").path,
                ]
            },
            version: { commandOutput(binary.path, ["--version"]) ?? "unknown" },
            readyPath: "/livez")
    }

    /// A peer of ours in C. Bare epoll has no answer to readers that do not read: nobody asks it.
    private static func compiled(_ name: String, _ title: String, _ binary: URL, scenarios: Set<String>) -> ServerSpec {
        ServerSpec(
            name: name, title: title, dialect: .peer, scenarios: scenarios,
            requirements: [.init(path: binary.path, madeBy: setUp)],
            command: { port, _ in [binary.path, "\(port)"] },
            version: compilerVersion)
    }

    /// The disk's price: it does as little as bare epoll and has each event on the disk before it is shown. Asked as Millstream is.
    /// Ten thousand channels, too: what a journal on the same core makes of the loop's price there.
    private static func durable(_ binary: URL) -> ServerSpec {
        ServerSpec(
            name: Yardstick.durable.rawValue, title: "bare durable (C)", dialect: .millstream,
            scenarios: ScenarioNames.durable.union([ScenarioNames.channels]),
            requirements: [.init(path: binary.path, madeBy: setUp)],
            command: { port, directory in [binary.path, "\(port)", directory.appendingPathComponent("log").path] },
            version: compilerVersion)
    }

    private static let compilerVersion: @Sendable () -> String = {
        "gcc \(commandOutput("gcc", ["-dumpfullversion"]) ?? "unknown") -O2"
    }

    /// The C server that many put in front: nginx with a module, no log worth the name, but ids and a buffer.
    private static func nchan(_ template: URL) -> ServerSpec {
        let modules = "/usr/lib/nginx/modules"
        return ServerSpec(
            name: "nchan", title: "nchan (nginx)", dialect: .broker, scenarios: ScenarioNames.everybody,
            requirements: [
                .init(path: "/usr/sbin/nginx", madeBy: setUp),
                .init(path: "\(modules)/ngx_nchan_module.so", madeBy: setUp),
            ],
            command: { port, directory in
                let file = directory.appendingPathComponent("nginx.conf")
                let text = try String(contentsOf: template, encoding: .utf8)
                    .replacingOccurrences(of: "@PORT@", with: "\(port)")
                    .replacingOccurrences(of: "@DIRECTORY@", with: directory.path)
                    .replacingOccurrences(of: "@MODULES@", with: modules)
                try text.write(to: file, atomically: true, encoding: .utf8)
                let errors = directory.appendingPathComponent("error.log").path
                return ["/usr/sbin/nginx", "-p", directory.path, "-c", file.path, "-e", errors]
            },
            version: {
                let nginx = commandOutput("/usr/sbin/nginx", ["-v"], errors: true) ?? "unknown"
                let module = commandOutput("dpkg-query", ["-W", "-f", "${Version}", "libnginx-mod-nchan"]) ?? "unknown"
                return "\(nginx.replacingOccurrences(of: "nginx version: ", with: "")), nchan \(module)"
            })
    }

    /// Streams and jobs as a team writes them without a framework. A kill loses all of it: its figures stand beside durable ones.
    private static func node(_ program: URL) -> ServerSpec {
        ServerSpec(
            name: "node", title: "Node (in memory)", dialect: .peer,
            scenarios: ScenarioNames.everybody.union(ScenarioNames.jobsInMemory),
            requirements: [
                .init(path: "/usr/bin/node", madeBy: setUp), .init(path: program.path, madeBy: "git checkout"),
            ],
            command: { port, _ in ["/usr/bin/node", program.path, "\(port)"] },
            version: { commandOutput("/usr/bin/node", ["--version"]) ?? "unknown" })
    }

    /// Likewise in Python.
    private static func starlette(_ directory: URL, _ binaries: URL) -> ServerSpec {
        let uvicorn = binaries.appendingPathComponent("uvicorn").path
        return ServerSpec(
            name: "starlette", title: "sse-starlette (in memory)", dialect: .peer,
            scenarios: ScenarioNames.everybody.union(ScenarioNames.jobsInMemory),
            requirements: [.init(path: uvicorn, madeBy: setUp)],
            // Otherwise Python writes its byte code beside the source.
            environment: ["PYTHONDONTWRITEBYTECODE": "1"],
            command: { port, _ in
                [
                    uvicorn, "--app-dir", directory.path, "app:app", "--host", "127.0.0.1", "--port", "\(port)",
                    "--backlog", "4096", "--timeout-keep-alive", "65",
                    "--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning",
                ]
            },
            version: {
                let code =
                    "import importlib.metadata as m; print(', '.join(f'{n} {m.version(n)}' for n in ('sse-starlette', 'starlette', 'uvicorn')))"
                return commandOutput(binaries.appendingPathComponent("python").path, ["-c", code]) ?? "unknown"
            })
    }
}
