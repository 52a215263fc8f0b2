// The loop thread's part of the server, put together: sockets, routes, streams, and the mailbox through which the lanes report.
// Made and run on one thread, which is the loop thread from then on.

import Logging
import MillstreamHTTP
import MillstreamJobs
import MillstreamJournal
import MillstreamLoop
import MillstreamRuntime
import MillstreamStreams

public final class ServerLoop {
    private let loop: EventLoop
    private let mailbox: Mailbox<LoopMessage>
    private let core: ServerCore
    private let application: ServerApplication
    private let http: HTTPServer
    private let metrics: ServerMetrics
    private let log: Logger
    private let drain: Drain
    private var watches: [LoopWatch] = []
    private var canary: Canary?
    /// Called when SIGHUP arrives.
    public var reload: () -> Void = {}

    public init(
        settings: ServerSettings, http httpSettings: HTTPServerSettings, streams: StreamSettings,
        uploadSizes: [String: Int64], mailbox: Mailbox<LoopMessage>, lane: JournalLane, replay: ReplayLanes,
        metrics: ServerMetrics, gauges: ServerGauges, log: Logger
    ) throws {
        loop = try EventLoop()
        self.mailbox = mailbox
        self.metrics = metrics
        self.log = log
        core = ServerCore(
            loop: loop, lane: lane, replay: replay, settings: settings, metrics: metrics, log: log,
            uploads: UploadFiles(
                directory: settings.uploadDirectory, sizes: uploadSizes, maxTotalBytes: settings.maxTotalUploadBytes,
                post: { [mailbox] in mailbox.post($0) }), gauges: gauges)
        application = ServerApplication(core: core)
        http = try HTTPServer(loop: loop, settings: httpSettings, application: application)
        http.pass = Canary.pass
        core.attach(http: http, streams: StreamDesk(core: core, table: http.streams, settings: streams))
        drain = Drain(core: core)
        // Of the tick before: the present one is not over yet.
        loop.atTickEnd(.settle) { [unowned self] in
            metrics.tick.recordNanoseconds(Int64(clamping: loop.stats.lastTickNanoseconds))
        }
        if ReplayRest.isNeeded {
            loop.atTickEnd(.rest) { [unowned self] in
                let turnsCost = core.streams.hub.turnsCost
                // A store at fault owes its report for as long as the fault lasts.
                if ReplayRest.isDue(turnsCost: turnsCost, owesReport: !core.storeWatch.isDown && lane.owesReport) {
                    mailbox.wait(atMostNs: ReplayRest.maxNs)
                }
            }
        }
        mailbox.attach(to: loop) { [unowned self] messages in
            for message in messages { receive(message) }
        }
        core.readiness.start = { [unowned self] number in flyCanary(number) }
    }

    /// Listens. From here on the signals of the process come to the loop: whoever reads the ready line may send one at once.
    public func listen(on socket: ListeningSocket) throws(HTTPServerError) {
        if watches.isEmpty { takeSignals() }
        try http.listen(on: socket)
        canary = canary ?? Canary(address: socket.address)
    }

    /// Runs until the drain is over.
    public func run() {
        loop.run()
        watches.removeAll()
        http.close()
    }

    /// SIGTERM and SIGINT drain, once more stops at once; SIGHUP reloads.
    private func takeSignals() {
        watches = [
            loop.onSignal(15) { [unowned self] in drain.begin() },
            loop.onSignal(2) { [unowned self] in drain.begin() },
            loop.onSignal(1) { [unowned self] in reload() },
        ]
    }

    private func receive(_ message: LoopMessage) {
        switch message {
        case .lane(let report): core.laneDidReport(report)
        case .read(let report): core.replayDidRead(report)
        case .canary(let failure): core.readiness.probeDidEnd(failure: failure)
        case .uploadAdopted(let id, let isThere): core.uploads.adoptionDidEnd(id, isThere: isThere)
        case .settings(let settings):
            core.settings = settings
            core.uploads.maxTotalBytes = settings.maxTotalUploadBytes
        case .stop: drain.begin()
        }
        drain.lookAgain()
    }

    private func flyCanary(_ number: UInt64) {
        guard let canary else { return core.readiness.probeDidEnd(failure: "does not listen yet") }
        canary.fly(number: number) { [mailbox] failure in
            _ = mailbox.post(.canary(failure: failure))
        }
    }
}
