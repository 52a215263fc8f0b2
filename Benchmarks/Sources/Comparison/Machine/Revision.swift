import Foundation

/// Which state of the sources was measured.
package struct Revision: Codable, Sendable, Equatable {
    /// `unknown` outside a repository.
    package var commit: String
    /// Files that git tracks were changed since: the figures belong to no commit.
    package var isDirty: Bool

    package static func of(_ repository: URL) -> Revision {
        guard let commit = commandOutput("git", ["rev-parse", "HEAD"], in: repository) else {
            return Revision(commit: "unknown", isDirty: true)
        }
        // The results page is written into the repository by this very program and is no source.
        let changes = commandOutput(
            "git", ["status", "--porcelain", "--untracked-files=no", "--", ".", ":!Benchmarks/Results"], in: repository)
        return Revision(commit: commit, isDirty: changes != "")
    }

    /// For tables.
    package var short: String { String(commit.prefix(12)) + (isDirty ? " with changes that are not committed" : "") }
}
