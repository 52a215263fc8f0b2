// The whole server, put together from its parts: the face of the library. Starts the lanes, the workers and the loop in the one
// order in which they can start, and ends them in the reverse.

import CoreMetrics
import Glibc
import Logging
import MillstreamAccess
import MillstreamHTTP
@_exported import MillstreamJSON
import MillstreamJobs
import MillstreamJournal
import MillstreamJournalSQLite
import MillstreamLoop
import MillstreamMetrics
@_exported import MillstreamRuntime
import MillstreamServer
import MillstreamStreams

/// A server that runs jobs and shows each one live.
///
/// ```swift
/// let server = try JobServer(ServerConfiguration(), handlers: ["resize": Resize()])
/// try server.run()
/// ```
public final class JobServer: Sendable {
    /// The version that `--version` and the ready line show.
    public static let version = "0.1.0"

    private let configuration: ServerConfiguration
    private let handlers: [String: any JobHandler]
    private let mailbox: Mailbox<LoopMessage>
    private let log: Logger
    private let droppedLogLines: @Sendable () -> UInt64
    private let reload: (@Sendable () -> ServerConfiguration?)?
    /// Where a reload reads its files: never on the loop.
    private let reloading = SerialThread(name: "reload")

    /// - Parameters:
    ///   - configuration: checked settings.
    ///   - handlers: the work of kinds that are compiled in, by the kind's name. A kind that the configuration does not declare gets
    ///     the defaults of ``JobKind``.
    ///   - log: where the server tells what it does.
    ///   - droppedLogLines: how many lines that log has lost, for metrics; any thread.
    ///   - reload: called at SIGHUP, on a thread of its own: the settings as they are now, or nil to keep the present ones. Kinds,
    ///     origins and limits of requests and streams change; the rest needs a restart.
    /// - Throws: ``StartFailure`` when the system gives no descriptor.
    public init(
        _ configuration: ServerConfiguration = ServerConfiguration(), handlers: [String: any JobHandler] = [:],
        log: Logger = Logger(label: "millstream"), droppedLogLines: @escaping @Sendable () -> UInt64 = { 0 },
        reload: (@Sendable () -> ServerConfiguration?)? = nil
    ) throws(StartFailure) {
        self.configuration = configuration
        self.handlers =
            configuration.demo ? handlers.merging(DemoKinds.handlers(configuration)) { own, _ in own } : handlers
        self.log = log
        self.droppedLogLines = droppedLogLines
        self.reload = reload
        do throws(LoopError) {
            mailbox = try Mailbox(capacity: configuration.limits.mailboxCapacity)
        } catch {
            throw StartFailure(.resources, "no descriptor left")
        }
    }

    /// Prepares the process for a server: malloc's arenas, the limit of descriptors, the kernel's table of them. ``run(ready:)`` does it, too;
    /// done before the process has its first thread beside the main one, the start is quicker by some 16 ms, for which the kernel would wait.
    /// - Returns: the limit of descriptors.
    @discardableResult
    public static func prepareProcess(for configuration: ServerConfiguration) -> Int {
        AddressSpace.spare()
        let limit = Descriptors.raiseLimit()
        Descriptors.reserveTable(limit: limit, configuration, Array(declaredKinds(configuration).values))
        return limit
    }

    /// Serves until it is told to stop, by ``stop()`` or SIGTERM. Blocks; the calling thread becomes the loop thread.
    /// - Parameter ready: called once the server listens, with its URL.
    /// - Throws: ``StartFailure`` when it could not start.
    public func run(ready: (_ url: String) -> Void = { _ in }) throws(StartFailure) {
        let access = AccessPolicy(mode: .loopbackOnly)
        if let refusal = access.refusalToBind(host: configuration.host) { throw StartFailure(.configuration, refusal) }
        let directory = try openDataDirectory()
        let descriptors = Self.prepareProcess(for: configuration)
        let maxConnections = try Descriptors.connections(
            limit: descriptors, configuration, kinds(of: configuration))
        let http = HTTPServerSettings(configuration, maxConnections: maxConnections)
        // Before the lanes, which start jobs: a start that fails for its address must not cost any of them an attempt.
        let socket = try takeAddress(http)
        let lane = JournalLane(limits: LaneLimits(configuration))
        let uploads = directory.uploads
        let pool = WorkerPool(
            lane: lane, handlers: handlers, limits: PoolLimits(configuration),
            uploadPath: { uploads + "/" + $0 })
        let (replay, uploadSizes) = try startLanes(lane, pool, directory)
        // What never listened has not stopped, either: a start that fails from here on is told by its error alone.
        var hasListened = false
        defer {
            // What still runs, because nothing was drained or not to the end, goes back to the queue first: that the pool ends it now is no
            // failure of its worker.
            _ = lane.submit(.releaseRunning)
            pool.stop(graceMs: 1000)
            let unstored = lane.stop()
            replay.stop()
            if unstored > 0 { log.error("the store did not take everything", metadata: ["commands": "\(unstored)"]) }
            if hasListened { log.notice("stopped") }
        }
        let loop = try makeLoop(
            access, directory, lane, replay, pool, uploadSizes: uploadSizes, http: http)
        do throws(HTTPServerError) { try loop.listen(on: socket) } catch {
            throw Self.failure(error, at: socket.address)
        }
        hasListened = true
        loop.reload = { [unowned self] in
            reloading.async { self.applyReload(lane, access, uploads: uploads) }
        }
        log.notice("listening", metadata: ["address": "\(socket.address)", "descriptors": "\(descriptors)"])
        ready("http://\(socket.address)")
        PromptThread.adopt()
        loop.run()
    }

