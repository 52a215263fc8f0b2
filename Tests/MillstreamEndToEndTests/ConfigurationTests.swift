// A wrong configuration stops the start: exit status 78, and the file, the key and the reason on standard error.

import Foundation
import Testing

@Suite struct ConfigurationTests {
    struct Fault: Sendable, CustomTestStringConvertible {
        var yaml: String
        var key: String
        /// A part of the reason.
        var reason: String

        init(_ yaml: String, _ key: String, _ reason: String = "") {
            self.yaml = yaml
            self.key = key
            self.reason = reason
        }

        var testDescription: String { yaml }
    }

    static let faults: [Fault] = [
        Fault("hots: 127.0.0.1\n", "hots", "host"),
        Fault("port: eighty\n", "port"),
        Fault("port: 65536\n", "port", "65535"),
        Fault("port: -1\n", "port"),
        Fault("demo: perhaps\n", "demo"),
        Fault("graceful_timeout: 30\n", "graceful_timeout"),
        Fault("graceful_timeout: 30 parsecs\n", "graceful_timeout"),
        Fault("streams:\n  heartbeat: 26s\n", "streams.heartbeat", "25s"),
        Fault("streams:\n  heartbeets: 5s\n", "streams.heartbeets", "heartbeat"),
        Fault("streams: 5\n", "streams"),
        Fault("limits:\n  max_body_bytes: lots\n", "limits.max_body_bytes"),
        Fault("limits:\n  max_body_bytes: 1\n", "limits.max_body_bytes"),
        Fault("limits: [1]\n", "limits"),
        Fault("max_body_bytes: 1MiB\n", "max_body_bytes", "limits.max_body_bytes"),
        Fault("journal:\n  store: oracle\n", "journal.store", "sqlite"),
        Fault("journal:\n  synchronous: 2\n", "journal.synchronous", "full"),
        Fault("cors_origins: {a: 1}\n", "cors_origins"),
        Fault("kinds: []\n", "kinds"),
        Fault("kinds:\n  a: {}\n", "kinds.a", "worker"),
        Fault("kinds:\n  a:\n    worker: { exec: \"rm -rf x\" }\n", "kinds.a.worker.exec", "list"),
        Fault("kinds:\n  a:\n    worker: { exec: [] }\n", "kinds.a.worker.exec"),
        Fault("kinds:\n  a:\n    worker: { shell: [\"x\"] }\n", "kinds.a.worker.shell"),
        Fault("kinds:\n  a b:\n    worker: { exec: [\"x\"] }\n", "kinds.a b"),
        Fault("kinds:\n  a:\n    worker: { exec: [\"true\"] }\n    concurrency: 0\n", "kinds.a.concurrency"),
        Fault(
            "kinds:\n  a:\n    worker: { exec: [\"true\"] }\n    concurency: 2\n", "kinds.a.concurency", "concurrency"),
        Fault("kinds:\n  a:\n    worker: { exec: [\"true\"] }\n    on_crash: maybe\n", "kinds.a.on_crash", "retry"),
        Fault("kinds:\n  a:\n    worker: { exec: [\"true\"] }\n    timeout: soon\n", "kinds.a.timeout"),
        Fault(
            "kinds:\n  a:\n    worker: { exec: [\"true\"] }\n    retries: { attempts: 0 }\n", "kinds.a.retries.attempts"
        ),
    ]

    @Test(arguments: faults) func aFaultStopsTheStartWithFileKeyAndReason(fault: Fault) throws {
        let refused = try ServerProcess.refusedStart(configuration: fault.yaml)
        #expect(refused.status == 78)
        #expect(refused.output.isEmpty)
        #expect(refused.errors.contains("millstream.yaml:"), "\(refused.errors)")
        #expect(refused.errors.contains(fault.key), "\(refused.errors)")
        #expect(fault.reason.isEmpty || refused.errors.contains(fault.reason), "\(refused.errors)")
    }

    @Test func allFaultsAreToldAtOnce() throws {
        let refused = try ServerProcess.refusedStart(configuration: "port: x\ndemo: y\nstreams:\n  heartbeat: z\n")
        #expect(refused.status == 78)
        for key in ["port", "demo", "streams.heartbeat"] { #expect(refused.errors.contains(key), "\(refused.errors)") }
    }

    @Test func whatIsNoYAMLOrNotThereIsSaid() throws {
        let broken = try ServerProcess.refusedStart(configuration: "kinds: [\n")
        #expect(broken.status == 78)
        #expect(broken.errors.contains("millstream.yaml"))
        let missing = try ServerProcess.refusedStart(["--config", "/nowhere/millstream.yaml"])
        #expect(missing.status == 78)
        #expect(missing.errors.contains("/nowhere/millstream.yaml"))
    }

    @Test func environmentAndFlagsGoAboveTheFile() throws {
        let odd = try ServerProcess([], environment: ["MILLSTREAM_GRACEFUL_TIMEOT": "1s"])
        #expect(
            eventually {
                odd.log.contains("MILLSTREAM_GRACEFUL_TIMEOT: is no setting; did you mean MILLSTREAM_GRACEFUL_TIMEOUT?")
            })
        let wrong = try ServerProcess.refusedStart(environment: ["MILLSTREAM_GRACEFUL_TIMEOUT": "soon"])
        #expect(wrong.status == 78)
        #expect(wrong.errors.contains("MILLSTREAM_GRACEFUL_TIMEOUT"), "\(wrong.errors)")

        let directory = try TemporaryDirectory()
        let configuration = "host: 127.0.0.1\nport: 1\ndata: /nowhere/at/all\ndemo: false\n"
        let server = try ServerProcess(
            [], configuration: configuration, data: directory.file("data"), environment: ["MILLSTREAM_DEMO": "true"])
        #expect(try server.client.post("/v1/jobs", json: "{\"kind\":\"demo.steps\"}").status == 202)
    }

