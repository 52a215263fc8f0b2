import CLibevent

// Work that a callback must not do itself, because libevent or evhttp would find its own objects changed under it. Requests
// are coalesced. Loop thread only.

/// A coalesced call that runs after the present callback.
public final class DeferredCall {
    private var event: OpaquePointer?
    private var isRequested = false
    private let body: () -> Void

    init(base: OpaquePointer, body: @escaping () -> Void) {
        self.body = body
        event = millstream_timer_new(base, 0, deferredCallDidFire, Unmanaged.passUnretained(self).toOpaque())
    }

    deinit {
        cancel()
    }

    /// Asks for one run; further requests before it are the same run.
    public func request() {
        guard !isRequested, let event else { return }
        isRequested = true
        event_active(event, Int32(EV_TIMEOUT), 0)
    }

    /// No run any more.
    public func cancel() {
        guard let event else { return }
        self.event = nil
        event_free(event)
    }

    fileprivate func fire() {
        isRequested = false
        body()
    }
}

/// Called by libevent; `owner` is alive because its deinit frees the event first.
private func deferredCallDidFire(_ descriptor: Int32, _ what: Int16, _ owner: UnsafeMutableRawPointer?) {
    guard let owner else { return }
    Unmanaged<DeferredCall>.fromOpaque(owner).takeUnretainedValue().fire()
}
