// The bounds of the workers. A plain value; the configuration fills it.

/// How many threads the workers get, and how much of a worker's output and input is kept in memory.
public struct PoolLimits: Sendable, Hashable {
    /// Threads on which async handlers take turns; nil: as many as there are cores, at least 2.
    public var handlerThreads: Int?
    /// Threads for handlers that block: so many block at once, the others stand in line. At most 200: Dispatch has 255.
    public var maxBlockingThreads = 128
    /// Blocking pieces of work that stand in line for a thread.
    public var maxBlockingWaiting = 16_384
    /// Data of one event of a handler; the ledger has the same bound for outside publishers.
    public var maxEventBytes = 262_144
    /// One line of a program's output; a longer one is cut.
    public var maxLineBytes = 262_144
    /// What a program has not read yet of its standard input, and what a handler has not taken yet of its messages.
    public var maxPendingInputBytes = 16 << 20
    /// Lines of standard error that become events: so many at once, and so many per second after that.
    public var stderrBurstLines = 200
    public var stderrLinesPerSecond = 50
    /// Kept for `error.stderr`.
    public var stderrTailLines = 20
    public var stderrTailBytes = 8 << 10

    public init() {}
}

/// What the workers do now, for metrics.
public struct PoolMeasures: Sendable, Hashable {
    public var runningHandlers = 0
    public var runningPrograms = 0
    /// Threads that a blocking handler holds now.
    public var blockedThreads = 0
    /// Blocking pieces of work in line, now and since the start.
    public var waitingForThread = 0
    public var waitedForThread: UInt64 = 0
    /// Times that an async handler could go on and all threads were at work, since the start.
    public var waitedForHandlerThread: UInt64 = 0
    /// Lines of programs that were cut, since the start.
    public var cutLines: UInt64 = 0
    /// Events of programs and handlers that were larger than they may be, since the start.
    public var oversizedEvents: UInt64 = 0
    /// Handlers that went on after their grace was over and were given up, since the start.
    public var abandonedHandlers: UInt64 = 0

    public init() {}
}
