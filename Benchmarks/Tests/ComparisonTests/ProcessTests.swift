import Foundation
import Glibc
import Testing

@testable import Comparison

struct ProcessTests {
    /// A directory of the test's own, and a child in it that has told that it is ready.
    private static func child(_ script: String, cores: CoreSet? = nil) throws -> (group: ChildGroup, directory: URL) {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("comparison-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let output = directory.appendingPathComponent("output")
        let group = try ChildGroup(
            ["/bin/sh", "-c", script], cores: try cores ?? CoreSet.current(), directory: directory, output: output)
        return (group, directory)
    }

    /// Waits for a fact with a deadline.
    private static func eventually(_ isSo: () -> Bool) -> Bool {
        let deadline = ContinuousClock.now + .seconds(20)
        while !isSo() {
            if ContinuousClock.now > deadline { return false }
            usleep(2000)
        }
        return true
    }

    private static func text(_ directory: URL) -> String {
        (try? String(contentsOf: directory.appendingPathComponent("output"), encoding: .utf8)) ?? ""
    }

    @Test func aChildThatIgnoresSIGTERMIsKilledWithItsChildren() throws {
        let (group, directory) = try Self.child(
            "trap '' TERM; (while :; do sleep 1; done) & (while :; do sleep 1; done) & echo ready; wait")
        defer { try? FileManager.default.removeItem(at: directory) }
        #expect(
            Self.eventually { Self.text(directory) == "ready\n" && ProcessTable.members(ofGroup: group.pid).count >= 3 }
        )
        #expect(group.stop(grace: .milliseconds(100)) == .signal(SIGKILL))
        #expect(ProcessTable.members(ofGroup: group.pid).isEmpty)
        // Reaped, too: the number belongs to nobody.
        #expect(kill(group.pid, 0) == -1 && errno == ESRCH)
    }

    @Test func aChildThatObeysIsNotKilled() throws {
        let (group, directory) = try Self.child("trap 'exit 7' TERM; echo ready; while :; do sleep 0.01; done")
        defer { try? FileManager.default.removeItem(at: directory) }
        #expect(Self.eventually { Self.text(directory) == "ready\n" })
        #expect(group.stop(grace: .seconds(20)) == .exit(7))
        #expect(group.stop(grace: .seconds(20)) == .exit(7))
    }

    @Test func whatALeaderLeavesBehindIsEndedWithIt() throws {
        let (group, directory) = try Self.child("(while :; do sleep 1; done) & echo ready; exit 3")
        defer { try? FileManager.default.removeItem(at: directory) }
        #expect(try group.waitForEnd(atMost: .seconds(20)))
        #expect(!group.isRunning)
        #expect(!ProcessTable.members(ofGroup: group.pid).isEmpty)
        #expect(group.stop(grace: .zero) == .exit(3))
        #expect(ProcessTable.members(ofGroup: group.pid).isEmpty)
    }

    @Test func aGroupThatIsForgottenIsEnded() throws {
        var pid: pid_t = 0
        do {
            let (group, directory) = try Self.child("echo ready; exec sleep 1000")
            defer { try? FileManager.default.removeItem(at: directory) }
            #expect(Self.eventually { Self.text(directory) == "ready\n" })
            pid = group.pid
        }
        #expect(ProcessTable.members(ofGroup: pid).isEmpty)
    }

    @Test func aChildRunsOnItsCoresAndInItsDirectory() throws {
        let before = try CoreSet.current()
        let core = try #require(before.cores.last)
        let (group, directory) = try Self.child("grep Cpus_allowed_list /proc/self/status; pwd", cores: CoreSet([core]))
        defer { try? FileManager.default.removeItem(at: directory) }
        #expect(try group.waitForEnd(atMost: .seconds(20)))
        #expect(Self.text(directory).contains("Cpus_allowed_list:\t\(core)\n"))
        #expect(Self.text(directory).contains(directory.lastPathComponent))
        #expect(try CoreSet.current() == before)
        #expect(group.stop(grace: .zero) == .exit(0))
    }

    @Test func aProgramThatIsNotThereIsNamed() throws {
        let directory = FileManager.default.temporaryDirectory
        #expect(throws: RunnerError("cannot start /nowhere/server: No such file or directory")) {
            try ChildGroup(
                ["/nowhere/server"], cores: .current(), directory: directory, output: URL(fileURLWithPath: "/dev/null"))
        }
    }

    @Test func twoComparisonsExcludeEachOther() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("lock-\(UUID().uuidString)").path
        defer { unlink(path) }
        do {
            let lock = try RunLock(path: path)
            #expect(throws: RunnerError.self) { try RunLock(path: path) }
            withExtendedLifetime(lock) {}
        }
        _ = try RunLock(path: path)
    }

    @Test func portsAreTakenInTurn() throws {
        let first = try Loopback.freePort(from: 20_290)
        let second = try Loopback.freePort(from: first + 1)
        #expect(first >= 20_290)
        #expect(second > first)
        #expect(!Loopback.isListening(first))
        #expect(Loopback.status(of: "/", port: first) == nil)
    }

    @Test func aMissingBinaryIsNamedWithTheCommandThatMakesIt() throws {
        let catalog = ServerCatalog(
            repository: URL(fileURLWithPath: "/nowhere"), millstream: URL(fileURLWithPath: "/nowhere/millstream"))
        let ours = try #require(catalog.named("millstream"))
        #expect(
            throws: RunnerError(
                "Millstream: /nowhere/millstream is not there; make it with: Config/release.sh"
            )
        ) { try ours.checkRequirements() }
    }

    private static let statistics = """
        cpu  300 0 0 100 0 0 0 100 0 0
        cpu0 100 10 20 500 9 3 7 40 0 0
        cpu1 200 0 0 700 0 0 0 60 0 0
        cpu10 1 1 1 1 1 1 1 1 0 0
        intr 1 2 3
        """

    @Test func stolenTimeIsAShareOfWhatWasAskedFor() throws {
        let both = CoreSet([0, 1])
        let later = Self.statistics.replacingOccurrences(
            of: "cpu0 100 10 20 500 9 3 7 40", with: "cpu0 160 10 20 900 9 3 7 80")
        let before = try #require(StolenTime(of: both, in: Self.statistics))
        let after = try #require(StolenTime(of: both, in: later))
        #expect(after.share(since: before) == 0.4)
        #expect(before.share(since: before) == nil)
        #expect(StolenTime(of: CoreSet([0, 2]), in: Self.statistics) == nil)
    }

    @Test func aFlushTakesWhatTheDeviceCountsForIt() throws {
        let before = "205 12 820 54 1378 79 5071 4113 0 1497 1024 555 29 1869 119 5134 535"
        let first = try #require(FlushCount(before))
        let later = try #require(FlushCount(before.replacingOccurrences(of: "5134 535", with: "5136 1335\n")))
        #expect(later.mean(since: first) == 400)
        #expect(first.mean(since: first) == nil)
        #expect(FlushCount("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15") == nil)
    }

    @Test func anAwakeCoreIsLeftToWhoHasWork() throws {
        let core = CoreSet([0])
        let awake = try AwakeCores(core)
        let names = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")
        // Field 41 of stat is the scheduling class; 5 is SCHED_IDLE.
        let idle = names.filter { name in
            let stat = ProcessTable.text("/proc/self/task/\(name)/stat") ?? ""
            return stat.split(separator: ")").last?.split(separator: " ").dropFirst(38).first == "5"
        }
        #expect(idle.count == 1)
        withExtendedLifetime(awake) {}
    }
}
