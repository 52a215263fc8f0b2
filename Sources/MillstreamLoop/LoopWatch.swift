import CLibevent

// A persistent event on a descriptor or a signal. It owns the libevent event, never the descriptor. Loop thread only.

/// A watch on a descriptor or a signal; ends by `cancel` or by letting go of it.
public final class LoopWatch {
    private var event: OpaquePointer?
    private let body: () -> Void

    /// - Parameter isEdge: called when the descriptor becomes readable once more, and not as long as it is.
    init(base: OpaquePointer, readable descriptor: Int32, isEdge: Bool = false, body: @escaping () -> Void) {
        self.body = body
        let owner = Unmanaged.passUnretained(self).toOpaque()
        let what = EV_READ | EV_PERSIST | (isEdge ? EV_ET : 0)
        event = event_new(base, descriptor, Int16(what), watchDidFire, owner)
        event_add(event, nil)
    }

    init(base: OpaquePointer, signal: Int32, body: @escaping () -> Void) {
        self.body = body
        let owner = Unmanaged.passUnretained(self).toOpaque()
        event = millstream_signal_new(base, signal, watchDidFire, owner)
        event_add(event, nil)
    }

    deinit {
        cancel()
    }

    /// No more calls. It can be called at any time, also from the watch's own body.
    public func cancel() {
        guard let event else { return }
        self.event = nil
        event_free(event)
    }

    fileprivate func fire() {
        body()
    }
}

/// Called by libevent; `owner` is alive because its deinit frees the event first.
private func watchDidFire(_ descriptor: Int32, _ what: Int16, _ owner: UnsafeMutableRawPointer?) {
    guard let owner else { return }
    Unmanaged<LoopWatch>.fromOpaque(owner).takeUnretainedValue().fire()
}