    /// Drains and ends ``run(ready:)``, as SIGTERM does. Any thread.
    public func stop() {
        _ = mailbox.post(.stop)
    }

    // MARK: The start, step by step

    private func openDataDirectory() throws(StartFailure) -> DataDirectory {
        do throws(DataDirectory.Failure) {
            return try DataDirectory(configuration.dataDirectory)
        } catch {
            throw StartFailure(.data, error.description)
        }
    }

    private func applyReload(_ lane: JournalLane, _ access: AccessPolicy, uploads: String) {
        guard let new = reload?() else { return }
        _ = lane.submit(.declareKinds(kinds(of: new)))
        _ = mailbox.post(.settings(ServerSettings(new, access: access, uploads: uploads)))
    }

    private static func declaredKinds(_ configuration: ServerConfiguration) -> [String: JobKind] {
        configuration.demo ? configuration.kinds.merging(DemoKinds.kinds) { own, _ in own } : configuration.kinds
    }

    private func kinds(of configuration: ServerConfiguration) -> [JobKind] {
        var kinds = Self.declaredKinds(configuration)
        for name in handlers.keys where kinds[name] == nil { kinds[name] = JobKind(name: name, worker: .swift) }
        return Array(kinds.values)
    }

    private func startLanes(
        _ lane: JournalLane, _ pool: WorkerPool, _ directory: DataDirectory
    ) throws(StartFailure) -> (ReplayLanes, uploadSizes: [String: Int64]) {
        let mailbox = mailbox
        let found = Locked<[String: Int64]>([:])
        let surroundings = LaneSurroundings(
            delivery: { report in
                let message = LoopMessage.lane(CommitReport(report))
                return { mailbox.post(message) }
            }, direct: { pool.perform($0) })
        let (configuration, kinds) = (configuration, kinds(of: configuration))
        let (path, uploads) = (directory.journal, directory.uploads)
        do throws(JournalError) {
            let readers = try lane.start(readers: configuration.journal.readers, surroundings: surroundings) {
                () throws(JournalError) in
                let store = try JournalOpening.open(configuration.journal, path: path)
                let sizes = try UploadInventory.take(of: uploads, store: store)
                found.withLock { $0 = sizes }
                let ledger = JobLedger(
                    kinds: kinds, limits: LedgerLimits(configuration), retention: RetentionPolicy(configuration),
                    store: store)
                return LaneJournal(store: store, ledger: ledger)
            }
            let replay = ReplayLanes(readers: readers, maxQueued: configuration.limits.replayQueue) {
                mailbox.post(.read($0))
            }
            return (replay, found.withLock { $0 })
        } catch {
            throw StartFailure(.data, "\(path): \(error.message)")
        }
    }

    private func makeLoop(
        _ access: AccessPolicy, _ directory: DataDirectory, _ lane: JournalLane, _ replay: ReplayLanes,
        _ pool: WorkerPool, uploadSizes: [String: Int64], http: HTTPServerSettings
    ) throws(StartFailure) -> ServerLoop {
        let registry = PrometheusRegistry(
            maxSeries: configuration.limits.maxMetricSeries,
            descriptions: MetricHelp.texts.map { MetricDescription($0.key, help: $0.value) })
        let metrics = ServerMetrics(
            factory: registry, exposition: { registry.render() },
            recordAlike: { PrometheusRegistry.record(nanoseconds: $1, times: $2, in: $0) })
        let gauges = ServerGauges(
            mailboxDepth: { [mailbox] in mailbox.depth }, mailboxRefusals: { [mailbox] in mailbox.refusedCount },
            workers: { pool.measures }, droppedLogLines: droppedLogLines)
        do {
            return try ServerLoop(
                settings: ServerSettings(configuration, access: access, uploads: directory.uploads),
                http: http, streams: StreamSettings(configuration), uploadSizes: uploadSizes, mailbox: mailbox,
                lane: lane,
                replay: replay, metrics: metrics, gauges: gauges, log: log)
        } catch {
            throw StartFailure(.resources, "no descriptor or memory left")
        }
    }

    private func takeAddress(_ http: HTTPServerSettings) throws(StartFailure) -> ListeningSocket {
        let host = configuration.host
        let address: ListenAddress =
            host.hasPrefix("unix:")
            ? .unix(path: String(host.dropFirst(5)))
            : .tcp(host: host.filter { $0 != "[" && $0 != "]" }, port: UInt16(configuration.port))
        do throws(HTTPServerError) {
            return try ListeningSocket(address, settings: http)
        } catch {
            throw Self.failure(error, at: address)
        }
    }

    private static func failure(_ error: HTTPServerError, at address: ListenAddress) -> StartFailure {
        switch error {
        case .notASocket(let path):
            StartFailure(.address, "\(path): there is a file of that name, and it is no socket")
        case .cannotListen(_, let number): StartFailure(.address, "\(address): \(String(cString: strerror(number)))")
        case .unknownHost(let host): StartFailure(.address, "\(address): the host name \(host) has no address")
        case .outOfResources: StartFailure(.resources, "no descriptor or memory left")
        }
    }
}
