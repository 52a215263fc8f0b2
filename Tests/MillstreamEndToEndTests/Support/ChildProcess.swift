// One program that a test runs: the server, a proxy, a client in another language. Foundation's Process is not used, since its
// end is noticed by a socket that grandchildren inherit, and its pipes leak into programs that are started at the same time.

import Foundation

/// Starts in a process group of its own, which ends with this object. For one thread at a time.
final class ChildProcess {
    enum Output {
        case file(URL)
        /// Its reading end is `output`.
        case pipe
    }

    enum Input {
        case file(String)
        /// Its writing end is used by `write`.
        case pipe
    }

    let pid: pid_t
    /// The reading end of the program's standard output, or -1.
    let output: Int32
    /// The writing end of its standard input, or -1.
    private var input: Int32
    private var status: Int32?
    /// Held while a program is started, and by whoever has a descriptor open that none may inherit.
    static let spawning = NSLock()
    /// Not in the Glibc module. Nil in a C library that does not have it.
    private static let closeFrom = dlsym(nil, "posix_spawn_file_actions_addclosefrom_np").map {
        unsafeBitCast($0, to: (@convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, Int32) -> Int32).self)
    }

    init(
        _ program: String, _ arguments: [String], environment: [String: String] = [:], output: Output, errors: URL,
        input: Input = .file("/dev/null")
    ) throws {
        // `write` to a program that has ended is an error, and not the end of all tests.
        Glibc.signal(SIGPIPE, SIG_IGN)
        // A pipe that was not yet marked would be inherited by a program that another test starts at this moment.
        Self.spawning.lock()
        defer { Self.spawning.unlock() }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        var ends: [Int32] = [-1, -1]
        var inputEnds: [Int32] = [-1, -1]
        if case .pipe = input {
            guard pipe(&inputEnds) == 0 else { throw TestFailure("pipe: errno \(errno)") }
            for end in inputEnds { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            posix_spawn_file_actions_adddup2(&actions, inputEnds[0], 0)
        }
        if case .pipe = output {
            guard pipe(&ends) == 0 else { throw TestFailure("pipe: errno \(errno)") }
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        }
        // Before a file is opened, which may wait for the disk: what other tests have open must not stay open meanwhile.
        _ = Self.closeFrom?(&actions, 3)
        if case .file(let path) = input { posix_spawn_file_actions_addopen(&actions, 0, path, O_RDONLY, 0) }
        if case .file(let file) = output {
            posix_spawn_file_actions_addopen(&actions, 1, file.path, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        }
        posix_spawn_file_actions_addopen(&actions, 2, errors.path, O_WRONLY | O_CREAT | O_APPEND, 0o644)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigaddset(&signals, SIGPIPE)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))

        let merged = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let arguments = ([program] + arguments).map { strdup($0) } + [nil]
        let variables = merged.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in arguments + variables { free(text) } }
        var pid: pid_t = 0
        let failure = posix_spawnp(&pid, program, &actions, &attributes, arguments, variables)
        if ends[1] >= 0 { close(ends[1]) }
        if inputEnds[0] >= 0 { close(inputEnds[0]) }
        self.input = inputEnds[1]
        self.pid = pid
        self.output = ends[0]
        guard failure == 0 else {
            status = 127
            throw TestFailure("\(program) did not start: errno \(failure)")
        }
    }

    deinit {
        end()
        if output >= 0 { close(output) }
        if input >= 0 { close(input) }
    }

    /// Sends a text to its standard input.
    func write(_ text: String) throws {
        let bytes = Array(text.utf8)
        guard Glibc.write(input, bytes, bytes.count) == bytes.count else { throw TestFailure("write: errno \(errno)") }
    }

    func signal(_ number: Int32) {
        if status == nil { kill(pid, number) }
    }

    /// Ends the whole group, and waits for the program itself.
    func end() {
        guard status == nil else { return }
        kill(-pid, SIGKILL)
        _ = try? waitForExit()
    }

    /// The exit status, 128 + n after signal n. A program that takes longer is killed, and that is an error.
    @discardableResult
    func waitForExit(withinSeconds seconds: Int = 120) throws -> Int32 {
        if let status { return status }
        let pid = self.pid
        let overdue = DispatchWorkItem { kill(-pid, SIGKILL) }
        DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(seconds), execute: overdue)
        let start = DispatchTime.now()
        var raw: Int32 = 0
        while waitpid(pid, &raw, 0) < 0 {
            guard errno == EINTR else { throw TestFailure("waitpid: errno \(errno)") }
        }
        overdue.cancel()
        let status = raw & 0x7F == 0 ? (raw >> 8) & 0xFF : 128 + (raw & 0x7F)
        self.status = status
        guard DispatchTime.now() < start + .seconds(seconds) else { throw TestFailure("did not end in \(seconds) s") }
        return status
    }

    /// Whether it still runs; does not wait.
    var isRunning: Bool {
        guard status == nil else { return false }
        var raw: Int32 = 0
        guard waitpid(pid, &raw, WNOHANG) == pid else { return true }
        status = raw & 0x7F == 0 ? (raw >> 8) & 0xFF : 128 + (raw & 0x7F)
        return false
    }

    /// The next line of its standard output without the line feed; nil at the end.
    func readLine(withinSeconds seconds: Int = 300) throws -> String? {
        var bytes: [UInt8] = []
        var poller = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
        while poll(&poller, 1, Int32(seconds) * 1000) > 0 {
            var byte: UInt8 = 0
            guard read(output, &byte, 1) == 1 else { return nil }
            if byte == 0x0A { return String(decoding: bytes, as: UTF8.self) }
            bytes.append(byte)
        }
        throw TestFailure("no line came for \(seconds) s")
    }
}

/// What a program that was run to its end left.
struct FinishedProgram {
    var status: Int32
    var output: String
    var errors: String

    /// Runs a program and waits for its end.
    static func run(
        _ program: String, _ arguments: [String], environment: [String: String] = [:], input: String = "",
        withinSeconds seconds: Int = 300
    ) throws -> FinishedProgram {
        let directory = try TemporaryDirectory()
        let output = directory.file("output")
        let errors = directory.file("errors")
        let stdin = try directory.write("input", input)
        let child = try ChildProcess(
            program, arguments, environment: environment, output: .file(output), errors: errors,
            input: .file(stdin.path))
        let status = try child.waitForExit(withinSeconds: seconds)
        let text = { (file: URL) in String(decoding: (try? Data(contentsOf: file)) ?? Data(), as: UTF8.self) }
        return FinishedProgram(status: status, output: text(output), errors: text(errors))
    }
}
