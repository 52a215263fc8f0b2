import Glibc
import MillstreamJournal

// Process groups that a killed server left behind: ended at the next start, and never a stranger's. A number of a process comes
// again; its start time within one boot does not. When the leader is gone and others of its group live on, the group's number is
// still theirs, and they carry the variable that only our programs are started with.

enum LeftoverGroup {
    /// Ends the group if it is still the one that was journalled. Returns whether it was. Signals only; any thread.
    @discardableResult
    static func end(_ group: ProcessGroup, bootID: String = ProcessIdentity.bootID) -> Bool {
        // 0 and 1 would mean our own group and everybody.
        guard group.id > 1, !group.bootID.isEmpty, group.bootID == bootID else { return false }
        if let leader = ProcessIdentity(pid: group.id) {
            guard leader.startTicks == group.startTicks, leader.group == group.id else { return false }
        } else {
            guard hasOwnMember(group) else { return false }
        }
        return kill(-group.id, SIGKILL) == 0
    }

    private static func hasOwnMember(_ group: ProcessGroup) -> Bool {
        guard kill(-group.id, 0) == 0, let directory = opendir("/proc") else { return false }
        defer { closedir(directory) }
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard let pid = Int32(name), let process = ProcessIdentity(pid: pid) else { continue }
            let isMember = process.group == group.id && process.session == group.id
            if isMember, process.startTicks >= group.startTicks, ProgramEnvironment.isOurs(pid: pid) { return true }
        }
        return false
    }
}
