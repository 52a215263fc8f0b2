import Dispatch
import Glibc
import MillstreamJSON
import MillstreamJobs
import MillstreamJournal
import MillstreamLoop

// The workers: takes the ledger's directives after their commit, on the journal lane's thread, and never blocks it. It knows
// which runs are under way and nothing about states: how an attempt ended goes back as a command, and the ledger decides.

/// Compiled-in handlers and programs, at work.
public final class WorkerPool: Sendable {
    private let services: PoolServices
    private let handlers: [String: any JobHandler]
    private let state = Locked(State())
    /// Signalled when a run ends while the pool stops.
    private let runDidEnd = ConditionLock()

    private struct State {
        var handlers = ObjectTable<HandlersByNumber>()
        var programs: [RunNumber: any WorkerRun] = [:]
        var kinds: [String: HandlerKind] = [:]
        var abandoned: UInt64 = 0
        var isStopping = false

        var runs: [any WorkerRun] { handlers.values.map { $0 } + programs.values }

        func run(_ number: RunNumber) -> (any WorkerRun)? { handlers[number] ?? programs[number] }

        mutating func add(_ run: any WorkerRun, _ number: RunNumber) {
            if let handler = run as? JobContext { handlers[number] = handler } else { programs[number] = run }
        }

        mutating func remove(_ number: RunNumber) {
            handlers[number] = nil
            programs[number] = nil
        }
    }

    private enum HandlersByNumber: TableKeying {
        static func key(of job: JobContext) -> RunNumber { RunNumber(job.run) }
    }

    /// An attempt in one word: the table has one for each running job. Attempts are at most some thousands.
    private struct RunNumber: Hashable {
        private let bits: UInt64

        init(_ run: JobRun) {
            bits = UInt64(bitPattern: run.ref.number) << 16 | UInt64(UInt16(truncatingIfNeeded: run.attempt))
        }
    }

    /// Makes SIGPIPE ignored and SIGCHLD default in this process: a program that does not read its input, and a parent that
    /// ignored its children, must not end or blind the server.
    /// - Parameters:
    ///   - handlers: by the kind's name.
    ///   - environment: of programs, `NAME=value`; nil: this process's.
    ///   - uploadPath: where the file of an upload lies, nil when it is unknown; any thread.
    public init(
        lane: JournalLane, handlers: [String: any JobHandler], limits: PoolLimits = PoolLimits(),
        environment: [String]? = nil, uploadPath: @escaping @Sendable (String) -> String? = { _ in nil }
    ) {
        signal(SIGPIPE, SIG_IGN)
        signal(SIGCHLD, SIG_DFL)
        self.handlers = handlers
        services = PoolServices(
            queue: lane.queue, limits: limits, environment: environment ?? ProgramEnvironment.ofThisProcess(),
            uploadPath: uploadPath)
    }

    deinit {
        services.close()
    }

    /// Does what the ledger decided, in order. On the journal lane's thread; returns at once.
    public func perform(_ directives: [WorkerDirective]) {
        for directive in directives {
            switch directive {
            case .start(let assignment): start(assignment)
            case .deliver(let run, let message): worker(of: run)?.deliver(message)
            case .stop(let run, let graceMs): worker(of: run)?.stop(graceMs: graceMs)
            case .endProcessGroup(let group): LeftoverGroup.end(group)
            case .forget(let run): worker(of: run)?.stop(graceMs: 0)
            }
        }
    }

    /// What the workers do now. Any thread.
    public var measures: PoolMeasures {
        var measures = state.withLock { state in
            var measures = PoolMeasures()
            measures.abandonedHandlers = state.abandoned
            measures.runningPrograms = state.programs.count
            measures.runningHandlers = state.handlers.count
            return measures
        }
        let load = services.blocking.load
        measures.blockedThreads = load.busy
        measures.waitingForThread = load.waiting
        measures.waitedForThread = load.waited
        measures.waitedForHandlerThread = services.executor.waited
        measures.cutLines = services.hits.cutLines.load(ordering: .relaxed)
        measures.oversizedEvents = services.hits.oversizedEvents.load(ordering: .relaxed)
        return measures
    }

    /// Starts nothing more, stops all runs, and waits until each has ended or its grace is over. Blocks; call it before the lane
    /// is stopped.
    public func stop(graceMs: Int64) {
        let runs = state.withLock { state in
            state.isStopping = true
            return state.runs
        }
        for run in runs { run.stop(graceMs: graceMs) }
        // Programs are killed at the end of the grace and gone a moment later.
        let deadline = MonotonicTime.current().advanced(byMs: Int(clamping: max(0, graceMs))).advanced(byMs: 2000)
        runDidEnd.withLock {
            while state.withLock({ !$0.handlers.isEmpty || !$0.programs.isEmpty }), runDidEnd.wait(until: deadline) {}
        }
    }

    private func worker(of run: JobRun) -> (any WorkerRun)? {
        state.withLock { $0.run(RunNumber(run)) }
    }

    private func start(_ assignment: JobAssignment) {
        let run = assignment.run
        guard let worker = makeRun(assignment) else {
            let message = "no handler is compiled in for the kind \(assignment.kind.name)"
            services.queue.post(.finish(run, .failed(JobError(code: "handler", message: message), retryable: false)))
            return
        }
        let isStopping = state.withLock { state in
            if !state.isStopping { state.add(worker, RunNumber(run)) }
            return state.isStopping
        }
        if isStopping {
            services.queue.post(.finish(run, .stopped))
        } else {
            worker.start()
        }
    }

    private func makeRun(_ assignment: JobAssignment) -> (any WorkerRun)? {
        switch assignment.kind.worker {
        case .swift:
            return handlerKind(assignment.kind).map { JobContext(assignment, shared: $0) }
        case .exec(let arguments, let directory):
            let command = ProgramCommand(arguments: arguments, directory: directory, environment: services.environment)
            return ProgramRun(assignment, command: command, services: services) { [weak self] run, abandoned in
                self?.didEnd(run, abandoned: abandoned)
            }
        }
    }

    /// What runs of the kind share: made anew when the kind was declared anew. Nil without a handler.
    private func handlerKind(_ kind: JobKind) -> HandlerKind? {
        guard let handler = handlers[kind.name] else { return nil }
        return state.withLock { state in
            if let known = state.kinds[kind.name], known.kind == kind { return known }
            let made = HandlerKind(kind, handler: handler, services: services) { [weak self] run, abandoned in
                self?.didEnd(run, abandoned: abandoned)
            }
            state.kinds[kind.name] = made
            return made
        }
    }

    private func didEnd(_ run: JobRun, abandoned: Bool) {
        state.withLock { state in
            state.remove(RunNumber(run))
            if abandoned { state.abandoned += 1 }
        }
        runDidEnd.withLock { runDidEnd.broadcast() }
    }
}
