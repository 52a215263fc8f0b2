// The section `kinds` of the configuration file: who does which work. Part of ConfigurationFile; touches the file
// system only to warn of a worker program that cannot be run.

import Glibc
import MillstreamJobs

/// Reads the declarations of kinds.
struct KindReader {
    static let maxKinds = 10_000
    private static let members = [
        "worker", "concurrency", "timeout", "retries", "on_crash", "crash_attempts", "cancel_grace",
    ]
    private static let day = 86_400_000

    let file: ConfigurationFile

    func read(_ node: YAMLNode, into draft: inout ConfigurationDraft) {
        if node.isEmptyScalar { return }
        guard case .mapping(let kinds) = node.content else {
            draft.problems.append(
                .init(file.source(node), "kinds", "must hold names and declarations, not \(node.typeWord)"))
            return
        }
        guard kinds.count <= Self.maxKinds else {
            draft.problems.append(
                .init(file.source(node), "kinds", "at most \(Self.maxKinds) kinds, not \(kinds.count)"))
            return
        }
        for (nameNode, declaration) in kinds {
            let name = nameNode.plainText ?? ""
            let key = "kinds.\(name)"
            guard Self.isName(name) else {
                draft.problems.append(
                    .init(file.source(nameNode), key, "a kind's name is 1 to 64 characters out of A-Z a-z 0-9 . _ -"))
                continue
            }
            guard name != "demo", !name.hasPrefix("demo.") else {
                draft.problems.append(
                    .init(file.source(nameNode), key, "names with demo. are the server's own (--demo)"))
                continue
            }
            var members = MemberReader(file: file, key: key, allowed: Self.members)
            if let kind = read(name, declaration, at: nameNode, &members) {
                draft.configuration.kinds[name] = kind
                draft.sources[key] = file.source(nameNode)
                if let warning = Self.warning(about: kind) {
                    draft.warnings.append(.init(file.source(nameNode), key + ".worker.exec", warning))
                }
            }
            draft.problems += members.problems
        }
    }

    private func read(
        _ name: String, _ node: YAMLNode, at nameNode: YAMLNode, _ members: inout MemberReader
    ) -> JobKind? {
        guard let fields = members.fields(of: node, at: nameNode) else { return nil }
        guard let workerNode = fields["worker"] else {
            members.report(nameNode, "", "needs a worker, for example  worker: { exec: [\"./program\"] }")
            return nil
        }
        guard let worker = self.worker(workerNode, key: members.key, &members) else { return nil }
        var kind = JobKind(name: name, worker: worker)
        if let value = members.count(fields, "concurrency", 1...100_000) { kind.concurrency = value }
        if let value = members.optionalDuration(fields, "timeout", 1...365 * Self.day) {
            kind.timeoutMs = value.map(Int64.init)
        }
        if let value = members.duration(fields, "cancel_grace", 0...3_600_000) { kind.cancelGraceMs = Int64(value) }
        if let value = members.word(fields, "on_crash", ["retry", "fail"]) {
            kind.onCrash = value == "retry" ? .retry : .fail
        }
        if let node = fields["retries"] { kind.retries = retries(node, key: members.key, &members) }
        // Who asks for a retry after a crash and says nothing of attempts wants more than the one that the crash ended.
        let crashAttempts = fields["retries"] == nil && kind.onCrash == .retry ? 10 : kind.retries.attempts
        kind.crashAttempts = members.count(fields, "crash_attempts", 1...1000) ?? crashAttempts
        return kind
    }

    private func retries(_ node: YAMLNode, key: String, _ outer: inout MemberReader) -> RetryPolicy {
        var policy = RetryPolicy()
        var members = MemberReader(file: file, key: key + ".retries", allowed: ["attempts", "backoff", "max_backoff"])
        if let fields = members.fields(of: node, at: node) {
            if let value = members.count(fields, "attempts", 1...1000) { policy.attempts = value }
            if let value = members.duration(fields, "backoff", 0...Self.day) { policy.backoffMs = Int64(value) }
            if let value = members.duration(fields, "max_backoff", 0...Self.day) {
                policy.maxBackoffMs = Int64(value)
            } else {
                policy.maxBackoffMs = max(policy.maxBackoffMs, policy.backoffMs)
            }
            if policy.maxBackoffMs < policy.backoffMs {
                members.report(fields["max_backoff"] ?? node, "max_backoff", "must not be less than backoff")
            }
        }
        outer.problems += members.problems
        return policy
    }

    private func worker(_ node: YAMLNode, key: String, _ outer: inout MemberReader) -> WorkerDeclaration? {
        // `worker: swift`: a handler that the embedding program registers under the kind's name.
        if node.plainText == "swift" { return .swift }
        var members = MemberReader(file: file, key: key + ".worker", allowed: ["exec"])
        defer { outer.problems += members.problems }
        guard let fields = members.fields(of: node, at: node) else { return nil }
        guard let exec = fields["exec"] else {
            if members.problems.isEmpty { members.report(node, "", "needs exec: [program, argument, …]") }
            return nil
        }
        guard case .sequence(let sequence) = exec.content else {
            members.report(
                exec, "exec", "must be a list [program, argument, …] (there is no shell), not \(exec.typeWord)")
            return nil
        }
        var arguments = sequence.compactMap { node -> String? in
            if case .scalar(let text, _) = node.content { text } else { nil }
        }
        guard arguments.count == sequence.count, let program = arguments.first, !program.isEmpty,
            arguments.count <= 1024,
            arguments.allSatisfy({ !$0.utf8.contains(0) && $0.utf8.count < 128 << 10 })
        else {
            members.report(exec, "exec", "must be 1 to 1024 texts, the first a program")
            return nil
        }
        let directory = FilePath.absolute(FilePath.directory(of: file.path))
        // A name without a slash is looked for in PATH, as execvp does.
        if program.contains("/") { arguments[0] = FilePath.resolve(program, against: directory) }
        return .exec(arguments: arguments, directory: directory)
    }

    private static func warning(about kind: JobKind) -> String? {
        guard case .exec(let arguments, _) = kind.worker, let program = arguments.first, program.contains("/"),
            access(program, X_OK) != 0
        else { return nil }
        return errno == ENOENT ? "\(program) is not there" : "\(program) cannot be run: it is not executable"
    }

    private static func isName(_ name: String) -> Bool {
        (1...64).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}
