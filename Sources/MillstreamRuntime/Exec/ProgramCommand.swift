import CMillstreamSpawn
import Glibc

// What to start and in which surroundings, and the call that starts it. A value; starting takes about a millisecond and is done
// on a program's queue, never on the loop's thread.

struct ProgramCommand: Sendable, Hashable {
    /// The program and its arguments. Looked up in PATH when the first holds no slash; else relative to the directory.
    var arguments: [String]
    /// Where it starts; empty: where the server runs.
    var directory: String
    /// `NAME=value`.
    var environment: [String]

    /// - Throws: why it could not be started; nothing is left behind then.
    func start() throws(ProgramStartError) -> millstream_child {
        guard let program = arguments.first, !program.isEmpty else {
            throw ProgramStartError(errorNumber: EINVAL, message: "no program is named")
        }
        guard !arguments.contains(where: { $0.utf8.contains(0) }) else {
            throw ProgramStartError(errorNumber: EINVAL, message: "an argument holds a NUL byte")
        }
        var child = millstream_child()
        let status = Self.withCStrings(arguments) { arguments in
            Self.withCStrings(environment) { environment in
                millstream_spawn(arguments, environment, directory.isEmpty ? nil : directory, &child)
            }
        }
        guard status == 0 else { throw ProgramStartError(errorNumber: status, message: explain(status, program)) }
        return child
    }

    /// The errors of chdir and exec come back as the same number.
    private func explain(_ status: Int32, _ program: String) -> String {
        let reason = String(cString: strerror(status))
        if !directory.isEmpty, access(directory, X_OK) != 0 {
            return "cannot start \(program): its directory \(directory): \(reason)"
        }
        if status == ENOEXEC { return "cannot start \(program): neither a program nor a script with a #! line" }
        return "cannot start \(program): \(reason)"
    }

    private static func withCStrings<Result>(
        _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
    ) -> Result {
        var pointers: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) }
        pointers.append(nil)
        defer { for pointer in pointers { free(pointer) } }
        return pointers.withUnsafeBufferPointer { buffer in
            // Holds at least the final nil.
            guard let base = buffer.baseAddress else { preconditionFailure("an array with an element has an address") }
            return body(base)
        }
    }
}

/// Why a program did not start.
struct ProgramStartError: Error, Hashable, Sendable {
    var errorNumber: Int32
    var message: String

    /// Whether this process or the system has no descriptor or no process left: nothing that the program is to blame for.
    var isShortage: Bool { errorNumber == EMFILE || errorNumber == ENFILE || errorNumber == EAGAIN }

    /// Whether the same call may work a little later.
    var isTransient: Bool {
        switch errorNumber {
        case EAGAIN, EMFILE, ENFILE, ENOMEM, ETXTBSY: true
        default: false
        }
    }
}

/// The variables of programs.
enum ProgramEnvironment {
    /// Marks what we started, and tells the program its job.
    static let markerName = "MILLSTREAM_JOB_ID"

    static func ofThisProcess() -> [String] {
        var variables: [String] = []
        var next = environ
        while let variable = next.pointee {
            variables.append(String(cString: variable))
            next += 1
        }
        return variables
    }

    static func adding(jobID: String, to variables: [String]) -> [String] {
        variables.filter { !$0.hasPrefix(markerName + "=") } + ["\(markerName)=\(jobID)"]
    }

    /// Whether a process was started with the marker.
    static func isOurs(pid: Int32) -> Bool {
        guard let variables = ProcFile.read("/proc/\(pid)/environ", maxBytes: 1 << 20) else { return false }
        let marker = Array((markerName + "=").utf8)
        return variables.split(separator: 0).contains { $0.starts(with: marker) }
    }
}
