import CComparison
import Foundation
import Glibc

// A program in a process group of its own, on cores of its own: a server or the load generator. The group is all that is ever
// signalled, and its leader is reaped last: until then neither its number nor the group's can be given to another process, so that
// nothing is ended that was not started here. Used by one thread.

package final class ChildGroup {
    package let pid: pid_t
    private var ended: Ending?

    /// How the leader ended.
    package enum Ending: Equatable, CustomStringConvertible, Sendable {
        case exit(Int32)
        case signal(Int32)

        package var description: String {
            switch self {
            case .exit(let code): "exit status \(code)"
            case .signal(let number): "signal \(number)"
            }
        }
    }

    /// - Parameters:
    ///   - command: the program's path, then its arguments.
    ///   - output: takes standard output and standard error.
    package init(
        _ command: [String], cores: CoreSet, environment: [String: String] = [:], directory: URL, output: URL
    ) throws {
        let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }.map { "\($0)=\($1)" }
        var started: pid_t = 0
        let result = try cores.whileHere {
            Self.withCStrings(command) { arguments in
                Self.withCStrings(variables) {
                    comparison_spawn(arguments, $0, directory.path, output.path, &started)
                }
            }
        }
        guard result == 0 else { throw RunnerError("cannot start \(command[0]): \(errorText(result))") }
        pid = started
    }

    deinit { _ = stop(grace: .zero) }

    private static func withCStrings<Result>(
        _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
    ) -> Result {
        var pointers = strings.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        return body(&pointers)
    }

    /// Whether the leader runs.
    package var isRunning: Bool {
        guard ended == nil else { return false }
        var information = siginfo_t()
        let result = waitid(P_PID, id_t(pid), &information, WEXITED | WNOHANG | WNOWAIT)
        return result == 0 && information.si_signo == 0
    }

    /// Waits until the leader ends, at most so long; false when it still runs then.
    package func waitForEnd(atMost limit: Duration) throws -> Bool {
        let deadline = ContinuousClock.now + limit
        while isRunning {
            if ContinuousClock.now >= deadline { return false }
            try Interruption.check()
            usleep(10_000)
        }
        return true
    }

    /// Ends the group: asks it to, waits, and kills what is left. Returns how the leader ended; safe to call again.
    /// - Parameter grace: between SIGTERM and SIGKILL; zero kills at once.
    @discardableResult
    package func stop(grace: Duration) -> Ending {
        if let ended { return ended }
        if grace > .zero {
            signalGroup(SIGTERM)
            waitUntilEmpty(atMost: grace)
        }
        signalGroup(SIGKILL)
        // What is killed may still have memory to give back: a hundred megabytes take some 10 ms.
        waitUntilEmpty(atMost: .seconds(10))
        let ending = reap()
        ended = ending
        return ending
    }

    private func signalGroup(_ number: Int32) {
        if !ProcessTable.members(ofGroup: pid).isEmpty { kill(-pid, number) }
    }

    private func waitUntilEmpty(atMost limit: Duration) {
        let deadline = ContinuousClock.now + limit
        while !ProcessTable.members(ofGroup: pid).isEmpty, ContinuousClock.now < deadline { usleep(10_000) }
    }

    private func reap() -> Ending {
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        // WIFSIGNALED and WEXITSTATUS, which are macros.
        let number = status & 0x7F
        return number == 0 ? .exit((status >> 8) & 0xFF) : .signal(number)
    }
}
