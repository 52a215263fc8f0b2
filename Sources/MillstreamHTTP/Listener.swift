import CLibevent
import Glibc
import MillstreamLoop

// One listening socket and its evconnlistener, which evhttp accepts from. It stops accepting for a while when the process
// is out of descriptors (libevent would ask again at once, for ever), as long as the server is full, and for the rest of a tick that
// has brought enough: libevent would accept all that wait. Loop thread only.

final class Listener {
    /// Long enough not to spin, short enough not to be noticed.
    private static let pauseMs = 100

    private let socket: ListeningSocket
    private var listener: OpaquePointer?
    /// evhttp's name for the listener.
    private var bound: OpaquePointer?
    private let loop: EventLoop
    private var resumeTimer: LoopTimer?
    private var isFull = false
    private var isTurnOver = false
    private var isOutOfDescriptors = false
    private let onAcceptFailure: () -> Void

    init(
        _ socket: ListeningSocket, loop: EventLoop, evhttp: OpaquePointer, onAcceptFailure: @escaping () -> Void
    ) throws(HTTPServerError) {
        self.socket = socket
        self.loop = loop
        self.onAcceptFailure = onAcceptFailure
        let flags = UInt32(LEV_OPT_CLOSE_ON_FREE) | UInt32(LEV_OPT_CLOSE_ON_EXEC)
        let descriptor = socket.takeDescriptor()
        // Backlog 0: the socket listens already.
        guard let listener = evconnlistener_new(loop.base, nil, nil, flags, 0, descriptor) else {
            Glibc.close(descriptor)
            socket.removeFile()
            throw .outOfResources
        }
        guard let bound = evhttp_bind_listener(evhttp, listener) else {
            evconnlistener_free(listener)
            socket.removeFile()
            throw .outOfResources
        }
        self.listener = listener
        self.bound = bound
        ListenerRegistry.add(listener, owner: self)
        evconnlistener_set_error_cb(listener, onAcceptError)
    }

    /// Ends the listener and removes the unix socket's file. Returns what the caller has to delete from evhttp, which owns
    /// the evconnlistener.
    func retire() -> OpaquePointer? {
        guard let listener else { return nil }
        self.listener = nil
        resumeTimer?.cancel()
        ListenerRegistry.remove(listener)
        socket.removeFile()
        return bound
    }

    /// No new connections as long as the server is full.
    func pauseWhileFull(_ isFull: Bool) {
        guard isFull != self.isFull else { return }
        self.isFull = isFull
        update()
    }

    /// No new connections for the rest of this tick, or again.
    func endTurn(_ isOver: Bool) {
        guard isOver != isTurnOver else { return }
        isTurnOver = isOver
        update()
    }

    /// Out of descriptors, most of the time; whatever it is, asking again at once would not help.
    fileprivate func acceptDidFail() {
        onAcceptFailure()
        isOutOfDescriptors = true
        update()
        resumeTimer = loop.schedule(afterMs: Self.pauseMs) { [unowned self] in
            isOutOfDescriptors = false
            update()
        }
    }

    private func update() {
        guard let listener else { return }
        if isFull || isOutOfDescriptors || isTurnOver {
            evconnlistener_disable(listener)
        } else {
            evconnlistener_enable(listener)
        }
    }
}

/// libevent gives its error callback evhttp's argument instead of ours: the owner is found by the listener's address.
private enum ListenerRegistry {
    private struct Entry: @unchecked Sendable {
        // Sendable: used only by the thread that added it, which is the listener's loop.
        let owner: Unmanaged<Listener>
    }

    private static let entries = Locked<[OpaquePointer: Entry]>([:])

    static func add(_ listener: OpaquePointer, owner: Listener) {
        let entry = Entry(owner: .passUnretained(owner))
        entries.withLock { $0[listener] = entry }
    }

    static func remove(_ listener: OpaquePointer) {
        entries.withLock { _ = $0.removeValue(forKey: listener) }
    }

    static func owner(of listener: OpaquePointer) -> Listener? {
        entries.withLock { $0[listener] }?.owner.takeUnretainedValue()
    }
}

/// libevent: accept(2) failed. An owner that has gone has removed itself from the registry.
private func onAcceptError(_ listener: OpaquePointer?, _ argument: UnsafeMutableRawPointer?) {
    guard let listener else { return }
    ListenerRegistry.owner(of: listener)?.acceptDidFail()
}
