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
        new.retention.endedJobAgeMs = nil
        new.kinds["a"] = JobKind(name: "a", worker: .swift)
        let adopted = ServerConfiguration().adoptingReloadable(of: new)
        let rest = ConfigurationChanges(from: adopted, to: new)
        #expect(rest.reloadable == [])
        #expect(rest.needingRestart.map(\.key) == ["port"])
        #expect(ConfigurationChanges(from: new, to: new).isEmpty)
    }
}
