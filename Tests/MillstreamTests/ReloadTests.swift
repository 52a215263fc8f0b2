import Foundation
import MillstreamJobs
import Testing

@testable import Millstream

@Suite struct ReloadTests {
    @Test func changesAreToldApartByWhetherARunningServerTakesThem() {
        var new = ServerConfiguration()
        new.port = 9
        new.log.level = .debug
        new.journal.store = .memory
        new.kinds["a"] = JobKind(name: "a", worker: .swift)
        let changes = ConfigurationChanges(from: ServerConfiguration(), to: new)
        #expect(
            changes.reloadable.map(\.description) == ["log.level: info → debug", "kinds.a: not declared → declared"])
        #expect(changes.needingRestart.map(\.key) == ["port", "journal.store"])
    }

    @Test func adoptedConfigurationHasTheReloadableHalf() {
        var new = ServerConfiguration()
        new.port = 9
        new.log.level = .debug
        new.log.file = "/x"
        new.corsOrigins = ["*"]
        new.uploads.maxBytes = 1 << 20
        new.kinds["a"] = JobKind(name: "a", worker: .swift)
        let adopted = ServerConfiguration().adoptingReloadable(of: new)
        let rest = ConfigurationChanges(from: adopted, to: new)
        #expect(rest.reloadable == [])
        #expect(rest.needingRestart.map(\.key) == ["port"])
        #expect(ConfigurationChanges(from: new, to: new).isEmpty)
    }

    @Test func reloadTakesWhatItMayAndKeepsTheRestWhenTheFileIsFaulty() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).yaml").path
        let logPath = path + ".log"
        defer {
            unlink(path)
            unlink(logPath)
        }
        try "port: 1\nlog: { file: \(logPath) }\n".write(toFile: path, atomically: true, encoding: .utf8)
        let loader = ConfigurationLoader(file: path, environment: [:])
        let first = try loader.load()
        let output = try ServerLog(first.configuration.log)
        let reload = ConfigurationReload(loader: loader, current: first.configuration, output: output)

        try "port: 2\nlog: { file: \(logPath) }\nkinds: { a: { worker: swift } }\n"
            .write(toFile: path, atomically: true, encoding: .utf8)
        let second = try #require(reload.next())
        #expect(second.port == 1)
        #expect(second.kinds.keys.sorted() == ["a"])

        try "port: x\n".write(toFile: path, atomically: true, encoding: .utf8)
        #expect(reload.next() == nil)
        output.close()
        let text = try String(contentsOfFile: logPath, encoding: .utf8)
        #expect(text.contains("changed kinds.a: not declared → declared"))
        #expect(text.contains("needs a restart: port: 1 → 2"))
        #expect(text.contains("\(path):1: port: must be a whole number"))
    }
}
