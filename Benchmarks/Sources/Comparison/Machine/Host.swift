import Foundation
import Glibc

/// The machine that figures belong to: what a reader must know before comparing them with figures from elsewhere.
package struct Host: Codable, Sendable, Equatable {
    package var cpu: String
    package var cores: Int
    package var memoryBytes: Int
    package var kernel: String
    package var system: String
    /// `performance`, `schedutil` …; `none` where the kernel leaves frequencies alone, as in most virtual machines.
    package var governor: String
    /// Costs of a send differ with it by some per cent.
    package var congestionControl: String
    /// Hard limit of descriptors a process: bounds the streams of one run.
    package var descriptors: Int

    package static func current() -> Host {
        var name = utsname()
        uname(&name)
        let release = withUnsafeBytes(of: &name.release) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return Host(
            cpu: field("model name", in: "/proc/cpuinfo", separator: ":") ?? "unknown",
            cores: sysconf(Int32(_SC_NPROCESSORS_ONLN)),
            memoryBytes: sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE)),
            kernel: "Linux \(release)",
            system: field("PRETTY_NAME", in: "/etc/os-release", separator: "=") ?? "unknown",
            governor: line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor") ?? "none",
            congestionControl: line("/proc/sys/net/ipv4/tcp_congestion_control") ?? "unknown",
            descriptors: Int(clamping: limit.rlim_max))
    }

    /// Averages over 1, 5 and 15 minutes, and running/all tasks, as the kernel writes them.
    package static func loadAverage() -> String { line("/proc/loadavg") ?? "unknown" }

    /// So that the servers and the generator, which inherit it, may have as many descriptors as the system allows.
    package static func raiseDescriptorLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    private static func line(_ path: String) -> String? {
        ProcessTable.text(path)?.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private static func field(_ name: String, in path: String, separator: Character) -> String? {
        for line in ProcessTable.text(path)?.split(separator: "\n") ?? [] where line.hasPrefix(name) {
            let parts = line.split(separator: separator, maxSplits: 1)
            if parts.count == 2 { return parts[1].trimmingCharacters(in: CharacterSet(charactersIn: " \t\"")) }
        }
        return nil
    }
}
