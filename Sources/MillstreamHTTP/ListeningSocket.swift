import Glibc

// An address that is taken and not yet served: connections wait in the kernel. Made before anything else of a server works, so that a
// start that fails for its address has touched nothing. Owned by one thread at a time.

/// A listening socket, for ``HTTPServer/listen(on:)-(ListeningSocket)``. Without one, it is closed with the object.
public final class ListeningSocket {
    /// With the port that was really taken.
    public let address: ListenAddress
    /// -1 once it is somebody else's to close.
    private var descriptor: Int32
    /// Of the unix socket's file: another server may have put its own in its place.
    private let fileIdentity: (device: UInt64, inode: UInt64)?

    /// Blocks while a host name is looked up.
    /// - Throws: when the address is taken, or cannot be had.
    public init(_ asked: ListenAddress, settings: HTTPServerSettings) throws(HTTPServerError) {
        descriptor = try asked.makeSocket(settings: settings)
        address = ListenAddress.bound(descriptor, asked: asked)
        fileIdentity = if case .unix(let path) = asked { Self.identity(path) } else { nil }
    }

    deinit {
        guard descriptor >= 0 else { return }
        removeFile()
        close(descriptor)
    }

    /// The socket is the caller's from now on; its file still is this object's to remove.
    func takeDescriptor() -> Int32 {
        defer { descriptor = -1 }
        return descriptor
    }

    /// Of a unix socket.
    func removeFile() {
        guard case .unix(let path) = address, let mine = fileIdentity, let present = Self.identity(path),
            mine == present
        else { return }
        unlink(path)
    }

    private static func identity(_ path: String) -> (device: UInt64, inode: UInt64)? {
        var status = stat()
        return lstat(path, &status) == 0 ? (UInt64(status.st_dev), UInt64(status.st_ino)) : nil
    }
}
