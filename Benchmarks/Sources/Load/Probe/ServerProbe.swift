import CLoad
import Glibc

/// CPU time, memory and descriptors of the server's processes, out of /proc. Reading costs the server nothing but the locks that the
/// kernel takes for it: memory (`smaps_rollup` walks the page tables) is read before and after a phase only.
struct ServerProbe {
    /// Those that were named and their descendants at the start.
    let pids: [Int32]

    /// Nothing is probed when no process is named.
    init(pids named: [Int32]) throws(LoadError) {
        for pid in named where ProcFile.text("/proc/\(pid)/stat") == nil { throw .noProcess(pid) }
        pids = Self.withDescendants(named)
    }

    var isEmpty: Bool { pids.isEmpty }

    /// Seconds of CPU by the threads' names, from the scheduler's own clock. Threads that ended meanwhile are not in it.
    func cpuByThread() -> [String: Double] {
        var sums: [String: Double] = [:]
        for pid in pids {
            for thread in ProcFile.names("/proc/\(pid)/task") {
                guard let times = ProcFile.text("/proc/\(pid)/task/\(thread)/schedstat"),
                    let ns = times.split(separator: " ").first.flatMap({ Double($0) }),
                    let name = ProcFile.text("/proc/\(pid)/task/\(thread)/comm")
                else { continue }
                sums[String(name.prefix { $0 != "\n" }), default: 0] += ns / 1e9
            }
        }
        return sums
    }

    func rssBytes() -> Int { memory().rss }

    /// Resident bytes, and the share of them that is not also another process's.
    func memory() -> (rss: Int, pss: Int) {
        pids.reduce((0, 0)) { sum, pid in
            let rollup = ProcFile.text("/proc/\(pid)/smaps_rollup") ?? ""
            func bytes(_ name: String) -> Int { (ProcFile.number(name, in: rollup) ?? 0) * 1024 }
            return (sum.0 + bytes("Rss:"), sum.1 + bytes("Pss:"))
        }
    }

    /// The same from the kernel's counters, which lag by some pages: for curves.
    func roughRssBytes() -> Int {
        pids.reduce(0) { sum, pid in
            let fields = (ProcFile.text("/proc/\(pid)/statm") ?? "").split(separator: " ")
            return sum + (fields.count > 1 ? (Int(fields[1]) ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE))) : 0)
        }
    }

    func threads() -> Int {
        pids.reduce(0) { sum, pid in
            guard let fields = Self.fieldsAfterName(pid), fields.count > 17 else { return sum }
            return sum + (Int(fields[17]) ?? 0)
        }
    }

    func descriptors() -> Int { pids.reduce(0) { $0 + ProcFile.descriptors($1) } }

    /// User and system time in ticks of 10 ms, all threads that ever were: for curves.
    func roughCpuS() -> Double {
        let ticks = pids.reduce(0.0) { sum, pid in
            guard let fields = Self.fieldsAfterName(pid), fields.count > 12 else { return sum }
            return sum + (Double(fields[11]) ?? 0) + (Double(fields[12]) ?? 0)
        }
        return ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// The name stands in brackets and may hold anything.
    private static func fieldsAfterName(_ pid: Int32) -> [Substring]? {
        guard let line = ProcFile.text("/proc/\(pid)/stat"), let end = line.lastIndex(of: ")") else { return nil }
        return line[line.index(after: end)...].split(separator: " ")
    }

    private static func withDescendants(_ roots: [Int32]) -> [Int32] {
        guard !roots.isEmpty else { return [] }
        var children: [Int32: [Int32]] = [:]
        for name in ProcFile.names("/proc") {
            guard let pid = Int32(name), let fields = fieldsAfterName(pid), fields.count > 1,
                let parent = Int32(fields[1])
            else { continue }
            children[parent, default: []].append(pid)
        }
        var all: [Int32] = []
        var next = roots
        while let pid = next.popLast() {
            guard !all.contains(pid) else { continue }
            all.append(pid)
            next += children[pid] ?? []
        }
        return all
    }
}

extension Machine {
    static func current() -> Machine {
        var system = utsname()
        uname(&system)
        func text<Tuple>(_ tuple: Tuple) -> String {
            withUnsafeBytes(of: tuple) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        }
        let cpu = (ProcFile.text("/proc/cpuinfo") ?? "").split(separator: "\n").first { $0.hasPrefix("model name") }
        let model = cpu?.split(separator: ":", maxSplits: 1).last.map { $0.drop { $0 == " " } }
        return Machine(
            kernel: text(system.sysname) + " " + text(system.release),
            cpu: model.map(String.init) ?? text(system.machine),
            cores: sysconf(Int32(_SC_NPROCESSORS_ONLN)),
            memoryBytes: (ProcFile.number("MemTotal:", in: ProcFile.text("/proc/meminfo") ?? "") ?? 0) * 1024)
    }
}

enum OwnProcess {
    /// User and system time of this process.
    static func cpuS() -> Double { Double(cload_process_cpu_ns()) / 1e9 }

    /// Raises the soft limit of descriptors to the hard one and says it.
    static func raiseDescriptorLimit() -> Int {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return Int(clamping: limit.rlim_max)
    }
}
