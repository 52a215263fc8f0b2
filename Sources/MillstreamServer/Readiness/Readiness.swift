// Answers `/readyz`: one probe at a time, whose verdict is shared by all who asked meanwhile and holds for a second, so that
// frequent checks cost nothing. Loop-confined.

import MillstreamLoop

final class Readiness {
    /// How long a verdict is given again without a new probe.
    static let verdictHoldsMs = 1000

    private let loop: EventLoop
    /// Starts a probe with that number; the verdict comes back through `probeDidEnd`.
    var start: (_ number: UInt64) -> Void = { _ in }
    private var waiting: [(String?) -> Void] = []
    private var lastNumber: UInt64 = 0
    private var lastVerdict: (failure: String?, at: MonotonicTime)?
    /// A fault that makes a probe superfluous.
    var knownFailure: String?

    init(loop: EventLoop) {
        self.loop = loop
    }

    /// `verdict` gets nil when the server is ready, else the reason why not.
    func check(_ verdict: @escaping (String?) -> Void) {
        if let knownFailure {
            verdict(knownFailure)
            return
        }
        if let lastVerdict, loop.now.milliseconds(since: lastVerdict.at) < Self.verdictHoldsMs {
            verdict(lastVerdict.failure)
            return
        }
        waiting.append(verdict)
        guard waiting.count == 1 else { return }
        lastNumber += 1
        start(lastNumber)
    }

    func probeDidEnd(failure: String?) {
        lastVerdict = (failure, loop.now)
        let asked = waiting
        waiting.removeAll()
        for verdict in asked { verdict(failure) }
    }
}
