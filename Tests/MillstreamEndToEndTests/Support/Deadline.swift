// The end of a test's patience: heartbeats keep a connection alive for ever, and a test must not wait that long.

import Dispatch

struct Deadline {
    private let time: DispatchTime

    init(seconds: Int = 300) {
        time = .now() + .seconds(seconds)
    }

    func check() throws {
        guard DispatchTime.now() < time else { throw TestFailure("what was waited for did not come in time") }
    }
}
