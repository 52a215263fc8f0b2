// A file system of a few megabytes in memory, for tests of full and read-only disks. Mounting is root's, and not every container's.

import Glibc

struct TinyFileSystem {
    let path: String

    /// Tries it: being root does not say whether mounting is allowed.
    static let isPossible: Bool = {
        guard geteuid() == 0, let directory = try? TemporaryDirectory() else { return false }
        defer { directory.remove() }
        guard let disk = try? TinyFileSystem(at: directory.path + "/disk", bytes: 1 << 20) else { return false }
        disk.unmount()
        return true
    }()

    struct MountError: Error {
        var errno: Int32
    }

    init(at path: String, bytes: Int) throws {
        self.path = path
        mkdir(path, 0o700)
        try mount(flags: 0, bytes: bytes)
    }

    func resize(bytes: Int) throws {
        try mount(flags: UInt(MS_REMOUNT), bytes: bytes)
    }

    func setReadOnly(_ isReadOnly: Bool) throws {
        try mount(flags: UInt(MS_REMOUNT) | (isReadOnly ? UInt(MS_RDONLY) : 0), bytes: 8 << 20)
    }

    func unmount() {
        umount2(path, Int32(MNT_DETACH))
    }

    private func mount(flags: UInt, bytes: Int) throws {
        guard Glibc.mount("tmpfs", path, "tmpfs", flags, "size=\(bytes)") == 0 else { throw MountError(errno: errno) }
    }
}
