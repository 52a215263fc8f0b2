import CLibevent
import Glibc

// How the guard reads: with recv(2) of its own, at once when the connection is accepted, since most clients have sent
// their head by then, and whenever the epoll set says so from then on. The socket is in the set, level-triggered, exactly
// as long as we want to read; it comes in when a read left something to wait for, so that a stream which is asked for
// at once never was in it. Backpressure takes it out, and the rest stays in the kernel.

extension HTTPConnection {
    /// Reads what is there, once; the set tells of the rest.
    func readInput() {
        let table = server.streams
        let received = millstream_receive(descriptor, table.scratch, readLimit)
        if received > 0 {
            inputDidArrive(UnsafeRawBufferPointer(start: table.scratch, count: received))
        } else if received == 0 {
            inputDidEnd()
        } else if errno == EAGAIN || errno == EINTR {
            resumeReading()
        } else {
            free()
        }
    }

    /// What the peer sends while its request is in hand is read up to one byte past the bound, to learn that it was passed.
    private var readLimit: Int {
        switch phase {
        case .presenting, .exchanging, .writing:
            max(1, min(StreamTable.scratchBytes, server.settings.maxPipelinedBytes - pending.count + 1))
        default: StreamTable.scratchBytes
        }
    }

    private func inputDidArrive(_ bytes: UnsafeRawBufferPointer) {
        server.counters.bytesIn &+= UInt64(bytes.count)
        switch phase {
        case .flushing, .lingering, .closed, .newborn:
            lingerBytes += bytes.count
            if lingerBytes > server.settings.maxLingerBytes { free() }
        default:
            pending.append(bytes)
            advance()
        }
    }

    /// The peer has closed its sending side.
    private func inputDidEnd() {
        hasPeerClosed = true
        pauseReading()
        switch phase {
        // A client may close its sending side and wait for the reply.
        case .exchanging: server.application.peerDidLeave(ExchangeID(slot: UInt32(slot), generation: generation))
        case .writing, .flushing: break
        default: free()
        }
    }

    /// Goes on with what is in `pending`, as far as the phase allows.
    func advance() {
        while true {
            switch phase {
            case .excess:
                if hasPass { phase = .idle } else { refuseUnread(.tooManyConnections) }
            case .idle, .readingHead:
                guard takeHead() else { return expectInput() }
            case .readingBody:
                guard takeBody() else { return expectInput() }
            case .storingUpload:
                guard takeUpload() else { return }
            case .finishingUpload, .presenting, .exchanging, .writing:
                boundPipelining()
                return
            case .newborn, .flushing, .lingering, .closed:
                return
            }
        }
    }

    /// Whether the first bytes of a connection past the limit let it in.
    private var hasPass: Bool {
        !server.pass.isEmpty && pending.withUnsafeBytes { $0.contains(server.pass) }
    }

    /// The request in hand needs more bytes than there are.
    func expectInput() {
        if hasPeerClosed { free() } else { resumeReading() }
    }

    /// Requests behind the one in hand wait in `pending`; past the bound, in the kernel.
    private func boundPipelining() {
        guard pending.count > server.settings.maxPipelinedBytes, !isHeldBack else { return }
        isHeldBack = true
        server.counters.didReach(.pipelinedBytes)
        pauseReading()
    }

    // MARK: The set

    /// From now on the set tells of input.
    func resumeReading() {
        isHeldBack = false
        guard registration == 0, !hasPeerClosed, phase != .closed else { return }
        registration = server.takeGeneration()
        let tag = ConnectionTag(slot: slot, generation: registration)
        guard !server.streams.watch(descriptor, tag) else { return }
        // The kernel has no memory for it: what the peer sends would never be seen.
        registration = 0
        server.requestClose(of: self)
    }

    func pauseReading() {
        guard registration != 0 else { return }
        registration = 0
        server.streams.unwatch(descriptor)
    }
}
