import CLibevent

// A timer of the loop. It owns one libevent event and frees it when it is cancelled or released. Loop thread only.

/// A timer; cancelled by `cancel` or by letting go of it.
public final class LoopTimer {
    private var event: OpaquePointer?
    private let isRepeating: Bool
    private let body: () -> Void

    init(base: OpaquePointer, delayMs: Int, repeating: Bool, body: @escaping () -> Void) {
        self.body = body
        isRepeating = repeating
        let owner = Unmanaged.passUnretained(self).toOpaque()
        event = millstream_timer_new(base, repeating ? 1 : 0, timerDidFire, owner)
        // libevent counts from the time it cached before the callbacks; a long tick would make the timer early.
        event_base_update_cache_time(base)
        arm(afterMs: delayMs)
    }

    deinit {
        cancel()
    }

    /// True until a one-shot timer has fired, or the timer was cancelled.
    public private(set) var isActive = true

    /// Moves the timer to `delayMs` from now, also when it has fired already.
    public func rearm(afterMs delayMs: Int) {
        guard let event else { return }
        event_base_update_cache_time(event_get_base(event))
        arm(afterMs: delayMs)
    }

    /// The timer will not fire any more. It can be called at any time, also from the timer's own body.
    public func cancel() {
        isActive = false
        guard let event else { return }
        self.event = nil
        event_free(event)
    }

    private func arm(afterMs delayMs: Int) {
        // libevent does not repeat a timer without an interval.
        let bounded = max(isRepeating ? 1 : 0, delayMs)
        var interval = timeval(tv_sec: bounded / 1_000, tv_usec: bounded % 1_000 * 1_000)
        isActive = true
        event_add(event, &interval)
    }

    fileprivate func fire() {
        if !isRepeating { isActive = false }
        body()
    }
}

/// Called by libevent; `owner` is alive because its deinit frees the event first.
private func timerDidFire(_ descriptor: Int32, _ what: Int16, _ owner: UnsafeMutableRawPointer?) {
    guard let owner else { return }
    Unmanaged<LoopTimer>.fromOpaque(owner).takeUnretainedValue().fire()
}
