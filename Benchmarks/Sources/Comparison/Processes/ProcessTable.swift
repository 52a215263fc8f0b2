import Foundation

// What /proc says of processes: who belongs to a group, and how threads are named.

package enum ProcessTable {
    /// Processes of a group that still run; one that has ended and waits to be reaped does not.
    package static func members(ofGroup group: pid_t) -> [pid_t] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { pid_t($0) }.filter { pid in
            guard let state = state(of: pid) else { return false }
            return state.group == group && state.letter != "Z" && state.letter != "X"
        }.sorted()
    }

    /// Names of the threads of some processes, sorted, each once.
    package static func threadNames(of processes: [pid_t]) -> [String] {
        let names = processes.flatMap { pid in
            ((try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task")) ?? []).compactMap { thread in
                text("/proc/\(pid)/task/\(thread)/comm")?.trimmingCharacters(in: .newlines)
            }
        }
        return Array(Set(names)).sorted()
    }

    /// Nil when the process is gone.
    private static func state(of pid: pid_t) -> (letter: String, group: pid_t)? {
        // The name stands in brackets and may itself hold any character: the fields begin behind the last bracket.
        guard let line = text("/proc/\(pid)/stat"), let name = line.lastIndex(of: ")") else { return nil }
        let fields = line[line.index(after: name)...].split(separator: " ")
        guard fields.count > 2, let group = pid_t(fields[2]) else { return nil }
        return (String(fields[0]), group)
    }

    static func text(_ path: String) -> String? {
        // Not String(contentsOfFile:), which trusts the size that /proc gives as 0.
        guard let data = FileManager.default.contents(atPath: path) else { return nil }
        return String(decoding: data, as: UTF8.self)
    }
}
