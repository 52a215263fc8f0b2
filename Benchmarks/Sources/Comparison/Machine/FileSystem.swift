import CComparison
import Foundation

/// What a directory is stored on, as the kernel names it in `/proc/self/mountinfo` (proc_pid_mountinfo(5)).
enum FileSystem {
    /// `ext4`, `tmpfs` …; nil where it cannot be told (a subvolume has a device number that no mount has).
    static func name(under directory: URL) -> String? {
        var major: UInt32 = 0
        var minor: UInt32 = 0
        guard comparison_device_of(directory.path, &major, &minor) == 0,
            let mounts = ProcessTable.text("/proc/self/mountinfo")
        else { return nil }
        return name(ofDevice: "\(major):\(minor)", in: mounts)
    }

    /// `36 35 98:0 /root /mount options optional… - type source options`
    static func name(ofDevice device: String, in mounts: String) -> String? {
        for line in mounts.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count > 2, fields[2] == device, let dash = fields.firstIndex(of: "-"),
                fields.indices.contains(dash + 1)
            else { continue }
            return String(fields[dash + 1])
        }
        return nil
    }

    /// Throws where what is written stays in memory: a flush costs nothing there, and every durable figure would be fiction.
    static func requireDisk(under directory: URL) throws {
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        guard let name = name(under: directory), ["tmpfs", "ramfs"].contains(name) else { return }
        throw RunnerError(
            "\(directory.path) is in memory (\(name)), where a flush costs nothing; name a directory on a disk with --out"
        )
    }
}
