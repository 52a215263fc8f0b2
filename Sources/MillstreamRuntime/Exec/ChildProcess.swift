import CMillstreamSpawn
import Glibc
import MillstreamJournal
import MillstreamLoop

// One program that runs: its pipes, its process group and its end. Confined to one thread that it shares with other
// programs, so nothing here waits. The order at the end, and why:
//
//   1. the leader ends (its pidfd says so); it is not reaped yet, so the number of its group is nobody else's
//   2. the group gets SIGKILL: the job ends with its program. After a request to stop, the others have until the grace is over
//      or all of them closed their output, because a shell dies of SIGTERM before what it started has cleaned up
//   3. it is reaped; what it left in the pipes is read, to the bytes that a pipe can hold and no further: a grandchild in a
//      session of its own may hold the pipe for ever
//   4. `onEnd`

final class ChildProcess: @unchecked Sendable {
    // Sendable: used on `queue` alone, but for `group`, which never changes.
    private let child: millstream_child
    private let queue: SerialThread
    private let input: PipeWriter
    private var output: PipeReader?
    private var errors: PipeReader?
    private let poller: DescriptorPoller
    private var exitWatch: DescriptorWatch?
    private var stage = Stage.running
    private var isTerminating = false
    private var isGraceOver = false
    private var onEnd: ((ProgramExit) -> Void)?

    /// From one look at a program without a pidfd to the next.
    private static let lookPauseMs = 20

    private enum Stage {
        case running
        /// The leader ended; its group still has the grace of a stop.
        case leaderEnded
        case reaped(ProgramExit)
        case over
    }

    enum Stream: Sendable {
        case output, errors
    }

    /// Its process group as the journal keeps it.
    let group: ProcessGroup

    /// Starts the program. On `queue`.
    convenience init(
        _ command: ProgramCommand, queue: SerialThread, poller: DescriptorPoller, limits: PoolLimits
    ) throws(ProgramStartError) {
        precondition(queue.isCurrent, "a program is started on its queue")
        self.init(try command.start(), queue: queue, poller: poller, limits: limits)
    }

    /// Takes over a program that was started, and its descriptors.
    init(_ child: millstream_child, queue: SerialThread, poller: DescriptorPoller, limits: PoolLimits) {
        self.child = child
        self.queue = queue
        self.poller = poller
        input = PipeWriter(
            fd: child.stdin_fd, queue: queue, poller: poller, maxPendingBytes: limits.maxPendingInputBytes)
        group = ProcessGroup(
            id: child.pid, startTicks: ProcessIdentity(pid: child.pid)?.startTicks ?? 0, bootID: ProcessIdentity.bootID)
    }

    /// Begins to read. `onLine` may pause its stream; `onEnd` comes once, after the last line of both.
    func watch(
        limits: PoolLimits, onLine: @escaping (Stream, OutputLine) -> PipeReader.Flow,
        onEnd: @escaping (ProgramExit) -> Void
    ) {
        self.onEnd = onEnd
        output = reader(child.stdout_fd, limits) { onLine(.output, $0) }
        errors = reader(child.stderr_fd, limits) { onLine(.errors, $0) }
        watchExit()
    }

    /// Queues bytes for its standard input; false when too many wait.
    func write(_ bytes: [UInt8]) -> Bool { input.write(bytes) }

    func closeInputWhenDrained() { input.closeWhenDrained() }

    /// Reads on after a pause.
    func resume(_ stream: Stream) {
        switch stream {
        case .output: output?.resume()
        case .errors: errors?.resume()
        }
    }

    /// Closes its input, asks the group to end, and ends it by force when the grace is over. A second call does not ask again, but
    /// its grace counts when it is over first.
    func terminate(graceMs: Int64) {
        let isFirst = !isTerminating
        isTerminating = true
        input.close()
        if isFirst, case .running = stage { kill(-child.pid, SIGTERM) }
        guard isUnderWay else { return }
        queue.async(afterMs: Int(clamping: max(0, graceMs))) { [self] in graceIsOver() }
    }

    private var isUnderWay: Bool {
        switch stage {
        case .running, .leaderEnded: true
        case .reaped, .over: false
        }
    }

    // MARK: The end

    private func watchExit() {
        if child.pidfd >= 0 {
            let watch = poller.watch(child.pidfd, .read, on: queue) { [self] in leaderDidEnd() }
            exitWatch = watch
            watch.arm()
        } else {
            // A kernel without pidfd, or no descriptor left for one: looked at now and then.
            queue.async { [self] in lookForEnd() }
        }
    }

    private func lookForEnd() {
        guard case .running = stage else { return }
        if isZombie { return leaderDidEnd() }
        queue.async(afterMs: Self.lookPauseMs) { [self] in lookForEnd() }
    }

    /// Ended and not reaped, or gone. Asked without a descriptor: there may be none left.
    private var isZombie: Bool {
        var info = siginfo_t()
        let status = waitid(P_PID, id_t(child.pid), &info, WEXITED | WNOHANG | WNOWAIT)
        // An interrupted call says nothing; the next look will.
        if status != 0 { return errno == ECHILD }
        return info.si_signo != 0
    }

    private func leaderDidEnd() {
        guard case .running = stage else { return }
        stopWatchingExit()
        stage = .leaderEnded
        input.close()
        endGroupIfDue()
    }

    private func graceIsOver() {
        isGraceOver = true
        switch stage {
        case .running: kill(-child.pid, SIGKILL)
        case .leaderEnded: endGroupIfDue()
        case .reaped, .over: break
        }
    }

    private func endGroupIfDue() {
        guard case .leaderEnded = stage else { return }
        let outputsHaveEnded = output?.hasEnded ?? true && errors?.hasEnded ?? true
        guard !isTerminating || isGraceOver || outputsHaveEnded else { return }
        kill(-child.pid, SIGKILL)
        stage = .reaped(reap())
        output?.programDidEnd()
        errors?.programDidEnd()
        endIfRead()
    }

    private func reap() -> ProgramExit {
        var code: Int32 = -1
        var signal: Int32 = -1
        millstream_reap(child.pid, &code, &signal)
        return signal >= 0 ? .signal(signal) : .code(code)
    }

    private func endIfRead() {
        guard case .reaped(let exit) = stage, output?.isFinished ?? true, errors?.isFinished ?? true else { return }
        stage = .over
        onEnd?(exit)
        // The closures hold whoever holds this.
        onEnd = nil
        output = nil
        errors = nil
    }

    private func stopWatchingExit() {
        if let exitWatch {
            exitWatch.cancel()
            close(child.pidfd)
        }
        exitWatch = nil
    }

    private func reader(
        _ fd: Int32, _ limits: PoolLimits, _ onLine: @escaping (OutputLine) -> PipeReader.Flow
    ) -> PipeReader {
        PipeReader(
            fd: fd, queue: queue, poller: poller, maxLineBytes: limits.maxLineBytes, onLine: onLine,
            onFinish: { [self] in
                endGroupIfDue()
                endIfRead()
            })
    }
}
