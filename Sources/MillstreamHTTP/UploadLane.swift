import CLibevent
import Glibc
import MillstreamLoop

// Where bodies of uploads are written: one thread, made at the start, because the loop never touches the disk. What is under
// way is bounded by the loop's side, which counts the bytes in flight of each upload; what comes back goes through a
// mailbox. Created and used by the loop; the thread's work touches UploadFile objects only.

/// What the lane tells the loop about one upload.
enum UploadReport: Sendable {
    /// So many bytes are on their way to the disk no longer.
    case written(UploadKey, byteCount: Int)
    /// The file is complete and synced.
    case finished(UploadKey, path: String)
    case failed(UploadKey, UploadFailure)
}

/// Names one upload; a stale key names nothing.
struct UploadKey: Hashable, Sendable {
    let slot: Int
    let generation: UInt32
}

final class UploadLane: Sendable {
    private let queue = SerialThread(name: "upload-bodies")
    let reports: Mailbox<UploadReport>

    init(maxUploads: Int) throws(LoopError) {
        // An upload has at most its bytes in flight divided by the piece size reports under way, and one at its end.
        reports = try Mailbox(capacity: max(1, maxUploads) * 256)
    }

    func write(_ bytes: [UInt8], to file: UploadFile) {
        queue.async { [reports] in
            if let failure = file.write(bytes) {
                reports.post(.failed(file.key, failure))
            } else {
                reports.post(.written(file.key, byteCount: bytes.count))
            }
        }
    }

    func finish(_ file: UploadFile) {
        queue.async { [reports] in
            switch file.finish() {
            case nil: break
            case .success(let path): reports.post(.finished(file.key, path: path))
            case .failure(let failure): reports.post(.failed(file.key, failure))
            }
        }
    }

    func discard(_ file: UploadFile) {
        queue.async { file.discard() }
    }

    func remove(_ path: String) {
        queue.async { _ = unlink(path) }
    }

    /// Waits until all that was asked for is done. For tests and the end of the process.
    func drain() {
        queue.drain()
    }
}

/// The file of one upload, created at its first bytes.
final class UploadFile: @unchecked Sendable {
    // Sendable: after init, `state` is touched only on the lane's thread.
    private enum State {
        case unopened
        case open(Int32)
        case ended
    }

    let key: UploadKey
    private let path: String
    private var state = State.unopened

    init(key: UploadKey, directory: String) {
        self.key = key
        path = "\(directory)/incoming-\(String(UInt64.random(in: .min ... .max), radix: 36))"
    }

    /// Appends the bytes; a failure removes the file and is told once.
    func write(_ bytes: [UInt8]) -> UploadFailure? {
        if case .unopened = state {
            let descriptor = millstream_create_file(path)
            guard descriptor >= 0 else { return fail(errno) }
            state = .open(descriptor)
        }
        guard case .open(let descriptor) = state else { return nil }
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                let rest = UnsafeRawBufferPointer(rebasing: buffer[written...])
                return Glibc.write(descriptor, rest.baseAddress, rest.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return fail(count < 0 ? errno : EIO) }
            written += count
        }
        return nil
    }

    /// Syncs and closes the file; nil when it failed before.
    func finish() -> Result<String, UploadFailure>? {
        if case .unopened = state, let failure = write([]) { return .failure(failure) }
        guard case .open(let descriptor) = state else { return nil }
        guard fdatasync(descriptor) == 0 else { return .failure(fail(errno)) }
        state = .ended
        Glibc.close(descriptor)
        return .success(path)
    }

    func discard() {
        if case .open(let descriptor) = state {
            Glibc.close(descriptor)
            unlink(path)
        }
        state = .ended
    }

    private func fail(_ errorNumber: Int32) -> UploadFailure {
        discard()
        return UploadFailure(errorNumber: errorNumber)
    }
}