    @Test(arguments: ["0.0.0.0", "::", "192.0.2.1", "example.org"])
    func withoutTokensTheServerStaysOnThisMachine(host: String) throws {
        let refused = try ServerProcess.refusedStart(["--host", host])
        #expect(refused.status == 78)
        #expect(refused.errors.contains("token"), "it says why: \(refused.errors)")
        let byFile = try ServerProcess.refusedStart(configuration: "host: \"\(host)\"\n")
        #expect(byFile.status == 78)
    }

    @Test func aDataDirectoryHasOneServer() throws {
        let server = try ServerProcess()
        let second = try ServerProcess.refusedStart(data: server.data)
        #expect(second.status == 73)
        #expect(second.errors == "millstream: \(server.data.path): another server uses this data directory\n")
        #expect(try server.client.get("/livez").status == 200)
        server.kill9()
        // The lock dies with its holder.
        try server.start()
        #expect(try server.client.get("/livez").status == 200)
    }

    @Test func aPortInUseIsSaid() throws {
        let server = try ServerProcess()
        let directory = try TemporaryDirectory()
        let refused = try FinishedProgram.run(
            ServerProcess.binary.path,
            ["serve", "--port", "\(server.port)", "--data", directory.file("data").path])
        #expect(refused.status == 69)
        #expect(refused.output.isEmpty)
        #expect(refused.errors == "millstream: 127.0.0.1:\(server.port): Address already in use\n")
    }

    /// Nothing that failed to start says that it stopped.
    @Test(
        arguments: [
            (["--host", "unix:/dev/null"], nil, 69), (["--host", "0.0.0.0"], nil, 78),
            (["--data", "/dev/null/data"], nil, 73),
            (["--set", "limits.max_head_bytes=x"], nil, 78), ([], "port: x\n", 78),
        ] as [([String], String?, Int32)])
    func aFailedStartIsOneLine(arguments: [String], configuration: String?, status: Int32) throws {
        let refused = try ServerProcess.refusedStart(arguments, configuration: configuration)
        #expect(refused.status == status)
        #expect(refused.output.isEmpty)
        #expect(refused.errors.hasPrefix("millstream: "))
        #expect(refused.errors.split(separator: "\n").count == 1, "\(refused.errors)")
    }

    @Test func aJournalThatCannotBeReadIsSaidAndTheSocketRemoved() throws {
        let directory = try TemporaryDirectory()
        let data = directory.file("data")
        try FileManager.default.createDirectory(at: data, withIntermediateDirectories: true)
        try Data(String(repeating: "no database ", count: 100).utf8).write(
            to: data.appendingPathComponent("journal.sqlite"))
        let path = directory.file("m.sock").path
        let refused = try ServerProcess.refusedStart(["--host", "unix:\(path)"], data: data)
        #expect(refused.status == 73)
        #expect(refused.errors == "millstream: \(data.path)/journal.sqlite: file is not a database\n")
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    /// Jobs are started only by a server that others can reach.
    @Test func aStartThatFailsForItsAddressCostsNoAttempt() throws {
        let other = try ServerProcess()
        let server = try ServerProcess(
            configuration: "kinds:\n  again:\n    worker: { exec: [\"./again.sh\"] }\n    on_crash: retry\n"
                + "    retries: { attempts: 3, backoff: 1ms }\n",
            files: ["again.sh": "#!/bin/sh\nread -r start\necho '{\"event\":\"began\"}'\nread -r message\n"])
        let job = try server.client.start("again")
        try server.client.events(job).until("began")
        server.kill9()
        for _ in 0..<3 {
            let refused = try FinishedProgram.run(
                ServerProcess.binary.path,
                [
                    "serve", "--config", server.files.file("millstream.yaml").path, "--data", server.data.path,
                    "--port", "\(other.port)",
                ])
            #expect(refused.status == 69)
        }
        try server.start()
        try server.client.events(job).until("retrying")
        #expect(eventually { (try? server.client.get("/v1/jobs/\(job)"))?["attempt"] as? Int == 2 })
    }

    @Test func aConfigurationCanBeCheckedWithoutAStart() throws {
        let directory = try TemporaryDirectory()
        let good = try directory.write("good.yaml", HeldKinds.configuration)
        try directory.write("held.sh", "#!/bin/sh\n")
        try directory.write("echo.sh", "#!/bin/sh\n")
        let fine = try FinishedProgram.run(ServerProcess.binary.path, ["config", "check", "--config", good.path])
        #expect(fine.status == 0, "\(fine.errors)")
        let bad = try directory.write("bad.yaml", "port: x\n")
        let refused = try FinishedProgram.run(ServerProcess.binary.path, ["config", "check", "--config", bad.path])
        #expect(refused.status == 78)
        #expect((refused.errors + refused.output).contains("bad.yaml:1"), "\(refused.errors)")
    }

    @Test func theShippedFileIsRight() throws {
        let file = ServerProcess.packageRoot.appendingPathComponent("Config/millstream.yaml")
        let result = try FinishedProgram.run(ServerProcess.binary.path, ["config", "check", "--config", file.path])
        #expect(result.status == 0, "\(result.errors)")
    }
}
