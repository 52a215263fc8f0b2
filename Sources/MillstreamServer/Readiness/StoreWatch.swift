// What the server does about a store that takes nothing: it is said, streams end with `closing` once the fault lasts, and the store is
// tried again each second even when nobody asks for anything. Loop-confined.

import Logging
import MillstreamJSON
import MillstreamJobs
import MillstreamJournal
import MillstreamLoop
import MillstreamRuntime

final class StoreWatch {
    private enum State {
        case working
        /// At fault since less than a second: nobody is sent away for a moment's trouble.
        case failing
        /// The fault lasts.
        case down
    }

    private static let tryEveryMs = 1000

    private unowned let core: ServerCore
    private var state = State.working
    private var health = StoreHealth.ok
    private var timer: LoopTimer?

    init(core: ServerCore) {
        self.core = core
    }

    /// Whether streams of logs that go on are sent away.
    var isDown: Bool { state == .down }

    /// After each report of the lane.
    func note(_ health: StoreHealth) {
        guard health != self.health else { return }
        self.health = health
        switch health {
        case .ok:
            core.log.notice("the store takes commits again")
            state = .working
            timer = nil
        case .faulty(let error):
            core.log.error(
                "the store takes nothing", metadata: ["code": "\(error.code.rawValue)", "error": "\(error.message)"])
            guard state == .working else { return }
            state = .failing
            timer = core.loop.schedule(afterMs: Self.tryEveryMs, repeating: true) { [unowned self] in look() }
        }
    }

    private func look() {
        if state == .failing {
            state = .down
            core.streams.closeAll(.store)
        }
        let probe = DraftEvent(name: "probe", data: .null)
        _ = try? core.submit(.publish(.channel(Canary.channel), [probe])) { _ in }
    }
}
